"""What is exported of a finished dataset: its pictures in order, each with its dialogues."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, NamedTuple, TypeVar

from sarchat_build.dataset.record import BuildRecord, parse_record
from sarchat_build.errors import InputError
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import BUILD_FILE, SPLITS, TASKS, parse_shard_name, table_path
from sarchat_build.published.reader import read_sound_rows
from sarchat_build.published.schema import IMAGES, SCHEMAS

_PICTURES_AT_ONCE, _DIALOGUES_AT_ONCE = 100, 2000
# The file of a picture is read only where it is asked for.
_FACTS = ("image_id", "width", "height", "source", "scene_id", "license", "objects")
ItemT = TypeVar("ItemT")


class PictureObject(NamedTuple):
    """One object of a picture; fields and units are those of the published schema."""

    instance_id: str
    category: str
    source_category: str
    bbox: list[float]
    area: float
    obb: list[float]
    segmentation: list[float]
    difficult: bool
    truncated: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: `content` is its file, empty where only the facts were asked for."""

    image_id: str
    split: str
    width_px: int
    height_px: int
    source: str
    scene_id: str
    license: str
    objects: tuple[PictureObject, ...]
    suffix: str
    content: bytes

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width_px, self.height_px


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One dialogue about a picture: `turns` are role and text, `objects` category and box."""

    dialogue_id: str
    task: str
    subtask: str
    turns: list[tuple[str, str]]
    objects: list[tuple[str, list[float]]]
    instance_ids: list[str]
    template_ids: list[str]
    ground_truth: dict[str, Any]

    @property
    def question(self) -> str:
        """The first question, without the mark of the picture."""
        return without_mark(self.turns[0][1])

    @property
    def answer(self) -> str:
        """The answer to it."""
        return self.turns[1][1]


def reward_columns(picture: Picture, dialogue: Dialogue) -> dict[str, Any]:
    """Give what a reward needs of a dialogue beside the completion; sizes are in pixels."""
    return {
        "solution": dialogue.answer,
        "task": dialogue.task,
        "subtask": dialogue.subtask,
        "width": picture.width_px,
        "height": picture.height_px,
    }


class Item(NamedTuple):
    """A picture and the chosen dialogues about it."""

    picture: Picture
    dialogues: list[Dialogue]


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard, of which the first `pictures` are read, and `chosen` of these exported."""

    name: str
    pictures: int
    chosen: int

    @property
    def split(self) -> str:
        """The split it belongs to."""
        return parse_shard_name(self.name)[0]


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a dataset is exported; empty means all.

    `limit` is a number of pictures of each split, counted before any source is left out.
    """

    tasks: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    limit: int | None = None


def without_mark(text: str) -> str:
    r"""Leave out the mark that stands where a trainer puts the picture.

    >>> without_mark("<image>\nIs there a ship?")
    'Is there a ship?'
    """
    return text.removeprefix("<image>").removeprefix("\n")


class Dataset:
    """A finished dataset that is read for an export: a path, or any URL."""

    def __init__(self, location: str) -> None:
        self.location = location
        self._folder = DatasetFolder(location)
        where = f"{location.rstrip('/')}/{BUILD_FILE}"
        try:
            text = self._folder.read(BUILD_FILE)
        except OSError as error:
            message = f"{where}: cannot be read ({error}); is this a finished dataset?"
            raise InputError(message) from error
        self.record_bytes = text
        self.record: BuildRecord = parse_record(text, where)

    def tasks(self, selection: Selection) -> tuple[str, ...]:
        """Give the chosen tasks that the dataset has, in the published order."""
        wanted = selection.tasks or TASKS
        there = {path.split("/")[1] for path in self.record.files if path.startswith("dialogues/")}
        return tuple(task for task in TASKS if task in wanted and task in there)

    def count(self, split: str, task: str) -> int:
        """Give how many dialogues of a task a split has."""
        counts = next((of for name, of in self.record.counts.items() if name == split), {})
        return counts.get(task, 0)

    def shards(self, selection: Selection, default_splits: Collection[str]) -> list[Shard]:
        """Give the chosen shards with pictures in them, in order."""
        splits = selection.splits or tuple(default_splits)
        found = []
        for split in (split for split in SPLITS if split in splits):
            left = selection.limit
            for name in sorted(n for n in self.record.shards if parse_shard_name(n)[0] == split):
                entry = self.record.files.get(table_path("images", name))
                rows = (entry.rows if entry else 0) or 0
                take = rows if left is None else min(left, rows)
                left = None if left is None else left - take
                if take:
                    found.append(Shard(name, take, self._chosen(name, take, selection.sources)))
        return found

    def _chosen(self, shard: str, pictures: int, sources: Collection[str]) -> int:
        """Give how many of a shard's first pictures are of these sources; all if empty."""
        if not sources:
            return pictures
        return sum(source in sources for _, source in self._first_pictures(shard, pictures))

    def image_ids(self, selection: Selection) -> Iterator[str]:
        """Yield the ids of the chosen pictures.

        Raises:
            InputError: a file cannot be read.
        """
        for shard in self.shards(selection, ()):
            for image_id, source in self._first_pictures(shard.name, shard.pictures):
                if not selection.sources or source in selection.sources:
                    yield image_id

    def _first_pictures(self, shard: str, pictures: int) -> Iterator[tuple[str, str]]:
        path = table_path("images", shard)
        try:
            rows = read_sound_rows(
                self._folder, path, IMAGES, only=["image_id", "source"],
                batch_rows=_DIALOGUES_AT_ONCE,
            )  # fmt: skip
            yield from islice(rows, pictures)
        except (ValueError, OSError) as error:
            raise InputError(f"{self.location}: {error}") from error

    def suffixes(self, shards: Sequence[Shard]) -> set[str]:
        """Give the endings of the pictures' files, such as ".png".

        Raises:
            InputError: a file cannot be read.
        """
        found: set[str] = set()
        for shard in shards:
            path = table_path("images", shard.name)
            try:
                rows = read_sound_rows(
                    self._folder, path, IMAGES, only=["image.path"], batch_rows=_DIALOGUES_AT_ONCE
                )
                found.update(PurePosixPath(file[0]).suffix for (file,) in rows)
            except (ValueError, OSError) as error:
                raise InputError(f"{self.location}: {error}") from error
        return found

    def read(
        self, shard: Shard, tasks: Sequence[str], sources: Collection[str], *, content: bool
    ) -> Iterator[Item]:
        """Yield pictures in the order of the shard, each with its dialogues in order of the tasks.

        Args:
            shard: the shard.
            tasks: whose dialogues are read.
            sources: ids of those whose pictures are wanted; all if empty.
            content: whether files of pictures are read.

        Raises:
            InputError: a file is missing, damaged, or not in the order that is published.
        """
        images = table_path("images", shard.name)
        paths = {
            task: path
            for task in tasks
            if (path := table_path(task, shard.name)) in self.record.files
        }
        with ExitStack() as stack:
            try:
                here = stack.enter_context(self._folder.nearby([images, *paths.values()]))
                streams = [_Ahead(_dialogues(here, path, task)) for task, path in paths.items()]
                pictures = _pictures(here, images, shard.split, content=content)
                for picture in islice(pictures, shard.pictures):
                    about = [d for s in streams for d in s.take_while_about(picture.image_id)]
                    if not sources or picture.source in sources:
                        yield Item(picture, about)
                if next(pictures, None) is None and any(stream.is_left for stream in streams):
                    raise ValueError(
                        f"{shard.name}: dialogues are not in the order of the pictures; "
                        "run `sarchat validate` for all faults"
                    )
            except (ValueError, OSError) as error:
                raise InputError(f"{self.location}: {error}") from error


class _Ahead:
    """Dialogues with the ids of their pictures, of which the next is known."""

    def __init__(self, rows: Iterator[tuple[str, Dialogue]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    @property
    def is_left(self) -> bool:
        """Whether there is another one."""
        return self._next is not None

    def take_while_about(self, image_id: str) -> Iterator[Dialogue]:
        """Yield the next ones as long as they are about a picture."""
        while self._next is not None and self._next[0] == image_id:
            yield self._next[1]
            self._next = next(self._rows, None)


def _pictures(folder: DatasetFolder, path: str, split: str, *, content: bool) -> Iterator[Picture]:
    only = [*_FACTS, "image" if content else "image.path"]
    rows = read_sound_rows(folder, path, IMAGES, only=only, batch_rows=_PICTURES_AT_ONCE)
    for image_id, width, height, source, scene, license_id, objects, file in rows:
        yield Picture(
            image_id, split, width, height, source, scene, license_id,
            tuple(PictureObject(*values) for values in zip(*objects, strict=True)),
            PurePosixPath(file[-1]).suffix, file[0] if content else b"",
        )  # fmt: skip


def _dialogues(folder: DatasetFolder, path: str, task: str) -> Iterator[tuple[str, Dialogue]]:
    only = ["image_id", "dialogue_id", "subtask", "messages", "objects", "instance_ids",
            "template_ids", "ground_truth"]  # fmt: skip
    rows = read_sound_rows(
        folder, path, SCHEMAS[task], only=only, batch_rows=_DIALOGUES_AT_ONCE, mappings=True
    )
    for image_id, dialogue_id, subtask, turns, objects, instances, templates, truth in rows:
        yield image_id, Dialogue(
            dialogue_id, task, subtask, [(turn["role"], turn["content"]) for turn in turns],
            list(zip(objects["ref"], objects["bbox"], strict=True)), instances, templates, truth,
        )  # fmt: skip
