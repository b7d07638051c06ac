"""Fixtures: whole builds, and the real archives where they are."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from checks_world import World
    from small_exports import Exporter

# What these assert is shown in full, as in tests.
pytest.register_assert_rewrite(
    "archive_cases", "checks_world", "faulty_source", "layout_readers", "pixel_files"
)

# Run in environments of their own: `make oracles`, `make clients`.
collect_ignore = ["oracles", "trials/clients"]

REPOSITORY = Path(__file__).parents[1]

# The complete real SSDD and a sample of SAR-AIRcraft-1.0, never part of the project.
REAL_DATA = Path(os.environ.get("SARCHAT_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
REAL_ARCHIVES = {
    "ssdd": REAL_DATA / "ssdd" / "Official-SSDD-OPEN.zip",
    "sar_aircraft": REAL_DATA / "sar_aircraft" / "SAR-AIRcraft-1.0-sample.zip",
}
needs_real_data = pytest.mark.skipif(
    not all(path.exists() for path in REAL_ARCHIVES.values()),
    reason="the real archives are not here; name their folder in SARCHAT_REAL_DATA",
)

# A shell has what it runs in the background ignore Ctrl-C, and so would every process that a test
# starts: of a signal that has a handler here, a new process has the default.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure() -> None:
    """No test is a measurement of time: a busy machine makes none of them fail."""
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("untimed")


COLLECTED = pytest.StashKey[list[pytest.Item]]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note what was found before any of it is left out."""
    config.stash[COLLECTED] = items[:]


@pytest.fixture
def world() -> World:
    """The dataset of five pictures, to be spoiled."""
    # Not before its assertions are known to be rewritten.
    from checks_pictures import make_world

    return make_world()


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that one process of this run makes and all of them read; none may change it."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / name, shared / f"{name}.done"
    with FileLock(shared / f"{name}.lock"):
        if not done.exists():
            # What a failure left is made anew by the next that asks.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small synthetic sources."""

    def make(folder: Path) -> None:
        from sarchat_build.synthetic import synthesize

        synthesize("ssdd", folder, 75, workers=1)
        synthesize("sar_aircraft", folder, 6, workers=1)

    return made_once(tmp_path_factory, "raw", make)


@pytest.fixture(scope="session")
def built(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of the two small synthetic sources; tests must not change it."""
    import miniatures as mini

    def make(folder: Path) -> None:
        mini.build(raw, folder / "dataset")

    return made_once(tmp_path_factory, "built", make) / "dataset"


@pytest.fixture(scope="module")
def exported(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Exporter:
    """Gives the folder of a small export of a format, made once per module for each choice."""
    from small_exports import export

    made: dict[str, Path] = {}

    def make(name: str, **options: Any) -> Path:
        key = f"{name} {options}"
        if key not in made:
            made[key] = tmp_path_factory.mktemp("export") / name
            export(built, name, made[key], **options)
        return made[key]

    return make


def link_real_archives(folder: Path) -> Path:
    """Put the real archives into a raw folder under names of our own: what is inside counts."""
    for source_id, archive in REAL_ARCHIVES.items():
        (folder / source_id).mkdir(parents=True)
        (folder / source_id / "any name.zip").symlink_to(archive)
    return folder


@pytest.fixture(scope="session")
def real_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw folder of the real archives."""
    return link_real_archives(tmp_path_factory.mktemp("real_raw"))


@pytest.fixture(scope="session")
def real_built(real_raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of the real archives; tests must not change it."""

    def make(folder: Path) -> None:
        # Proven by `test_real_dataset_is_proven`.
        options = ("--workers", 2, "--no-prove")
        done = sarchat("build", "--raw", real_raw, "--output", folder / "dataset", *options)
        assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "real_built", make) / "dataset"


def sarchat(
    *arguments: object, cwd: Path = REPOSITORY, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own.

    It is a new one if it has an environment that matters from the start on.
    """
    from prepared_python import COMMAND, loaded

    env = os.environ | {"NO_COLOR": "1", "COLUMNS": "400"} | environment
    if environment.keys() <= {"COLUMNS"}:
        return loaded().run(COMMAND, *arguments, cwd=cwd, env=env)
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=cwd,
        env=env,
    )


def digests(out: Path) -> dict[str, str]:
    """sha256 of every published file."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".sarchat" not in path.parts
    }


def repack(source: Path, target: Path, order: Callable[[list[str]], list[str]]) -> None:
    """Write a zip anew with its members in another order."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in order(old.namelist()):
            new.writestr(name, old.read(name))
