"""Lists beside the data: names of classes by index, and official splits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import yaml

from sarchat_build.errors import RecordError
from sarchat_build.onboarding.survey import sniffing
from sarchat_build.onboarding.survey.listing import by_path, folder_of, split_in
from sarchat_build.onboarding.survey.matching import NamingScheme
from sarchat_build.sources.encodings import decode, read_all
from sarchat_build.sources.files import FileRef, SourceFiles
from sarchat_build.sources.matching.image_names import ImageNames
from sarchat_build.sources.matching.split_lists import names_of_list
from sarchat_build.types import Split

_EXTENSIONS = (".txt", ".csv", ".lst")
# A list of names is small; what is larger is something else.
_MAX_BYTES = 1 << 16
_LIST = re.compile(r"(classes|labels|names|predefined_classes)(\.txt)?|.*\.names", re.IGNORECASE)
_SETTINGS = re.compile(r".*\.ya?ml", re.IGNORECASE)


def is_class_list(file: FileRef) -> bool:
    """Whether a file is called as lists of class names are."""
    return _LIST.fullmatch(PurePosixPath(file.path).name) is not None


def listed_classes(source_files: SourceFiles) -> Mapping[int, str]:
    """Find names of classes by index: one a line in `classes.txt`, or `names` in a `data.yaml`."""
    for file in by_path(source_files.files):
        read = _from_lines if is_class_list(file) else _from_yaml if _is_settings(file) else None
        if read is None:
            continue
        try:
            data = source_files.start(file, _MAX_BYTES + 1)
            found = read(decode(data, sniffing.ENCODINGS)) if len(data) <= _MAX_BYTES else {}
        except RecordError:
            continue
        if found:
            return found
    return {}


def coco_classes(source_files: SourceFiles, file: FileRef) -> Mapping[int, str]:
    """Give the categories of a COCO document by id; none if it has none, or cannot be read."""
    try:
        with source_files.open(file) as document:
            return sniffing.coco_classes(document)
    except RecordError:
        return {}  # it is counted when its objects are read


def _is_settings(file: FileRef) -> bool:
    return _SETTINGS.fullmatch(PurePosixPath(file.path).name) is not None


def _from_lines(text: str) -> dict[int, str]:
    named = [line.strip() for line in text.splitlines() if line.strip()]
    return {} if any(line[0].isdecimal() for line in named) else dict(enumerate(named))


def _from_yaml(text: str) -> dict[int, str]:
    try:
        names = yaml.safe_load(text)
        names = names.get("names") if isinstance(names, dict) else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict):
        return {}
    return {n: name for n, name in names.items() if isinstance(n, int) and isinstance(name, str)}


def names_split(file: FileRef) -> Split | None:
    """Give the split that a text file is called after, if it is."""
    name = PurePosixPath(file.path)
    return split_in(name.stem)[1] if name.suffix.lower() in _EXTENSIONS else None


def find_split_lists(
    source_files: SourceFiles, images: Sequence[FileRef], names: NamingScheme
) -> tuple[tuple[FileRef, Split], ...]:
    """Find lists, of which half of the lines name images, for two splits at least.

    Of several folders the one counts whose lists name most images; a list that names no image that
    a list before it does not, as those of Pascal VOC's classes, is left out.
    """
    if not names.is_unique:
        return ()
    known = ImageNames(names.rule(), images)
    by_folder: dict[tuple[str, str], list[tuple[FileRef, Split, set[str]]]] = defaultdict(list)
    for file in sorted(by_path(source_files.files), key=lambda f: len(f.path)):
        split = names_split(file)
        if split is None:
            continue
        try:
            with source_files.open(file) as document:
                lines = decode(read_all(document), sniffing.ENCODINGS).splitlines()
        except RecordError:
            continue
        listed = names_of_list(lines, known)
        if not listed.names or len(listed.names) < len(listed.unmatched):
            continue
        lists = by_folder[file.archive, split_in(folder_of(file))[0]]
        covered = set().union(*(found for _, s, found in lists if s == split))
        if not set(listed.names) <= covered:
            lists.append((file, split, set(listed.names)))
    usable = [lists for lists in by_folder.values() if len({split for _, split, _ in lists}) > 1]
    best = max(usable, key=lambda lists: len(set().union(*(n for _, _, n in lists))), default=[])
    return tuple((file, split) for file, split, _ in sorted(best, key=lambda item: item[0].path))
