"""From one picture at a time to one archive: what a layout gives, and who writes it in order."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from sarchat_build.dataset.output import digest_file, open_output, room_for
from sarchat_build.errors import InputError
from sarchat_build.sources.inputs import SYNTHETIC_MARK
from sarchat_build.synthetic.planted import Quirk

_MARK = """# Synthetic pictures

`sarchat synthesize` drew the pictures of this archive, in the layout of a real one. No radar took
them. Leave this file where it is, also when you unpack or repack the archive: by it a dataset that
is built from these pictures says what they are.
"""
_BETWEEN_NOTES = b",\n"
_CHUNKS_AHEAD = 3
# The earliest moment a zip can state: the bytes must not tell when they were made.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE_0644 = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """One entry that an image adds to a JSON list in a member that speaks of all images."""

    topic: str
    entry: bytes


@dataclass(frozen=True, slots=True)
class Topic:
    """Stands in a long member for all notes of this name, in order of images."""

    name: str


@dataclass(frozen=True, slots=True)
class LongMember:
    """A file made of pieces and of the notes that all images left; written as a stream."""

    name: str
    pieces: tuple[bytes | Topic, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One image with its annotation, ready to be stored."""

    members: tuple[Member, ...]
    instances: int
    quirks: tuple[Quirk, ...]
    notes: tuple[Note, ...] = ()


def _nothing(images: int) -> tuple[Member | LongMember, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Layout:
    """How one source lays out its archive; the functions are pure and live at module level.

    `sample(number)` gives image `number`, counted from 1, and depends on nothing else;
    `closing(images)` gives the members that speak of all images, such as split lists.
    `published_images` is how many image files the real archive has. Of `chunk_images` images all
    bytes are in memory at once, several chunks at a time. `traits` are oddities of the whole
    archive, which no single image has.
    """

    source_id: str
    archive_name: str
    published_images: int
    sample: Callable[[int], Sample]
    closing: Callable[[int], tuple[Member | LongMember, ...]] = _nothing
    chunk_images: int = 16
    traits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyntheticArchive:
    """What was written, and everything odd in it."""

    path: Path
    planted_path: Path
    images: int
    instances: int
    planted: tuple[Quirk, ...]

    def count(self, kind: str) -> int:
        """Say how often one kind of quirk was planted."""
        return sum(quirk.kind == kind for quirk in self.planted)


def refuse_foreign_files(layout: Layout, output: Path) -> None:
    """Refuse a source's folder that holds anything but an archive that was made here.

    Which one that is stands in the list of its quirks, by its digest.

    Raises:
        InputError: what lies there.
    """
    path = output / layout.source_id / layout.archive_name
    planted = planted_name(layout)
    folder = open_output(str(output))
    listed = folder.read_json(planted)
    made = listed.get("sha256") if isinstance(listed, dict) else None
    foreign = []
    if os.path.lexists(output / planted) and not (
        isinstance(listed, dict) and listed.get("source_id") == layout.source_id
    ):
        foreign.append(output / planted)
    if os.path.lexists(path.parent) and not path.parent.is_dir():
        foreign.append(path.parent)
    for found in sorted(path.parent.iterdir()) if path.parent.is_dir() else ():
        ours = (
            found == path
            and folder.is_file(f"{layout.source_id}/{path.name}")
            and digest_file(str(path))[0] == made
        )
        if not ours and found != _partial(path):
            foreign.append(found)
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise InputError(
            f"{foreign[0]}{more}: not made by this command, and not touched; give another "
            "--output, or say --overwrite to write over files of the same names"
        )


def planted_name(layout: Layout) -> str:
    """Give the name of the list of an archive's quirks, beside the source's folder."""
    return f"{layout.source_id}.planted.json"


def _partial(path: Path) -> Path:
    return path.with_name(path.name + ".partial")


def write_archive(
    layout: Layout,
    output: Path,
    images: int,
    *,
    workers: int = 1,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> SyntheticArchive:
    """Write the archive under a temporary name, list its quirks beside it, then rename it.

    In this order it is known as ours from the moment it has its name.
    """
    if not overwrite:
        refuse_foreign_files(layout, output)
    with room_for(str(output)):
        return _write_archive(layout, output, images, workers, progress)


def _write_archive(
    layout: Layout,
    output: Path,
    images: int,
    workers: int,
    progress: Callable[[int], None] | None,
) -> SyntheticArchive:
    path = output / layout.source_id / layout.archive_name
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(path)
    instances = 0
    planted: list[Quirk] = []
    try:
        with ZipFile(partial, "w", ZIP_STORED) as archive, ExitStack() as open_notes:
            _store(archive, (Member(SYNTHETIC_MARK, _MARK.encode()),))
            notes: dict[str, BinaryIO] = {}
            for done, sample in enumerate(_samples(layout, images, workers), start=1):
                _store(archive, sample.members)
                for note in sample.notes:
                    _append(notes, note, path.parent, open_notes)
                instances += sample.instances
                planted += sample.quirks
                if progress is not None:
                    progress(done)
            for topic in notes.values():
                topic.seek(0)
            _store(archive, layout.closing(images), notes)
        planted_path = output / planted_name(layout)
        written = SyntheticArchive(path, planted_path, images, instances, tuple(planted))
        text = _planted_json(layout, written, digest_file(str(partial))[0])
        path.unlink(missing_ok=True)
        written_list = planted_path.with_name(planted_path.name + ".partial")
        written_list.write_text(text, encoding="utf-8")
        written_list.replace(planted_path)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return written


def _store(
    archive: ZipFile,
    members: Iterable[Member | LongMember],
    notes: Mapping[str, BinaryIO] = MappingProxyType({}),
) -> None:
    # Stored, not deflated: pictures do not shrink, and the bytes do not depend on a zlib version.
    for member in members:
        info = ZipInfo(member.name, _ZIP_EPOCH)
        info.create_system = 3
        info.external_attr = _REGULAR_FILE_0644
        if isinstance(member, Member):
            archive.writestr(info, member.data)
            continue
        with archive.open(info, "w") as stream:
            for piece in member.pieces:
                if isinstance(piece, bytes):
                    stream.write(piece)
                elif piece.name in notes:
                    shutil.copyfileobj(notes[piece.name], stream)


def _append(notes: dict[str, BinaryIO], note: Note, folder: Path, open_notes: ExitStack) -> None:
    """Add a note to its topic, kept in a nameless file: 100,000 of them do not fill memory."""
    if note.topic in notes:
        notes[note.topic].write(_BETWEEN_NOTES)
    else:
        notes[note.topic] = open_notes.enter_context(
            TemporaryFile(dir=folder)  # noqa: SIM115 - the stack closes it
        )
    notes[note.topic].write(note.entry)


def _samples(layout: Layout, images: int, workers: int) -> Iterator[Sample]:
    """Give the samples in order, computed by `workers` processes a few chunks ahead of the writer.

    Only a window of chunks is in flight, so memory stays flat however large the archive is.
    Processes are spawned, not forked: a fork would copy the locks of the caller's threads.
    """
    if workers == 1:
        yield from map(layout.sample, range(1, images + 1))
        return
    context = multiprocessing.get_context("spawn")
    # Ctrl-C is told to the whole group; the process that waits for these ends them.
    ignore = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(workers, context, signal.signal, ignore) as pool:
        running: deque[Future[list[Sample]]] = deque()
        for first in range(1, images + 1, layout.chunk_images):
            end = min(first + layout.chunk_images, images + 1)
            running.append(pool.submit(_chunk, layout, first, end))
            if len(running) > workers * _CHUNKS_AHEAD:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()


def _chunk(layout: Layout, first: int, end: int) -> list[Sample]:
    return [layout.sample(number) for number in range(first, end)]


def _planted_json(layout: Layout, written: SyntheticArchive, sha256: str) -> str:
    document = {
        "source_id": layout.source_id,
        "archive": layout.archive_name,
        "sha256": sha256,
        "images": written.images,
        "instances": written.instances,
        "traits": layout.traits,
        "counts": dict(sorted(Counter(quirk.kind for quirk in written.planted).items())),
        "planted": [asdict(quirk) for quirk in written.planted],
    }
    return json.dumps(document, indent=1) + "\n"
