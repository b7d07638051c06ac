"""The wall around validation and the published format, and the order of its sub-rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sarchat_build

# The wall: validation reads the published format, and neither of the two knows the builder.
OWN = {
    "published": ("sarchat_build.published.",),
    "validation": ("sarchat_build.published.", "sarchat_build.validation."),
}
PACKAGE = Path(sarchat_build.__file__).parent
ALLOWED = {"numpy", "pyarrow", "PIL", *sys.stdlib_module_names} - {"random"}


def imported(text: str) -> Iterator[str]:
    """Give the full name of everything that a module imports."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    ("room", "module"),
    [
        (room, path.relative_to(PACKAGE).as_posix())
        for room in OWN
        for path in sorted((PACKAGE / room).rglob("*.py"))
    ],
)
def test_nothing_of_the_builder_is_shared(room, module):
    for name in imported((PACKAGE / module).read_text()):
        assert name.startswith(OWN[room]) or name.split(".")[0] in ALLOWED, name


# Sub-rooms of the validation in the order of the data; modules beside them are ground to all.
ORDER = ("", "texts", "pictures", "answers", "dataset")
VALIDATION = PACKAGE / "validation"
PREFIX = "sarchat_build.validation."


def late_imports(path: str, text: str) -> list[str]:
    """Give the imports of a module that go to a later sub-room."""
    own = ORDER.index(path.partition("/")[0] if "/" in path else "")
    parts = [name.removeprefix(PREFIX).split(".") for name in imported(text) if PREFIX in name]
    return [part for part, *_ in parts if part in ORDER and ORDER.index(part) > own]


MODULES = sorted(
    path.relative_to(VALIDATION).as_posix()
    for path in VALIDATION.rglob("*.py")
    if path != VALIDATION / "__init__.py"  # the door: it names what callers use
)


@pytest.mark.parametrize("path", MODULES)
def test_a_sub_room_uses_itself_and_earlier_ones(path):
    assert late_imports(path, (VALIDATION / path).read_text()) == []


def test_a_planted_import_against_the_order_is_found():
    planted = f"from {PREFIX}answers.expected import Problem\n"
    assert late_imports("findings.py", planted) == ["answers"]
    assert late_imports("pictures/pixels.py", planted) == ["answers"]
    assert late_imports("dataset/shard.py", planted) == []


def test_the_checks_run_without_the_builder():
    """Also through what is imported by what is imported."""
    code = "import sys, sarchat_build.validation; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    rooms = {name.split(".")[1] for name in modules if name.startswith("sarchat_build.")}
    # The package itself knows its version.
    assert rooms - {"version"} == {"published", "validation"}
    assert "apache_beam" not in modules
