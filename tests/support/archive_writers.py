"""Write the same files as an archive of each kind; rar by hand, since no free writer exists."""

from __future__ import annotations

import ctypes
import io
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from sarchat_build.archives.formats.utf8_locale import utf8_names

Files = Mapping[str, bytes]
REGULAR, LINK = 0o100644, 0o120777


def write_folder(path: Path, files: Files) -> None:
    for name, data in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def write_zip(path: Path, files: Files, method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def tar_writer(mode: str) -> Callable[[Path, Files], None]:
    def write(path: Path, files: Files) -> None:
        with tarfile.open(path, mode) as archive:
            for name, data in files.items():
                info = tarfile.TarInfo(f"./{name}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))

    return write


def write_7z(path: Path, files: Files) -> None:
    import libarchive

    with utf8_names(), libarchive.file_writer(str(path), "7zip") as archive:
        for name, data in files.items():
            archive.add_file_from_memory(name, len(data), data)


def write_7z_of_a_link(path: Path, name: str, target: str) -> None:
    import libarchive
    from libarchive import entry, ffi

    copy_symlink = ffi.ffi("entry_copy_symlink", [ffi.c_archive_entry_p, ctypes.c_char_p], None)
    with libarchive.file_writer(str(path), "7zip") as archive:
        link = entry.ArchiveEntry(pathname=name, size=0, filetype=0o120000, perm=0o777)
        copy_symlink(link._entry_p, target.encode())
        ffi.write_header(archive._pointer, link._entry_p)


def rar4(files: Files, *, mode: int = REGULAR, main_flags: int = 0, file_flags: int = 0) -> bytes:
    """A RAR 4 with stored members: a mark, three kinds of header, and the bytes."""

    def header(kind: int, flags: int, body: bytes) -> bytes:
        rest = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
        return struct.pack("<H", zlib.crc32(rest) & 0xFFFF) + rest

    parts = [b"Rar!\x1a\x07\x00", header(0x73, main_flags, bytes(6))]
    for name, data in files.items():
        spelled = name.encode()
        fields = (len(data), len(data), 3, zlib.crc32(data), 0x21 << 16, 20, 0x30)
        body = struct.pack("<IIBIIBBHI", *fields, len(spelled), mode) + spelled
        parts += [header(0x74, 0x8000 | file_flags, body), data]
    return b"".join([*parts, header(0x7B, 0x4000, b"")])


def rar5(files: Files, *, main_flags: int = 0, link_to: str = "", encrypted: bool = False) -> bytes:
    """A RAR 5 with stored members; with `link_to`, each is a link."""

    def number(value: int) -> bytes:
        low = value & 0x7F
        return bytes([low]) if value < 0x80 else bytes([low | 0x80]) + number(value >> 7)

    def header(kind: int, flags: int, body: bytes) -> bytes:
        fields = number(kind) + number(flags) + body
        rest = number(len(fields)) + fields
        return struct.pack("<I", zlib.crc32(rest)) + rest

    parts = [b"Rar!\x1a\x07\x01\x00"]
    if encrypted:
        parts.append(header(4, 0, number(0) + number(0) + b"\x0f" + bytes(16)))
    parts.append(header(1, 0, number(main_flags)))
    for name, data in files.items():
        spelled, extra = name.encode(), b""
        if link_to:
            record = number(5) + number(1) + number(0) + number(len(link_to)) + link_to.encode()
            extra = number(len(record)) + record
        body = (number(len(extra)) if extra else b"") + number(len(data))
        body += number(0x4) + number(len(data)) + number(LINK if link_to else REGULAR)
        body += struct.pack("<I", zlib.crc32(data)) + number(0) + number(1)
        body += number(len(spelled)) + spelled + extra
        parts += [header(2, 0x3 if extra else 0x2, body), data]
    return b"".join([*parts, header(5, 0, number(0))])


# Kind of archive: how to write one. Each gives the members back in the order of `files`, but 7z,
# which puts empty ones last.
WRITERS: dict[str, Callable[[Path, Files], None]] = {
    "folder": write_folder,
    "zip": write_zip,
    "tar": tar_writer("w"),
    "tar.gz": tar_writer("w:gz"),
    "tar.bz2": tar_writer("w:bz2"),
    "tar.xz": tar_writer("w:xz"),
    "7z": write_7z,
    "rar": lambda path, files: path.write_bytes(rar4(files)) and None,
    "rar5": lambda path, files: path.write_bytes(rar5(files)) and None,
}
FILE_KINDS = [kind for kind in WRITERS if kind != "folder"]


class _GbkInfo(zipfile.ZipInfo):
    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def gbk_zip(path: Path, files: Files) -> None:
    """Write a zip as a Chinese Windows does: names in GBK, and no flag that says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(_GbkInfo(name), data)


def gbk_tar_gz(path: Path, files: Files) -> None:
    """Write a compressed tar whose names are in GBK."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", encoding="gbk", format=tarfile.GNU_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def gbk_folder(path: Path, files: Files) -> None:
    """Write files as an unpacker leaves them that does not know what their names mean."""
    for name, data in files.items():
        target = os.fsencode(path) + b"/" + name.encode("gbk")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as stream:
            stream.write(data)
