"""Names of images that no two share: the folders they need, or the pattern that is too many."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sarchat_build.config.annotation_options import AnnotationRule
from sarchat_build.config.patterns import compile_glob
from sarchat_build.names import printable
from sarchat_build.sources.files import FileRef

# As many as a manifest can state.
MAX_STEM_FOLDERS = 8


@dataclass(frozen=True, slots=True)
class FolderNaming:
    """Folders in names of images, as a manifest states them, and who has no partner then."""

    stem_folders: int
    inner_folders: tuple[str, ...]
    without_document: int = 0
    without_image: int = 0


def name_by_folders(
    images: Sequence[str], documents: Sequence[str], suffix: str = ""
) -> FolderNaming | None:
    """Find the fewest folders that tell images apart, and documents with them.

    Args:
        images: paths of images.
        documents: paths of documents about one image each; none if documents name their images.
        suffix: what the stem of a document has more than its image's.

    Returns:
        The naming that leaves the fewest without a partner; None when nothing tells images apart.

    >>> name_by_folders(["a/images/1.png", "b/images/1.png"], ["a/labels/1.txt", "b/labels/1.txt"])
    FolderNaming(stem_folders=1, inner_folders=('images', 'labels'), without_document=0, \
without_image=0)
    """
    paths, others = [PurePosixPath(p) for p in images], [PurePosixPath(d) for d in documents]
    deepest = max((len(path.parts) - 1 for path in paths), default=0)
    best: FolderNaming | None = None
    for inner in _inner_folders(paths, others):
        for count in range(1, min(MAX_STEM_FOLDERS, deepest) + 1):
            own = {_name(path, count, inner, "") for path in paths}
            if len(own) < len(paths):
                continue
            written = {_name(path, count, inner, suffix) for path in others} if others else own
            lost = (len(own - written), len(written - own))
            if best is None or sum(lost) < best.without_document + best.without_image:
                best = FolderNaming(count, tuple(sorted(inner)), *lost)
    return best


def advice_for_one_name(
    source_id: str, rule: AnnotationRule, images: Sequence[FileRef], documents: Sequence[FileRef]
) -> str:
    """Say how images that share names can be told apart, or which to leave out.

    Args:
        source_id: the source, for the key.
        rule: under which two of the images have one name.
        images: all of them.
        documents: documents about one image each; none if documents name their images.
    """
    same = _first_two(rule, images)
    first, second = (PurePosixPath(file.path) for file in same)
    if first == second or _is_end(first, second):
        return "keep either the archive or its unpacked folder"
    if first.parent == second.parent or first.suffix.lower() != second.suffix.lower():
        kept = _one_format(rule, images)
        if kept:
            listed = json.dumps(kept, ensure_ascii=False)
            return (
                "if they are one picture in two formats, leave one of them out: --set "
                f"'{source_id}.annotations.images={listed}'"
            )
    naming = name_by_folders(
        [f.path for f in images], [f.path for f in documents], rule.stem_suffix
    )
    if naming is not None:
        inner = json.dumps(naming.inner_folders, ensure_ascii=False)
        also = f" --set '{source_id}.annotations.inner_folders={inner}'"
        return (
            "if these are two images, folders belong to their names: --set "
            f"{source_id}.annotations.stem_folders={naming.stem_folders}"
            f"{also if naming.inner_folders else ''}"
        )
    return "make the patterns of annotations.images narrower, so that one of them is left out"


def fitting(files: Iterable[FileRef], patterns: Sequence[str]) -> tuple[FileRef, ...]:
    """Give the files that any of some globs fits; unpackers change case, so it does not count."""
    regexes = [compile_glob(pattern) for pattern in patterns]
    return tuple(file for file in files if any(regex.search(file.path) for regex in regexes))


def _first_two(rule: AnnotationRule, images: Iterable[FileRef]) -> tuple[FileRef, FileRef]:
    seen: dict[str, FileRef] = {}
    for file in images:
        name = rule.image_name(file.path)
        if name in seen:
            return seen[name], file
        seen[name] = file
    raise ValueError("no two images share a name")


def _one_format(rule: AnnotationRule, images: Sequence[FileRef]) -> list[str] | None:
    # Patterns that read each picture in one format: the fewest files less, verified.
    kinds = sorted({PurePosixPath(file.path).suffix.lower() for file in images})
    everything = {rule.image_name(file.path) for file in images}
    for kind in sorted(kinds, key=lambda k: (k not in (".png", ".tif", ".tiff"), k)):
        kept = [p for p in rule.images if PurePosixPath(p).suffix.lower() == kind]
        kept = kept or [_with_suffix(p, kind) for p in rule.images]
        names = [rule.image_name(file.path) for file in fitting(images, kept)]
        if len(set(names)) == len(names) and set(names) == everything:
            return kept
    return None


def _with_suffix(pattern: str, kind: str) -> str:
    head, _, name = pattern.rpartition("/")
    stem = name[: -len(PurePosixPath(name).suffix)] if PurePosixPath(name).suffix else name
    return f"{head}/{stem}{kind}" if head else f"{stem}{kind}"


def _is_end(first: PurePosixPath, second: PurePosixPath) -> bool:
    short, long = sorted((first.parts, second.parts), key=len)
    return long[len(long) - len(short) :] == short and len(short) > 1


def _inner_folders(
    images: Sequence[PurePosixPath], documents: Sequence[PurePosixPath]
) -> list[frozenset[str]]:
    # Folders that hold only pictures, or only documents, do not tell images apart.
    pictured, documented = _last_folders(images), _last_folders(documents)
    if not documents:
        return [frozenset()]
    alone = [folders for folders in (pictured, documented) if len(folders) == 1]
    either = frozenset().union(*alone) if alone else frozenset()
    return list(dict.fromkeys([frozenset(pictured ^ documented), either, frozenset()]))


def _last_folders(paths: Iterable[PurePosixPath]) -> frozenset[str]:
    return frozenset(path.parent.name for path in paths) - {""}


def _name(path: PurePosixPath, count: int, inner: frozenset[str], suffix: str) -> str:
    # The rule of `AnnotationRule`, before there is one.
    folders = list(path.parts[:-1])
    while folders and folders[-1] in inner:
        folders.pop()
    return printable("/".join((*folders[-count:], path.stem.removesuffix(suffix))))
