"""What a dataset's rejects add up to: how many records, by reason and source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from sarchat_build.errors import InputError
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import parse_table_path
from sarchat_build.published.reader import read_sound_rows
from sarchat_build.published.schema import SCHEMAS

_COLUMNS = ("source", "reason", "images", "instances")
_BATCH_ROWS = 8192


class Rejected(NamedTuple):
    """All rejects of one reason; `records` are their numbers by source."""

    reason: str
    images: int
    objects: int
    records: dict[str, int]


def count_rejected(location: str, files: Iterable[str]) -> tuple[Rejected, ...]:
    """Add up the rejects of a dataset, the most frequent reason first.

    Args:
        location: the dataset, as a path or a URL.
        files: its files, as the record names them.

    Raises:
        InputError: a file of rejects cannot be read.
    """
    records: dict[str, Counter[str]] = {}
    images: Counter[str] = Counter()
    objects: Counter[str] = Counter()
    folder = DatasetFolder(location)
    try:
        for path in sorted(files):
            file = parse_table_path(path)
            if file is None or file.table != "rejects":
                continue
            for source, reason, of_images, of_objects in read_sound_rows(
                folder, path, SCHEMAS["rejects"], only=_COLUMNS, batch_rows=_BATCH_ROWS
            ):
                records.setdefault(reason, Counter())[source] += 1
                images[reason] += of_images
                objects[reason] += of_objects
    except ValueError as error:
        raise InputError(f"{location}: {error}") from error
    ordered = sorted(records, key=lambda reason: (-records[reason].total(), reason))
    return tuple(
        Rejected(reason, images[reason], objects[reason], dict(sorted(records[reason].items())))
        for reason in ordered
    )
