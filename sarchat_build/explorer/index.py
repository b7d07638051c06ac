"""`report/index.parquet`: where each picture and its dialogues lie, and what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa

from sarchat_build.config.recipe import LabelThresholds
from sarchat_build.dataset.output import WrittenFile, write_whole
from sarchat_build.dataset.shards import parquet_writer
from sarchat_build.dialogues.attributes import size_of
from sarchat_build.explorer.answer_form import FORM_COLUMNS, answer_form
from sarchat_build.published.layout import INDEX_FILE, TASKS
from sarchat_build.published.schema import PICTURE_INDEX, to_table
from sarchat_build.report.reading import shard_pictures

Row: TypeAlias = Mapping[str, Any]

# All that the index needs of a shard.
_OF_IMAGES = ("image_id", "width", "height", "source", "split", "objects")
_OF_DIALOGUES = ("dialogue_id", "image_id", "task", "subtask", *FORM_COLUMNS)


class PackedRows(NamedTuple):
    """The rows of one shard as an Arrow stream; of all shards they are together before writing."""

    shard: str
    rows: bytes


class ShardIndex:
    """Index rows of one shard, made while somebody else reads its pictures.

    >>> image = {"image_id": "a", "source": "ssdd", "split": "test", "width": 9, "height": 9}
    >>> image["objects"] = {"category": ["ship"], "bbox": [[0, 0, 3, 3]]}
    >>> index = ShardIndex("test-00000-of-00001", LabelThresholds())
    >>> dialogue = {"task": "referring", "subtask": "single", "ground_truth": {"answer": None}}
    >>> dialogue["messages"] = [{"content": "Where?"}, {"content": "At {<0><0><3><3>}."}]
    >>> [image["image_id"] for image, _ in index.watch([(image, [dialogue])])]
    ['a']
    >>> row = index.table().to_pylist()[0]
    >>> row["sizes"], row["answer_forms"], row["dialogues"]["referring"]
    (['medium'], ['referring/single/boxes'], {'first': 0, 'count': 1})
    """

    def __init__(self, shard: str, words: LabelThresholds) -> None:
        self._shard = shard
        self._words = words
        self._rows: list[dict[str, object]] = []
        self._first: Counter[str] = Counter()

    def watch(self, pictures: Iterable[tuple[Row, list[Row]]]) -> Iterator[tuple[Row, list[Row]]]:
        """Hand on every picture with its dialogues, in the order of the shard, and note its row."""
        for image, dialogues in pictures:
            self._note(image, dialogues)
            yield image, dialogues

    def _note(self, image: Row, dialogues: list[Row]) -> None:
        objects, counts = image["objects"], Counter(row["task"] for row in dialogues)
        area_px2 = image["width"] * image["height"]
        shares = (((x2 - x1) * (y2 - y1)) / area_px2 for x1, y1, x2, y2 in objects["bbox"])
        self._rows.append(
            {
                **{name: image[name] for name in ("image_id", "source", "split")},
                "shard": self._shard,
                "row": len(self._rows),
                "width": image["width"],
                "height": image["height"],
                "objects": len(objects["category"]),
                "categories": sorted(set(objects["category"])),
                "sizes": sorted({size_of(share, self._words) for share in shares}),
                "subtasks": sorted({f"{row['task']}/{row['subtask']}" for row in dialogues}),
                "answer_forms": sorted(
                    {f"{row['task']}/{row['subtask']}/{answer_form(row)}" for row in dialogues}
                ),
                "dialogues": {
                    task: {"first": self._first[task], "count": counts[task]} for task in TASKS
                },
            }
        )
        self._first.update(counts)

    def table(self) -> pa.Table:
        """Give the rows that were noted."""
        return to_table(self._rows, PICTURE_INDEX)

    def pack(self) -> PackedRows:
        """Give the rows in a form that travels between machines."""
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.ipc.new_stream(sink, PICTURE_INDEX, options=options) as stream:
            stream.write_table(self.table())
        return PackedRows(self._shard, sink.getvalue().to_pybytes())


def write_index(out: str, parts: Iterable[PackedRows]) -> WrittenFile:
    """Write the index of all shards, a row group for each that holds a picture."""

    def write(target: str) -> int:
        total = 0
        with parquet_writer(target, PICTURE_INDEX) as writer:
            for part in sorted(parts):
                with pa.ipc.open_stream(part.rows) as stream:
                    table = stream.read_all()
                if table.num_rows:
                    writer.write_table(table, row_group_size=table.num_rows)
                total += table.num_rows
        return total

    return write_whole(out, INDEX_FILE, write)


def index_of_shard(
    location: str, name: str, *, tasks: Iterable[str], words: LabelThresholds
) -> pa.Table:
    """Make the rows of one shard of a dataset that has no index; its pictures are not read.

    Raises:
        InputError: a file cannot be read, or its rows are not in the order of the pictures.
    """
    index = ShardIndex(name, words)
    with shard_pictures(
        location, name, tasks=tasks, of_images=_OF_IMAGES, of_dialogues=_OF_DIALOGUES
    ) as pictures:
        for _ in index.watch(pictures):
            pass
    return index.table()
