"""Join of images with their annotations: each image is decoded once and judged with its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sarchat_build import images
from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.sources.documents import Annotation
from sarchat_build.sources.encodings import MAX_OBJECTS
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import SourceIndex
from sarchat_build.sources.matching.image_names import some_of
from sarchat_build.sources.readers import FORMATS
from sarchat_build.types import Notice, PixelFacts, RawImage, Reject, RejectedImage, Split

_NO_OBJECTS = RawImage(None, None, None, ())

STAGE = "inspect_images"


@dataclass(frozen=True, slots=True)
class InspectedImage:
    """An image that decodes, and the one annotation that counts for it.

    `entry` is the entry of `annotations.files` that the annotation's document belongs to.
    """

    file: FileRef
    document: FileRef
    raw: RawImage
    pixels: PixelFacts
    official_split: Split | None
    entry: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionResult:
    """The usable images of a set, and what was rejected or noticed of all of them."""

    images: tuple[InspectedImage, ...]
    rejects: tuple[Reject, ...]
    rejected_images: tuple[RejectedImage, ...]
    notices: tuple[Notice, ...]


def inspect_images(
    files: Iterable[FileRef],
    annotations: Iterable[Annotation],
    *,
    index: SourceIndex,
    manifest: Manifest,
    recipe: Recipe,
) -> InspectionResult:
    """Decode images fully and join each with its annotation; every image ends here or goes on.

    Args:
        files: images of one block, in the order in which they are read.
        annotations: everything that documents say about these images.
        index: where the bytes come from.
        manifest: the source's manifest.
        recipe: says whether an image whose annotation lists nothing goes on; one that no document
            mentions never does, since nobody claims that it is empty.
    """
    by_name: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        by_name[annotation.name].append(annotation)
    images: list[InspectedImage] = []
    rejects: list[Reject] = []
    rejected_images: list[RejectedImage] = []
    notices: list[Notice] = []
    for file in files:
        name = manifest.annotations.image_name(file.path)
        found, strays = _apart(by_name[name], name, index, manifest)
        rejects.extend(strays)
        instances = sum(annotation.objects for annotation in found)
        result = _inspect(file, found, index, manifest, recipe)
        if isinstance(result, InspectedImage):
            images.append(result)
            notices.extend(notice for part in found for notice in part.notices)
        else:
            rejects.append(result)
            listed = index.split_by_name.get(name)
            split = next((part.split for part in found if part.split), listed)
            image_id, scene_id = manifest.image_id(file.path), manifest.scene_id(file.path)
            rejected_images.append(RejectedImage(image_id, manifest.id, scene_id, split, instances))
    return InspectionResult(
        images=tuple(images),
        rejects=tuple(rejects),
        rejected_images=tuple(rejected_images),
        notices=tuple(notices),
    )


def _apart(
    found: list[Annotation], name: str, index: SourceIndex, manifest: Manifest
) -> tuple[list[Annotation], list[Reject]]:
    # Documents that name several paths may mean one picture only by the end of them: those parts
    # are not this image's whose path it is not.
    written = _written_names(found, manifest)
    own = {filename for filename in written if index.names.is_path_of(filename, name)}
    if len(written) < 2 or not own:
        return found, []
    strays = [a for a in found if a.raw is not None and a.raw.filename not in own]
    detail = f"of {some_of(sorted(map(repr, written)))}, which end alike, another is this image"
    rejects = [
        Reject(
            stage=STAGE,
            source_id=manifest.id,
            file=str(stray.document),
            key=f"{manifest.id}/{(stray.raw and stray.raw.filename) or ''}",
            reason=Reason.IMAGE_AMBIGUOUS,
            detail=detail,
            instances=stray.objects,
        )
        for stray in strays
    ]
    return [a for a in found if a.raw is None or a.raw.filename in own], rejects


def _written_names(found: Iterable[Annotation], manifest: Manifest) -> set[str]:
    if not FORMATS[manifest.annotations.format].many_images:
        return set()
    return {a.raw.filename for a in found if a.raw is not None and a.raw.filename}


def _inspect(
    file: FileRef,
    found: list[Annotation],
    index: SourceIndex,
    manifest: Manifest,
    recipe: Recipe,
) -> InspectedImage | Reject:
    name = manifest.annotations.image_name(file.path)
    instances = sum(annotation.objects for annotation in found)
    try:
        if not found and manifest.annotations.unlabeled == "negative":
            found = [Annotation(name=name, document=file, split=None, raw=_NO_OBJECTS)]
        written = _written_names(found, manifest)
        if len(written) > 1 and not all(index.names.is_path_of(w, name) for w in written):
            listed = some_of(sorted(map(repr, written)))
            raise RecordError(Reason.IMAGE_AMBIGUOUS, f"documents give {listed}, which end alike")
        annotation = _one_annotation(found, index.split_by_name.get(name))
        if annotation.reject is not None:
            return annotation.reject
        if instances > MAX_OBJECTS:
            raise RecordError(Reason.TOO_LARGE, f"more than {MAX_OBJECTS:,} objects in one image")
        wanted = _has_wanted_object(annotation.raw, manifest)
        if annotation.raw is None or not (wanted or recipe.keep_images_without_objects):
            ours = "object of a category that is not ignored" if instances else "object"
            raise RecordError(Reason.NO_OBJECT, f"its annotation lists no {ours}")
        with index.files.contents(file) as source:
            facts = images.inspect(
                source,
                manifest.pixels,
                tiled=manifest.tiling is not None,
                hash_min_variance=recipe.duplicates.near_min_variance,
            )
    except RecordError as error:
        return Reject(
            stage=STAGE,
            source_id=manifest.id,
            file=str(file),
            key=manifest.image_id(file.path),
            reason=error.reason,
            detail=error.detail,
            images=1,
            instances=instances,
        )
    return InspectedImage(
        file, annotation.document, annotation.raw, facts, annotation.split, annotation.entry
    )


def _has_wanted_object(raw: RawImage | None, manifest: Manifest) -> bool:
    if raw is None:
        return False
    ignored = manifest.categories.is_ignored
    return bool(raw.faults) or not all(ignored(found.category) for found in raw.instances)


def _one_annotation(found: Sequence[Annotation], listed: Split | None) -> Annotation:
    # `listed` is the split that a list of names states, beside what the documents' folders say.
    if not found:
        raise RecordError(Reason.NO_ANNOTATION, "no annotation document belongs to this image")
    by_document: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in found:
        by_document[str(annotation.document)].append(annotation)
    stated = {(parts[0].split, name) for name, parts in by_document.items() if parts[0].split}
    stated |= {(listed, "the split lists")} if listed else set()
    if len({split for split, _ in stated}) > 1:
        sides = " and ".join(sorted(f"{split} by {name}" for split, name in stated))
        raise RecordError(Reason.SPLIT_CONFLICT, f"{found[0].name} is {sides}")
    if len(by_document) > 1:
        names = ", ".join(sorted(by_document))
        raise RecordError(
            Reason.DUPLICATE_ANNOTATION, f"{len(by_document)} documents claim it: {names}"
        )
    return replace(_joined(found), split=found[0].split or listed)


def _joined(parts: Sequence[Annotation]) -> Annotation:
    if len(parts) == 1 or any(part.raw is None for part in parts):
        return min(parts, key=lambda part: part.raw is not None)
    ordered = sorted(parts, key=lambda part: part.raw.part if part.raw else 0)
    raws = [part.raw for part in ordered if part.raw is not None]
    whole = replace(
        raws[0],
        instances=tuple(instance for raw in raws for instance in raw.instances),
        faults=tuple(fault for raw in raws for fault in raw.faults),
    )
    notices = tuple(notice for part in ordered for notice in part.notices)
    return replace(ordered[0], raw=whole, notices=notices)
