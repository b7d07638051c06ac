"""Read a source as the build would, without building: counts, categories, losses, samples."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sarchat_build.chips.join import InspectedImage, inspect_images
from sarchat_build.chips.normalize import normalize_image
from sarchat_build.config.manifest import Manifest, fold
from sarchat_build.config.recipe import Recipe
from sarchat_build.progress import ProgressBar, no_progress
from sarchat_build.sources.documents import Annotation, read_document
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import BLOCK_IMAGES, SourceIndex
from sarchat_build.stable_hash import stable_hash
from sarchat_build.types import Category, Notice, Reject, SourceImage

# Losses kept in full, of each reason; all are counted.
KEPT_LOSSES = 20


# Images without objects are looked at, too.
_EVERY_IMAGE = Recipe(schema_version=1, name="look", title="look", keep_images_without_objects=True)


@dataclass
class CategoryCount:
    """One name of the source: what it means, how often it stands there, and how large it is.

    `category` is None for a name that the manifest does not list. `sides_px` are the longer sides
    of its boxes in the pictures that were decoded.
    """

    category: Category | None
    objects: int = 0
    sides_px: list[float] = field(default_factory=list)

    def side_px(self, percent: int) -> float | None:
        """Give the side that `percent` of the boxes do not exceed, None without any box."""
        ordered = sorted(self.sides_px)
        return ordered[min(len(ordered) - 1, percent * len(ordered) // 100)] if ordered else None


@dataclass
class Losses:
    """Rejects, or fixes, by reason: how many records, and the first of each in full."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, list[Reject | Notice]] = field(default_factory=lambda: defaultdict(list))

    def add(self, losses: Iterable[Reject | Notice]) -> None:
        """Count some more."""
        for loss in losses:
            self.counts[loss.reason] += 1
            if len(self.first[loss.reason]) < KEPT_LOSSES:
                self.first[loss.reason].append(loss)


@dataclass
class Reading:
    """What a manifest reads: all of its documents, and as many pictures as were asked for.

    `by_split` counts images and objects that documents speak of, under the official split or
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
    rejects: Losses = field(default_factory=Losses)
    fixes: Losses = field(default_factory=Losses)
    kept: list[SourceImage] = field(default_factory=list)


def read_source(
    manifest: Manifest, index: SourceIndex, picture_limit: int, bar: ProgressBar = no_progress
) -> Reading:
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
    reading = Reading(len(index.images), len(index.documents), len(files))
    wanted = {index.rule.image_name(file.path) for file in files}
    spoken: dict[str, list[Annotation]] = defaultdict(list)
    with bar("read documents", len(index.documents)) as show:
        for number, document in enumerate(index.documents, start=1):
            for found in read_document(document, index, manifest):
                if isinstance(found, Reject):
                    reading.rejects.add([found])
                    reading.objects += found.instances
                    continue
                _count(reading, found, index, manifest)
                if found.name in wanted:
                    spoken[found.name].append(found)
                else:
                    _count_losses(reading, found, manifest)
            show(number)
    with bar("decode pictures", len(files)) as show:
        for start in range(0, len(files), BLOCK_IMAGES):
            block = files[start : start + BLOCK_IMAGES]
            for number, file in enumerate(block, start=start + 1):
                _look(reading, file, spoken, index, manifest)
                show(number)
    return reading


def choose_pictures(index: SourceIndex, limit: int) -> tuple[FileRef, ...]:
    """Choose pictures by the stable hash of their names; they come in reading order."""
    if not 0 < limit < len(index.images):
        return index.images
    key = {file: stable_hash("look", index.rule.image_name(file.path)) for file in index.images}
    chosen = set(sorted(index.images, key=lambda file: (key[file], str(file)))[:limit])
    return tuple(file for file in index.images if file in chosen)


def _count(reading: Reading, found: Annotation, index: SourceIndex, manifest: Manifest) -> None:
    split = found.split or index.split_by_name.get(found.name) or "no split"
    reading.objects += found.objects
    reading.by_split[split]["objects"] += found.objects
    # An image of several parts is one image.
    reading.by_split[split]["images"] += found.raw is None or found.raw.part == 0
    lookup = manifest.categories.by_folded_name()
    for instance in found.raw.instances if found.raw else ():
        entry = reading.categories.setdefault(
            instance.category, CategoryCount(lookup.get(fold(instance.category)))
        )
        entry.objects += 1


def _count_losses(reading: Reading, found: Annotation, manifest: Manifest) -> None:
    if found.reject is not None:
        reading.rejects.add([found.reject])
    reading.fixes.add(found.fixes)
    for fault in found.raw.faults if found.raw else ():
        key = f"{manifest.id}/{found.name}#{fault.key}"
        reading.rejects.add(
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


def _look(
    reading: Reading,
    file: FileRef,
    spoken: dict[str, list[Annotation]],
    index: SourceIndex,
    manifest: Manifest,
) -> None:
    annotations = spoken.pop(index.rule.image_name(file.path), [])
    seen = inspect_images([file], annotations, index, manifest, _EVERY_IMAGE)
    reading.rejects.add(seen.rejects)
    reading.fixes.add(seen.fixes)
    for image in seen.images:
        _normalize(reading, image, manifest)


def _normalize(reading: Reading, image: InspectedImage, manifest: Manifest) -> None:
    facts = image.pixels
    reading.sizes[facts.width_px, facts.height_px] += 1
    channels = f"{facts.channels} channel{'' if facts.channels == 1 else 's'}"
    # The numbers of a stretch are each scene's own.
    shown = f"{facts.stretch.rule} of each scene" if facts.stretch else facts.rendering
    reading.kinds[f"{facts.format}, {channels} of {facts.bit_depth} bits, {shown}"] += 1
    normalized = normalize_image(
        image.raw, image.file, image.document, facts, manifest, image.official_split
    )
    reading.rejects.add(normalized.rejects)
    reading.fixes.add(normalized.fixes)
    if normalized.image is None:
        return
    reading.kept.append(normalized.image)
    for instance in normalized.image.instances:
        side = max(instance.bbox.width_px, instance.bbox.height_px)
        reading.categories[instance.source_category].sides_px.append(side)
