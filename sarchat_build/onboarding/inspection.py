"""Inspection of a source without a build: counts, categories, rejects, decoded samples."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sarchat_build.chips.join import InspectedImage, inspect_images
from sarchat_build.chips.normalize import normalize_image
from sarchat_build.config.manifest import Manifest, fold
from sarchat_build.config.recipe import Recipe
from sarchat_build.progress import ProgressBar, no_progress
from sarchat_build.reasons import Reason
from sarchat_build.sources.documents import Annotation, read_document
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import BLOCK_IMAGES, SourceIndex
from sarchat_build.stable_hash import stable_hash
from sarchat_build.types import Category, Notice, Reject, SourceImage

# Records kept in full, of each reason; all are counted.
KEPT_RECORDS = 20
# Images without objects are inspected, too.
_EVERY_IMAGE = Recipe(
    schema_version=1, name="inspect", title="inspect", keep_images_without_objects=True
)


@dataclass
class CategoryCount:
    """One name of the source: what it means, how often it stands there, and how large it is.

    `category` is None for a name that the manifest does not list. `sides_px` are the longer sides
    of its boxes in the pictures that were decoded.
    """

    category: Category | Literal["ignore"] | None
    objects: int = 0
    sides_px: list[float] = field(default_factory=list)

    def side_px(self, percent: int) -> float | None:
        """Give the side that `percent` of the boxes do not exceed, None without any box."""
        ordered = sorted(self.sides_px)
        return ordered[min(len(ordered) - 1, percent * len(ordered) // 100)] if ordered else None


@dataclass
class ReasonCounts:
    """Rejects, or notices, by reason: how many records, and the first of each in full."""

    counts: Counter[Reason] = field(default_factory=Counter)
    first: dict[Reason, list[Reject | Notice]] = field(default_factory=lambda: defaultdict(list))

    def add(self, records: Iterable[Reject | Notice]) -> None:
        """Count some more."""
        for record in records:
            self.counts[record.reason] += 1
            if len(self.first[record.reason]) < KEPT_RECORDS:
                self.first[record.reason].append(record)


@dataclass
class SourceSummary:
    """Summary of what a manifest reads: all documents, and as many pictures as were asked for.

    `by_split` counts images and objects of documents, under the official split or
    "no split". `kept` are the pictures that decode, with what is left of their boxes.
    """

    images: int
    documents: int
    chosen: int
    objects: int = 0
    by_split: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    categories: dict[str, CategoryCount] = field(default_factory=dict)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    rejects: ReasonCounts = field(default_factory=ReasonCounts)
    notices: ReasonCounts = field(default_factory=ReasonCounts)
    kept: list[SourceImage] = field(default_factory=list)


def read_source(
    manifest: Manifest, index: SourceIndex, picture_limit: int, bar: ProgressBar = no_progress
) -> SourceSummary:
    """Read every document of a source, and decode some of its pictures.

    The functions are those of the build. What documents say about pictures that are not decoded is
    counted; boxes are brought into pixels where the picture is known.

    Args:
        manifest: the source's manifest.
        index: its files.
        picture_limit: how many pictures to decode, chosen by stable hash; 0: all.
        bar: shows progress.
    """
    files = choose_pictures(index, picture_limit)
    summary = SourceSummary(len(index.images), len(index.documents), len(files))
    wanted = {index.rule.image_name(file.path) for file in files}
    annotations_by_name: dict[str, list[Annotation]] = defaultdict(list)
    with bar("read documents", len(index.documents)) as show:
        for number, document in enumerate(index.documents, start=1):
            for found in read_document(document, index, manifest):
                if isinstance(found, Reject):
                    summary.rejects.add([found])
                    summary.objects += found.instances
                    continue
                _count(summary, found, index, manifest)
                if found.name in wanted:
                    annotations_by_name[found.name].append(found)
                else:
                    _count_undecoded(summary, found, manifest)
            show(number)
    with bar("decode pictures", len(files)) as show:
        for start in range(0, len(files), BLOCK_IMAGES):
            block = files[start : start + BLOCK_IMAGES]
            for number, file in enumerate(block, start=start + 1):
                _inspect(summary, file, annotations_by_name, index, manifest)
                show(number)
    return summary


def choose_pictures(index: SourceIndex, limit: int) -> tuple[FileRef, ...]:
    """Choose pictures by the stable hash of their names; they come in reading order."""
    if not 0 < limit < len(index.images):
        return tuple(index.images)
    # The word is a seed: it decides which pictures are chosen.
    key = {file: stable_hash("look", index.rule.image_name(file.path)) for file in index.images}
    chosen = set(sorted(index.images, key=lambda file: (key[file], str(file)))[:limit])
    return tuple(file for file in index.images if file in chosen)


def _count(
    summary: SourceSummary, found: Annotation, index: SourceIndex, manifest: Manifest
) -> None:
    split = found.split or index.split_by_name.get(found.name) or "no split"
    summary.objects += found.objects
    summary.by_split[split]["objects"] += found.objects
    # An image of several parts is one image.
    summary.by_split[split]["images"] += found.raw is None or found.raw.part == 0
    lookup = manifest.categories.by_folded_name()
    for instance in found.raw.instances if found.raw else ():
        entry = summary.categories.setdefault(
            instance.category, CategoryCount(lookup.get(fold(instance.category)))
        )
        if entry.category is None and manifest.categories.is_ignored(instance.category):
            entry.category = "ignore"
        entry.objects += 1


def _count_undecoded(summary: SourceSummary, found: Annotation, manifest: Manifest) -> None:
    if found.reject is not None:
        summary.rejects.add([found.reject])
    summary.notices.add(found.notices)
    for fault in found.raw.faults if found.raw else ():
        key = f"{manifest.id}/{found.name}#{fault.key}"
        summary.rejects.add(
            [
                Reject(
                    stage="normalize",
                    source_id=manifest.id,
                    file=str(found.document),
                    line=fault.line,
                    key=key,
                    reason=fault.reason,
                    detail=fault.detail,
                    instances=fault.instances,
                )
            ]
        )


def _inspect(
    summary: SourceSummary,
    file: FileRef,
    annotations_by_name: dict[str, list[Annotation]],
    index: SourceIndex,
    manifest: Manifest,
) -> None:
    annotations = annotations_by_name.pop(index.rule.image_name(file.path), [])
    found = inspect_images([file], annotations, index=index, manifest=manifest, recipe=_EVERY_IMAGE)
    summary.rejects.add(found.rejects)
    summary.notices.add(found.notices)
    for image in found.images:
        _normalize(summary, image, manifest)


def _normalize(summary: SourceSummary, image: InspectedImage, manifest: Manifest) -> None:
    facts = image.pixels
    summary.sizes[facts.width_px, facts.height_px] += 1
    channels = f"{facts.channels} channel{'' if facts.channels == 1 else 's'}"
    # The numbers of a stretch are each scene's own.
    shown = f"{facts.stretch.rule} of each scene" if facts.stretch else facts.rendering
    summary.kinds[f"{facts.format}, {channels} of {facts.bit_depth} bits, {shown}"] += 1
    normalized = normalize_image(image, manifest)
    summary.rejects.add(normalized.rejects)
    # What was left out is told once: a copy of an object is a reject, though it costs nothing.
    told = {(reject.key, reject.reason) for reject in normalized.rejects}
    summary.notices.add(n for n in normalized.notices if (n.key, n.reason) not in told)
    if normalized.image is None:
        return
    summary.kept.append(normalized.image)
    for instance in normalized.image.instances:
        side = max(instance.bbox.width_px, instance.bbox.height_px)
        summary.categories[instance.source_category].sides_px.append(side)
