"""The dialogues of a finished dataset as what an answer must say, read in columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from sarchat_build.errors import InputError
from sarchat_build.exports import reading
from sarchat_build.exports.box_text import FORMS, PLACEHOLDERS
from sarchat_build.exports.folder import Exported
from sarchat_build.published.columns import to_python
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import SPLITS, TASKS, parse_shard_name, table_folder
from sarchat_build.published.reader import UNREADABLE
from sarchat_build.scoring.answers import Expected, Fact, read_facts, truth_facts
from sarchat_build.scoring.box_text import parse_boxes
from sarchat_build.scoring.matching import Outline, Rectangle

_BATCH_ROWS = 4096
_COLUMNS = (
    *("dialogue_id", "image_id", "subtask", "messages", "objects", "instance_ids"),
    "ground_truth",
)
_OBJECTS = ("bbox", "category", "instance_id", "obb")


class Picture(NamedTuple):
    """What is known of one picture: sides, scene, every object, and outlines by instance id."""

    width_px: int
    height_px: int
    scene_id: str
    boxes: tuple[Rectangle, ...]
    categories: tuple[str, ...]
    outlines: Mapping[str, Outline]


class Row(NamedTuple):
    """One dialogue of the dataset.

    Attributes:
        question: the first user's text without the picture's mark.
        answer: the reference answer.
    """

    dialogue_id: str
    image_id: str
    question: str
    answer: str
    expected: Expected


class TrainRow(NamedTuple):
    """What a dialogue of the train split states; the sides are the commonest there."""

    task: str
    subtask: str
    question: str
    facts: frozenset[Fact]
    boxes: tuple[Rectangle, ...]
    width_px: int
    height_px: int


class Dataset:
    """A finished dataset, or some of its tasks, of one split.

    Attributes:
        tasks: those that are there, in the published order.
        split: one of `layout.SPLITS`.
    """

    def __init__(
        self, location: str, split: str, tasks: Sequence[str] = (), export: str | None = None
    ) -> None:
        """Find the shards; with the folder of an export, only the dialogues in it are read.

        Raises:
            InputError: a file cannot be read, or dataset or export have nothing of the split.
        """
        self._folder = DatasetFolder(location)
        self._location = location
        self.split = split
        try:
            files = sorted(self._folder.list())
        except UNREADABLE as error:
            raise InputError(f"{location}: cannot be read: {error}") from error
        self._shards = {table: list(_shards(files, table)) for table in ("images", *TASKS)}
        wanted = set(tasks or TASKS)
        self._exported = None
        if export is not None:
            self._exported = Exported.read(export, self._published.record_bytes)
            wanted &= self._exported.holds(split, tasks)
        self.tasks = [t for t in TASKS if t in wanted and self.shards(t)]
        if not self.tasks:
            there = [s for s in SPLITS if any(self.shards(t, s) for t in TASKS)]
            of = f" of {', '.join(tasks)}" if tasks else ""
            raise InputError(
                f"{location}: no dialogues of split {split}{of}; --split may be "
                f"{', '.join(there) or 'nothing: the dataset has none'}"
            )

    @property
    def is_part(self) -> bool:
        """Whether only what an export holds is read."""
        return self._exported is not None

    @property
    def box_form(self) -> str:
        """The form of box text in which dialogues were exported; "" if that is not known."""
        form = self._exported.boxes if self._exported else ""
        return form if form.split(",")[0] in FORMS or form.startswith("input:") else ""

    @property
    def exported_boxes(self) -> str:
        """The frame of boxes, or ms-swift's form, that the export declares; "" if none does."""
        if self._exported is None:
            return ""
        form = self._exported.boxes
        return form if form in PLACEHOLDERS else self._exported.frame

    @cached_property
    def _published(self) -> reading.Dataset:
        return reading.Dataset(self._location)

    @cached_property
    def _selection(self) -> reading.Selection:
        sources = self._exported.sources if self._exported else ()
        limit = self._exported.limit if self._exported else None
        return reading.Selection(tuple(self.tasks), (self.split,), sources, limit)

    @cached_property
    def _chosen(self) -> frozenset[str] | None:
        """Pictures of which dialogues were exported; None: all of them."""
        if not self._selection.sources and self._selection.limit is None:
            return None
        return frozenset(self._published.image_ids(self._selection))

    def items(self) -> Iterator[reading.Item]:
        """Yield pictures and their dialogues in the order in which exports write them.

        Raises:
            InputError: a file is missing, damaged, or not in the order that is published.
        """
        for shard in self._published.shards(self._selection, ()):
            yield from self._published.read(
                shard, self.tasks, self._selection.sources, content=False
            )

    @cached_property
    def pictures(self) -> dict[str, Picture]:
        """What is known of each picture of the split, by id.

        Raises:
            InputError: a file cannot be read.
        """
        return {
            image_id: picture
            for path in self.shards("images")
            for image_id, picture in self._read_pictures(path)
        }

    def shards(self, table: str, split: str | None = None) -> list[str]:
        """Give the files of a table, in order."""
        return [path for path, own in self._shards[table] if own == (split or self.split)]

    def rows(self, task: str, path: str) -> Iterator[Row]:
        """Yield the dialogues of one file, in order.

        Raises:
            InputError: the file cannot be read, or a dialogue has no picture.
        """
        for batch in self._batches(path, _COLUMNS):
            names = [field.name for field in batch.schema.field("ground_truth").type]
            columns = (to_python(_column(batch, name)) for name in _COLUMNS)
            nested = _nested_names(batch.schema.field("ground_truth").type)
            for dialogue_id, image_id, subtask, messages, objects, instances, truth in zip(
                *columns, strict=True
            ):
                if self._chosen is not None and image_id not in self._chosen:
                    continue
                picture = self.pictures.get(image_id)
                if picture is None:
                    raise InputError(
                        f"{self._location} › {path}: {dialogue_id} has no picture {image_id!r}"
                    )
                values = _as_mapping(names, truth, nested)
                question, answer = messages[0][1], messages[1][1]
                question = question.removeprefix("<image>").strip()
                if len(instances) != len(objects[1]):
                    raise InputError(
                        f"{self._location} › {path}: {dialogue_id} has {len(objects[1])} boxes and "
                        f"{len(instances)} instance_ids; run sarchat validate"
                    )
                own = list(zip(objects[1], instances, strict=True))
                expected = expect(task, subtask, values, own, answer, picture)
                yield Row(dialogue_id, image_id, question, answer, expected)

    def ids(self, path: str) -> list[str]:
        """Give the ids of one file, in order."""
        found: list[str] = []
        for batch in self._batches(path, ("dialogue_id", "image_id")):
            ids, pictures = (to_python(_column(batch, n)) for n in ("dialogue_id", "image_id"))
            found += (
                own
                for own, image_id in zip(ids, pictures, strict=True)
                if self._chosen is None or image_id in self._chosen
            )
        return found

    def train_rows(self, most: int) -> Iterator[TrainRow]:
        """Yield about so many dialogues of each task, the first of every file."""
        images = self.shards("images")[:1]
        sides = [(p.width_px, p.height_px) for path in images for _, p in self._read_pictures(path)]
        commonest = min(Counter(sides).items(), key=lambda n: (-n[1], n[0]))[0] if sides else (0, 0)
        for task in self.tasks:
            each = -(-most // len(self.shards(task)))
            for path in self.shards(task):
                yield from islice(self._train_rows(task, path, each, commonest), each)

    def _train_rows(
        self, task: str, path: str, rows: int, sides: tuple[int, int]
    ) -> Iterator[TrainRow]:
        names = ("subtask", "messages", "objects", "ground_truth")
        for batch in self._batches(path, names, min(rows, _BATCH_ROWS)):
            kind = batch.schema.field("ground_truth").type
            fields, nested = [field.name for field in kind], _nested_names(kind)
            columns = (to_python(_column(batch, name)) for name in names)
            for subtask, messages, objects, truth in zip(*columns, strict=True):
                facts = truth_facts(task, subtask, _as_mapping(fields, truth, nested))
                given = objects[1][1:2] if subtask == "nearest" else objects[1]
                boxes = tuple((b[0], b[1], b[2], b[3]) for b in given)
                yield TrainRow(task, subtask, messages[0][1], facts, boxes, *sides)

    def _read_pictures(self, path: str) -> Iterator[tuple[str, Picture]]:
        names = ("image_id", "width", "height", "scene_id")
        for batch in self._batches(path, (*names, *(f"objects.{name}" for name in _OBJECTS))):
            objects = _column(batch, "objects")
            kinds = [field.name for field in objects.type]
            if sorted(kinds) != sorted(_OBJECTS):
                raise InputError(
                    f"{self._location} › {path}: objects have not all of {', '.join(_OBJECTS)}"
                )
            columns = [to_python(_column(batch, name)) for name in names]
            columns += [to_python(objects.field(kinds.index(name))) for name in _OBJECTS]
            for image_id, width, height, scene, own, named, instances, corners in zip(
                *columns, strict=True
            ):
                rectangles = tuple((b[0], b[1], b[2], b[3]) for b in own)
                outlines = {i: tuple(c) for i, c in zip(instances, corners, strict=True) if c}
                yield image_id, Picture(width, height, scene, rectangles, tuple(named), outlines)

    def _batches(
        self, path: str, columns: Sequence[str], rows: int = _BATCH_ROWS
    ) -> Iterator[pa.RecordBatch]:
        try:
            with self._folder.open(path) as stream, pq.ParquetFile(stream) as parquet:
                yield from parquet.iter_batches(rows, columns=list(columns))
        except UNREADABLE as error:
            raise InputError(
                f"{self._location} › {path}: cannot be read: {error}; run sarchat validate"
            ) from error


def expect(
    task: str,
    subtask: str,
    truth: Mapping[str, Any],
    objects: Sequence[tuple[Sequence[float], str]],
    reference: str,
    picture: Picture,
) -> Expected:
    """Say what an answer must hold: of the truth, what the reference answer states.

    `objects` are the boxes and instance ids of what the dialogue is about. An answer that gives the
    count alone was asked for no boxes, and none are missed in another's.
    """
    written = parse_boxes(reference, picture.width_px, picture.height_px)
    asked = truth.get("asked") or truth.get("category")
    facts = truth_facts(task, subtask, truth)
    stated = {name for name, _ in read_facts(task, subtask, written, asked)}
    shown = objects[1:2] if subtask == "nearest" else objects
    own: tuple[Rectangle, ...] = tuple((b[0], b[1], b[2], b[3]) for b, _ in shown)
    given = own if written.raw else None
    if given is None and task == "instance_counting" and truth["count"] == 0:
        given = ()
    return Expected(
        task,
        subtask,
        picture.width_px,
        picture.height_px,
        given,
        frozenset((name, value) for name, value in facts if name in stated),
        asked,
        tuple(picture.outlines.get(instance, ()) for _, instance in shown) if given else (),
    )


def _shards(files: Sequence[str], table: str) -> Iterator[tuple[str, str]]:
    folder = table_folder(table)
    for path in files:
        if not (path.startswith(f"{folder}/") and path.endswith(".parquet")):
            continue
        try:
            split = parse_shard_name(path.removeprefix(f"{folder}/").removesuffix(".parquet"))[0]
        except ValueError:
            continue
        yield path, split


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    return batch.column(batch.schema.get_field_index(name))


def _nested_names(kind: pa.DataType) -> dict[str, list[str]]:
    """Give the names of the fields of lists of structs."""
    lists = (f for f in kind if pa.types.is_list(f.type) and pa.types.is_struct(f.type.value_type))
    return {field.name: [inner.name for inner in field.type.value_type] for field in lists}


def _as_mapping(
    names: Sequence[str], values: Sequence[Any], nested: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    found = dict(zip(names, values, strict=True))
    for name, inner in nested.items():
        found[name] = [dict(zip(inner, item, strict=True)) for item in found[name]]
    return found
