"""How progress looks: bars, plain lines, JSON; and where its numbers come from."""

from __future__ import annotations

import io
import json
import re
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.metrics.monitoring_infos import int64_user_counter
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.runners.portability.portable_runner import PortableMetrics

from pipelines import progress_display
from pipelines.console import PlainConsole
from pipelines.metrics import NAMESPACE, count, read_counters
from pipelines.progress import Progress, note, progress_of_counters, report_done
from pipelines.progress_display import JsonProgress, LineProgress, build_progress
from pipelines.runners import run, told_counters
from pipelines.runners.told_counters import telling_counters


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress_display, "time", clock)
    return clock


def test_a_line_a_minute_says_speed_time_left_and_what_came_of_it(clock: Clock) -> None:
    told = io.StringIO()
    with LineProgress(PlainConsole(file=told, highlight=False)) as progress:
        task = progress.add_task("write shards", total=None)
        for seconds, done in ((30, 0), (60, 1), (91, 2), (120, 3), (210, 10)):
            clock.seconds = seconds
            progress.made = {"pictures": 20 * done, "dialogues": 400 * done}
            progress.update(task, completed=done, total=10)
    assert told.getvalue().splitlines() == [
        # The task began after 30 seconds: two shards in 61 seconds.
        "write shards: 2 of 10, 91 s, 0.033 a second, 244 s left; 40 pictures, 800 dialogues",
        "write shards: 10 of 10, 210 s; 200 pictures, 4,000 dialogues",
    ]


def test_the_same_as_json(clock: Clock) -> None:
    told = io.StringIO()
    with JsonProgress(PlainConsole(file=told)) as progress:
        task = progress.add_task("write shards", total=None)
        progress.update(task, completed=0)
        clock.seconds = 12
        progress.made = {"pictures": 40}
        progress.update(task, completed=2, total=10)
        progress.update(progress.add_task("other", total=None), completed=3)
        clock.seconds = 30
        progress.update(task, completed=10)
    lines = [json.loads(line) for line in told.getvalue().splitlines()]
    assert [(line["stage"], line["done"], line["total"]) for line in lines] == [
        ("write shards", 2, 10), ("write shards", 10, 10), ("other", 3, None),
    ]  # fmt: skip
    assert lines[0] | {"time": ""} == {
        "event": "progress", "time": "", "stage": "write shards", "done": 2, "total": 10,
        "seconds": 12, "per_second": 0.167, "seconds_left": 48, "pictures": 40,
    }  # fmt: skip


@pytest.mark.parametrize("in_bucket", [False, True])
def test_a_terminal_shows_bars_and_what_came_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_bucket: bool
) -> None:
    out = f"memory://{tmp_path.name}/out" if in_bucket else str(tmp_path)
    told = io.StringIO()
    terminal = PlainConsole(file=told, force_terminal=True, width=80, legacy_windows=False)
    monkeypatch.setattr(progress_display._progress, "__defaults__", (terminal,))
    monkeypatch.setenv("TERM", "xterm")
    note(out, "run", "begun", runner="local")
    note(out, "run", "planned", shards=3, rejected_images=1, rejected_objects=2)
    report_done(out, "shards", "train-00000-of-00003", pictures=20, dialogues=400, reused=0)
    with build_progress(out, "run", 4, prove=True) as hear:
        # The engine has counted less of one thing and more of another.
        hear({"build_shards/shards_out": 0, "inspect_images/blocks_in": 2})
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told.getvalue())
    last = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()][-4:]
    assert [re.sub(r"[━╸╺ ]+", " ", line)[:22].strip() for line in last[:3]] == [
        "read and inspect 2/4 0", "write shards 1/3 0:00:", "prove shards 0/3 0:00:",
    ]  # fmt: skip
    assert last[3] == "20 pictures, 400 dialogues, 1 rejected images, 2 rejected objects"


def test_what_two_have_seen_is_joined() -> None:
    seen = Progress(shards=2, dialogues=9) | progress_of_counters(
        {"build_shards/shards_out": 1, "cut_chips/images_rejected": 4, "other/rejects": 7}
    )
    assert seen == Progress(shards=2, dialogues=9, rejected_images=4)


def test_counters_of_a_running_job_are_those_that_were_attempted() -> None:
    def info(name: str, value: int) -> Any:
        return int64_user_counter(NAMESPACE, f"build_shards/{name}", value, ptransform="p")

    answer = beam_job_api_pb2.GetJobMetricsResponse(
        metrics=beam_job_api_pb2.MetricResults(
            attempted=[info("shards_out", 4), info("reused", 1)], committed=[info("reused", 0)]
        )
    )
    result = SimpleNamespace(metrics=lambda: PortableMetrics(answer))
    assert read_counters(result) == {"build_shards/shards_out": 4, "build_shards/reused": 0}


def _count(element: int) -> int:
    count("build_shards", shards_out=element)
    return element


def test_counters_of_an_engine_are_told_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def construct(pipeline: beam.Pipeline) -> None:
        _ = pipeline | beam.Create([1, 2]) | beam.Map(_count)

    result = run(construct, "local", 1)
    monkeypatch.setattr(told_counters, "_SECONDS", 0.01)
    heard, said = threading.Event(), []

    def hear(counters: dict[str, int]) -> None:
        said.append(counters)
        heard.set()
        raise ValueError("whoever listens fails")  # and is asked again

    with telling_counters(result, hear):
        assert heard.wait(20)
    assert said[0] == {"build_shards/shards_out": 3}
    with telling_counters(result, None):
        pass
