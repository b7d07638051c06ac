"""The context of a build: what every worker must know, read and checked by the launcher."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

from pipelines.shared_folders import demand_folders
from sarchat_build.archives.location import file_here, join
from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.dataset.output import stage_of
from sarchat_build.publishing.publish import Build
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import SourceIndex, index_source
from sarchat_build.sources.inputs import ArchiveEntry
from sarchat_build.sources.matching.part_matches import PartMatch
from sarchat_build.sources.matching.stored_index import stored_index
from sarchat_build.sources.picture_file import PictureSource
from sarchat_build.types import SourceImage

# One machine looks through this many pictures in minutes, in less than a gigabyte.
ONE_STEP_IMAGES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class BuildContext:
    """Settings and inputs of one build; small, picklable and the same on every worker.

    Attributes:
        raw: path or URL of the raw folder.
        out: folder for the dataset.
        manifests: manifests of the sources to build, by id.
        recipe: the recipe.
        templates: the phrasings, as text by name.
        inputs: name, kind and digest of each source's archives.
        images_listed: number of image files by source.
        part_matches: statements that fit a part of what they speak of, by source.
        strict: whether other counts than the published ones stop the build.
        code_digest: digest of the code that writes shards.
        repacked: the repacked form of archives that cannot be read at random, by location.
        failed: why a source was left out, by its id.
        prove: whether every row is read back and checked before anything is published.
        run: what the lock of the output folder says of this build; "": it holds none.
        detached: whether no launcher waits, so that the last step publishes what was proven.
        one_step_images: how many images one element may search for near-duplicates; of more they
            are searched for by many, with the same result.
        indexes: files below `out` with the indexes of sources; one without is listed anew.
    """

    raw: str
    out: str
    manifests: Mapping[str, Manifest]
    recipe: Recipe
    templates: Mapping[str, str]
    inputs: Mapping[str, Sequence[ArchiveEntry]]
    images_listed: Mapping[str, int]
    strict: bool
    code_digest: str
    repacked: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    part_matches: Mapping[str, Sequence[PartMatch]] = field(default_factory=dict)
    prove: bool = True
    run: str = ""
    detached: bool = False
    indexes: Mapping[str, str] = field(default_factory=dict)
    one_step_images: int = ONE_STEP_IMAGES

    @property
    def stage(self) -> str:
        """The folder in which the dataset lies until it is proven."""
        return stage_of(self.out)

    @property
    def searches_apart(self) -> bool:
        """Whether near-duplicates are searched for by many before one element plans."""
        many = sum(self.images_listed.values()) > self.one_step_images
        return many and self.recipe.duplicates.near != "off"

    @property
    def build(self) -> Build:
        """What publishing needs to know."""
        return Build(
            out=self.out,
            manifests=self.manifests,
            recipe=self.recipe,
            templates=self.templates,
            archives=self.inputs,
            images_listed=self.images_listed,
            code_digest=self.code_digest,
            left_out=tuple(self.failed),
            prove=self.prove,
        )

    def index(self, source_id: str) -> SourceIndex:
        """Give the index of a source's archives, once per process."""
        demand_folders(self.out, self.run, self.raw, tuple(self.manifests))
        manifest = _HashableManifest(source_id, self.manifests[source_id])
        path = self.indexes.get(source_id)
        stored = join(self.out, path) if path else ""
        return _index(self.raw, manifest, tuple(sorted(self.repacked.items())), stored)

    @contextmanager
    def ahead(self, images: Iterable[SourceImage]) -> Iterator[None]:
        """Fetch image files that are about to be opened, where they do not lie on this machine."""
        files: dict[str, list[FileRef]] = defaultdict(list)
        for image in images:
            files[image.source_id].append(FileRef(image.archive, image.member))
        with ExitStack() as fetched:
            for source_id, members in files.items():
                fetched.enter_context(self.index(source_id).files.ahead(members))
            yield

    def open_image(self, image: SourceImage) -> AbstractContextManager[PictureSource]:
        """Open an image file to read pixels from."""
        return self.index(image.source_id).files.contents(FileRef(image.archive, image.member))


@dataclass(frozen=True)
class _HashableManifest:
    # Manifests hold dicts and so have no hash; within one build the source id stands for them.
    source_id: str
    manifest: Manifest

    def __hash__(self) -> int:
        return hash(self.source_id)


@lru_cache(maxsize=32)
def _index(
    raw: str, hashable: _HashableManifest, repacked: tuple[tuple[str, str], ...], stored: str
) -> SourceIndex:
    manifest = hashable.manifest
    if not stored:
        return index_source(manifest, raw, dict(repacked))
    with file_here(stored) as name:
        return stored_index(manifest, name, dict(repacked))


def block_key(source_id: str, number: int) -> str:
    """Make the key of a block of a source's images or documents.

    >>> block_key("ssdd", 3)
    'ssdd:00003'
    """
    return f"{source_id}:{number:05d}"


def parse_block_key(key: str) -> tuple[str, int]:
    """Split a block's key into source id and number; undoes `block_key`."""
    source_id, _, number = key.rpartition(":")
    return source_id, int(number)
