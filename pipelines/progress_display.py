"""The progress of long work: bars on a terminal, else plain lines, or lines of JSON."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple, TypeAlias

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from pipelines.console import PlainConsole, console
from pipelines.progress import MarkedProgress, Progress, count_done, is_url, progress_of_counters

_POLL_SECONDS = 0.3
# A look into a bucket is a request, and takes as long as one.
_STORE_POLL_SECONDS = 5.0
# A few seconds of hashing or unpacking.
_LONG_BYTES = 256 << 20
# How often a log that nobody watches is told how far long work is.
_LINE_SECONDS = 60.0
# How often a machine is.
_JSON_SECONDS = 10.0


@contextmanager
def build_progress(
    out: str, run: str, blocks: int, prove: bool
) -> Iterator[Callable[[Mapping[str, int]], None]]:
    """Show how far a build is, from what its workers leave in the output folder.

    Args:
        out: the output folder.
        run: what its lock says of the build.
        blocks: how many blocks of images there are to read.
        prove: whether shards are proven.

    Yields:
        A function for the counters of the engine, which may know more.
    """
    marked, counted = MarkedProgress(out, run), [Progress()]

    def hear(counters: Mapping[str, int]) -> None:
        counted[0] = progress_of_counters(counters)

    with _progress() as progress:
        reading = progress.add_task("read and inspect", total=blocks)
        writing = progress.add_task("write shards", total=None)
        reread = progress.add_task("prove shards" if prove else "count shards", total=None)

        def refresh() -> None:
            done = marked.read() | counted[0]
            planned = done.shards_planned or None
            progress.made = {
                "pictures": done.pictures,
                "dialogues": done.dialogues,
                "rejected_images": done.rejected_images,
                "rejected_objects": done.rejected_objects,
            }
            progress.update(reading, completed=done.blocks_read)
            progress.update(writing, completed=done.shards, total=planned)
            progress.update(reread, completed=done.shards_read, total=planned)

        with _polling(refresh, _STORE_POLL_SECONDS if is_url(out) else _POLL_SECONDS):
            yield hear


@contextmanager
def unit_progress(folder: str, phase: str, title: str, total: int) -> Iterator[None]:
    """Show how many units of one phase have left their mark in a folder."""
    with _progress() as progress:
        task = progress.add_task(title, total=total)
        with _polling(lambda: progress.update(task, completed=count_done(folder, phase))):
            yield


@contextmanager
def counting_progress(
    title: str, total: int, on: PlainConsole = console
) -> Iterator[Callable[[int], None]]:
    """Show a bar that the yielded function moves to the number it is given."""
    with _progress(on) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def byte_progress(title: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    """Show how many MiB of long work are done; short work is not worth a line."""
    if total_bytes < _LONG_BYTES:
        yield lambda done: None
        return
    with counting_progress(f"{title} (MiB)", total_bytes >> 20) as show:
        yield lambda done: show(done >> 20)


def made_text(made: Mapping[str, int]) -> str:
    """Say what came of the work so far.

    >>> made_text({"pictures": 1132, "dialogues": 21004, "rejected_images": 0})
    '1,132 pictures, 21,004 dialogues, 0 rejected images'
    """
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in made.items())


class Told(NamedTuple):
    """How far one task is, as a line says it; None is what is not known yet."""

    title: str
    done: float
    total: float | None
    seconds: float
    per_second: float | None
    seconds_left: float | None


class LineProgress:
    """Progress where nothing can be drawn over: a line each minute, and one when a task ends.

    Attributes:
        made: what came of the work so far, by name.
    """

    _seconds_between = _LINE_SECONDS

    def __init__(self, on: PlainConsole) -> None:
        self.made: Mapping[str, int] = {}
        self._on = on
        self._titles: list[str] = []
        self._totals: list[float | None] = []
        self._done: list[float] = []
        self._began: dict[int, float] = {}
        self._ended: set[int] = set()
        self._start = self._last = time.monotonic()

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in range(len(self._titles)):
            if task not in self._ended and self._done[task]:
                self._print(task)

    def add_task(self, title: str, *, total: float | None) -> TaskID:
        """Begin a task; `total` may be said later."""
        self._titles.append(title)
        self._totals.append(total)
        self._done.append(0)
        return TaskID(len(self._titles) - 1)

    def update(self, task: TaskID, *, completed: float, total: float | None = None) -> None:
        """Say how much of a task is done."""
        self._done[task] = completed = max(completed, self._done[task])
        self._totals[task] = self._totals[task] if total is None else total
        if not completed:  # seen again and again until there is something: then it begins
            self._began[task] = time.monotonic()
        if task in self._ended:
            return
        if completed and completed == self._totals[task]:
            self._ended.add(task)
            self._print(task)
        elif completed and time.monotonic() - self._last > self._seconds_between:
            self._print(task)

    def _print(self, task: int) -> None:
        self._last = time.monotonic()
        total, done = self._totals[task], self._done[task]
        spent = self._last - self._began.get(task, self._start)
        rate = done / spent if spent else None
        left = (total - done) / rate if rate and total is not None else None
        self._tell(Told(self._titles[task], done, total, self._last - self._start, rate, left))

    def _tell(self, told: Told) -> None:
        of = "" if told.total is None else f" of {told.total:,}"
        text = f"{told.title}: {told.done:,}{of}, {told.seconds:.0f} s"
        if told.seconds_left and told.per_second:
            text += f", {told.per_second:.2g} a second, {told.seconds_left:.0f} s left"
        if any(self.made.values()):
            text += f"; {made_text(self.made)}"
        self._on.print(text, soft_wrap=True, markup=False, highlight=False)


class JsonProgress(LineProgress):
    """The same as lines of JSON."""

    _seconds_between = _JSON_SECONDS

    def _tell(self, told: Told) -> None:
        self._on.event(
            "progress",
            stage=told.title,
            done=told.done,
            total=told.total,
            seconds=round(told.seconds, 1),
            per_second=told.per_second and round(told.per_second, 3),
            seconds_left=None if told.seconds_left is None else round(told.seconds_left),
            **self.made,
        )


class BarProgress(Bars):
    """Bars, and below them what came of the work so far (`made`)."""

    def __init__(self, *columns: str | ProgressColumn, on: Console) -> None:
        self.made: Mapping[str, int] = {}
        super().__init__(*columns, console=on)

    def get_renderables(self) -> Iterator[RenderableType]:
        """As `rich` has it."""
        yield self.make_tasks_table(self.tasks)
        if any(self.made.values()):
            yield Text(made_text(self.made))


AnyProgress: TypeAlias = "BarProgress | LineProgress"


def _progress(on: PlainConsole = console) -> AnyProgress:
    if on.as_json:
        return JsonProgress(on)
    if not on.is_terminal or on.is_dumb_terminal:
        return LineProgress(on)
    return BarProgress(
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        on=on,
    )


@contextmanager
def _polling(refresh: Callable[[], None], seconds: float = _POLL_SECONDS) -> Iterator[None]:
    done = threading.Event()

    def poll() -> None:
        while not done.wait(seconds):
            refresh()

    thread = threading.Thread(target=poll, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        refresh()
