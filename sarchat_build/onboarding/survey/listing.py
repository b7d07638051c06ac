"""Groups of files by folder and kind; folders that differ only in their split are one group."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sarchat_build.names import printable
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.matching.naming import fitting
from sarchat_build.types import SPLITS, Split

DOCUMENT_EXTENSIONS = (".xml", ".json", ".txt")
_WORDS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
_WORD = re.compile(rf"(?<![a-z])({'|'.join(_WORDS)})(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileGroup:
    """Files of one kind in one folder, or in one folder per split.

    `folders` maps each folder to its split; `template` is their common path, `{split}` where they
    differ.
    """

    template: str
    folders: Mapping[str, Split | None]
    files: tuple[FileRef, ...]

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that its folders are called after, in order."""
        return tuple(split for split in SPLITS if split in self.folders.values())

    @property
    def extensions(self) -> Counter[str]:
        """How many files have each extension, in lower case."""
        return Counter(extension_of(file) for file in self.files)

    def split_of(self, file: FileRef) -> Split | None:
        """Give the split of a file by its folder."""
        return self.folders[folder_of(file)]


def by_path(files: Iterable[FileRef]) -> list[FileRef]:
    """Put files into an order that does not depend on how they were packed."""
    return sorted(files, key=lambda file: (file.path, file.archive))


def group_files(files: Iterable[FileRef], extensions: Iterable[str]) -> tuple[FileGroup, ...]:
    """Put files of some extensions into groups; folders with a split in their name share one."""
    wanted = set(extensions)
    members: dict[str, list[FileRef]] = defaultdict(list)
    folders: dict[str, dict[str, Split | None]] = defaultdict(dict)
    for file in by_path(files):
        if extension_of(file) in wanted:
            folder = folder_of(file)
            template, split = split_in(folder)
            members[template].append(file)
            folders[template][folder] = split
    groups = []
    for template, found in sorted(members.items()):
        splits = folders[template]
        if len(set(splits.values())) > 1:
            groups.append(FileGroup(template, splits, tuple(found)))
            continue
        # A folder called "test" alone splits nothing.
        for folder in sorted(splits):
            inside = tuple(file for file in found if folder_of(file) == folder)
            groups.append(FileGroup(folder, {folder: None}, inside))
    return tuple(groups)


def split_in(path: str) -> tuple[str, Split | None]:
    """Find the last word of a path that names a split.

    Returns:
        The path with `{split}` instead of the word, and the split; None when there is none, or two
        in one part of the path.

    >>> split_in("voc_style/JPEGImages_train"), split_in("a/valid/images")
    (('voc_style/JPEGImages_{split}', 'train'), ('a/{split}/images', 'validation'))
    >>> split_in("train_test2017.json")
    ('train_test2017.json', None)
    """
    parts = path.split("/")
    for position in range(len(parts) - 1, -1, -1):
        words = _WORD.findall(parts[position])
        if len(words) == 1:
            parts[position] = _WORD.sub("{split}", parts[position])
            return "/".join(parts), _WORDS[words[0].casefold()]
    return path, None


def patterns(group: FileGroup, files: Iterable[FileRef]) -> dict[str, Split | None]:
    """Write globs that match a group's files and no others of `files`, each with its split.

    As few folders as possible are named, since copies of a release are unpacked in many ways.
    """
    everywhere: dict[str, set[str]] = defaultdict(set)
    for file in files:
        everywhere[extension_of(file)].add(folder_of(file))
    written: dict[str, Split | None] = {}
    for folder, split in sorted(group.folders.items()):
        inside = {extension_of(f) for f in group.files if folder_of(f) == folder}
        for extension in sorted(inside):
            suffix = _shortest(folder, everywhere[extension])
            written[f"{suffix}*{extension}"] = split
    return written


def joint_patterns(groups: Sequence[FileGroup], files: Iterable[FileRef]) -> list[str]:
    """Write globs that match the files of some groups and no others of `files`.

    Folders that differ in one part of their path are one glob, where it matches just them.
    """
    listed = list(files)
    each = [pattern for group in groups for pattern in patterns(group, listed)]
    if len(groups) < 2:
        return each
    wanted = {file for group in groups for file in group.files}
    folders = [folder_of(file).split("/") for file in sorted(wanted, key=str)]
    kinds = sorted({extension_of(file) for file in wanted})
    if len({len(parts) for parts in folders}) == 1:
        names = [set(part) for part in zip(*folders, strict=True)]
        parts = [_literal(*name) if len(name) == 1 else "*" for name in names]
        first = next((n for n, part in enumerate(parts) if part == "*"), 0)
        for start in range(max(0, first - 1), -1, -1):
            joint = [f"**/{'/'.join(parts[start:])}/*{kind}" for kind in kinds]
            if set(fitting(listed, joint)) == wanted:
                return joint
    return each


def exact_pattern(file: FileRef) -> str:
    """Write a glob for one file in its folder."""
    folder, _, name = file.path.rpartition("/")
    last = folder.rsplit("/", 1)[-1]
    return (f"**/{_literal(last)}/" if last else "**/") + _literal(name)


def extension_of(file: FileRef) -> str:
    """Give a file's extension in lower case, with its dot."""
    return PurePosixPath(file.path).suffix.lower()


def extension_of_name(name: str) -> str:
    """Give the extension of a written name in lower case, with its dot; "" if it has none."""
    return PurePosixPath(name.replace("\\", "/")).suffix.lower()


def folder_of(file: FileRef) -> str:
    """Give the path of a file's folder, "" for the top."""
    return file.path.rpartition("/")[0]


def stem_of(name: str) -> str:
    """Give a file's name without folder and extension, as images are called by default."""
    return printable(PurePosixPath(name.replace("\\", "/")).stem)


def _shortest(folder: str, others: Iterable[str]) -> str:
    if not folder:
        return ""
    parts = folder.split("/")
    # "train" alone says too little: the next release may have a second folder of that name.
    least = min(2 if split_in(parts[-1])[0] == "{split}" else 1, len(parts))
    for count in range(least, len(parts) + 1):
        tail = "/".join(parts[-count:])
        same = [other for other in others if f"/{other}".casefold().endswith(f"/{tail}".casefold())]
        if same == [folder]:
            break
    return f"**/{_literal(tail)}/"


def _literal(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)
