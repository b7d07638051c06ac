"""docs/validation.md lists what is checked: every check of the code, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHECKING = (
    *(ROOT / "sarchat_build" / "validation").rglob("*.py"),
    ROOT / "sarchat_build" / "published" / "parquet_layout.py",
    ROOT / "sarchat_build" / "publishing" / "documents.py",
    ROOT / "sarchat_build" / "publishing" / "sample_faults.py",
)
# Which argument of a call names the check.
NAMED_BY = {"Problem": 0, "RecordFault": 0, "LayoutFault": 0, "_finding": 1, "Finding": 1}
NAME = re.compile("[a-z][a-z0-9_]+")


def texts(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def checks_of(tree: ast.Module) -> Iterator[str]:
    """Give the names of checks that calls have as plain text."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        at = None
        if isinstance(node.func, ast.Name):
            at = NAMED_BY.get(node.func.id)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in ("add", "same"):
            logged = node.func.value
            name = logged.attr if isinstance(logged, ast.Attribute) else getattr(logged, "id", "")
            at = 0 if name == "log" else None
        if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
            yield from texts(node.args[at])


def test_the_page_lists_every_check_and_no_other() -> None:
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    listed = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in CHECKING]
    named = {name for tree in trees for name in checks_of(tree)}
    known = {text for tree in trees for text in texts(tree) if NAME.fullmatch(text)}
    assert len(named) > 80
    assert sorted(named - set(listed)) == []
    assert sorted(set(listed) - known) == []
