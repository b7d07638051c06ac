"""One picture of a dataset with everything about it, read from its shard when it is asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sarchat_build.errors import InputError
from sarchat_build.explorer.answer_form import answer_form
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import TASKS, table_path
from sarchat_build.published.reader import UNREADABLE
from sarchat_build.published.schema import SCHEMAS

_CACHE_BYTES = 256 << 20
_OPEN_FILES = 32
_ALL_BUT_PIXELS = [name for name in SCHEMAS["images"].names if name != "image"]
# First bytes → media type, of everything that is published.
_MEDIA_TYPES = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"RIFF", "image/webp"),
)


def media_type(data: bytes) -> str:
    """Say what a picture's file is, by its first bytes.

    >>> media_type(b"BM..."), media_type(b"?")
    ('image/bmp', 'application/octet-stream')
    """
    known = (kind for start, kind in _MEDIA_TYPES if data.startswith(start))
    return next(known, "application/octet-stream")


class PictureReader:
    """Reads rows of shards, and keeps the row groups that were read last; for many threads.

    Args:
        location: the dataset, as a path or a URL.
        index: its index.
    """

    def __init__(self, location: str, index: pa.Table) -> None:
        self._location = location
        self._folder = DatasetFolder(location)
        self._index = index
        self._lock = Lock()
        self._files: OrderedDict[str, pq.ParquetFile] = OrderedDict()
        self._groups: OrderedDict[tuple[str, int, bool], pa.Table] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return int(self._index.num_rows)

    def pixels(self, position: int) -> bytes:
        """Give the file of a picture, as published.

        Raises:
            InputError: the shard cannot be read.
        """
        entry = self._entry(position)
        path = table_path("images", entry["shard"])
        rows = self._rows(path, entry["row"], 1, pixels=True)
        return bytes(rows.column("image")[0].as_py()["bytes"])

    def picture(self, position: int, tasks: Iterable[str] = TASKS) -> dict[str, Any]:
        """Give the columns of a picture but its pixels, its objects, and its dialogues of tasks.

        Raises:
            InputError: a shard cannot be read.
        """
        entry = self._entry(position)
        shard = entry["shard"]
        image = self._rows(table_path("images", shard), entry["row"], 1).to_pylist()[0]
        columns = image.pop("objects")
        return {
            **image,
            "position": position,
            "shard": shard,
            "row": entry["row"],
            "objects": [
                dict(zip(columns, values, strict=True))
                for values in zip(*columns.values(), strict=True)
            ],
            "dialogues": [
                _dialogue(row)
                for task in tasks
                if (where := entry["dialogues"][task])["count"]
                for row in self._rows(
                    table_path(task, shard), where["first"], where["count"]
                ).to_pylist()
            ],
        }

    def _entry(self, position: int) -> dict[str, Any]:
        row: dict[str, Any] = self._index.slice(position, 1).to_pylist()[0]
        return row

    def _rows(self, path: str, first: int, count: int, *, pixels: bool = False) -> pa.Table:
        """Give rows of a file; only the row groups they lie in are read."""
        try:
            with self._lock:
                parquet = self._open(path)
                found, start = [], 0
                for group in range(parquet.metadata.num_row_groups):
                    rows = parquet.metadata.row_group(group).num_rows
                    low, high = max(first, start), min(first + count, start + rows)
                    if low < high:
                        table = self._group(path, parquet, group, pixels=pixels)
                        found.append(table.slice(low - start, high - low))
                    start += rows
        except UNREADABLE as error:
            raise InputError(f"{self._location}/{path}: cannot be read ({error})") from error
        if sum(part.num_rows for part in found) != count:
            raise InputError(
                f"{self._location}/{path}: has no rows {first} to {first + count - 1}, of "
                "which the index speaks; run 'sarchat validate'"
            )
        return pa.concat_tables(found)

    def _open(self, path: str) -> pq.ParquetFile:
        parquet = self._files.get(path)
        if parquet is None:
            parquet = self._files[path] = pq.ParquetFile(self._folder.open(path))
            if len(self._files) > _OPEN_FILES:
                with suppress(*UNREADABLE):
                    self._files.popitem(last=False)[1].close(force=True)
        self._files.move_to_end(path)
        return parquet

    def _group(self, path: str, parquet: pq.ParquetFile, group: int, *, pixels: bool) -> pa.Table:
        key = (path, group, pixels)
        table = self._groups.get(key)
        if table is None:
            columns = None
            if path.startswith("images/"):
                columns = ["image.bytes"] if pixels else _ALL_BUT_PIXELS
            table = self._groups[key] = parquet.read_row_group(group, columns=columns)
            self._bytes += table.nbytes
            while self._bytes > _CACHE_BYTES and len(self._groups) > 1:
                self._bytes -= self._groups.popitem(last=False)[1].nbytes
        self._groups.move_to_end(key)
        return table


def _dialogue(row: dict[str, Any]) -> dict[str, Any]:
    """Give a dialogue without what its picture says already."""
    boxes = zip(row["objects"]["ref"], row["objects"]["bbox"], strict=True)
    return {
        **{key: row[key] for key in ("dialogue_id", "task", "subtask", "messages")},
        "form": answer_form(row),
        "objects": [{"ref": ref, "bbox": bbox} for ref, bbox in boxes],
        **{key: row[key] for key in ("instance_ids", "template_ids")},
        "ground_truth": {k: v for k, v in row["ground_truth"].items() if v not in (None, [])},
    }
