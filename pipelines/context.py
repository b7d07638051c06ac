"""What every worker needs to know: where things lie, and what the launcher has read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sarchat_build.manifest import Manifest
from sarchat_build.recipe import Recipe
from sarchat_build.source_index import FileRef, SourceIndex, index_source
from sarchat_build.types import SourceImage


@dataclass(frozen=True)
class BuildContext:
    """One build's settings; small, picklable and the same on every worker.

    `inputs` describes each source's archives for the record, `images_listed` says how many images
    the launcher found, `templates` are the phrasings as text. With `prove` every row is
    read back and checked before anything is published.
    """

    raw: str
    out: str
    manifests: Mapping[str, Manifest]
    recipe: Recipe
    templates: Mapping[str, str]
    inputs: Mapping[str, list[dict[str, Any]]]
    images_listed: Mapping[str, int]
    strict: bool
    prove: bool = True

    def index(self, source_id: str) -> SourceIndex:
        """Look through a source's archives, once per process."""
        return _index(self.raw, source_id, _Keyed(source_id, self.manifests[source_id]))

    def read_image(self, image: SourceImage) -> bytes:
        """Give the bytes of an image file."""
        return self.index(image.source_id).read(FileRef(image.archive, image.member))


@dataclass(frozen=True)
class _Keyed:
    # Manifests hold dicts and so have no hash; within one build the source id stands for them.
    source_id: str
    manifest: Manifest

    def __hash__(self) -> int:
        return hash(self.source_id)


@lru_cache(maxsize=32)
def _index(raw: str, source_id: str, keyed: _Keyed) -> SourceIndex:
    return index_source(keyed.manifest, raw)


def block_key(source_id: str, number: int) -> str:
    """Name a block of a source's images or documents.

    >>> block_key("ssdd", 3)
    'ssdd:00003'
    """
    return f"{source_id}:{number:05d}"


def parse_block_key(key: str) -> tuple[str, int]:
    """Undo `block_key`."""
    source_id, _, number = key.rpartition(":")
    return source_id, int(number)
