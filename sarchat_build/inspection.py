"""Images and their annotations come together: decode each image once and judge the pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sarchat_build import pixels
from sarchat_build.annotations import Annotation
from sarchat_build.errors import RecordError
from sarchat_build.manifest import Manifest
from sarchat_build.recipe import Recipe
from sarchat_build.source_index import FileRef, SourceIndex
from sarchat_build.split import LostImage
from sarchat_build.types import Fix, PixelFacts, RawImage, Reject, Split

STAGE = "inspect_images"


@dataclass(frozen=True, slots=True)
class InspectedImage:
    """An image that decodes, and the one annotation that speaks for it."""

    file: FileRef
    document: FileRef
    raw: RawImage
    pixels: PixelFacts
    official_split: Split | None


@dataclass(frozen=True, slots=True)
class Inspected:
    """What became of a set of images."""

    images: tuple[InspectedImage, ...]
    rejects: tuple[Reject, ...]
    lost: tuple[LostImage, ...]
    fixes: tuple[Fix, ...]


def inspect_images(
    files: Iterable[FileRef],
    annotations: Iterable[Annotation],
    index: SourceIndex,
    manifest: Manifest,
    recipe: Recipe,
) -> Inspected:
    """Decode images fully and join each with its annotation; every image ends here or goes on.

    Args:
        files: images of one block, in the order in which they are read.
        annotations: everything that documents say about these images.
        index: where the bytes come from.
        manifest: the source's manifest.
        recipe: says whether an image whose annotation lists nothing goes on; one that no document
            mentions never does, since nobody claims that it is empty.
    """
    by_stem: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        by_stem[annotation.stem].append(annotation)
    images: list[InspectedImage] = []
    rejects: list[Reject] = []
    lost: list[LostImage] = []
    fixes: list[Fix] = []
    for file in files:
        found = sorted(by_stem[file.stem], key=lambda a: str(a.document))
        instances = sum(annotation.objects for annotation in found)
        stated = next((a.split for a in found if a.split), None)
        split = stated or index.split_by_stem.get(file.stem)
        result = _inspect(file, found, split, index, manifest, recipe)
        if isinstance(result, InspectedImage):
            images.append(result)
            fixes.extend(found[0].fixes)
        else:
            rejects.append(result)
            image_id, scene_id = f"{manifest.id}/{file.stem}", manifest.scene_id(file.stem)
            lost.append(LostImage(image_id, manifest.id, scene_id, split, instances))
    return Inspected(tuple(images), tuple(rejects), tuple(lost), tuple(fixes))


def _inspect(
    file: FileRef,
    found: list[Annotation],
    split: Split | None,
    index: SourceIndex,
    manifest: Manifest,
    recipe: Recipe,
) -> InspectedImage | Reject:
    instances = sum(annotation.objects for annotation in found)
    try:
        annotation = _one_annotation(found)
        if annotation.reject is not None:
            return annotation.reject
        if annotation.raw is None or not (instances or recipe.keep_images_without_objects):
            raise RecordError("no_object", "its annotation lists no object")
        with index.picture(file) as source:
            facts = pixels.inspect(
                source,
                manifest.pixels,
                tiled=manifest.tiling is not None,
                hash_min_variance=recipe.duplicates.near_min_variance,
            )
    except RecordError as error:
        key = f"{manifest.id}/{file.stem}"
        return Reject(STAGE, manifest.id, str(file), None, key, error.reason, error.detail,
                      images=1, instances=instances)  # fmt: skip
    return InspectedImage(file, annotation.document, annotation.raw, facts, split)


def _one_annotation(found: list[Annotation]) -> Annotation:
    if not found:
        raise RecordError("no_annotation", "no annotation document belongs to this image")
    if len(found) > 1:
        names = ", ".join(str(annotation.document) for annotation in found)
        raise RecordError("duplicate_annotation", f"{len(found)} documents claim it: {names}")
    return found[0]
