"""`build.json`: everything a dataset came from and holds, with a digest of every file.

The models here are that file's contract: `BuildRecord.model_dump(mode="json")` is what is written,
and `parse_record` reads it back or says which key is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Literal, TypeVar

from pydantic import ValidationError, ValidationInfo, field_validator

from sarchat_build.config.annotation_options import Annotations
from sarchat_build.config.manifest import (
    Categories,
    Expected,
    Manifest,
    Pixels,
    Sardet,
    SarFacts,
    Scene,
    Tiling,
)
from sarchat_build.config.recipe import Recipe
from sarchat_build.config.toml import Model
from sarchat_build.dataset.fingerprint import canonical_json
from sarchat_build.dataset.output import WrittenFile
from sarchat_build.dataset.shards import ShardReceipt
from sarchat_build.errors import InputError, Issue
from sarchat_build.phrasing.engine import Phrasing
from sarchat_build.published.layout import BUILD_FILE, is_published_path, parse_shard_name
from sarchat_build.sources.inputs import ArchiveEntry
from sarchat_build.types import SPLITS, Split
from sarchat_build.version import __version__

# The libraries whose version can change a published byte.
_DECISIVE = ("pyarrow", "pillow", "numpy", "rasterio", "jinja2")


class FileEntry(Model):
    """One published file; `rows` is None where it is no table."""

    bytes: int
    sha256: str
    rows: int | None


class ImageCounts(Model):
    """Images of a source and the annotated objects in them."""

    images: int
    instances: int


class PictureCounts(Model):
    """Published pictures (chips of a cut scene count each) and the objects in them."""

    images: int
    objects: int


class SourceCounts(Model):
    """What became of a source: read = rejected + deduplicated + kept; `written` is published."""

    read: ImageCounts
    rejected: ImageCounts
    deduplicated: ImageCounts
    kept: ImageCounts
    written: PictureCounts


class SourceFacts(Model):
    """What the manifest of a source says and the record repeats.

    Every column of `images` that a manifest decides can so be proven from the record alone.
    """

    title: str
    homepage: str
    license: str
    citation: str
    authors: str = ""
    year: int | None = None
    priority: int
    contains: tuple[str, ...]
    sar: SarFacts
    annotations: Annotations
    categories: Categories
    scene: Scene | None
    pixels: Pixels | None
    tiling: Tiling | None
    expected: Expected | None
    sardet: Sardet | None
    unverified: dict[str, str]


class SourceRecord(SourceFacts):
    """A source in a finished build.

    `fixes` counts corrections and warnings by reason; `manifest_sha256` is of the whole manifest as
    it was used, with what was stated in its stead.
    """

    manifest_sha256: str
    archives: tuple[ArchiveEntry, ...]
    counts: SourceCounts
    fixes: dict[str, int]

    @property
    def is_synthetic(self) -> bool:
        """Whether an archive of it says that its pictures were drawn by `sarchat synthesize`."""
        return any(archive.synthetic for archive in self.archives)


class TemplateUses(Model):
    """How often each phrasing was used, by its id; 0 for those that no dialogue uses."""

    uses: dict[str, int]


class TemplateRecord(TemplateUses):
    """The same, with a digest of every phrasing's id and text."""

    sha256: str


class ComparisonRow(Model):
    """One source and split beside SARDet-100K; `reasons` add up to `here` - `published`."""

    source: str
    split: Split
    here: PictureCounts
    published: PictureCounts
    reasons: dict[str, PictureCounts]


class RecordShell(Model):
    """What is known of a build before it ends: enough to prove a shard.

    Every phrasing is named, also one that nothing used: which are held out depends on all of them.
    """

    schema_version: Literal[1] = 1
    dataset_version: str = __version__
    recipe: Recipe
    sources: Mapping[str, SourceFacts]
    templates: TemplateUses
    files: Mapping[str, FileEntry]


class BuildRecord(RecordShell):
    """The record of a finished build; it holds no clock, no path of a machine and no runner.

    `counts` are rows by split and table (`images`, `objects`, a task's name), `versions` those of
    every library that can change a published byte, `left_out` the sources that were asked for and
    could not be read, `shards` the fingerprint of what each shard was made from. Everything that
    goes into a fingerprint is named too (recipe, manifests, archives, phrasings, versions, and the
    code by `code_digest`): why a shard was built anew is what two records do not have in common.
    """

    sources: Mapping[str, SourceRecord]
    templates: TemplateRecord
    versions: dict[str, str]
    code_digest: str
    counts: dict[Split, dict[str, int]]
    comparison: tuple[ComparisonRow, ...]
    left_out: tuple[str, ...]
    shards: dict[str, str]

    @field_validator("files")
    @classmethod
    def _lie_in_the_dataset(cls, files: Mapping[str, FileEntry]) -> Mapping[str, FileEntry]:
        for path in files:
            if not is_published_path(path):
                raise ValueError(f"{path!r} is not the path of a dataset's file")
        return files

    @field_validator("comparison")
    @classmethod
    def _compare_sources(
        cls, rows: tuple[ComparisonRow, ...], info: ValidationInfo
    ) -> tuple[ComparisonRow, ...]:
        for row in rows:
            if row.source not in info.data.get("sources", {row.source}):
                raise ValueError(f"{row.source!r} is none of the sources")
        return rows

    @field_validator("shards")
    @classmethod
    def _are_shards(cls, shards: dict[str, str]) -> dict[str, str]:
        for name in shards:
            parse_shard_name(name)
        return shards

    def with_files(self, files: Iterable[WrittenFile]) -> BuildRecord:
        """Give the record with more files in it."""
        entries = {file.path: file_entry(file) for file in files}
        return self.model_copy(update={"files": {**self.files, **entries}})


ModelT = TypeVar("ModelT", bound=Model)


def parse_record(text: str | bytes, location: str = BUILD_FILE) -> BuildRecord:
    """Read the text of a `build.json`; `location` names it in messages.

    Raises:
        InputError: what is wrong, each fault with its key path.
    """
    return parse_document(text, location, BuildRecord)


def parse_document(text: str | bytes, location: str, model: type[ModelT]) -> ModelT:
    """Read a JSON document that a build wrote into its model.

    >>> parse_document('{"images": 3, "objects": "x"}', "build.json", PictureCounts)
    Traceback (most recent call last):
    sarchat_build.errors.InputError: build.json › objects: Input should be a valid integer

    Raises:
        InputError: what is wrong, each fault with its key path.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        issues = (
            Issue(location, ".".join(map(str, fault["loc"])), fault["msg"])
            for fault in error.errors()
        )
        raise InputError(*map(str, issues)) from error


def versions() -> dict[str, str]:
    """Give the version of this package and of every library that can change a published byte."""
    return {"sarchat_build": __version__, **{name: version(name) for name in _DECISIVE}}


def manifest_digest(manifest: Manifest) -> str:
    """Digest a manifest with everything that was stated in its stead."""
    return sha256(canonical_json(manifest.model_dump(mode="json"))).hexdigest()


def build_record(
    *,
    recipe: Recipe,
    manifests: Mapping[str, Manifest],
    archives: Mapping[str, Iterable[ArchiveEntry]],
    counts: Mapping[str, Mapping[str, Mapping[str, int]]],
    receipts: Iterable[ShardReceipt],
    fixes: Mapping[str, Mapping[str, int]],
    phrasing: Phrasing,
    comparison: Iterable[ComparisonRow],
    files: Iterable[WrittenFile],
    code_digest: str,
    left_out: Iterable[str] = (),
) -> BuildRecord:
    """Make the record of a finished build.

    Args:
        recipe: the build's choices.
        manifests: the sources that were built, by id.
        archives: each source's input archives.
        counts: each source's `SourceCounts`, as plain numbers.
        receipts: of every shard.
        fixes: corrections and warnings by source and reason.
        phrasing: the phrasings that were there to be used.
        comparison: the build beside SARDet-100K.
        files: every file that is published.
        code_digest: digest of the code that wrote the shards.
        left_out: sources that were asked for and could not be read (`--keep-going`).
    """
    ordered = sorted(receipts, key=lambda receipt: receipt.name)
    shell = record_shell(
        recipe=recipe, manifests=manifests, template_ids=phrasing.templates, files=files
    )
    return BuildRecord(
        recipe=recipe,
        sources={
            source_id: SourceRecord(
                **dict(facts),
                manifest_sha256=manifest_digest(manifests[source_id]),
                archives=tuple(archives[source_id]),
                counts=SourceCounts.model_validate(counts[source_id]),
                fixes=dict(fixes.get(source_id, {})),
            )
            for source_id, facts in shell.sources.items()
        },
        templates=TemplateRecord(
            sha256=phrasing.digest,
            uses=shell.templates.uses | dict(_sum(receipt.template_uses for receipt in ordered)),
        ),
        files=shell.files,
        versions=versions(),
        code_digest=code_digest,
        counts=_counts_by_split(ordered, recipe),
        comparison=tuple(comparison),
        left_out=tuple(sorted(left_out)),
        shards={receipt.name: receipt.fingerprint for receipt in ordered},
    )


def record_shell(
    *,
    recipe: Recipe,
    manifests: Mapping[str, Manifest],
    template_ids: Iterable[str],
    files: Iterable[WrittenFile],
) -> RecordShell:
    """Make the part of the record that is known before a build ends."""
    return RecordShell(
        recipe=recipe,
        sources={
            source_id: SourceFacts(
                **{name: getattr(manifest, name) for name in SourceFacts.model_fields}
            )
            for source_id, manifest in sorted(manifests.items())
        },
        templates=TemplateUses(uses=dict.fromkeys(sorted(template_ids), 0)),
        files={file.path: file_entry(file) for file in sorted(files, key=lambda file: file.path)},
    )


def file_entry(file: WrittenFile) -> FileEntry:
    """Make the entry of one file in the record."""
    return FileEntry(bytes=file.bytes, sha256=file.sha256, rows=file.rows)


def _counts_by_split(receipts: list[ShardReceipt], recipe: Recipe) -> dict[Split, dict[str, int]]:
    wanted = ("images", "objects", *recipe.tasks.enabled)
    totals = {
        split: _sum(
            counts
            for receipt in receipts
            if receipt.name.startswith(f"{split}-")
            for counts in receipt.counts.values()
        )
        for split in SPLITS
    }
    return {
        split: {name: total[name] for name in wanted}
        for split, total in totals.items()
        if total["images"]
    }


def _sum(tallies: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for tally in tallies:
        total.update(tally)
    return Counter(dict(sorted(total.items())))
