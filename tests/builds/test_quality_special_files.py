"""Row 64 through the real command: FIFOs, devices, circles of links, records without end."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import miniatures as mini
import pytest
from conftest import sarchat
from miniatures import SHIP, picture, voc_xml
from small_ssdd import finished, in_process, ssdd

quality = pytest.mark.quality
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module", name="small")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished(tmp_path_factory.mktemp("small"))


def at_recipe(folder: Path) -> tuple[Path, list[str]]:
    return folder / "x.toml", ["build", "--recipe", str(folder / "x.toml")]


def at_manifest(folder: Path) -> tuple[Path, list[str]]:
    return folder / "x.toml", ["build", "--manifests", str(folder)]


def at_template(folder: Path) -> tuple[Path, list[str]]:
    target = folder / "referring" / "single" / "question" / "x.jinja"
    target.parent.mkdir(parents=True)
    return target, ["build", "--templates", str(folder)]


def at_checksums(folder: Path) -> tuple[Path, list[str]]:
    return folder / "raw" / "ssdd.sha256", ["build"]


def at_archive(folder: Path) -> tuple[Path, list[str]]:
    return folder / "raw" / "ssdd" / "SSDD.zip", ["build"]


@quality(row=64)
@pytest.mark.parametrize("where", [at_recipe, at_manifest, at_template, at_checksums, at_archive])
@pytest.mark.parametrize("kind", ["fifo", "device", "circle"])
def test_row_64_special_files_among_settings_and_archives_stop_by_name(
    where: Callable[[Path], tuple[Path, list[str]]],
    kind: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ssdd(tmp_path / "raw")
    path, arguments = where(tmp_path)
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path.name)
    code, told = in_process(
        [*arguments, "--raw", tmp_path / "raw", "--output", tmp_path / "out", "--workers", "1"],
        capsys,
        monkeypatch,
    )
    assert code in (2, 3)
    assert str(path) in told
    assert {"fifo": "FIFO", "device": "device", "circle": "links"}[kind] in told
    assert not (tmp_path / "out" / "build.json").exists()


@quality(row=64)
def test_row_64_special_files_in_a_raw_folder_are_rejects_and_the_rest_is_built(
    tmp_path: Path,
) -> None:
    # Enough sound pictures that four rejects do not stop the build.
    folder = ssdd(tmp_path / "raw", tuple(f"{number:06}" for number in range(100, 124)))
    documents = folder.parent / "Annotations_test"
    (folder / "000019.jpg").symlink_to("/dev/zero")
    (folder / "000029.jpg").symlink_to("000029.jpg")
    os.mkfifo(folder / "000039.jpg")
    for stem in ("000019", "000029", "000039"):
        (documents / f"{stem}.xml").write_text(voc_xml([SHIP]))
    os.mkfifo(documents / "000049.xml")
    (folder / "000049.jpg").write_bytes(picture(49))
    os.mkfifo(tmp_path / "raw" / "ssdd" / "pipe")
    out = tmp_path / "out"
    begun = time.monotonic()
    done = sarchat("build", "--raw", tmp_path / "raw", "--output", out, "--workers", 1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - begun < 200
    rejects = mini.read_rejects(out)
    reasons = {Path(row["file"]).name: row["reason"] for row in rejects}
    assert reasons["000019.jpg"] == "path_escape"
    assert reasons["000029.jpg"] == reasons["000039.jpg"] == reasons["000049.xml"] == "unreadable"


def _fifo_record(out: Path) -> None:
    (out / "build.json").unlink()
    os.mkfifo(out / "build.json")


def _large_record(out: Path) -> None:
    with (out / "build.json").open("r+b") as stream:
        stream.truncate(1 << 30)


def _fifo_shard(out: Path) -> None:
    shard = next((out / "images").glob("test-*.parquet"))
    shard.unlink()
    os.mkfifo(shard)


def _many_shards(out: Path) -> None:
    record = json.loads((out / "build.json").read_text(encoding="utf-8"))
    (path,) = [p for p in record["files"] if p.startswith("images/test-")]
    record["files"]["images/test-00000-of-99999.parquet"] = record["files"].pop(path)
    (out / path).rename(out / "images/test-00000-of-99999.parquet")
    (out / "build.json").write_text(json.dumps(record), encoding="utf-8")


@quality(row=64)
@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (_fifo_record, "build.json"),
        (_large_record, "1,073,741,824 bytes"),
        (_fifo_shard, "images/test-00000-of-00001.parquet"),
        (_many_shards, "-of-99999.parquet"),
    ],
)
def test_row_64_a_dataset_of_special_files_is_named_in_seconds(
    damage: Callable[[Path], None],
    named: str,
    small: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out"
    shutil.copytree(small, out)
    damage(out)
    begun = time.process_time()
    code, told = in_process(["validate", out, "--workers", 1], capsys, monkeypatch)
    assert code == 1
    assert named in told
    assert time.process_time() - begun < 30
    if damage is not _many_shards:
        code, told = in_process(["report", out, "--workers", 1], capsys, monkeypatch)
        assert code == 3, told
        assert named in told
