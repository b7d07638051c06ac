"""List and read the members of an archive where they lie: folder, zip, tar, 7z or rar.

Archives are untrusted: nothing is unpacked by its own name, links are refused, and what would
fill memory or disk is refused by its headers. Locations are paths or fsspec URLs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sarchat_build.archives.archive import Archive
from sarchat_build.archives.folder import Folder, open_folder
from sarchat_build.archives.formats.detection import (
    RAR,
    SEVEN_ZIP,
    TAR,
    ZIP,
    demand_format,
    is_archive,
)
from sarchat_build.archives.formats.libarchive_file import LibarchiveArchive
from sarchat_build.archives.formats.tar_file import PackedTarArchive, TarArchive
from sarchat_build.archives.formats.zip_file import ZipArchive
from sarchat_build.archives.limits import escapes, is_archive_name
from sarchat_build.archives.location import is_folder, join, list_folder, name_of, stamp
from sarchat_build.archives.members import Member, Members
from sarchat_build.archives.repack import RepackedArchive, needs_repacking, repack
from sarchat_build.errors import InputError

__all__ = [
    "Archive",
    "Folder",
    "Member",
    "Members",
    "escapes",
    "is_archive_name",
    "is_there",
    "join",
    "list_archives",
    "list_entries",
    "name_of",
    "needs_repacking",
    "open_archive",
    "open_listed",
    "repack",
]


def open_archive(location: str, repacked: str = "", encodings: Sequence[str] = ()) -> Archive:
    """Open an archive or a folder; each process opens one once, for all its readers.

    Args:
        location: path or URL.
        repacked: the form of it that `repack` made, if it did.
        encodings: tried in order for names of members that are not UTF-8.

    Raises:
        InputError: it is missing, damaged, encrypted, one part of several, holds what may not be
            unpacked, or its format needs a package that is missing.
    """
    if is_folder(location):
        return open_folder(location, encodings)
    return _open_file(location, repacked, tuple(encodings), stamp(location))


@lru_cache(maxsize=64)
def _open_file(location: str, repacked: str, encodings: tuple[str, ...], state: str) -> Archive:
    # A file that has changed since is another one: its state is part of the key.
    return _open_kind(demand_format(location), location, repacked, encodings)


def open_listed(kind: str, location: str, repacked: str, members: Members) -> Archive:
    """Open an archive whose members another process has listed: nothing is read here.

    Args:
        kind: as `Archive.kind` had it.
        location: as for `open_archive`.
        repacked: as for `open_archive`.
        members: what was listed.
    """
    if kind == Folder.kind:
        return open_folder(location, members=members)
    return _open_kind(kind, location, repacked, members=members)


def _open_kind(
    kind: str,
    location: str,
    repacked: str,
    encodings: Sequence[str] = (),
    members: Members | None = None,
) -> Archive:
    if repacked:
        return RepackedArchive(location, kind, repacked, members)
    if kind == ZIP:
        return ZipArchive(location, encodings=encodings, members=members)
    if kind == TAR:
        return TarArchive(location, encodings, members)
    if kind in (SEVEN_ZIP, RAR):
        return LibarchiveArchive(location, kind, encodings, members)
    return PackedTarArchive(location, kind, encodings, members)


def list_archives(location: str) -> dict[str, str]:
    """List the archives of a source with their locations, by name; "." is the folder itself.

    Args:
        location: path or URL of a source's folder, or of a single archive.

    Raises:
        InputError: as `list_entries`.
    """
    if not is_folder(location):
        return {name_of(location): location}
    return {name: join(location, name) for name in list_entries(location)}


def list_entries(folder: str) -> list[str]:
    """List the archives of a source's folder; "." stands for files that lie there unpacked.

    Raises:
        InputError: the folder is missing or empty, or holds one part of an archive in several.
    """
    entries = list_folder(folder)
    if not entries:
        raise InputError(f"{folder}: the folder is empty")
    archives = [entry.name for entry in entries if is_archive(folder, entry)]
    return archives + (["."] if len(archives) < len(entries) else [])


def is_there(folder: str) -> bool:
    """Tell whether a source's folder exists and holds something, readable or not."""
    return is_folder(folder) and bool(list_folder(folder))
