"""Images and their annotations come together: decode each image once and judge the pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sarchat_build import pixels
from sarchat_build.annotations import Annotation
from sarchat_build.errors import RecordError
from sarchat_build.manifest import Manifest
from sarchat_build.source_index import FileRef, SourceIndex
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
    fixes: tuple[Fix, ...]


def inspect_images(
    files: Iterable[FileRef],
    annotations: Iterable[Annotation],
    index: SourceIndex,
    manifest: Manifest,
    keep_without_objects: bool,
) -> Inspected:
    """Decode images fully and join each with its annotation; every image ends here or goes on.

    Args:
        files: images of one block, in the order in which they are read.
        annotations: everything that documents say about these images.
        index: where the bytes come from.
        manifest: the source's manifest.
        keep_without_objects: whether an image whose annotation lists nothing goes on; one that no
            document mentions never does, since nobody claims that it is empty.
    """
    by_stem: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        by_stem[annotation.stem].append(annotation)
    images: list[InspectedImage] = []
    rejects: list[Reject] = []
    fixes: list[Fix] = []
    for file in files:
        found = sorted(by_stem[file.stem], key=lambda a: str(a.document))
        instances = sum(annotation.objects for annotation in found)
        try:
            annotation = _one_annotation(found)
            if annotation.reject is not None:
                rejects.append(annotation.reject)
                continue
            if annotation.raw is None or not (instances or keep_without_objects):
                raise RecordError("no_object", "its annotation lists no object")
            with index.picture(file) as source:
                facts = pixels.inspect(source, manifest.pixels, manifest.tiling is not None)
        except RecordError as error:
            key = f"{manifest.id}/{file.stem}"
            rejects.append(
                Reject(STAGE, manifest.id, str(file), None, key, error.reason, error.detail,
                       images=1, instances=instances)
            )  # fmt: skip
            continue
        fixes.extend(annotation.fixes)
        split = annotation.split or index.split_by_stem.get(file.stem)
        images.append(InspectedImage(file, annotation.document, annotation.raw, facts, split))
    return Inspected(tuple(images), tuple(rejects), tuple(fixes))


def _one_annotation(found: list[Annotation]) -> Annotation:
    if not found:
        raise RecordError("no_annotation", "no annotation document belongs to this image")
    if len(found) > 1:
        names = ", ".join(str(annotation.document) for annotation in found)
        raise RecordError("duplicate_annotation", f"{len(found)} documents claim it: {names}")
    return found[0]
