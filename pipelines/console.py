"""The two consoles of the command line: its errors, and the progress of long work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeAlias

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.segment import Segment

from pipelines.progress import count_done, is_url
from sarchat_build.names import display_line, redact, visible


class PlainConsole(Console):
    """A terminal that no text can command: what others wrote is shown, and never obeyed."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as `rich` does; credentials in texts are blotted out."""
        super().print(*(redact(o) if isinstance(o, str) else o for o in objects), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render as `rich` does; control characters of texts and cells become escapes."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text == "\n":
                yield segment
            else:
                text = "\n".join(map(visible, segment.text.split("\n")))
                yield segment._replace(text=text)


console = PlainConsole(highlight=False)
errors = PlainConsole(stderr=True, highlight=False, soft_wrap=True)

_POLL_SECONDS = 0.3
# A look into a bucket is a request, and takes as long as one.
_STORE_POLL_SECONDS = 5.0
# A few seconds of hashing or unpacking.
_LONG_BYTES = 256 << 20
# More lines say no more to a person.
_SHOWN_ERRORS = 50
# How often a log that nobody watches is told how far long work is.
_LINE_SECONDS = 60.0


def print_error(error: Exception) -> None:
    """Print an error as `error: …`, one line for each fault, and of very many only the first."""
    lines = str(error).split("\n") if str(error) else [type(error).__name__]
    for line in lines[:_SHOWN_ERRORS]:
        errors.print(f"[bold red]error:[/] {escape(display_line(line))}")
    if len(lines) > _SHOWN_ERRORS:
        errors.print(f"[bold red]error:[/] … and {len(lines) - _SHOWN_ERRORS:,} more")


def print_line(text: str, *, indent: int = 0, style: str = "") -> None:
    """Print one line of plain text that may quote names, whole: it may be copied."""
    line = " " * indent + display_line(text)
    console.print(line, style=style, soft_wrap=True, highlight=False, markup=False)


@contextmanager
def build_progress(out: str, blocks: int, prove: bool) -> Iterator[None]:
    """Show how far a build is, from the marks that its workers leave in the output folder."""
    with _progress() as progress:
        reading = progress.add_task("read and inspect", total=blocks)
        writing = progress.add_task("write shards", total=None)
        reread = progress.add_task("prove shards" if prove else "count shards", total=None)

        def refresh() -> None:
            progress.update(reading, completed=count_done(out, "inspect"))
            shards = count_done(out, "planned")
            progress.update(writing, completed=count_done(out, "shards"), total=shards or None)
            progress.update(reread, completed=count_done(out, "readings"), total=shards or None)

        with _polling(refresh, _STORE_POLL_SECONDS if is_url(out) else _POLL_SECONDS):
            yield


@contextmanager
def unit_progress(folder: str, phase: str, title: str, total: int) -> Iterator[None]:
    """Show how many units of one phase have left their mark in a folder."""
    with _progress() as progress:
        task = progress.add_task(title, total=total)
        with _polling(lambda: progress.update(task, completed=count_done(folder, phase))):
            yield


@contextmanager
def counting_progress(
    title: str, total: int, on: Console = console
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


class LineProgress:
    """Progress where nothing can be drawn over: a line each minute, and one when a task ends."""

    def __init__(self, on: Console) -> None:
        self._on = on
        self._titles: list[str] = []
        self._totals: list[float | None] = []
        self._done: list[float] = []
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
        if task in self._ended:
            return
        if completed and completed == self._totals[task]:
            self._ended.add(task)
            self._print(task)
        elif completed and time.monotonic() - self._last > _LINE_SECONDS:
            self._print(task)

    def _print(self, task: int) -> None:
        self._last = time.monotonic()
        total = self._totals[task]
        of = f" of {total:,}" if total is not None else ""
        text = f"{self._titles[task]}: {self._done[task]:,}{of}, {self._last - self._start:.0f} s"
        self._on.print(text, soft_wrap=True, markup=False, highlight=False)


AnyProgress: TypeAlias = "Progress | LineProgress"


def _progress(on: Console = console) -> AnyProgress:
    if not on.is_terminal or on.is_dumb_terminal:
        return LineProgress(on)
    return Progress(
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=on,
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
