"""Names of classes, where an archive lists them: beside YOLO labels, or in COCO documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

import yaml

from sarchat_build.errors import RecordError
from sarchat_build.onboarding.survey import sniffing
from sarchat_build.onboarding.survey.listing import by_path
from sarchat_build.sources.encodings import decode
from sarchat_build.sources.files import FileRef, SourceFiles

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
