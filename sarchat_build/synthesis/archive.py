"""From one picture at a time to one archive: what a layout gives, and who writes it in order."""

from __future__ import annotations

import json
import multiprocessing
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from zipfile import ZIP_STORED, ZipFile, ZipInfo

QuirkKind: TypeAlias = Literal[
    "duplicate", "rotated_corner_outside", "channels_differ", "box_touches_edge"
]

_CHUNK_IMAGES = 16
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
class Quirk:
    """One oddity put in on purpose, as real archives have it.

    `image` is the stem of the image, `object_index` the 0-based place of the object in its
    document; `twin` is the stem of the earlier image that a duplicate repeats byte by byte.
    """

    kind: QuirkKind
    image: str
    object_index: int | None = None
    twin: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One image with its annotation, ready to be stored."""

    members: tuple[Member, ...]
    instances: int
    quirks: tuple[Quirk, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How one source lays out its archive; the functions are pure and live at module level.

    `sample(number)` gives image `number`, counted from 1, and depends on nothing else;
    `closing(images)` gives the members that speak of all images, such as split lists.
    """

    source_id: str
    archive_name: str
    sample: Callable[[int], Sample]
    closing: Callable[[int], tuple[Member, ...]]


@dataclass(frozen=True, slots=True)
class SyntheticArchive:
    """What was written, and everything odd in it."""

    path: Path
    planted_path: Path
    images: int
    instances: int
    planted: tuple[Quirk, ...]

    def count(self, kind: QuirkKind) -> int:
        """Say how often one kind of quirk was planted."""
        return sum(quirk.kind == kind for quirk in self.planted)


def write_archive(
    layout: Layout,
    output: Path,
    images: int,
    *,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> SyntheticArchive:
    """Write the archive under a temporary name, then rename it and list its quirks beside it."""
    path = output / layout.source_id / layout.archive_name
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    instances = 0
    planted: list[Quirk] = []
    try:
        with ZipFile(partial, "w", ZIP_STORED) as archive:
            for done, sample in enumerate(_samples(layout, images, workers), start=1):
                _store(archive, sample.members)
                instances += sample.instances
                planted += sample.quirks
                if progress is not None:
                    progress(done)
            _store(archive, layout.closing(images))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    planted_path = output / f"{layout.source_id}.planted.json"
    written = SyntheticArchive(path, planted_path, images, instances, tuple(planted))
    planted_path.write_text(_planted_json(layout, written), encoding="utf-8")
    return written


def _store(archive: ZipFile, members: tuple[Member, ...]) -> None:
    # Stored, not deflated: pictures do not shrink, and the bytes do not depend on a zlib version.
    for member in members:
        info = ZipInfo(member.name, _ZIP_EPOCH)
        info.create_system = 3
        info.external_attr = _REGULAR_FILE_0644
        archive.writestr(info, member.data)


def _samples(layout: Layout, images: int, workers: int) -> Iterator[Sample]:
    """Give the samples in order, computed by `workers` processes a few chunks ahead of the writer.

    Only a window of chunks is in flight, so memory stays flat however large the archive is.
    Processes are spawned, not forked: a fork would copy the locks of the caller's threads.
    """
    if workers == 1:
        yield from map(layout.sample, range(1, images + 1))
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        running: deque[Future[list[Sample]]] = deque()
        for first in range(1, images + 1, _CHUNK_IMAGES):
            end = min(first + _CHUNK_IMAGES, images + 1)
            running.append(pool.submit(_chunk, layout, first, end))
            if len(running) > workers * _CHUNKS_AHEAD:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()


def _chunk(layout: Layout, first: int, end: int) -> list[Sample]:
    return [layout.sample(number) for number in range(first, end)]


def _planted_json(layout: Layout, written: SyntheticArchive) -> str:
    document = {
        "source_id": layout.source_id,
        "archive": layout.archive_name,
        "images": written.images,
        "instances": written.instances,
        "counts": dict(sorted(Counter(quirk.kind for quirk in written.planted).items())),
        "planted": [asdict(quirk) for quirk in written.planted],
    }
    return json.dumps(document, indent=1) + "\n"
