"""What a manifest states, held against the files of its source: what fits nothing stops."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from sarchat_build.config.annotation_options import YoloObbRule, YoloRule
from sarchat_build.config.manifest import Manifest
from sarchat_build.errors import InputError
from sarchat_build.sources.encodings import likely_encodings
from sarchat_build.sources.files import IMAGE_EXTENSIONS, FileRef, SourceFiles
from sarchat_build.sources.matching.image_names import some_of
from sarchat_build.sources.matching.part_matches import PartMatch, part_match

_SHOWN_READINGS = 3
# What documents of a format are called; the others are text.
_DOCUMENTS = {"voc": (".xml",), "fair1m": (".xml",), "coco": (".json",), "labelme": (".json",)}
_SEPARATOR = re.compile("[_-]")
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")


def unread_archives(source: SourceFiles) -> str:
    """Name archives inside of archives, and in folders, which are not read; "" if there are none.

    >>> from sarchat_build.sources.files import SourceFiles
    >>> unread_archives(SourceFiles("raw/x", {}))
    ''
    """
    inside = [str(file) for file in source.inner_archives if file.archive != "."]
    below = [str(file) for file in source.inner_archives if file.archive == "."]
    texts = []
    if inside:
        are = "is an archive itself" if len(inside) == 1 else "are archives themselves"
        texts.append(f"{some_of(inside)} {are}: unpack the outer one first, in its place")
    if below:
        are = "is an archive" if len(below) == 1 else "are archives"
        texts.append(
            f"{some_of(below)} {are} in a folder, where none is read: unpack there, or move up "
            f"into {source.location}"
        )
    return "; ".join(texts)


def unread_archive_matches(source: SourceFiles) -> list[PartMatch]:
    """Report archives inside of archives where there is enough else to read."""
    text = unread_archives(source)
    if not text:
        return []
    names = [str(file) for file in source.inner_archives]
    held = len(source.files)
    return [part_match("archives", "read", names, held, f"files are not read ({text})")]


def foreign_names(manifest: Manifest, source: SourceFiles, files: Iterable[FileRef]) -> str:
    """Name files whose names no stated encoding fits, and the key that cures it; "" if most do.

    A few such names are read with escapes in place of their bytes.
    """
    stated, files = manifest.annotations.encodings, list(files)
    known = [f for f in files if source.archives[f.archive].foreign_names.get(f.path) != ""]
    if 2 * len(known) > len(files):
        return ""
    text, fitting = unknown_names(source, files, stated)
    if not fitting:
        return text
    listed = json.dumps([*stated, fitting[0]])
    return (
        f"{text}. Say --set '{manifest.id}.annotations.encodings={listed}' with the encoding that "
        "reads well"
    )


def unknown_names(
    source: SourceFiles, files: Iterable[FileRef], stated: Sequence[str]
) -> tuple[str, list[str]]:
    """Describe files whose names none of the stated encodings fits, and find some that do.

    Returns:
        A clause, "" when there are none, and the encodings, the most likely first.
    """
    unknown = [f for f in files if source.archives[f.archive].foreign_names.get(f.path) == ""]
    if not unknown:
        return "", []
    written = [_ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), f.path.encode()) for f in unknown]
    fitting = [e for e in likely_encodings(written) if e not in stated]
    text = f"{len(unknown):,} names are not {' or '.join(stated)}, such as '{unknown[0]}'"
    if not fitting:
        return f"{text}; unpack the archive with the right names, and give the folder", []
    readings = (f"{written[0].decode(e)!r} in {e}" for e in fitting[:_SHOWN_READINGS])
    return f"{text}: {', '.join(readings)}", fitting


def nothing_fits(manifest: Manifest, source: SourceFiles, *, images: bool) -> str:
    """Say what is there instead of images, or of documents, and how to read it; "" for nothing."""
    rule = manifest.annotations
    kinds = IMAGE_EXTENSIONS if images else _DOCUMENTS.get(rule.format, (".txt",))
    there = [file for file in source.files if file.path.lower().endswith(kinds)]
    if not there:
        return ""
    found = Counter(map(_pattern_of, there))
    pattern = min(found, key=lambda p: (-found[p], p))
    value = json.dumps([pattern], ensure_ascii=False)
    key = "images" if images else "files"
    if not images:
        value = f"[{{path={json.dumps(pattern, ensure_ascii=False)}}}]"
    return (
        f"there are {len(there):,} such as {some_of([str(file) for file in there])}: if these are "
        f"meant, say --set '{manifest.id}.annotations.{key}={value}'"
    )


def scene_matches(manifest: Manifest, names: Sequence[str]) -> list[PartMatch]:
    """Hold the pattern of `[scene]` against the names of all images.

    Raises:
        InputError: it fits none.
    """
    if manifest.scene is None:
        scenes = scenes_beside_chips(names)
        meaning = "images have names that others begin with, as scenes beside chips cut from them"
        total = len(names)
        return [part_match("scene.pattern", "none", scenes, total, meaning)] if scenes else []
    missing = [name for name in names if manifest.scene_of(name) is None]
    pattern = manifest.scene.pattern
    if len(missing) == len(names):
        raise InputError(
            f"{manifest.id}: scene.pattern = {pattern!r} fits no name of an image; they are like "
            f"{some_of([repr(name) for name in names])}. Correct it; --set "
            f"'{manifest.id}.scene.pattern=\"(?P<scene_id>.+)\"' makes each image a scene"
        )
    if not missing:
        return []
    meaning = "names of images do not fit; each of these is a scene that is called as itself"
    return [part_match("scene.pattern", pattern, missing, len(names), meaning)]


def scenes_beside_chips(names: Sequence[str]) -> list[str]:
    """Find names that others begin with, if most of their kind are: `04` of `04_1_1`.

    >>> scenes_beside_chips(["04", "04_1_1", "04_1_2", "05", "05_1_1"])
    ['04', '05']
    >>> scenes_beside_chips(["1", "2", "3", "1_a"])
    []
    """
    whole = {name for name in names if not _SEPARATOR.search(name)}
    chips = (name for name in names if name not in whole)
    fronts = {_SEPARATOR.split(name, maxsplit=1)[0] for name in chips}
    scenes = sorted(whole & fronts)
    return scenes if 2 * len(scenes) > len(whole) else []


def demand_classes(manifest: Manifest) -> None:
    """Stop for a category that is said to be annotated, and that no class of the format can be.

    Raises:
        InputError: names the category and the keys.
    """
    rule = manifest.annotations
    if not isinstance(rule, (YoloRule, YoloObbRule)):
        return
    lookup = manifest.categories.by_folded_name()
    stated = (rule.class_names, *(entry.class_names or () for entry in rule.files))
    listed = tuple(dict.fromkeys(name for names in stated for name in names))
    named = {lookup.get(" ".join(name.split()).casefold()) for name in listed}
    never = [category for category in manifest.categories.annotated if category not in named]
    if never:
        left = json.dumps([c for c in manifest.categories.annotated if c in named])
        raise InputError(
            f"{manifest.id}: categories.annotated has {', '.join(never)}, but no name of "
            f"annotations.class_names ({', '.join(listed)}) means that: correct the "
            f"names, or say --set '{manifest.id}.categories.annotated={left}'"
        )


def _pattern_of(file: FileRef) -> str:
    path = PurePosixPath(file.path)
    folder = f"{_literal(path.parent.name)}/" if path.parent.name else ""
    return f"**/{folder}*{path.suffix}"


def _literal(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)
