"""Repack an archive that is one stream into a zip whose members can be read at random."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from sarchat_build.archives.archive import Archive, FileArchive, MemberStream, chunks
from sarchat_build.archives.formats.packed import PackedArchive
from sarchat_build.archives.formats.zip_file import ZipArchive
from sarchat_build.archives.location import (
    digest,
    filesystem,
    join,
    local_path,
    md5_file,
    open_binary,
    reaching,
    size_bytes,
    stored_md5,
)
from sarchat_build.archives.members import Members
from sarchat_build.errors import InputError, RecordError

Progress = Callable[[int], None]
_FORM = 2


class RepackedArchive(FileArchive):
    """An archive that is known by the original and read from its repacked form."""

    def __init__(
        self, location: str, kind: str, repacked: str, members: Members | None = None
    ) -> None:
        super().__init__(location)
        self.kind = kind
        self._zip = ZipArchive(repacked, as_written=True, members=members)
        if members is None:
            self.foreign_names = _record(repacked).get("foreign_names", {})

    def members(self) -> Members:
        """Every file, in the order of the original."""
        return self._zip.members()

    def ahead(self, paths: Iterable[str]) -> AbstractContextManager[None]:
        """As the repacked form has it."""
        return self._zip.ahead(paths)

    def open_raw(self, path: str) -> MemberStream:
        """Open a member of the repacked form."""
        return self._zip.open_raw(path)


def needs_repacking(archive: Archive) -> bool:
    """Tell whether members can only be read one after the other."""
    return isinstance(archive, PackedArchive)


def repack(archive: Archive, folder: str, progress: Progress | None = None) -> str:
    """Write every member into an uncompressed zip, once; an intact one from before is taken.

    The zip is named by the digest of the original, and equal archives give equal bytes. It is
    written under a temporary name and read back before it gets its own; beside it lies a small
    record, without which it counts as unfinished.

    Args:
        archive: an archive for which `needs_repacking` holds.
        folder: path or URL; made if it is not there.
        progress: hears how many bytes of members are done.

    Returns:
        Path or URL of the zip.

    Raises:
        InputError: the archive is cut off, damaged or not to be opened, or there is no room.
    """
    if not isinstance(archive, PackedArchive):
        raise TypeError(f"{archive.location}: members of a {archive.kind} are read where they lie")
    archive.members()  # what may not be opened is told before anything is made
    # What a name means in another encoding is another zip.
    encodings = sorted({e for e in archive.foreign_names.values() if e})
    name = ".".join([archive.sha256(), *encodings, "zip"])
    final = join(folder, name)
    if _is_intact(final):
        return final
    local = local_path(folder)
    try:
        if local is not None:
            local.mkdir(parents=True, exist_ok=True)
        _demand_room(archive, local or Path(tempfile.gettempdir()))
        with tempfile.TemporaryDirectory(prefix="repacking-", dir=local) as work:
            made = Path(work, name)
            digests = _write(archive, made, progress)
            _verify(archive, made, digests)
            record = {
                "form": _FORM,
                "bytes": made.stat().st_size,
                "sha256": digest(str(made)),
                "md5": md5_file(str(made)),
                "foreign_names": dict(archive.foreign_names),
            }
            _put(made, final)
            note = Path(work, "record.json")
            note.write_text(json.dumps(record, sort_keys=True) + "\n", encoding="utf-8")
            _put(note, f"{final}.json")
    except OSError as error:
        raise InputError(
            f"{folder}: cannot hold {archive.location} repacked ({error.strerror or error}); give "
            "a folder with more room by --repacked"
        ) from error
    return final


def _write(archive: PackedArchive, made: Path, progress: Progress | None) -> dict[str, str]:
    digests: dict[str, str] = {}
    done = 0
    with (
        zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as target,
        closing(archive.unpack()) as all_,
    ):
        for packed in all_:
            info = zipfile.ZipInfo(packed.path)  # dated 1980-01-01
            info.external_attr = 0o644 << 16
            info.create_system = 3
            found, left = hashlib.sha256(), packed.size_bytes
            with target.open(info, "w", force_zip64=left >= zipfile.ZIP64_LIMIT) as stream:
                for chunk in chunks(packed.stream):
                    left -= len(chunk)
                    if left < 0:
                        break
                    stream.write(chunk)
                    found.update(chunk)
                    done += len(chunk)
                    if progress is not None:
                        progress(done)
            if left:
                raise InputError(
                    f"{archive.location}: {packed.path!r} has another size than its header says "
                    f"({packed.size_bytes:,} bytes); fetch the archive again"
                )
            digests[packed.path] = found.hexdigest()
    return digests


def _verify(archive: PackedArchive, made: Path, digests: dict[str, str]) -> None:
    # What a build will read from now on is compared with what the original gave.
    copy = ZipArchive(str(made), as_written=True)
    same = {m.path: m.size_bytes for m in copy.members()} == {
        m.path: m.size_bytes for m in archive.members()
    }
    for member in copy.members() if same else ():
        found = hashlib.sha256()
        try:
            with copy.open_raw(member.path) as stream:
                for chunk in chunks(stream):
                    found.update(chunk)
        except RecordError:
            same = False
        same = same and found.hexdigest() == digests[member.path]
    if not same:
        raise InputError(
            f"{made.name}: what was written is not what {archive.location} holds; the disk or the "
            "archive is at fault. Run the same command again"
        )


def _demand_room(archive: PackedArchive, folder: Path) -> None:
    needed = sum(member.size_bytes + 2 * len(member.path.encode()) for member in archive.members())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"{folder}: {needed:,} bytes are needed to repack {archive.location}, {free:,} are "
            "free; give a folder with more room by --repacked"
        )


def _put(made: Path, final: str) -> None:
    path = local_path(final)
    if path is not None:
        os.replace(made, path)
        return
    system, root = filesystem(final)
    system.makedirs(root.rpartition("/")[0], exist_ok=True)
    system.put_file(str(made), root)


def _record(final: str) -> Any:
    with reaching(final), open_binary(f"{final}.json") as stream:
        return json.loads(stream.read())


def _is_intact(final: str) -> bool:
    try:
        record = _record(final)
        if record["form"] != _FORM or size_bytes(final) != record["bytes"]:
            return False
        system, root = filesystem(final)
        stored = stored_md5(system.info(root)) if "md5" in record else ""
        # What a store knows of its object spares the download.
        return bool(stored == record["md5"] if stored else digest(final) == record["sha256"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False
