"""Datasets in fsspec's memory file system, which stands for any store that is no disk."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import pytest

memory: Any = fsspec.filesystem("memory")
WRITING = ("cp_file", "rm_file", "pipe_file", "put_file")


def objects(url: str, *, work: bool = False) -> dict[str, bytes]:
    """Every object below a URL, by path; those of the work folder only when asked for."""
    root = url.removeprefix("memory:/").rstrip("/")
    found = {name.removeprefix(f"{root}/"): memory.cat_file(name) for name in memory.find(root)}
    return {path: data for path, data in found.items() if work or ".sarchat/" not in path}


def digests(url: str) -> dict[str, str]:
    """sha256 of every published object."""
    return {path: hashlib.sha256(data).hexdigest() for path, data in objects(url).items()}


def upload(folder: Path, url: str) -> str:
    """Put a folder's files below a URL."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = f"{url.removeprefix('memory:/')}/{path.relative_to(folder).as_posix()}"
            memory.pipe_file(name, path.read_bytes())
    return url


@contextmanager
def cut_at(number: int) -> Iterator[None]:
    """Cut the work off before the call of this number that changes the store."""
    calls = itertools.count(1)  # threads share it
    with pytest.MonkeyPatch.context() as patched:
        for name in WRITING:
            real = getattr(type(memory), name)

            def call(self: Any, *given: Any, _real: Any = real, **named: Any) -> Any:
                if next(calls) == number:
                    raise KeyboardInterrupt
                return _real(self, *given, **named)

            patched.setattr(type(memory), name, call)
        yield
