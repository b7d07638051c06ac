"""Read TIFF and 16-bit PNG through GDAL: windows of scenes of any size, in bounded memory."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader, MemoryFile
from rasterio.windows import Window as RasterWindow

from sarchat_build.errors import RecordError
from sarchat_build.images.output import Bytes
from sarchat_build.reasons import Reason
from sarchat_build.sources.picture_file import PictureSource, size_bytes
from sarchat_build.types import Window

# One row of blocks must fit into memory; a larger one is a scene stored as a single block.
MAX_BLOCK_ROW_BYTES = 256 << 20
_PIECE_PIXELS = 1 << 20
_READ_PIXELS = 1 << 22
_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # no file beside the one that is meant
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_CACHEMAX": 64,  # MB; the default is a share of the machine
    "GTIFF_IGNORE_READ_ERRORS": "NO",
}
_DRIVERS = {"tiff": "GTiff", "png16": "PNG"}


@contextmanager
def open_raster(source: PictureSource, kind: str) -> Iterator[DatasetReader]:
    """Open a file with the one driver that its first bytes name.

    Raises:
        RecordError: `image_truncated` when it cannot be opened, or, while open, be read.
    """
    try:
        with warnings.catch_warnings(), rasterio.Env(**_OPTIONS):
            # Chips lie in no coordinate system; that is no fault here.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            if isinstance(source, bytes):
                with MemoryFile(source) as file, file.open(driver=_DRIVERS[kind]) as dataset:
                    yield dataset
            else:
                with rasterio.open(source, driver=_DRIVERS[kind]) as dataset:
                    yield dataset
    except RasterioError as error:
        # GDAL's own words hold an address in memory, and rejects are published.
        raise RecordError(
            Reason.IMAGE_TRUNCATED, f"{size_bytes(source):,} bytes: it ends early, or is damaged"
        ) from error


def pieces(
    dataset: DatasetReader, bands: tuple[int, ...], window: Window
) -> Iterator[NDArray[np.generic]]:
    """Read a window from its top, in pieces of whole rows.

    Yields:
        Arrays of (rows, width) for one band, (rows, width, bands) for several.
    """
    width_px = window.x1_px - window.x0_px
    block_rows = dataset.block_shapes[0][0]
    rows = max(block_rows, _READ_PIXELS // width_px // block_rows * block_rows)
    piece_rows = max(1, _PIECE_PIXELS // width_px)
    y = window.y0_px
    while y < window.y1_px:
        # Reads end where blocks end, so that no block is decoded twice.
        end = min((y // rows + 1) * rows, window.y1_px)
        area = RasterWindow(window.x0_px, y, width_px, end - y)
        if len(bands) == 1:
            values = dataset.read(bands[0], window=area)
        else:
            values = np.moveaxis(dataset.read(bands, window=area), 0, -1)
        for top in range(0, end - y, piece_rows):
            yield values[top : top + piece_rows]
        y = end


def read_unused_bands(dataset: DatasetReader, bands: tuple[int, ...]) -> None:
    """Read what is stored apart from `bands`, so that a file cut off at its end is noticed."""
    if dataset.profile.get("interleave") == "band":
        for band in set(dataset.indexes) - set(bands):
            for _ in pieces(dataset, (band,), whole(dataset)):
                pass


def whole(dataset: DatasetReader) -> Window:
    """Give the window of all pixels."""
    return Window(0, 0, dataset.width, dataset.height)


def check_block_row(dataset: DatasetReader) -> None:
    """Refuse a file whose smallest readable part would fill the memory.

    Raises:
        RecordError: `pixel_limit`.
    """
    together = dataset.count if dataset.profile.get("interleave") == "pixel" else 1
    itemsize = np.dtype(dataset.dtypes[0]).itemsize
    row_bytes = dataset.width * dataset.block_shapes[0][0] * itemsize * together
    if row_bytes > MAX_BLOCK_ROW_BYTES:
        raise RecordError(
            Reason.PIXEL_LIMIT,
            f"one row of blocks is {row_bytes:,} bytes, more than {MAX_BLOCK_ROW_BYTES:,}; "
            "write the file anew in tiles of 512 × 512",
        )


def paint(
    dataset: DatasetReader,
    bands: tuple[int, ...],
    window: Window,
    to_8_bit: Callable[[NDArray[np.generic]], Bytes],
) -> Image.Image:
    """Give a window as a picture, gray or RGB, rendered piece by piece."""
    rendered = [to_8_bit(piece) for piece in pieces(dataset, bands, window)]
    return Image.fromarray(np.concatenate(rendered))
