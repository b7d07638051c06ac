"""Runs on engines that are asked for by name: bytes, stages, faults, an end before the end.

Beam's own job service stands for every portable engine here: graph, workers and states take the
same way. The engines themselves: `make prism`, `make flink`.
"""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import apache_beam as beam
import miniatures as mini
import pytest
from apache_beam.portability import common_urns
from apache_beam.runners.portability.fn_api_runner import translations
from apache_beam.runners.runner import PipelineState
from conftest import REPOSITORY
from plain_build import prepare

from pipelines.build_dataset import build_dataset
from pipelines.faults import EngineError
from pipelines.runners import run
from pipelines.runners.beam_options import check_beam_options
from pipelines.shared_folders import demand_folders
from sarchat_build.errors import ConfigurationError, InputError
from sarchat_build.publishing.publish import read_outcome

EMBEDDED = ["--job_endpoint=embed", "--environment_type=LOOPBACK"]


def digests(out: str) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(out).rglob("*"))
        if path.is_file() and ".sarchat" not in path.parts
    }


def test_another_engine_gives_the_same_bytes(tmp_path: Path) -> None:
    mini.ssdd(20).write_zip(tmp_path / "raw")
    found = []
    for runner, options in (("local", []), ("PortableRunner", EMBEDDED)):
        context = prepare(tmp_path / "raw", tmp_path / runner)
        run(lambda pipeline, c=context: build_dataset(pipeline, c), runner, 1, options)  # type: ignore[misc]
        read_outcome(context.out)
        found.append(digests(context.out))
    assert "build.json" in found[0]
    assert found[0] == found[1]


def test_a_build_has_seven_stages_that_need_workers(tmp_path: Path) -> None:
    """Engines start workers for every stage; a Flatten ends one where engines do not move it."""
    mini.ssdd(200).write_zip(tmp_path / "raw")  # several blocks
    pipeline = beam.Pipeline()
    build_dataset(pipeline, prepare(tmp_path / "raw", tmp_path / "out"))
    native = ("GROUP_BY_KEY", "FLATTEN", "IMPULSE")
    _, stages = translations.create_and_optimize_stages(
        pipeline.to_runner_api(),
        translations.standard_optimize_phases(),
        frozenset(getattr(common_urns.primitives, name).urn for name in native)
        | {common_urns.composites.RESHUFFLE.urn},
    )
    work = common_urns.primitives.PAR_DO.urn
    names = [s.name for s in stages if any(t.spec.urn == work for t in s.transforms)]
    # List, read, inspect, plan, assign, build, publish.
    assert len(names) == 7, "\n".join(names)


def fails(element: str, error: Exception) -> None:
    raise error


def graph_of(step: Callable[..., object], *given: object) -> Callable[[beam.Pipeline], None]:
    return lambda pipeline: (
        (pipeline | beam.Create(["a"]) | beam.Reshuffle() | "Step" >> beam.Map(step, *given))
        and None
    )


def test_an_input_error_of_a_worker_is_told_as_one(tmp_path: Path) -> None:
    graph = graph_of(fails, InputError("a.zip: broken", "b.zip: broken"))
    with pytest.raises(InputError) as caught:
        run(graph, "PortableRunner", 1, EMBEDDED, log_folder=tmp_path)
    assert caught.value.args == ("a.zip: broken", "b.zip: broken")
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_a_step_is_one_line_that_names_its_log(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        run(graph_of(fails, KeyError("x")), "PortableRunner", 1, EMBEDDED, log_folder=tmp_path)
    line = str(caught.value)
    assert line.startswith('Step failed: KeyError: "x"; a fault of the build') or line.startswith(
        "Step failed: KeyError: 'x'; a fault of the build"
    )
    assert line.endswith(str(tmp_path / "engine.log"))
    assert "Traceback" in (tmp_path / "engine.log").read_text()
    assert "\n" not in line


def test_a_job_server_that_is_not_there_is_told_before_any_input_is_read() -> None:
    with pytest.raises(InputError, match=r"--job_endpoint=127\.0\.0\.1:1: no job server"):
        check_beam_options("PortableRunner", ["--job_endpoint=127.0.0.1:1"])


@pytest.mark.parametrize(
    ("runner", "options"),
    [
        ("PrismRunner", ["--prism_locaton=/x"]),
        ("PortableRunner", [*EMBEDDED, "--environment_typ=x"]),
    ],
)
def test_a_misspelled_option_of_an_engine_is_refused(runner: str, options: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="did you mean"):
        check_beam_options(runner, options)


def interrupted(kind: str, mark: Path) -> tuple[int, str, str]:
    """Exit code, output and last line of errors of a process, interrupted while its job runs."""
    process = subprocess.Popen(
        [sys.executable, REPOSITORY / "tests" / "support" / "interrupted_job.py", kind, mark],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not mark.exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    # The first ones are Beam's, about packages that are not there.
    return process.returncode, out, err.splitlines()[-1]


def test_an_interrupted_command_cancels_its_job(tmp_path: Path) -> None:
    assert interrupted("running", tmp_path / "mark") == (
        130,
        f"{PipelineState.CANCELLED}\n",
        "error: interrupted; run the same command again to resume",
    )


def test_a_job_that_does_not_end_is_named(tmp_path: Path) -> None:
    code, _, line = interrupted("deaf", tmp_path / "mark")
    assert code == 130
    assert line.startswith("error: interrupted, but job job-7 of FlinkRunner has not ended: it pub")


def test_a_worker_that_does_not_see_the_folders_refuses_to_work(tmp_path: Path) -> None:
    mini.ssdd(12).write_zip(tmp_path / "raw")
    raw, out = str(tmp_path / "raw"), str(tmp_path / "out")
    demand_folders(out, "", raw, ("ssdd",))
    with pytest.raises(InputError, match="does not see what the launcher wrote there: give an"):
        demand_folders(out, "a run", raw, ("ssdd",))
    (tmp_path / "out" / ".sarchat").mkdir(parents=True)
    (tmp_path / "out" / ".sarchat" / "lock").touch()
    demand_folders(out, "a run", raw, ("ssdd",))
    with pytest.raises(InputError, match=r"raw/hrsid: the worker on .* does not see this folder"):
        demand_folders(out, "a run", raw, ("hrsid",))
