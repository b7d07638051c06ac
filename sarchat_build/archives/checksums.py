"""Checksums of a source's archives, recorded beside its folder as `sha256sum` writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sarchat_build.archives.location import join, read_bytes, write_bytes
from sarchat_build.errors import InputError

# sha256sum marks a line whose name holds a line break with a backslash, and spells it \n.
_LINE = re.compile(rb"(\\?)([0-9a-f]{64}) [ *](.+)")
_SPELLED = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_MEANT = {spelled: letter for letter, spelled in _SPELLED.items()}


def recorded_path(raw: str, source_id: str) -> str:
    """Give the file beside a source's folder that holds its recorded checksums.

    >>> recorded_path("gs://bucket/raw", "ssdd")
    'gs://bucket/raw/ssdd.sha256'
    """
    return join(raw, f"{source_id}.sha256")


def read_recorded(raw: str, source_id: str) -> dict[str, str]:
    """Read recorded checksums by name of the archive; empty when none were recorded.

    Raises:
        InputError: a line is not one of `sha256sum`.
    """
    location = recorded_path(raw, source_id)
    digests = {}
    for number, line in enumerate((read_bytes(location) or b"").split(b"\n"), 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.rstrip(b"\r"))
        if found is None:
            raise InputError(f"{location}: line {number} is no '<sha256>  <file>'; record it again")
        name = found[3].decode("utf-8", "backslashreplace")
        if found[1]:
            name = re.sub(r"\\[\\nr]", lambda spelled: _MEANT[spelled[0]], name)
        digests[name.removeprefix(f"{source_id}/")] = found[2].decode()
    return digests


def write_recorded(raw: str, source_id: str, digests: Mapping[str, str]) -> str:
    """Record checksums by name of the archive; gives the location of the file."""
    lines = []
    for name, digest in digests.items():
        spelled = re.sub(r"[\\\n\r]", lambda letter: _SPELLED[letter[0]], name)
        mark = "" if spelled == name else "\\"
        lines.append(f"{mark}{digest}  {source_id}/{spelled}\n")
    location = recorded_path(raw, source_id)
    write_bytes(location, "".join(lines).encode())
    return location
