"""Finished pixels to image files, with the fast settings of each encoder."""

from __future__ import annotations

import io
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from sarchat_build.synthetic.pictures.scene import Gray

Pixels: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


def to_jpeg(pixels: Gray, quality: int = 75) -> bytes:
    """Encode rows of gray (h, w) or color (h, w, 3) bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def to_png(pixels: Gray) -> bytes:
    """Encode gray or color bytes; level 1 finds that three channels repeat each other."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def to_bmp(pixels: Gray) -> bytes:
    """Encode gray or color bytes without compression."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "BMP")
    return buffer.getvalue()


def to_tiff(pixels: Pixels) -> bytes:
    """Encode 8- or 16-bit gray as an uncompressed TIFF, as processors write scenes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "TIFF")
    return buffer.getvalue()


def in_three(gray: Gray) -> Gray:
    """Repeat gray (h, w) as three equal channels."""
    return np.stack([gray, gray, gray], axis=2)
