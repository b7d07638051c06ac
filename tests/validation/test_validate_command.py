"""`sarchat validate` reads a dataset at any location, and writes nothing there."""

from __future__ import annotations

import json
import shutil

import pytest
from conftest import digests, sarchat


def test_a_dataset_is_proven_at_its_url(built):
    before = digests(built)
    done = sarchat("validate", built.as_uri(), "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert "proven" in done.stdout
    assert digests(built) == before


def test_harm_is_named_through_a_url(built, tmp_path):
    out = tmp_path / "data set#1"
    shutil.copytree(built, out)
    path = next(out.glob("images/train-*.parquet"))
    path.unlink()
    done = sarchat("validate", out.as_uri(), "--workers", 1)
    assert done.returncode == 1
    assert f"images/{path.name}: missing_file" in done.stderr


def test_what_was_not_compared_is_said_with_the_verdict(built, tmp_path):
    out = tmp_path / "dataset"
    shutil.copytree(built, out)
    text = (out / "build.json").read_text(encoding="utf-8")
    known = json.loads(text)["templates"]["sha256"]
    (out / "build.json").write_text(text.replace(known, "7f" * 32), encoding="utf-8")
    done = sarchat("validate", out, "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("; not compared: what phrasings say")


@pytest.mark.parametrize("location", ["{}/nowhere", "file://{}/nowhere"])
def test_what_is_no_dataset_is_said_in_one_line(tmp_path, location):
    done = sarchat("validate", location.format(tmp_path))
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "nowhere: no such folder" in line


def test_what_cannot_be_read_is_said_in_one_line(tmp_path):
    done = sarchat("validate", f"nosuchscheme://{tmp_path}")
    assert done.returncode == 1
    assert "build.json: build_json: expected a readable JSON object" in done.stderr
    assert "Traceback" not in done.stderr
