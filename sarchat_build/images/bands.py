"""Choose how the bands of a raster become gray or RGB: as they are, or by the manifest's rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from sarchat_build.config.manifest import Pixels
from sarchat_build.errors import RecordError
from sarchat_build.images import order, raster
from sarchat_build.images.output import Bytes
from sarchat_build.images.stretch import Renderer
from sarchat_build.reasons import Reason
from sarchat_build.types import Stretch

_RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)


class Rendering(NamedTuple):
    """How an open raster becomes 8 bits of gray or RGB: its bands, the function, and both in words.

    `description` is published as `images.rendering`.
    """

    bands: tuple[int, ...]
    to_8_bit: Callable[[NDArray[np.generic]], Bytes]
    description: str
    stretch: Stretch | None


def bit_depth(dataset: DatasetReader) -> int:
    """Give the bits that one value of the file has (a 12-bit TIFF arrives in 16-bit numbers)."""
    stated = dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS")
    return int(stated) if stated else np.dtype(dataset.dtypes[0]).itemsize * 8


def refuse_complex(dataset: DatasetReader) -> None:
    """Refuse complex numbers: no rule here says what of them is to be seen.

    Raises:
        RecordError: `unsupported_dtype`.
    """
    if any("complex" in dtype for dtype in dataset.dtypes):
        raise RecordError(
            Reason.UNSUPPORTED_DTYPE,
            f"complex pixels ({dataset.dtypes[0]}); convert to amplitude first",
        )


def choose_rendering(dataset: DatasetReader, rule: Pixels | None) -> Rendering:
    """Choose how a raster is rendered; reads all of it when the rule asks for statistics.

    Raises:
        RecordError: `unsupported_dtype` for what no rule covers, `no_valid_pixels`.
    """
    rendering = _as_it_is(dataset)
    if rendering is not None:
        return rendering
    if rule is None:
        raise RecordError(
            Reason.UNSUPPORTED_DTYPE,
            f"{dataset.count} band(s) of {dataset.dtypes[0]} and no rule for their 8 bits; "
            "set [pixels] in the manifest",
        )
    if rule.band > dataset.count:
        raise RecordError(
            Reason.UNSUPPORTED_DTYPE,
            f"the rule takes band {rule.band}, the file has {dataset.count}",
        )
    return stretched(dataset, *_find_stretch(dataset, rule))


def repeat_rendering(
    dataset: DatasetReader, description: str, stretch: Stretch | None
) -> Rendering:
    """Render a raster exactly as `choose_rendering` decided, without reading all of it again.

    Raises:
        RecordError: `unsupported_dtype` for another file than the one that was inspected.
    """
    known = stretched(dataset, stretch, description) if stretch else _as_it_is(dataset)
    if known is None or known.description != description:
        raise RecordError(Reason.UNSUPPORTED_DTYPE, "the file is not the one that was inspected")
    return known


def stretched(dataset: DatasetReader, stretch: Stretch, description: str) -> Rendering:
    """Render one band by a known stretch."""
    dtype = np.dtype(dataset.dtypes[stretch.band - 1])
    return Rendering((stretch.band,), Renderer(stretch, dtype), description, stretch)


def _find_stretch(dataset: DatasetReader, rule: Pixels) -> tuple[Stretch, str]:
    dtype = np.dtype(dataset.dtypes[rule.band - 1])
    nodata = rule.nodata
    if nodata is None and dataset.nodata is not None and np.isfinite(dataset.nodata):
        nodata = float(dataset.nodata)
    logarithmic = rule.rule == "log_percentile"
    if dtype == np.uint8:
        # 8 bits already, in bands that are no colors: the rule says which band, not how.
        low, high, words = 0.0, 255.0, "as stored"
        nodata = None
    elif rule.rule == "linear":
        low, high = _stated_range(dataset, dtype, rule)
        words = "linear"
    else:
        percents = (rule.low_percent, rule.high_percent)
        words = f"percentile {percents[0]:g}–{percents[1]:g} of the scene"
        window = raster.whole(dataset)

        def pieces() -> Iterable[NDArray[np.generic]]:
            return raster.pieces(dataset, (rule.band,), window)

        low, high = order.percentiles(pieces, dtype, percents, nodata, logarithmic)
    parts = [f"{words}: {_number(low)}…{_number(high)} → 0…255"]
    if logarithmic:
        parts[0] += ", log"
    if dataset.count > 1:
        parts.append(f"band {rule.band} of {dataset.count}")
    if nodata is not None:
        parts.append(f"no-data {_number(nodata)} → 0")
    return Stretch(rule.rule, rule.band, low, high, logarithmic, nodata), "; ".join(parts)


def _stated_range(
    dataset: DatasetReader, dtype: np.dtype[np.generic], rule: Pixels
) -> tuple[float, float]:
    if rule.high is not None:
        return rule.low or 0.0, rule.high
    if dtype.kind == "f":
        raise RecordError(
            Reason.UNSUPPORTED_DTYPE,
            f"{dtype} has no largest value; set pixels.low and pixels.high",
        )
    bits = bit_depth(dataset) - (dtype.kind == "i")
    return rule.low or 0.0, float((1 << bits) - 1)


def _as_it_is(dataset: DatasetReader) -> Rendering | None:
    """Give the rendering of 8-bit gray, palette and RGB, None for everything else."""
    if set(dataset.dtypes) != {"uint8"}:
        return None
    structure = dataset.tags(ns="IMAGE_STRUCTURE")
    if structure.get("SOURCE_COLOR_SPACE") == "CIELAB":
        raise RecordError(Reason.UNSUPPORTED_DTYPE, "Lab colors; convert to gray or RGB first")
    colors = dataset.colorinterp
    if colors[:3] == _RGB and len(colors) <= 4:
        words = "RGB" if structure.get("SOURCE_COLOR_SPACE") != "CMYK" else "CMYK to RGB"
        dropped = ", fourth band dropped" if len(colors) == 4 and words == "RGB" else ""
        return Rendering((1, 2, 3), np.asarray, f"{words}{dropped}, as PNG", None)
    if len(colors) == 1 or colors[1:] == (ColorInterp.alpha,):
        table, words = _gray_table(dataset)
        dropped = ", alpha dropped" if len(colors) == 2 else ""
        return Rendering((1,), partial(np.take, table, axis=0), f"{words}{dropped}, as PNG", None)
    return None


def _gray_table(dataset: DatasetReader) -> tuple[Bytes, str]:
    """Give what each value of a single band shows: a gray, or three colors."""
    bits = bit_depth(dataset)
    if dataset.colorinterp[0] == ColorInterp.palette:
        table = np.zeros((256, 3), np.uint8)
        for value, color in dataset.colormap(1).items():
            table[value] = color[:3]
        if (table == table[:, :1]).all():
            return table[:, 0].copy(), "1 bit to gray" if bits == 1 else "palette to gray"
        return table, "palette to RGB"
    largest = (1 << bits) - 1
    table = np.minimum(np.arange(256) * 255 // largest, 255).astype(np.uint8)
    words = "gray" if bits == 8 else f"{bits} bit to gray"
    if dataset.tags(1, ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES" or (
        dataset.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES"
    ):
        return 255 - table, f"{words}, 0 is white"
    return table, words


def _number(value: float) -> str:
    """Write a number so that a 32-bit float reads back as itself.

    >>> _number(4031.0), _number(float(np.float32(0.1)))
    ('4031', '0.1')
    """
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(float(str(np.float32(value))))
