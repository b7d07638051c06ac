"""What an archive may hold: names that stay inside, and sizes that the machine can bear.

An archive is untrusted. Each member is judged before one of its bytes is unpacked, by what the
headers claim; what is unpacked is counted again, since headers lie.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from sarchat_build.archives.names import (
    MemberName,
    member_name,
    read_name,
    readable,
    without_escapes,
)
from sarchat_build.errors import InputError

# SARDet-100K, the largest source, has 116,598 images: this is eight times as many.
MAX_MEMBERS = 1_000_000
# One scene of 90,000 × 90,000 px in 32-bit float. The largest real one (24,000 × 16,000) has 1 GB.
MAX_MEMBER_BYTES = 32 << 30
# All eleven sources together, unpacked, have less than a tenth of this.
MAX_TOTAL_BYTES = 1 << 40
# Radar pictures hardly shrink (the real SSDD: 1.04 ×), annotations of one kind up to 100 × in a
# solid archive; a bomb made of deflate starts near 1,000 ×. What fits into memory is never a bomb.
MAX_RATIO = 200
SLACK_BYTES = 256 << 20
# What is read into memory at once; larger members are streamed.
MAX_READ_BYTES = 2 << 30
_ENDINGS = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".tbz", ".xz", ".txz")


def escapes(ref: str) -> bool:
    """Tell whether a file name written in an archive or annotation leads out of its folder.

    >>> escapes("../../etc/passwd"), escapes("JPEGImages/000001.jpg")
    (True, False)
    """
    path = ref.replace("\\", "/")
    return (
        path.startswith("/") or ".." in path.split("/") or re.match(r"^[A-Za-z]:", path) is not None
    )


def is_archive_name(name: str) -> bool:
    """Tell whether a file name has the ending of an archive that can be read here.

    >>> is_archive_name("Official-SSDD-OPEN.RAR"), is_archive_name("000001.jpg")
    (True, False)
    """
    return name.lower().endswith(_ENDINGS)


def budget_bytes(packed_bytes: int) -> int:
    """Give how much an archive of this size may hold unpacked.

    >>> budget_bytes(10 << 20) >> 20
    2256
    """
    return min(MAX_RATIO * packed_bytes + SLACK_BYTES, MAX_TOTAL_BYTES)


class MemberJudge:
    """Looks at the members of one archive as their headers come by.

    With `as_written`, names are those that another judge gave, and are not read once more.

    Attributes:
        foreign_names: paths of those whose names are not UTF-8, as in `Archive`.

    Raises:
        InputError: from every method, naming archive and member, when the archive is not one that
            may be opened.
    """

    def __init__(
        self,
        location: str,
        packed_bytes: int,
        encodings: Sequence[str] = (),
        *,
        as_written: bool = False,
    ) -> None:
        self._encodings = tuple(encodings)
        self._as_written = as_written
        self.foreign_names: dict[str, str] = {}
        self._location = location
        self._budget = budget_bytes(packed_bytes)
        self._packed = packed_bytes
        self._seen: set[str] = set()
        self._total = 0

    def read_name(self, name: MemberName | str | bytes) -> MemberName:
        """Read a name in the encodings that were stated, and its back slashes as folders."""
        if isinstance(name, MemberName):
            return name
        read = read_name if self._as_written else member_name
        return read(name, self._encodings)

    def admit(self, name: MemberName | str | bytes, size_bytes: int) -> str:
        """Judge one file; gives its path as members are called here."""
        path, encoding = name_read = self.read_name(name)
        if not path or "\0" in path or escapes(without_escapes(path)):
            raise self.refuse(path, "leads out of the archive's folder")
        path = str(PurePosixPath(path))  # "./a//b" is "a/b"
        if name_read.is_foreign:
            self.foreign_names[path] = encoding
        if path in self._seen:
            raise self.refuse(path, "is in it twice")
        if size_bytes < 0:
            raise self.refuse(path, "has no size")
        if size_bytes > MAX_MEMBER_BYTES:
            raise self.refuse(path, f"claims {size_bytes:,} bytes, more than {MAX_MEMBER_BYTES:,}")
        self._seen.add(path)
        self._total += size_bytes
        if len(self._seen) > MAX_MEMBERS:
            raise self.refuse(path, f"is one of more than {MAX_MEMBERS:,} files")
        if self._total > self._budget:
            raise bomb(self._location, self._packed)
        return path

    def refuse(self, name: str | bytes, why: str) -> InputError:
        """Make the error that names a member and what is wrong with it."""
        return InputError(
            f"{self._location}: the member {readable(name)!r} {why}; nothing of this archive was "
            "unpacked. If you trust it, unpack it yourself and give the folder"
        )


def bomb(location: str, packed_bytes: int) -> InputError:
    """Make the error of an archive that holds too much."""
    return InputError(
        f"{location}: {packed_bytes:,} bytes would unpack to more than "
        f"{budget_bytes(packed_bytes):,} (at most {MAX_RATIO} × its size and "
        f"{SLACK_BYTES >> 20} MiB); this is no source. If you trust it, unpack it yourself and "
        "give the folder"
    )
