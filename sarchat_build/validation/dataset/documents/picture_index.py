"""Checks of `report/index.parquet`: its rows are recomputed from the shards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sarchat_build.published.columns import rows_of
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import INDEX_FILE, shard_name
from sarchat_build.published.parquet_layout import layout_faults
from sarchat_build.published.reader import UNREADABLE
from sarchat_build.published.schema import PICTURE_INDEX, SCHEMAS, column_faults
from sarchat_build.validation.findings import Finding, FindingLog, Plain
from sarchat_build.validation.pictures.checked_image import CheckedImage
from sarchat_build.validation.rules import mapping_at
from sarchat_build.validation.shard_report import ShardReport
from sarchat_build.validation.vocabulary import TASKS

_COLUMNS = PICTURE_INDEX.names
_BATCH_ROWS = 4096


def check_index(
    out_dir: str, build: Mapping[str, Any], reports: Iterable[ShardReport]
) -> tuple[Finding, ...]:
    """Check the file as a whole: its form, and that it has the rows of every shard in order.

    What the rows say is compared where their shard is read, by `index_faults`. Nothing is raised
    for a bad file.
    """
    log = FindingLog()
    if INDEX_FILE not in mapping_at(build, "files"):
        return ()  # which the checks of the record name
    folder, rows = DatasetFolder(out_dir), Counter[str]()
    for report in reports:
        name = shard_name(report.split, report.shard, report.shard_count)
        rows[name] += len(report.images)
    expected = [(name, number) for name, number in sorted(rows.items()) if number]
    version = mapping_at(build, "versions").get("pyarrow")
    try:
        with folder.open(INDEX_FILE) as stream, pq.ParquetFile(stream) as parquet:
            faults = list(column_faults(parquet.schema_arrow, PICTURE_INDEX))
            for fault in faults:
                expects, found = Plain(fault.expected), Plain(fault.found)
                log.add("schema", INDEX_FILE, expects, found, key=fault.column)
            if faults:
                return log.findings
            groups = [_names(parquet, group) for group in range(parquet.num_row_groups)]
            total = parquet.metadata.num_rows
        for layout_fault in layout_faults(
            folder,
            INDEX_FILE,
            PICTURE_INDEX,
            row_group_rows=None,
            arrow_version=version if isinstance(version, str) else None,
        ):
            expects, found = Plain(layout_fault.expected), Plain(layout_fault.found)
            log.add(layout_fault.check, INDEX_FILE, expects, found, key=layout_fault.column)
    except (*UNREADABLE, ValueError) as error:
        words = Plain(f"{type(error).__name__}: {error}")
        log.add("unreadable", INDEX_FILE, Plain("a Parquet file"), words)
        return log.findings
    if groups != expected:
        first = next(
            ((one, other) for one, other in zip(expected, groups, strict=False) if one != other),
            (Plain(f"{len(expected)} row groups"), Plain(f"{len(groups)} row groups")),
        )
        log.add("index_shards", INDEX_FILE, *first)
    listed = mapping_at(build, "files", INDEX_FILE).get("rows")
    if listed != total:
        log.add("file_rows", INDEX_FILE, listed, total)
    return log.findings


def _names(parquet: pq.ParquetFile, group: int) -> tuple[str, int]:
    """Give the shard of a row group and its number of rows; of several, all their names."""
    column = parquet.read_row_group(group, columns=["shard"], use_threads=False)["shard"]
    return " and ".join(map(str, pc.unique(column).to_pylist())), len(column)


def check_index_rows(
    out_dir: str,
    shard: tuple[str, int, int],
    images: Mapping[str, CheckedImage | None],
    dialogues: Mapping[str, Iterable[tuple[str, str, str]]],
    log: FindingLog,
) -> None:
    """Compare the index rows of a shard that is free of errors with what the shard holds.

    A file that cannot be read is named by `check_index`.

    Args:
        out_dir: the dataset.
        shard: split, number and count.
        images: the pictures of the shard by id, in the order of its rows.
        dialogues: by task, picture, subtask and form of every row of the shard, in their order.
        log: what findings are added to.
    """
    name = shard_name(*shard)
    try:
        found = list(_rows_of_shard(DatasetFolder(out_dir), name))
    except (*UNREADABLE, ValueError):
        return
    expected = list(_expected(name, shard[0], images, dialogues))
    if len(expected) != len(found):
        wanted = Plain(f"{len(expected)} rows of {name}")
        log.add("index_shards", INDEX_FILE, wanted, Plain(f"{len(found)} rows"))
        return
    for wanted_row, (number, row) in zip(expected, found, strict=True):
        for column, one, other in zip(_COLUMNS, wanted_row, row, strict=True):
            if one != other:
                key = f"{wanted_row[0]} {column}"
                log.add("index_row", INDEX_FILE, one, other, row=number, key=key)


def _rows_of_shard(folder: DatasetFolder, name: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield number and values of the rows that say they are of a shard."""
    first = 0
    with folder.open(INDEX_FILE) as stream, pq.ParquetFile(stream) as parquet:
        if any(column_faults(parquet.schema_arrow, PICTURE_INDEX)):
            raise ValueError("other columns")
        for group in range(parquet.num_row_groups):
            rows = parquet.metadata.row_group(group).num_rows
            if name in _names(parquet, group)[0].split(" and "):
                table = parquet.read_row_group(group, use_threads=False)
                for batch in table.to_batches(_BATCH_ROWS):
                    values = rows_of(batch, _COLUMNS)
                    for number, row in enumerate(values, first):
                        if row[_COLUMNS.index("shard")] == name:
                            yield number, row
                    first += batch.num_rows
            else:
                first += rows


def _expected(
    name: str,
    split: str,
    images: Mapping[str, CheckedImage | None],
    dialogues: Mapping[str, Iterable[tuple[str, str, str]]],
) -> Iterator[tuple[Any, ...]]:
    """Yield what the rows of a shard must say, in the order of the columns."""
    firsts: dict[str, dict[str, int]] = defaultdict(dict)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    subtasks: dict[str, set[str]] = defaultdict(set)
    forms: dict[str, set[str]] = defaultdict(set)
    for task, rows in dialogues.items():
        for number, (image_id, subtask, form) in enumerate(rows):
            firsts[image_id].setdefault(task, number)
            counts[image_id][task] += 1
            subtasks[image_id].add(f"{task}/{subtask}")
            forms[image_id].add(f"{task}/{subtask}/{form}")
    ends = dict.fromkeys(TASKS, 0)
    for row, (image_id, image) in enumerate(images.items()):
        if image is None:
            raise AssertionError("a shard with a fault is not compared")
        where = []
        for task in TASKS:
            # Where a picture has none, its place is between those before and behind it.
            start = firsts[image_id].get(task, ends[task])
            ends[task] = start + counts[image_id][task]
            where.append((start, counts[image_id][task]))
        yield (
            image_id,
            image.source,
            split,
            name,
            row,
            image.width,
            image.height,
            len(image.objects),
            sorted(image.by_category),
            sorted({obj.size for obj in image.objects}),
            sorted(subtasks[image_id]),
            sorted(forms[image_id]),
            tuple(where),
        )


def rows_by_picture(folder: DatasetFolder, paths: Mapping[str, str]) -> dict[str, Sequence[Any]]:
    """Give picture, subtask and form of every row of the files of some tasks, which are sound."""
    found: dict[str, Sequence[Any]] = {}
    for task, path in paths.items():
        form = ["answer_style"] if "answer_style" in SCHEMAS[task].names else _WITHOUT_STYLE
        with folder.open(path) as stream, pq.ParquetFile(stream) as parquet:
            table = parquet.read(columns=["image_id", "subtask", *form])
        columns = [table["image_id"], table["subtask"], _forms(table)]
        found[task] = list(zip(*(column.to_pylist() for column in columns), strict=True))
    return found


# Of the truth only these fields, where a task has them.
_WITHOUT_STYLE = ["messages", "ground_truth.answer", "ground_truth.count"]


def _forms(table: pa.Table) -> pa.ChunkedArray:
    """Name the form of each answer, as its row says or by what it gives.

    >>> says = [{"content": "How many?"}, {"content": "2: {<0><0><9><9>}{<9><9><12><12>}"}]
    >>> truth = [{"answer": None, "count": 2}, {"answer": "yes", "count": None}]
    >>> rows = [{"messages": says, "ground_truth": one} for one in truth]
    >>> _forms(pa.Table.from_pylist(rows)).to_pylist()
    ['boxes', 'yes_no']
    >>> _forms(pa.Table.from_pylist([{"answer_style": "record"}])).to_pylist()
    ['record']
    """
    if "answer_style" in table.schema.names:
        return table["answer_style"]
    truth = table["ground_truth"] if "ground_truth" in table.schema.names else None
    fields = {field.name for field in truth.type} if truth is not None else set()

    def states(name: str) -> pa.ChunkedArray | pa.Scalar:
        if name not in fields:
            return pa.scalar(False)
        return pc.is_valid(pc.struct_field(truth, name))

    answers = pc.struct_field(pc.list_element(table["messages"], 1), "content")
    plain = pc.if_else(states("count"), "number", "words")
    shown = pc.if_else(pc.match_substring(answers, "{<"), "boxes", plain)
    return pc.if_else(states("answer"), "yes_no", shown)
