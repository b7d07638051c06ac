"""`sarchat status`: what a folder tells of the build that writes to it, or wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import miniatures as mini
import pytest
from conftest import sarchat

from pipelines.cli.commands.status import EXIT_CODES, status_lines
from pipelines.progress import SUBMITTED, note, report_done, stage_seconds
from pipelines.status import Status, read_status
from sarchat_build.dataset.folder import STOPPED
from sarchat_build.dataset.lock import LOCK, Lock, hold_lock
from sarchat_build.dataset.output import open_output

START = "2026-01-01T10:00:00.000+00:00"


@pytest.fixture(params=["disk", "bucket"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "out") if request.param == "disk" else f"memory://{tmp_path.name}/out"


@pytest.fixture
def lock(out: str) -> Iterator[Lock]:
    with hold_lock(out) as lock:
        yield lock


def began(out: str, run: str) -> None:
    note(out, run, "begun", at=START, runner="local")
    note(out, run, "prepared", at=START.replace(":00.", ":08."), blocks=3, images=150)


def planned(out: str, run: str) -> None:
    began(out, run)
    numbers = {"shards": 10, "rejected_images": 4, "rejected_objects": 7}
    note(out, run, "planned", at=START.replace("10:00", "10:01"), **numbers)
    report_done(out, "shards", "train-00000-of-00008", pictures=20, dialogues=300, reused=1)
    report_done(out, "shards", "train-00001-of-00008", pictures=30, dialogues=500, reused=0)
    report_done(out, "shards", "train-00002-of-00008", pictures=40, dialogues=700, reused=0)


def shown(status: Status) -> str:
    return "\n".join(status_lines(status))


def test_a_folder_in_which_nothing_was_built(out: str) -> None:
    status = read_status(out)
    assert status.state == "unbuilt"
    assert EXIT_CODES[status.state] == 6
    assert shown(status).endswith(f"Next:     sarchat build --raw RAW --output {out}")


def test_a_build_that_prepares(out: str, lock: Lock) -> None:
    status = read_status(out)
    assert (status.state, status.stage) == ("under way", "prepare")
    assert status.holder is not None
    assert status.holder.run == lock.run
    assert status.began == status.holder.since


def test_a_build_that_reads(out: str, lock: Lock) -> None:
    began(out, "an earlier one")
    planned(out, "an earlier one")
    began(out, lock.run)
    status = read_status(out)
    assert (status.state, status.stage) == ("under way", "read and inspect")
    assert (status.images_listed, status.began) == (150, START)
    assert status.stage_seconds == {"prepare": 8.0}
    assert "Images:   150 listed" in shown(status)


def test_a_build_that_writes(out: str, lock: Lock) -> None:
    planned(out, lock.run)
    status = read_status(out, at=START.replace("10:00", "10:03"))
    assert (status.state, status.stage) == ("under way", "write and prove shards")
    assert (status.done.shards, status.done.shards_planned, status.done.shards_reused) == (3, 10, 1)
    assert (status.done.pictures, status.done.dialogues) == (90, 1500)
    # Two shards in two minutes; one was there before.
    assert status.pictures_per_second == pytest.approx(60 / 120)
    assert status.seconds_left == 7 * 60
    text = shown(status)
    assert "Shards:   3 of 10, 1 of an earlier run" in text
    assert "90 pictures, 1,500 dialogues, 4 rejected images, 7 rejected objects" in text
    assert "7 min 0 s left" in text


def test_a_job_whose_launcher_has_left(out: str) -> None:
    with hold_lock(out) as lock:
        planned(out, lock.run)
        lock.hand_over("DataflowRunner")
        note(out, lock.run, SUBMITTED, runner="DataflowRunner", id="2026-01-01_7", name="build")
        lock.leave()
    status = read_status(out)
    assert (status.state, status.job) == ("under way", "2026-01-01_7")
    assert "--take-over" in shown(status)


def test_a_build_of_another_machine(out: str, lock: Lock) -> None:
    folder = open_output(out)
    held = json.loads(folder.read(LOCK) or b"") | {"host": "elsewhere"}
    folder.write_json(LOCK, held)
    text = shown(read_status(out))
    assert "on elsewhere, since" in text
    assert "--take-over" in text


def test_a_build_whose_process_is_gone(out: str, lock: Lock) -> None:
    planned(out, lock.run)
    folder = open_output(out)
    held = json.loads(folder.read(LOCK) or b"") | {"started": "another boot"}
    folder.write_json(LOCK, held)
    status = read_status(out)
    assert (status.state, status.seconds_left) == ("cut off", None)
    assert status.done.shards == 3
    assert "run the same command again" in shown(status)


def test_a_build_that_was_interrupted(out: str) -> None:
    with hold_lock(out) as lock:
        planned(out, lock.run)
    assert read_status(out).state == "cut off"


def test_a_build_that_stopped(out: str) -> None:
    with hold_lock(out) as lock:
        planned(out, lock.run)
        open_output(out).write_json(STOPPED, ["nothing_to_write: no image was kept"])
    status = read_status(out)
    assert status.state == "stopped"
    assert "Reason:   nothing_to_write: no image was kept" in shown(status)


def test_a_finished_build_and_one_over_it(tmp_path: Path) -> None:
    raw, out = mini.ssdd(8).write_zip(tmp_path / "raw"), tmp_path / "out"
    done = sarchat("build", "--raw", raw, "--output", out, "--workers", 1, "--log-format", "json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all({"event", "time"} <= set(line) for line in lines)
    (finished,) = [line for line in lines if line["event"] == "finished"]
    progress = [line for line in lines if line["event"] == "progress"]
    assert {line["stage"] for line in progress} == {"read and inspect", "write shards",
                                                    "prove shards"}  # fmt: skip
    assert progress[-1]["dialogues"] == finished["dialogues"] > 0
    assert list(finished["stages"]) == ["prepare", "read and inspect", "write and prove shards",
                                        "publish"]  # fmt: skip
    # No clock in what is published.
    today = finished["time"][:10]
    published = [path for path in out.rglob("*") if path.is_file() and ".sarchat" not in path.parts]
    assert not [path for path in published if today.encode() in path.read_bytes()]

    done = sarchat("status", out, "--json")
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    assert status["state"] == "finished"
    assert status["dataset"]["dialogues"] == finished["dialogues"]
    assert status["stage_seconds"] == finished["stages"]

    with hold_lock(str(out)):
        over = read_status(str(out))
        assert over.state == "under way"
        assert over.dataset is not None
    assert read_status(str(out)).state == "finished"


def test_errors_are_json_where_that_is_asked_for(tmp_path: Path) -> None:
    done = sarchat("build", "--raw", tmp_path / "none", "--output", tmp_path / "out",
                   "--log-format", "json")  # fmt: skip
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["event"] == "error"
    assert "no such folder" in json.loads(line)["message"]


def test_seconds_of_a_clock_that_was_set_back_are_none() -> None:
    late = {"at": START.replace("10:00", "10:01")}
    assert stage_seconds({"begun": late, "prepared": {"at": START}}) == {"prepare": 0}
