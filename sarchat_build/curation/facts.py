"""Facts about images: the small records by which duplicates, splits and shards are decided.

In columns they take about 250 bytes each, where objects of Python take 2,000.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sarchat_build.curation.label_agreement import pack_objects
from sarchat_build.names import printable
from sarchat_build.types import NO_EXTENT, SPLITS, BoxExtent, CutImage, Split

# Splits as numbers: none, then those of `SPLITS`.
SPLIT_OF: tuple[Split | None, ...] = (None, *SPLITS)
Rows = NDArray[np.int64]
Codes = NDArray[np.uint8]
_DIGEST_BYTES = 32
_AT_ONCE = 4096
_TEXTS, _DIGESTS = (
    ("image_id", "source_id", "scene_id", "block", "file"),
    ("pixel_sha256", "file_sha256", "perceptual_hash"),
)
SCHEMA = pa.schema(
    [
        ("image_id", pa.large_string()),
        ("source_id", pa.dictionary(pa.int32(), pa.string())),
        ("scene_id", pa.large_string()),
        ("block", pa.dictionary(pa.int32(), pa.string())),
        ("file", pa.large_string()),
        ("priority", pa.int32()),
        ("official_split", pa.uint8()),
        ("pixel_sha256", pa.binary()),
        ("file_sha256", pa.binary()),
        ("perceptual_hash", pa.binary()),
        ("objects", pa.large_binary()),
        ("instances", pa.int32()),
        ("chips", pa.int32()),
        ("chip_instances", pa.int32()),
        ("width_px", pa.int32()),
        ("height_px", pa.int32()),
        ("far_px", pa.float64()),
        ("may_be_corners", pa.bool_()),
        ("clipped", pa.int32()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFact:
    """What must be known of an image to judge it beside all others: about 500 bytes.

    `block` is the key of the block of images that holds it. `objects` are its boxes relative to the
    picture, packed by `label_agreement.pack_objects`.
    """

    image_id: str
    source_id: str
    scene_id: str
    block: str
    file: str
    priority: int
    official_split: Split | None
    pixel_sha256: str
    file_sha256: str
    perceptual_hash: str
    objects: bytes
    instances: int
    chips: int
    chip_instances: int
    size_px: tuple[int, int] = (0, 0)
    extent: BoxExtent = NO_EXTENT


def image_fact(cut: CutImage, block: str, priority: int) -> ImageFact:
    """Reduce an image and its chips to its facts."""
    image = cut.image
    return ImageFact(
        image_id=image.image_id,
        source_id=image.source_id,
        scene_id=image.scene_id,
        block=block,
        file=printable(image.member if image.archive == "." else f"{image.archive}/{image.member}"),
        priority=priority,
        official_split=image.official_split,
        pixel_sha256=image.pixels.pixel_sha256,
        file_sha256=image.pixels.file_sha256,
        perceptual_hash=image.pixels.perceptual_hash,
        objects=pack_objects(image),
        instances=cut.instances,
        chips=len(cut.chips),
        chip_instances=sum(len(chip.instances) for chip in cut.chips),
        size_px=(image.pixels.width_px, image.pixels.height_px),
        extent=image.extent,
    )


def split_of(code: int) -> Split:
    """Give the split that a number stands for; raises `ValueError` for that of none."""
    split = SPLIT_OF[code]
    if split is None:
        raise ValueError("an image without a split")
    return split


class FactTable(Sequence[ImageFact]):
    """Facts of images, in any order; each is made when somebody asks for it. It can be pickled."""

    def __init__(self, table: pa.Table) -> None:
        """Take a table as `FactTable.of` makes it."""
        self._table = table

    @classmethod
    def of(cls, facts: Iterable[ImageFact]) -> FactTable:
        """Put facts into columns; those that already are stay as they are.

        >>> len(FactTable.of([]))
        0
        """
        if isinstance(facts, FactTable):
            return facts
        return cls(pa.Table.from_pylist([_row(fact) for fact in facts], SCHEMA))

    @classmethod
    def joined(cls, tables: Iterable[FactTable]) -> FactTable:
        """Put several tables one after the other."""
        parts = [found._table for found in tables] or [SCHEMA.empty_table()]
        return cls(pa.concat_tables(parts).unify_dictionaries().combine_chunks())

    def sorted(self) -> FactTable:
        """Give the facts in the order of image ids."""
        return self.take(self.order("image_id"))

    def order(self, *names: str) -> Rows:
        """Give the rows in the order of some columns."""
        found: Rows = (
            pc.sort_indices(self._table, sort_keys=[(name, "ascending") for name in names])
            .to_numpy()
            .astype(np.int64)
        )
        return found

    def take(self, rows: Rows, *names: str) -> FactTable:
        """Give some rows, in this order; with `names` only these columns."""
        table = self._table.select(names) if names else self._table
        return FactTable(table.take(pa.array(rows)).combine_chunks())

    def numbers(self, name: str) -> NDArray[Any]:
        """Give a column of numbers."""
        found: NDArray[Any] = self._table[name].to_numpy()
        return found

    def codes(self, name: str) -> tuple[NDArray[np.int32], list[str]]:
        """Give a number for each text of a column, equal ones for equal texts, and the texts."""
        column = self._table[name]
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        encoded = encoded.combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):  # of no rows
            return np.empty(0, np.int32), []
        texts = encoded.dictionary.to_pylist() if name in _TEXTS else []
        return encoded.indices.to_numpy().astype(np.int32), texts

    def strings(self, name: str) -> pa.ChunkedArray:
        """Give a column of texts."""
        return self._table[name].cast(pa.large_string())

    def texts(self, name: str, rows: Rows | None = None) -> list[str]:
        """Give the texts of some rows, or of all; made anew each time."""
        column = self._table[name]
        chosen = column if rows is None else column.take(pa.array(rows))
        found: list[str] = chosen.to_pylist()
        return found

    def pictures(self) -> Iterator[tuple[bytes, tuple[int, str, bytes]]]:
        """Yield pixels, and priority, id and hash of each image that can be near another."""
        rows = np.flatnonzero(self.hashed())
        columns = (
            self._table[name].take(pa.array(rows)).to_pylist()
            for name in ("pixel_sha256", "priority", "image_id", "perceptual_hash")
        )
        for pixels, *others in zip(*columns, strict=True):
            yield pixels, (others[0], others[1], others[2])

    def batches(self, name: str) -> Iterator[list[str]]:
        """Give the texts of all rows, some at a time."""
        for start in range(0, len(self), _AT_ONCE):
            yield self._table[name].slice(start, _AT_ONCE).to_pylist()

    def among(self, image_ids: Iterable[str]) -> NDArray[np.bool_]:
        """Tell which images have one of some ids."""
        wanted = pa.array(sorted(image_ids), pa.large_string())
        found: NDArray[np.bool_] = pc.is_in(self._table["image_id"], wanted).to_numpy()
        return found.astype(np.bool_)

    def hashed(self) -> NDArray[np.bool_]:
        """Tell which images have a perceptual hash."""
        found: NDArray[np.bool_] = (
            pc.greater(pc.binary_length(self._table["perceptual_hash"]), 0)
            .to_numpy()
            .astype(np.bool_)
        )
        return found

    def hashes(self, rows: Rows) -> NDArray[np.uint64]:
        """Give the perceptual hashes of rows that have one, in words of 64 bits."""
        column = self._table["perceptual_hash"].take(pa.array(rows))
        data = b"".join(column.to_pylist())
        return np.frombuffer(data, ">u8").astype(np.uint64).reshape(-1, _DIGEST_BYTES // 8)

    @property
    def bytes_in_memory(self) -> int:
        """How much memory the columns take."""
        return int(self._table.nbytes)

    def __len__(self) -> int:
        """Number of images."""
        return int(self._table.num_rows)

    def __iter__(self) -> Iterator[ImageFact]:
        """Go through all facts."""
        for batch in self._table.to_batches(max_chunksize=1024):
            yield from map(_fact, batch.to_pylist())

    @overload
    def __getitem__(self, row: int) -> ImageFact: ...
    @overload
    def __getitem__(self, row: slice) -> tuple[ImageFact, ...]: ...
    def __getitem__(self, row: int | slice) -> ImageFact | tuple[ImageFact, ...]:
        """Give the facts of one image, or of several."""
        if isinstance(row, slice):
            return tuple(self.take(np.arange(len(self))[row]))
        return _fact(self._table.slice(range(len(self))[row], 1).to_pylist()[0])


def image_facts(images: Iterable[CutImage], block: str, priority: int) -> FactTable:
    """Reduce the images of one block to their facts."""
    return FactTable.of(image_fact(cut, block, priority) for cut in images)


def _row(fact: ImageFact) -> dict[str, object]:
    width_px, height_px = fact.size_px
    return {
        **{name: getattr(fact, name) for name in _TEXTS},
        **{name: _pack(getattr(fact, name)) for name in _DIGESTS},
        "priority": fact.priority,
        "official_split": SPLIT_OF.index(fact.official_split),
        "objects": fact.objects,
        "instances": fact.instances,
        "chips": fact.chips,
        "chip_instances": fact.chip_instances,
        "width_px": width_px,
        "height_px": height_px,
        **fact.extent._asdict(),
    }


def _fact(row: dict[str, Any]) -> ImageFact:
    extent = BoxExtent(row.pop("far_px"), row.pop("may_be_corners"), row.pop("clipped"))
    size_px = (row.pop("width_px"), row.pop("height_px"))
    row |= {name: _unpack(row[name]) for name in _DIGESTS}
    row["official_split"] = SPLIT_OF[row["official_split"]]
    return ImageFact(**row, size_px=size_px, extent=extent)


def _pack(digest: str) -> bytes:
    """Give the bytes of 64 hexadecimal digits; what is none stays a text."""
    try:
        packed = bytes.fromhex(digest)
    except ValueError:
        packed = b""
    if len(packed) == _DIGEST_BYTES and packed.hex() == digest:
        return packed
    text = digest.encode()
    if len(text) == _DIGEST_BYTES:
        raise ValueError(f"{digest!r} is neither a digest nor short")
    return text


def _unpack(packed: bytes) -> str:
    return packed.hex() if len(packed) == _DIGEST_BYTES else packed.decode()
