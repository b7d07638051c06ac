"""Raster files of every depth, what is published of them, and the levels by arithmetic."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning

from sarchat_build import images
from sarchat_build.config.manifest import Pixels
from sarchat_build.errors import RecordError
from sarchat_build.types import PixelFacts
from sarchat_build.validation.pictures import pixels as proof

ROOT = Path(__file__).parents[2]
PERCENTILE = Pixels(rule="percentile")
LOG = Pixels(rule="log_percentile", low_percent=2, high_percent=99.5)


def tiff(values: np.ndarray, **options: Any) -> bytes:
    """A raster file of (bands, rows, columns) or (rows, columns)."""
    bands = values if values.ndim == 3 else values[None]
    with warnings.catch_warnings(), rasterio.MemoryFile() as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with file.open(
            **{"driver": "GTiff", "dtype": bands.dtype, **options},
            count=bands.shape[0], height=bands.shape[1], width=bands.shape[2],
        ) as dataset:  # fmt: skip
            dataset.write(bands)
        return bytes(file.read())


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def speckle(height: int = 90, width: int = 120, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).gamma(1.5, 900, (height, width)).clip(0, 65535)


def shown(data: bytes, facts: PixelFacts) -> np.ndarray:
    """The published picture, as an independent reader decodes it, its hash proven."""
    published = images.published_whole(data, facts).picture
    found = proof.decode(published, 0.0)
    assert found.pixel_sha256 == facts.pixel_sha256
    assert (found.width, found.height) == (facts.width_px, facts.height_px)
    assert found.mode in ("L", "RGB")
    assert not found.turned
    with Image.open(io.BytesIO(published)) as picture:
        return np.asarray(picture)


def refused(data: bytes | Path, rule: Pixels | None = PERCENTILE, tiled: bool = False) -> str:
    with pytest.raises(RecordError) as caught:
        images.inspect(data, rule, tiled)
    assert "vsimem" not in caught.value.detail, "an address in memory differs from run to run"
    return caught.value.reason


# What the rule means, from first principles: sorted values, and arithmetic without rounding.


def expected_range(values: np.ndarray, rule: Pixels, nodata: float | None) -> tuple[float, float]:
    flat = values.astype(np.float64).ravel()
    flat = flat[np.isfinite(values.astype(np.float32).ravel())]
    if nodata is not None:
        flat = flat[flat != nodata]
    if rule.rule == "log_percentile":
        flat = flat[flat > 0]
    ordered = sorted(flat.tolist())
    ranks = [
        max(1, -(-Fraction(str(p)) * len(ordered) // 100))
        for p in (rule.low_percent, rule.high_percent)
    ]
    return ordered[ranks[0] - 1], ordered[ranks[1] - 1]


def expected_level(value: float, low: float, high: float, logarithmic: bool) -> int:
    if value <= low:
        return 0
    if value >= high:
        return 255
    with localcontext(prec=60):
        v, a, b = Decimal(value), Decimal(low), Decimal(high)
        share = (v / a).ln() / (b / a).ln() if logarithmic else (v - a) / (b - a)
        return int(share * 255 + Decimal("0.5"))


GRAY = Image.fromarray((speckle() / 40).clip(0, 255).astype(np.uint8))
COLOR = Image.merge(
    "RGB", [Image.fromarray((speckle(seed=s) / 40).clip(0, 255).astype(np.uint8)) for s in range(3)]
)


def _claim_png(width: int, height: int, bits: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(4000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _claim_tiff(width: int, height: int, rows_per_strip: int) -> bytes:
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 16), (259, 3, 1, 8)]
    tags += [(262, 3, 1, 1), (273, 4, 1, 200), (277, 3, 1, 1), (278, 4, 1, rows_per_strip)]
    tags += [(279, 4, 1, 40)]
    body = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return (b"II*\0" + struct.pack("<I", 8) + body + bytes(4)).ljust(200, b"\0") + bytes(100)


CLAIMS = {
    "png": _claim_png(60_000, 60_000, 8),
    "png16": _claim_png(60_000, 60_000, 16),
    "tiff": _claim_tiff(1_000_000, 1_000_000, 1_000_000),
    "tiff of one strip": _claim_tiff(20_000, 20_000, 20_000),
}
