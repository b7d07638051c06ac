"""Whole builds: the same dataset from every kind of archive, and only from the recorded one."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path
from typing import Any

import fsspec
import miniatures as mini
import pytest
from archive_cases import PACKED, built, everything_below, miniature, written
from archive_writers import FILE_KINDS, WRITERS, write_zip
from conftest import digests, sarchat
from miniatures import picture
from typer.testing import CliRunner

from pipelines import launch
from pipelines.cli.main import app
from sarchat_build.errors import InputError
from sarchat_build.sources.inputs import describe_archives

quality = pytest.mark.quality


@pytest.fixture(scope="module")
def from_zip(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, Any]]:
    folder = tmp_path_factory.mktemp("from_zip")
    (folder / "raw" / "ssdd").mkdir(parents=True)
    written(folder / "raw" / "ssdd", "zip", miniature())
    return built(folder / "raw", folder / "out")


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_same_dataset_from_every_kind(
    tmp_path: Path, from_zip: tuple[dict[str, str], dict[str, Any]], kind: str
) -> None:
    (tmp_path / "raw" / "ssdd").mkdir(parents=True)
    written(tmp_path / "raw" / "ssdd", kind, miniature())
    assert built(tmp_path / "raw", tmp_path / "out") == from_zip
    kept = list((tmp_path / "out" / ".sarchat").glob("repacked/*.zip"))
    assert len(kept) == (kind in PACKED)


def test_worker_processes_read_the_repacked_form(
    tmp_path: Path, from_zip: tuple[dict[str, str], dict[str, Any]]
) -> None:
    (tmp_path / "raw" / "ssdd").mkdir(parents=True)
    written(tmp_path / "raw" / "ssdd", "7z", miniature())
    out, again = tmp_path / "out", tmp_path / "again"
    done = sarchat(
        "build", "--raw", f"file://{tmp_path}/raw", "--output", out, "--workers", 2,
        "--repacked", again,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = digests(out)
    del files["build.json"]
    assert files == from_zip[0]
    assert len(everything_below(again)) == 2
    assert not (out / ".sarchat" / "repacked").exists()


def test_same_dataset_from_a_folder(
    tmp_path: Path, from_zip: tuple[dict[str, str], dict[str, Any]]
) -> None:
    # Only the rejects name the file differently: it lies in no archive. The sample shows them.
    WRITERS["folder"](tmp_path / "elsewhere", miniature())
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "ssdd").symlink_to(tmp_path / "elsewhere")
    files, _ = built(tmp_path / "raw", tmp_path / "out")
    other = ("rejects/", "report/sample.html")
    assert {n: d for n, d in files.items() if not n.startswith(other)} == {
        n: d for n, d in from_zip[0].items() if not n.startswith(other)
    }
    (row,) = mini.read_rejects(tmp_path / "out")
    assert row["file"].endswith("000003.xml")
    sample = (tmp_path / "out" / "report" / "sample.html").read_bytes()
    in_archive = sample.replace(b'"file":"', b'"file":"no ending/')
    assert hashlib.sha256(in_archive).hexdigest() == from_zip[0]["report/sample.html"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "7z", "folder"])
@pytest.mark.parametrize("protocol", ["memory", "file"])
def test_same_dataset_from_a_url(
    tmp_path: Path, from_zip: tuple[dict[str, str], dict[str, Any]], kind: str, protocol: str
) -> None:
    local = tmp_path / "raw" / "ssdd"
    local.mkdir(parents=True)
    written(local, kind, miniature())
    raw = f"file://{tmp_path}/raw"
    if protocol == "memory":
        raw = f"memory://{kind}/raw"
        fsspec.filesystem("memory").put(str(local), f"{raw}/ssdd", recursive=True)
    files, record = built(raw, tmp_path / "out")
    if kind == "folder":
        # The folder itself has a name here: paths are longer by it, and all else is the same.
        images = mini.read_images(tmp_path / "out")
        assert {row["source_member"].split("/")[0] for row in images.values()} == {"no ending"}
        assert record["counts"] == from_zip[1]["counts"]
    else:
        assert (files, record) == from_zip
    result = CliRunner().invoke(app, ["sources", "check", "--raw", raw])
    assert result.exit_code == 0, result.output


# Row 2: checksums.
@quality(row=2)
@pytest.mark.parametrize("kind", WRITERS)
def test_row_2_a_changed_archive_stops_with_both_digests(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "ssdd"
    folder.mkdir()
    files = miniature()
    written(folder, kind, files)
    before = {a.sha256 for a in describe_archives(_ssdd(), str(tmp_path))}
    record = CliRunner().invoke(
        app, ["sources", "record", "--raw", str(tmp_path), "--source", "ssdd"]
    )
    assert record.exit_code == 0, record.output
    checked = CliRunner().invoke(app, ["sources", "check", "--raw", str(tmp_path)])
    assert "recorded" in checked.output
    if kind != "folder":
        done = subprocess.run(["sha256sum", "-c", "ssdd.sha256"], cwd=tmp_path, capture_output=True)
        assert done.returncode == 0, done.stderr
    written(folder, kind, files | {sorted(files)[-1]: picture(77)})
    with pytest.raises(InputError) as caught:
        mini.build(tmp_path, tmp_path.with_name("out"))
    named = set(re.findall(r"\b[0-9a-f]{64}\b", str(caught.value)))
    assert before < named
    assert len(named) == 2
    assert not tmp_path.with_name("out").exists()


def test_recorded_names_with_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "ssdd").mkdir()
    write_zip(tmp_path / "ssdd" / "a\\b\nc.zip", miniature())
    CliRunner().invoke(app, ["sources", "record", "--raw", str(tmp_path), "--source", "ssdd"])
    done = subprocess.run(["sha256sum", "-c", "ssdd.sha256"], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    describe_archives(_ssdd(), str(tmp_path))
    (tmp_path / "ssdd.sha256").write_text("nonsense\n")
    with pytest.raises(InputError, match="line 1 is no '<sha256>  <file>'"):
        describe_archives(_ssdd(), str(tmp_path))


def _ssdd() -> Any:
    return launch.load_settings("sarchat_2m", None, None).manifests["ssdd"]
