"""Beam without the parts that its local engine never uses: clients of clouds and databases, pandas.

Beam loads them wherever their packages are installed, for its own file systems and data frames,
which this project has no use for: a third of the time that its import takes.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType

_UNUSED = ("google.api_core", "google.auth", "google.cloud", "pandas", "pymongo")


def import_beam(runner: str) -> None:
    """Import Beam as the engine `runner` needs it, unless it is loaded already.

    Only the local engine does without: others may keep their files in a cloud by Beam's clients.
    """
    if runner == "local" and "apache_beam" not in sys.modules:
        with _not_installed(_UNUSED):
            importlib.import_module("apache_beam")


@contextmanager
def _not_installed(packages: Sequence[str]) -> Iterator[None]:
    """While it is entered, an import of one of these finds nothing; later ones find it again."""
    finder = _Absent(packages)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Absent:
    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = packages

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in self._packages:
            raise ModuleNotFoundError(f"{name} is left out", name=name)
        return None
