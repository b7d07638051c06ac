"""Archives written as each kind, read, repacked, built and refused: what their tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest
from archive_writers import WRITERS
from conftest import digests
from measured_memory import RELAY
from plain_build import build_plainly

from pipelines import launch
from sarchat_build.archives import open_archive
from sarchat_build.archives.repack import repack
from sarchat_build.errors import InputError
from sarchat_build.publishing.publish import read_outcome
from sarchat_build.sources.choose import choose_sources

FILES = {
    "a/one.txt": b"one " * 500,
    "a/é 1.jpg": bytes(range(256)) * 40,
    "b/航.xml": b"<x/>" * 900,
    "c/empty.txt": b"",
}
PACKED = ["tar.gz", "tar.bz2", "tar.xz", "7z", "rar", "rar5"]


def written(folder: Path, kind: str, files: dict[str, bytes] | None = None) -> str:
    path = folder / "no ending"
    WRITERS[kind](path, FILES if files is None else files)
    return str(path)


def contents(location: str, repacked: str = "") -> dict[str, bytes]:
    archive = open_archive(location, repacked)
    return {member.path: archive.read(member.path) for member in archive.members()}


def everything_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def stops(location: str, folder: Path) -> str:
    """The message with which an archive is refused, at the latest when it is repacked."""

    def take() -> None:
        archive = open_archive(location)
        archive.members()
        repack(archive, str(folder / "repacked"))

    with pytest.raises(InputError) as caught:
        take()
    assert not list(folder.glob("repacked/*"))
    return str(caught.value)


def built(raw: Path | str, out: Path, **options: Any) -> tuple[dict[str, str], dict[str, Any]]:
    settings_ = launch.load_settings("sarchat_2m", None, None)
    chosen, _ = choose_sources(settings_.manifests, str(raw), [])
    context = launch.prepare(settings_, chosen, raw=str(raw), out=str(out), **options)
    build_plainly(context)
    record = read_outcome(str(out)).model_dump(mode="json")
    mini.assert_conserved(record)
    files = digests(out)
    del files["build.json"]
    for source in record["sources"].values():
        del source["archives"]
    return files, record


def miniature() -> dict[str, bytes]:
    source = mini.ssdd(10)
    source.document("000003", "<broken")
    return dict(sorted(source.files.items()))


def python(script: str, *arguments: object, **environment: str) -> str:
    """What a script prints in a process of its own, whose peak of memory is its own."""
    done = subprocess.run(
        [*RELAY, sys.executable, "-W", "error", "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=Path(launch.__file__).parents[1],
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
