"""The four promises on whole builds: conservation, determinism, truth, no leakage."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import miniatures as mini
import pyarrow.parquet as pq
import pytest
from conftest import REPOSITORY, digests, repack, sarchat
from PIL import Image
from prepared_python import COMMAND, Started, loaded
from whole_builds import record, rows

from pipelines.worker import NAME
from sarchat_build.config.resources import recipe_path
from sarchat_build.dataset.lock import LOCK
from sarchat_build.dataset.output import stage_of

quality = pytest.mark.quality


def test_conservation(built: Path) -> None:
    for source_id, source in record(built)["sources"].items():
        counts = source["counts"]
        for unit in ("images", "instances"):
            out = sum(counts[entry][unit] for entry in ("kept", "rejected", "deduplicated"))
            assert counts["read"][unit] == out > 0, (source_id, unit)
    kept = Counter(row["source"] for row in rows(built, "images/*.parquet"))
    assert kept == {
        s: source["counts"]["written"]["images"] for s, source in record(built)["sources"].items()
    }


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_same_bytes_for_two_workers_and_any_hash_seed(
    raw: Path, built: Path, tmp_path: Path, seed: str
) -> None:
    out = tmp_path / "dataset"
    done = sarchat(
        "build", "--raw", str(raw), "--output", str(out), "--workers", "2",
        PYTHONHASHSEED=seed, TZ="Asia/Tokyo", LC_ALL="C",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert digests(out) == digests(built)


def test_same_bytes_for_shuffled_input(raw: Path, built: Path, tmp_path: Path) -> None:
    shuffled = tmp_path / "raw"
    for archive in raw.glob("*/*.zip"):
        repack(
            archive,
            shuffled / archive.relative_to(raw),
            lambda names: sorted(names, key=lambda name: name[::-1]),
        )
    mini.build(shuffled, tmp_path / "dataset", workers=1)
    # The record names the archives' digests, which do differ.
    assert _without_record(digests(tmp_path / "dataset")) == _without_record(digests(built))


def test_same_bytes_when_many_search_for_near_duplicates(tmp_path: Path) -> None:
    source = mini.ssdd(6)
    copies = {"000007": mini.picture(1)}
    with Image.open(io.BytesIO(mini.picture(1))) as first:
        for stem, quality_percent in (("000008", 95), ("000009", 100)):
            written = io.BytesIO()
            first.save(written, "JPEG", quality=quality_percent)
            copies[stem] = written.getvalue()
        size = first.size
    for stem, data in copies.items():
        source.image(stem, data)
        source.document(stem, mini.voc_xml([mini.SHIP], filename=f"{stem}.jpg", size=size))
    raw = source.write_zip(tmp_path / "raw")
    mini.build(raw, tmp_path / "one")
    # As it is done above a million images.
    mini.build(raw, tmp_path / "many", workers=1, one_step_images=0)
    found = [row["reason"] for row in mini.read_duplicates(tmp_path / "one")]
    assert sorted(found) == ["file", "kept", "near", "near"]
    assert digests(tmp_path / "many") == digests(tmp_path / "one")


def _without_record(files: dict[str, str]) -> dict[str, str]:
    return {path: digest for path, digest in files.items() if path != "build.json"}


def started(raw: Path, out: Path) -> Started:
    """A build in a session of its own, as a shell starts it."""
    command = ("build", "--raw", raw, "--output", out, "--workers", 2)
    return loaded().start(COMMAND, *command, cwd=REPOSITORY, env=os.environ, session=True)


@quality(row=49)
def test_same_bytes_after_a_kill(raw: Path, built: Path, tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    process = started(raw, out)
    receipts = out / ".sarchat" / "receipts"
    while not (receipts.is_dir() and any(receipts.iterdir())) and not process.has_ended():
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    stage = Path(stage_of(str(out)), "images")
    finished = {path.stem: path.stat().st_mtime_ns for path in stage.glob("*.parquet")}
    assert not (out / "images").exists(), "a shard of an unfinished dataset has its final name"
    assert finished, "no shard was finished before the kill"
    mini.build(raw, out, workers=1)
    assert digests(out) == digests(built)
    assert any(
        path.stat().st_mtime_ns == finished.get(path.stem)
        for path in (out / "images").glob("*.parquet")
    ), "every finished shard was built again"


def test_a_dead_worker_ends_the_run(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    process = started(raw, out)
    workers: list[int] = []
    while not process.has_ended() and not workers:
        time.sleep(0.05)
        workers = _workers_below(process.pid)
    assert workers
    os.kill(workers[0], signal.SIGKILL)
    done = process.wait(60)
    assert done.returncode == 4
    assert "a worker process died" in done.stderr
    assert "run the same command again" in done.stderr


@quality(row=50)
def test_ctrl_c_ends_the_run_in_seconds_and_says_how_to_resume(
    raw: Path, built: Path, tmp_path: Path
) -> None:
    out = tmp_path / "dataset"
    process = started(raw, out)
    receipts = out / ".sarchat" / "receipts"
    while not (receipts.is_dir() and any(receipts.iterdir())) and not process.has_ended():
        time.sleep(0.02)
    pressed = time.monotonic()
    workers = _workers_below(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # a terminal tells the whole group
    done = process.wait(60)
    assert time.monotonic() - pressed < 10
    assert done.returncode == 130
    assert done.stderr == "error: interrupted; run the same command again to resume\n"
    assert workers
    while any(_is_worker(pid) for pid in workers):
        assert time.monotonic() - pressed < 20, "a worker was left behind"
        time.sleep(0.05)
    mini.build(raw, out, workers=1)
    assert digests(out) == digests(built)


# Signal, how often, whether the whole group is told (as a terminal does), and the exit code.
SIGNALS = {
    "SIGTERM": (signal.SIGTERM, 1, False, 143),
    "SIGHUP of a closed terminal": (signal.SIGHUP, 1, True, 129),
    "Ctrl-C twice": (signal.SIGINT, 2, True, 130),
    "SIGKILL of the launcher": (signal.SIGKILL, 1, False, -9),
}


@quality(row=70)
@pytest.mark.parametrize("name", SIGNALS)
def test_every_signal_ends_the_run_in_seconds_and_leaves_no_worker(
    raw: Path, tmp_path: Path, name: str
) -> None:
    number, times, group, code = SIGNALS[name]
    out = tmp_path / "dataset"
    process = started(raw, out)
    # Workers stand by from the start: until the lock is there, nothing is written.
    while not (out / LOCK).exists() and not process.has_ended():
        time.sleep(0.02)
    workers = _workers_below(process.pid)
    assert workers
    sent = time.monotonic()
    for _ in range(times):
        os.killpg(process.pid, number) if group else os.kill(process.pid, number)
    done = process.wait(60)
    assert time.monotonic() - sent < 10
    assert done.returncode == code
    killed = number == signal.SIGKILL
    line = "error: interrupted; run the same command again to resume\n"
    assert done.stderr == ("" if killed else line)
    while any(_is_worker(pid) for pid in workers):
        assert time.monotonic() - sent < 20, "a worker was left behind"
        time.sleep(0.05)
    assert (out / LOCK).exists() == killed
    assert digests(out) == {}


def _workers_below(pid: int) -> list[int]:
    found = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listing.read_text().split():
            if _is_worker(int(child)):
                found.append(int(child))
    return found


def _is_worker(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == NAME
    except OSError:  # it has just ended
        return False


def test_a_second_run_builds_nothing_again(raw: Path, built: Path, tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    shutil.copytree(built, out)
    before = {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()}
    mini.build(raw, out, workers=1)
    assert {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()} == before
    assert digests(out) == digests(built)


@quality(row=39)
def test_no_leakage(built: Path) -> None:
    for column in ("scene_id", "pixel_sha256"):
        splits = defaultdict(set)
        for row in rows(built, "images/*.parquet"):
            splits[row[column]].add(row["split"])
        assert all(len(where) == 1 for where in splits.values()), column


def test_planted_duplicates_are_found(raw: Path, built: Path) -> None:
    planted = json.loads((raw / "ssdd.planted.json").read_text())
    found = {row["image_id"] for row in rows(built, "duplicates/*.parquet")}
    text = json.dumps(planted)
    assert found
    for image_id in found:
        assert image_id.split("/")[1] in text


def test_load_dataset_decodes_pictures(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"""
import datasets
out = {str(built)!r}
pictures = datasets.load_dataset(out, "images", split="train")
assert pictures[0]["image"].size == (pictures[0]["width"], pictures[0]["height"])
for task in datasets.get_dataset_config_names(out):
    for split, rows in datasets.load_dataset(out, task).items():
        assert rows.num_rows > 0, (task, split)
rows = datasets.load_dataset(out, "referring", split="train")
place = {{image_id: i for i, image_id in enumerate(pictures["image_id"])}}
example = rows[0] | {{"image": pictures[place[rows[0]["image_id"]]]["image"]}}
assert example["image"].size[0] > 0 and example["messages"][0]["role"] == "user"
print("loaded")
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert "loaded" in done.stdout, done.stderr


def test_validate_proves_a_good_dataset(built: Path) -> None:
    done = sarchat("validate", built.as_uri())  # a URL is taken as it is written
    assert done.returncode == 0, done.stderr
    assert "proven" in done.stdout


def _flip_a_byte(out: Path) -> str:
    path = next(out.glob("images/train-*.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return path.name


def _delete_a_shard(out: Path) -> str:
    path = next(out.glob("dialogues/referring/train-*.parquet"))
    path.unlink()
    return f"dialogues/referring/{path.name}"


def _change_a_number(out: Path) -> str:
    path = next(out.glob("dialogues/instance_counting/train-*.parquet"))
    table = pq.read_table(path)
    messages = table["messages"].to_pylist()
    answer = messages[0][1]["content"]
    digit = next(c for c in answer if c.isdigit())
    messages[0][1]["content"] = answer.replace(digit, str((int(digit) + 1) % 10), 1)
    place = table.schema.get_field_index("messages")
    field = table.schema.field(place)
    changed = table.set_column(place, field, [messages])
    pq.write_table(changed.cast(table.schema), path)
    _forge_digest(out, path)
    return table["dialogue_id"][0].as_py()


def _forge_digest(out: Path, path: Path) -> None:
    # A forger would mend the record as well; the answer itself must give the change away.
    import hashlib

    build = record(out)
    entry = build["files"][path.relative_to(out).as_posix()]
    entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    entry["bytes"] = path.stat().st_size
    (out / "build.json").write_text(json.dumps(build))


@quality(row=45)
@quality(row=55)
@pytest.mark.parametrize("harm", [_flip_a_byte, _delete_a_shard, _change_a_number])
def test_validate_names_the_harm(built: Path, tmp_path: Path, harm: Any) -> None:
    out = tmp_path / "dataset"
    shutil.copytree(built, out)
    name = harm(out)
    done = sarchat("validate", str(out), "--workers", "1")
    assert done.returncode == 1
    assert name in done.stderr


def test_a_dataset_with_shards_that_no_picture_fell_into_is_proven(tmp_path: Path) -> None:
    text = recipe_path("sarchat_2m").read_text()
    recipe = tmp_path / "small_shards.toml"
    recipe.write_text(re.sub(r"images_per_shard *= *\d+", "images_per_shard = 1", text))
    out = tmp_path / "out"
    mini.build(mini.ssdd(10).write_zip(tmp_path / "raw"), out, recipe=str(recipe))
    build = json.loads((out / "build.json").read_text())
    fingerprints = Counter(build["shards"].values())
    assert max(fingerprints.values()) > 1, "every shard has a picture: another number is needed"
    done = sarchat("validate", out, "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "proven" in done.stdout
