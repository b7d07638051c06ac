"""Files of this machine that somebody named: looked at before they are opened, read up to a bound.

Opening a FIFO waits for a writer that may never come, a device may give bytes without an end, and
a manifest of a gigabyte fills the memory. Whatever path comes from a user or lies in a folder that
a user named is opened and listed here, and nowhere else.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# Real manifests, recipes and phrasings have a few kB.
MAX_SETTINGS_BYTES = 1 << 20
# Records of ours: what 200,000 files of a dataset take in build.json.
MAX_RECORD_BYTES = 32 << 20
# Entries of one folder tree; the raw folder of the largest source has 116,598 images.
MAX_FILES = 1_000_000
# The built-in phrasings have about 1,400 files; a folder with more than this is another one.
MAX_SETTINGS_FILES = 20_000
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO (named pipe)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: str | os.PathLike[str], buffering: int = -1) -> BinaryIO:
    """Open a regular file, or what a link to one leads to, for reading.

    Raises:
        OSError: it is not there, cannot be read, or is something else, which `strerror` names.
    """
    _demand_regular(os.stat(path), path)
    # Should it be exchanged in between: without waiting for a FIFO's writer, and looked at again.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _demand_regular(os.fstat(handle), path)
        return os.fdopen(handle, "rb", buffering)
    except OSError:
        os.close(handle)
        raise


def read_regular(path: str | os.PathLike[str], max_bytes: int = MAX_SETTINGS_BYTES) -> bytes:
    """Read a small regular file whole.

    Raises:
        OSError: as `open_regular`, or it has more than `max_bytes`.
    """
    with open_regular(path) as stream:
        return read_bounded(stream, path, max_bytes)


def read_bounded(stream: BinaryIO, path: str | os.PathLike[str], max_bytes: int) -> bytes:
    """Read a stream to its end.

    Raises:
        OSError: it has more than `max_bytes`; `path` is what it is called.
    """
    content = stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        why = f"more than {max_bytes:,} bytes, which no file of its kind has"
        raise OSError(errno.EFBIG, why, str(path))
    return content


def is_regular(path: str | os.PathLike[str]) -> bool:
    """Tell whether a regular file is there, or a link to one."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def walk(top: str | os.PathLike[str], max_files: int = MAX_FILES) -> Iterator[os.DirEntry[str]]:
    """List whatever lies below a folder and is no folder itself; links are listed, not followed.

    Raises:
        OSError: a folder cannot be listed, or there are more than `max_files` entries.
    """
    folders, seen = [os.fspath(top)], 0
    while folders:
        folder = folders.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                seen += 1
                if seen > max_files:
                    raise OSError(errno.EFBIG, f"more than {max_files:,} files", os.fspath(top))
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    yield entry


def list_settings(folder: Path, ending: str, *, below: bool) -> list[Path]:
    """List the files of a settings folder by their ending, sorted; nothing where there is none.

    Args:
        folder: that of manifests or phrasings.
        ending: such as ".toml".
        below: whether folders inside it are searched too.

    Raises:
        OSError: it cannot be listed, or is a folder of something else, with too many files.
    """
    if not folder.is_dir():
        return []
    if below:
        found = [Path(entry.path) for entry in walk(folder, MAX_SETTINGS_FILES)]
    else:
        with os.scandir(folder) as entries:
            found = [Path(entry.path) for entry in entries]
    return sorted(path for path in found if path.name.endswith(ending))


def _demand_regular(state: os.stat_result, path: str | os.PathLike[str]) -> None:
    kind = stat.S_IFMT(state.st_mode)
    if kind != stat.S_IFREG:
        raise OSError(errno.EINVAL, f"{_KINDS.get(kind, 'no file')}, not a regular file", str(path))
