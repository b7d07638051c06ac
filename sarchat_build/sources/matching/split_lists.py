"""Official split lists: text files whose lines name images, in the ways that people write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sarchat_build.config.annotation_options import AnnotationRule, SplitList
from sarchat_build.errors import InputError, RecordError
from sarchat_build.sources.encodings import decode, read_all
from sarchat_build.sources.files import FileRef, SourceFiles
from sarchat_build.sources.matching.image_names import ImageNames, folder_words
from sarchat_build.sources.matching.part_matches import PartMatch, part_match
from sarchat_build.types import Split

_QUOTES = "\"'"
_BYTE_ORDER_MARK = "\ufeff"
_SEPARATORS = re.compile(r"[,;\t]")


@dataclass
class ListedNames:
    """The names that one list gives, and the lines that name no image."""

    names: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """Number of lines that are not empty."""
        return len(self.names) + len(self.unmatched)


def read_split_lists(
    source_id: str,
    rule: AnnotationRule,
    source: SourceFiles,
    files_by_list: Sequence[tuple[SplitList, Sequence[FileRef]]],
    images: ImageNames,
) -> tuple[dict[str, Split], list[PartMatch]]:
    """Read every split list of a source.

    Args:
        source_id: the source, for messages.
        rule: the encodings, and how images are named.
        source: what holds the lists.
        files_by_list: each list of the manifest with the files that its pattern matches.
        images: the images by name.

    Returns:
        The split of each listed image, and what was matched in part.

    Raises:
        InputError: a list is missing or not text, no line of one names an image, or two lists put
            one image into two splits.
    """
    _demand_files(source_id, files_by_list)
    splits: dict[str, Split] = {}
    conflicts: dict[str, str] = {}
    parts: list[PartMatch] = []
    for number, (entry, files) in enumerate(files_by_list):
        for file in files:
            listed = names_of_list(_lines(source, file, rule.encodings), images)
            if not listed.names:
                raise InputError(_nothing_matched(source_id, file, listed, rule, number, images))
            if listed.unmatched:
                key = f"annotations.split_lists.{number}"
                meaning = f"lines of {file} name no image that is here"
                missing = [line[:80] for line in listed.unmatched]
                parts.append(part_match(key, entry.path, missing, listed.lines, meaning))
            for name in listed.names:
                if splits.setdefault(name, entry.split) != entry.split:
                    conflicts[name] = f"{splits[name]} and {entry.split}"
    if conflicts:
        listed_conflicts = ", ".join(f"{n} ({sides})" for n, sides in sorted(conflicts.items()))
        raise InputError(
            f"{source_id}: official lists put {len(conflicts):,} images into two splits: "
            f"{listed_conflicts}; remove each from one of them"
        )
    parts.extend(_unlisted(splits, images))
    return splits, parts


def names_of_list(lines: Sequence[str], images: ImageNames) -> ListedNames:
    """Find the image that each line of a list names.

    A line is a name, or a path of any machine, with or without its extension; what follows the
    name (the flag of a Pascal VOC class list, columns of a CSV) says nothing of its split.
    """
    found = ListedNames()
    stripped = [line.strip().strip(_BYTE_ORDER_MARK).strip() for line in lines]
    written = [line for line in stripped if line]
    words: dict[int, frozenset[str]] = {}

    def folders() -> frozenset[str]:
        return words.setdefault(0, folder_words(written))

    for line in written:
        for reading in _readings(line):
            try:
                found.names.append(images.find(reading, words=folders)[0])
                break
            except RecordError:
                continue
        else:
            found.unmatched.append(line)
    return found


def _readings(line: str) -> Iterator[str]:
    # A name may hold spaces, so the whole line comes first.
    readings = [line, _SEPARATORS.split(line)[0], line.split()[0]]
    yield from dict.fromkeys(reading.strip().strip(_QUOTES) for reading in readings)


def _demand_files(
    source_id: str, files_by_list: Sequence[tuple[SplitList, Sequence[FileRef]]]
) -> None:
    absent = [entry for entry, files in files_by_list if not files]
    if absent and len(absent) < len(files_by_list):
        raise InputError(
            f"{source_id}: no file matches {', '.join(entry.path for entry in absent)}, but other "
            "split lists are there; add what is missing, or say "
            f"--set '{source_id}.annotations.split_lists=[]' to split by scene"
        )
    if any(not entry.optional for entry in absent):
        raise InputError(
            f"{source_id}: no file matches {', '.join(entry.path for entry in absent)}, the split "
            "lists of annotations.split_lists; add them, or say "
            f"--set '{source_id}.annotations.split_lists=[]' to split by scene"
        )


def _nothing_matched(
    source_id: str,
    file: FileRef,
    listed: ListedNames,
    rule: AnnotationRule,
    number: int,
    images: ImageNames,
) -> str:
    held = f"its lines are like {listed.unmatched[0][:80]!r}" if listed.lines else "it is empty"
    known = f"images like {images.all_names[0]!r}"
    others = [entry for n, entry in enumerate(rule.split_lists) if n != number]
    left = ", ".join(f'{{path="{e.path}", split="{e.split}"}}' for e in others)
    return (
        f"{source_id}: no line of the split list {file} names an image: {held}, and there are "
        f"{known}; correct it, or leave it out: --set "
        f"'{source_id}.annotations.split_lists=[{left}]'"
    )


def _unlisted(splits: Mapping[str, Split], images: ImageNames) -> Iterator[PartMatch]:
    missing = [name for name in images.all_names if name not in splits] if splits else []
    if missing:
        total, meaning = len(images.all_names), "images stand in no list"
        yield part_match("annotations.split_lists", "lists", missing, total, meaning)


def _lines(source: SourceFiles, file: FileRef, encodings: Sequence[str]) -> list[str]:
    try:
        with source.open(file) as document:
            return decode(read_all(document), encodings).splitlines()
    except RecordError as error:
        raise InputError(f"{file}: not a readable list of names ({error})") from error
