"""Launchers that submit a build and leave: the last step of the graph does what they would do."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import miniatures as mini
import pytest
from buckets import cut_at, memory, objects
from conftest import digests, sarchat
from job_server import job_server, wait_for
from plain_build import build_results, prepare

from pipelines.runners.detached import job_of
from sarchat_build.dataset.lock import LOCK, hold_lock, read_holder
from sarchat_build.dataset.output import STAGE, open_output
from sarchat_build.dataset.receipts import RECEIPTS
from sarchat_build.errors import InputError
from sarchat_build.published.layout import BUILD_FILE
from sarchat_build.publishing.publish import conclude, publish


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.ssdd(10).write_zip(tmp_path_factory.mktemp("detached") / "raw")


@pytest.fixture(scope="module")
def on_disk(raw: Path) -> dict[str, str]:
    mini.build(raw, raw.parent / "waited")
    return digests(raw.parent / "waited")


def leave(out: str) -> str:
    """Be a launcher that has left; gives the run of its lock."""
    with hold_lock(out) as lock:
        lock.hand_over("SomeRunner")
        lock.leave()
    return lock.run


def test_a_job_that_was_left_alone_publishes_the_same_bytes_and_frees_the_folder(
    raw: Path, on_disk: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with job_server(tmp_path) as options:
        done = sarchat("build", "--raw", raw, "--output", out, "--runner", "PortableRunner",
                       "--no-wait", "--", *options)  # fmt: skip
        assert done.returncode == 0, done.stderr
        submitted, following = done.stdout.splitlines()[-2:]
        assert submitted.startswith("Submitted: PortableRunner job job-")
        assert following == f"Next:      sarchat status {out}"
        wait_for(lambda: (out / BUILD_FILE).exists() and not (out / LOCK).exists())
    assert digests(out) == on_disk


def test_a_lock_that_was_left_to_an_engine_outlives_its_process(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    leave(out)
    with pytest.raises(InputError, match="a job of SomeRunner, submitted by process") as caught:
        hold_lock(out).__enter__()
    assert f"'sarchat status {out}'" in str(caught.value)
    assert "--take-over" in str(caught.value)
    with hold_lock(out, take_over=True, tell=lambda line: None):
        pass
    assert read_holder(out) is None


def test_a_submission_that_fails_leaves_no_lock(raw: Path, tmp_path: Path) -> None:
    with job_server(tmp_path) as options:
        done = sarchat("build", "--raw", raw, "--output", tmp_path / "out", "--runner", "portable",
                       "--no-wait", "--", *options, "--environment_type=nonsense")  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out" / LOCK).exists()


@pytest.mark.parametrize(
    ("runner", "option"),
    [
        ("local", "--streaming"),
        ("DirectRunner", "--streaming"),
        ("prism", "--streaming"),
        ("PortableRunner", "--environment_type=LOOPBACK"),
    ],
)
def test_an_engine_that_ends_with_the_command_is_not_left_alone(
    raw: Path, tmp_path: Path, runner: str, option: str
) -> None:
    done = sarchat("build", "--raw", raw, "--output", tmp_path / "out", "--runner", runner,
                   "--no-wait", "--", option)  # fmt: skip
    assert done.returncode == 2
    assert "--no-wait" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def proven(raw: Path) -> dict[str, bytes]:
    """The objects of a build whose graph has come to its last step."""
    context = prepare(raw, "memory://proven/out")
    publish(build_results(context), context.build)
    return objects("memory://proven/out", work=True)


@pytest.mark.parametrize("cut", range(1, 60, 4))
def test_the_last_step_may_be_cut_off_anywhere_and_made_again(
    proven: dict[str, bytes], tmp_path: Path, cut: int
) -> None:
    out = f"memory://{tmp_path.name}/out"
    for path, content in proven.items():
        memory.pipe_file(f"/{tmp_path.name}/out/{path}", content)
    run = leave(out)
    built = {path: data for path, data in proven.items() if path.startswith(f"{STAGE}/")}
    receipts = {path for path in proven if path.startswith(f"{RECEIPTS}/")}
    with suppress(KeyboardInterrupt), cut_at(cut):
        conclude(out, run)
    for _ in range(2):
        conclude(out, run)
        assert {f"{STAGE}/{path}": data for path, data in objects(out).items()} == built
        left = {path for path in objects(out, work=True) if path.startswith(".sarchat")}
        assert left == receipts


def test_a_build_that_stopped_says_why_and_frees_the_folder(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    run = leave(out)
    open_output(out).write_json(".sarchat/stopped.json", ["too few pictures"])
    for _ in range(2):  # an engine tries again what failed
        with pytest.raises(InputError, match="too few pictures"):
            conclude(out, run)
        assert read_holder(out) is None


def test_a_build_that_lost_its_lock_publishes_nothing(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    run = leave(out)
    open_output(out).write_text(f"{STAGE}/{BUILD_FILE}", "{}")
    with (
        hold_lock(out, take_over=True, tell=lambda line: None),
        pytest.raises(InputError, match="another build took this folder over"),
    ):
        conclude(out, run)
    assert not open_output(out).has(BUILD_FILE)


@pytest.mark.parametrize(
    ("result", "options", "said"),
    [
        (object(), ["--job_name=n", "--template_location=gs://b/t"],
         "n (its launcher submits gs://b/t)"),
        (object(), ["--template_location=gs://b/t"], "(its launcher submits gs://b/t)"),
        (SimpleNamespace(_job=SimpleNamespace(id="2026-7", name="n")), [], "2026-7 (n)"),
        (SimpleNamespace(_job_id="job-7"), ["--job_name=n"], "job-7 (n)"),
        (object(), [], "without a name"),
    ],
)  # fmt: skip
def test_a_job_is_called_as_its_engine_lists_it(result: Any, options: list[str], said: str) -> None:
    assert str(job_of(result, options)) == said
