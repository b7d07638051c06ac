"""Statistics of one finished shard, read from its published files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from sarchat_build.errors import InputError
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import parse_shard_name, table_path
from sarchat_build.published.reader import read_sound_rows
from sarchat_build.published.schema import SCHEMAS
from sarchat_build.report.statistics.counting import Row, count_pictures
from sarchat_build.report.statistics.tallies import Group, Tallies

_BATCH_ROWS = 1024
_IMAGE_COLUMNS = tuple(column for column in SCHEMAS["images"].names if column != "image")
Pictures: TypeAlias = Iterator[tuple[Row, list[Row]]]


def shard_statistics(
    location: str,
    name: str,
    *,
    tasks: Iterable[str],
    candidates: Sequence[str],
    watch: Callable[[Pictures], Pictures] = iter,
) -> Tallies:
    """Count everything that the quality report is computed from in one shard of a dataset.

    Memory holds a batch of rows of each file, and the boxes of the shard. Pictures are not read.

    Args:
        location: the dataset, as a path or a URL.
        name: the shard, such as "train-00000-of-00002".
        tasks: the tasks whose dialogues the dataset holds.
        candidates: the categories that a classification question offers.
        watch: hands on every picture with its dialogues, and may note them.

    Raises:
        InputError: a file cannot be read, or its rows are not in the order of the pictures.
    """
    arrow_bytes: Counter[str] = Counter()
    with shard_pictures(location, name, tasks=tasks, arrow_bytes=arrow_bytes) as pictures:
        tallies = count_pictures(watch(pictures), candidates)
    split = parse_shard_name(name)[0]
    for table, size in arrow_bytes.items():
        tallies.count(Group(split, table), "table", "arrow_bytes", size)
    return tallies


@contextmanager
def shard_pictures(
    location: str,
    name: str,
    *,
    tasks: Iterable[str],
    of_images: Sequence[str] = _IMAGE_COLUMNS,
    of_dialogues: Sequence[str] | None = None,
    arrow_bytes: Counter[str] | None = None,
) -> Iterator[Pictures]:
    """Give each picture of a shard with its dialogues, in one reading; pixels are not read.

    Args:
        location: the dataset, as a path or a URL.
        name: the shard.
        tasks: the tasks whose dialogues the dataset holds.
        of_images: the columns of pictures to read, `image_id` among them.
        of_dialogues: the columns of dialogues, `image_id` and `dialogue_id` among them; None: all.
        arrow_bytes: where it is counted how large each table is in Arrow, as it is read.

    Raises:
        InputError: a file cannot be read, or its rows are not in the order of the pictures.
    """
    known = list(tasks)
    paths = [table_path(table, name) for table in ("images", *known)]
    try:
        with DatasetFolder(location).nearby(paths) as folder:
            images = _rows(folder, "images", name, list(of_images), arrow_bytes)
            dialogues = {
                table_path(task, name): _rows(
                    folder, task, name, list(of_dialogues or SCHEMAS[task].names), arrow_bytes
                )
                for task in known
            }
            yield join_dialogues(images, dialogues)
    except ValueError as error:
        raise InputError(f"{location}: {error}") from error


def join_dialogues(
    images: Iterable[Row], dialogues: Mapping[str, Iterable[Row]]
) -> Iterator[tuple[Row, list[Row]]]:
    """Give each picture with its dialogues; `dialogues` are rows by the file they come from.

    >>> rows = {"a": [{"image_id": "x"}], "b": [{"image_id": "x"}, {"image_id": "y"}]}
    >>> [len(found) for _, found in join_dialogues([{"image_id": "x"}, {"image_id": "y"}], rows)]
    [2, 1]

    Raises:
        ValueError: a dialogue is about no picture, or stands behind those of a later one.
    """
    streams = {path: iter(rows) for path, rows in dialogues.items()}
    waiting = {path: next(rows, None) for path, rows in streams.items()}
    for image in images:
        found = []
        for path, rows in streams.items():
            row = waiting[path]
            while row is not None and row["image_id"] == image["image_id"]:
                found.append(row)
                row = next(rows, None)
            waiting[path] = row
        yield image, found
    for path, row in waiting.items():
        if row is not None:
            raise ValueError(
                f"{path}: dialogue {row['dialogue_id']!r} is not in the order of the shard's "
                "pictures; run `sarchat validate` for all faults"
            )


def _rows(
    folder: DatasetFolder,
    table: str,
    name: str,
    columns: list[str],
    arrow_bytes: Counter[str] | None,
) -> Iterator[Row]:
    def measure(size: int) -> None:
        if arrow_bytes is not None:
            arrow_bytes[table] += size

    path, schema = table_path(table, name), SCHEMAS[table]
    for values in read_sound_rows(
        folder,
        path,
        schema,
        only=columns,
        batch_rows=_BATCH_ROWS,
        mappings=True,
        measure=measure,
    ):
        yield dict(zip(columns, values, strict=True))
