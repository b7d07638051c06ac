"""What every worker needs to know: where things lie, and what the launcher has read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.dataset.record import ArchiveEntry
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import SourceIndex, index_source
from sarchat_build.sources.picture_file import PictureSource
from sarchat_build.types import SourceImage


@dataclass(frozen=True)
class BuildContext:
    """One build's settings; small, picklable and the same on every worker.

    `inputs` describes each source's archives for the record, `images_listed` says how many images
    the launcher found, `templates` are the phrasings as text, `repacked` gives the second form of
    archives that cannot be read at random, `failed` says why a source was left out. With `prove`
    every row is read back and checked before anything is published.
    """

    raw: str
    out: str
    manifests: Mapping[str, Manifest]
    recipe: Recipe
    templates: Mapping[str, str]
    inputs: Mapping[str, list[ArchiveEntry]]
    images_listed: Mapping[str, int]
    strict: bool
    repacked: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    prove: bool = True

    def index(self, source_id: str) -> SourceIndex:
        """Look through a source's archives, once per process."""
        keyed = _Keyed(source_id, self.manifests[source_id])
        return _index(self.raw, keyed, tuple(sorted(self.repacked.items())))

    def open_image(self, image: SourceImage) -> AbstractContextManager[PictureSource]:
        """Give an image file to read pixels from, while the context lasts."""
        return self.index(image.source_id).files.contents(FileRef(image.archive, image.member))


@dataclass(frozen=True)
class _Keyed:
    # Manifests hold dicts and so have no hash; within one build the source id stands for them.
    source_id: str
    manifest: Manifest

    def __hash__(self) -> int:
        return hash(self.source_id)


@lru_cache(maxsize=32)
def _index(raw: str, keyed: _Keyed, repacked: tuple[tuple[str, str], ...]) -> SourceIndex:
    return index_source(keyed.manifest, raw, dict(repacked))


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
