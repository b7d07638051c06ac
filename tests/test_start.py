"""What a start imports: help, errors of usage and the package itself bring nothing heavy.

`make bench-start` measures the seconds that follow from it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY, sarchat

# Beam, tables, pixels, phrasings, files. (Typer brings pydantic by itself.)
HEAVY = ("apache_beam", "pyarrow", "rasterio", "numpy", "PIL", "jinja2", "fsspec")
IMPORTED = """
import atexit, sys
atexit.register(lambda: print("imported:", *[m for m in {heavy} if m in sys.modules]))
from pipelines.cli.main import main
main()
"""


def child(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=60,
    )


USES = [
    (["--help"], 0),
    (["build", "--help"], 0),
    (["sources", "inspect", "--help"], 0),
    (["build", "--raw", "raw"], 2),
    (["biuld"], 2),
    (["validate"], 2),
    (["synthesize", "--output", "raw", "--images", "none"], 2),
    (["score", "--help"], 0),
    (["score", "dataset", "--predictions", "x", "--boxes", "pixels"], 2),
    (["templates", "preview", "--count", "many"], 2),
]


@pytest.mark.parametrize(("arguments", "code"), USES, ids=[" ".join(a) for a, _ in USES])
def test_help_and_errors_of_usage_import_nothing_heavy(arguments: list[str], code: int) -> None:
    done = child(IMPORTED.format(heavy=HEAVY), *arguments)
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[-1] == "imported:"


def test_the_graph_imports_beam() -> None:
    """The list of heavy packages is one that can be found in a process."""
    code = "import sys, pipelines.build_dataset; print('apache_beam' in sys.modules)"
    assert child(code).stdout == "True\n"


@pytest.mark.parametrize(("runner", "left_out"), [("local", True), ("PrismRunner", False)])
def test_clients_of_clouds_are_left_out_of_beam_by_the_local_engine_alone(
    runner: str, left_out: bool
) -> None:
    """What is left out is there for whoever asks for it later."""
    code = f"""
import sys
from pipelines.lean_beam import import_beam
import_beam({runner!r})
import pipelines.build_dataset, pipelines.runners
unused = ("google.cloud.storage", "google.auth", "pandas", "pymongo")
print(not any(name in sys.modules for name in unused), "apache_beam" in sys.modules)
import google.auth, google.cloud.storage, pandas, pymongo
"""
    done = child(code)
    assert (done.stdout, done.returncode) == (f"{left_out} True\n", 0), done.stderr


def test_no_command_imports_beam() -> None:
    """Nor does the launcher: everything is refused before an engine is thought of."""
    folder = REPOSITORY / "pipelines" / "cli" / "commands"
    names = sorted(path.stem for path in folder.glob("[a-z]*.py"))
    assert len(names) > 3
    commands = ", ".join(f"pipelines.cli.commands.{name}" for name in names)
    code = f"import sys, pipelines.launch, {commands}; print('apache_beam' in sys.modules)"
    done = child(code)
    assert done.stdout == "False\n", done.stderr


def test_the_package_imports_nothing_before_it_is_asked() -> None:
    code = "import sys, sarchat_build; print([m for m in sys.modules if m.startswith('sarchat')])"
    assert child(code).stdout == "['sarchat_build.version', 'sarchat_build']\n"


@pytest.mark.parametrize(
    "module", ["types", "config.manifest", "geometry.rotated", "dialogues.tasks", "phrasing.engine"]
)
def test_a_domain_module_never_brings_beam(module: str) -> None:
    heavy = ("apache_beam", "pyarrow", "rasterio", "numpy", "shapely")
    code = f"import sys, sarchat_build.{module}; print([m for m in {heavy} if m in sys.modules])"
    assert child(code).stdout == "[]\n"


def test_a_domain_test_never_brings_beam(tmp_path: Path) -> None:
    """Nor does what all tests share."""
    code = "import sys, conftest, miniatures; print('apache_beam' in sys.modules)"
    done = child(f"import sys; sys.path[:0] = ['tests', 'tests/support']; {code}")
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize(
    ("command", "default"),
    [
        (["build"], "[default: OUT/.sarchat/repacked]"),
        (["report"], "[default: standard output]"),
        (["sources", "new"], "[default: a temporary one]"),
    ],
)
def test_help_shows_the_defaults_that_it_states(command: list[str], default: str) -> None:
    """Brackets in a text of help are markup unless they are escaped."""
    done = sarchat(*command, "--help")
    # One cell of the table may be several lines.
    text = " ".join(done.stdout.replace("│", " ").split())
    assert default in text
