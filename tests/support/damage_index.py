"""Damage to the index of pictures, and to the files that only people look at."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from damage import Damage, Row, Target, put, without

from sarchat_build.dataset.shards import parquet_writer
from sarchat_build.published.layout import INDEX_FILE, SAMPLE_FILE
from sarchat_build.published.schema import PICTURE_INDEX

Groups = list[list[Row]]


def _in_groups(change: Callable[[Groups], object]) -> Callable[[Target], None]:
    """Give a damage to the row groups of the index."""

    def damage(target: Target) -> None:
        path = str(target.folder / INDEX_FILE)
        with pq.ParquetFile(path) as parquet:
            numbers = range(parquet.num_row_groups)
            groups = [parquet.read_row_group(number).to_pylist() for number in numbers]
        before = repr(groups)
        change(groups)
        assert repr(groups) != before
        with parquet_writer(path, PICTURE_INDEX) as writer:
            for rows in groups:
                writer.write_table(pa.Table.from_pylist(rows, PICTURE_INDEX))
        target.enter(INDEX_FILE)

    return damage


def _in_first(change: Callable[[Row], object]) -> Callable[[Target], None]:
    return _in_groups(lambda groups: change(groups[0][0]))


def _later(where: Row) -> Row:
    return where | {"referring": {"first": where["referring"]["first"] + 1, "count": 1}}


def _exchange_rows(groups: Groups) -> None:
    rows = next(rows for rows in groups if len(rows) > 1)
    rows[0], rows[1] = rows[1], rows[0]


def _one_group(groups: Groups) -> None:
    groups[:] = [[row for rows in groups for row in rows]]


def _column_less(target: Target) -> None:
    path = target.folder / INDEX_FILE
    pq.write_table(pq.read_table(path).drop(["sizes"]), path)
    target.enter(INDEX_FILE)


def _no_parquet(target: Target) -> None:
    path, entry = target.folder / INDEX_FILE, target.build["files"][INDEX_FILE]
    path.write_bytes(b"PAR1")
    digest = hashlib.sha256(b"PAR1").hexdigest()
    target.build["files"][INDEX_FILE] = entry | {"bytes": 4, "sha256": digest}


def _unlisted(path: str) -> Callable[[Target], None]:
    def damage(target: Target) -> None:
        without("files", path)(target)
        (target.folder / path).unlink()

    return damage


def _page(change: Callable[[str], str]) -> Damage:
    return Damage(lambda target: target.text(SAMPLE_FILE, change), ("sample",), first=True)


def _exchange_pictures(page: str) -> str:
    one, *others = dict.fromkeys(re.findall(r"data:image/[a-z]+;base64,[^\"]+", page))
    parts = [part.replace(others[0], one) for part in page.split(one)]
    return others[0].join(parts)


def _other(column: str, value: Any) -> Damage:
    return Damage(_in_first(put(column, value)), ("index_row",))


INDEX = {
    "a category": _other("categories", ["tank"]),
    "a size": _other("sizes", []),
    "a subtask": _other("subtasks", lambda names: names[1:]),
    "a form of an answer": _other("answer_forms", lambda names: [*names[1:], "z/z/words"]),
    "a width": _other("width", lambda number: number + 1),
    "a number of objects": _other("objects", lambda number: number + 1),
    "another picture": _other("image_id", "ssdd/nobody"),
    "another row of its shard": _other("row", 7),
    "another place of dialogues": _other("dialogues", _later),
    "rows that are exchanged": Damage(_in_groups(_exchange_rows), ("index_row",)),
    "a row less": Damage(_in_groups(lambda groups: groups[0].pop()), ("index_shards",)),
    "another shard": Damage(
        _in_first(put("shard", "train-00007-of-00008")), ("index_shards",), first=True
    ),
    "shards in another order": Damage(_in_groups(list.reverse), ("index_shards",), first=True),
    "all shards in one row group": Damage(_in_groups(_one_group), ("index_shards",), first=True),
    "a column less": Damage(_column_less, ("schema",)),
    "no Parquet": Damage(_no_parquet, ("unreadable",)),
    "no index": Damage(_unlisted(INDEX_FILE), ("missing_file",)),
    "a script in the sample": _page(
        lambda page: page.replace("</body>", "<script>alert(1)</script></body>")
    ),
    "another picture in the sample": _page(_exchange_pictures),
    "no sample": Damage(_unlisted(SAMPLE_FILE), ("missing_file",)),
}
