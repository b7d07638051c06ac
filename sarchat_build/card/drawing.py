"""Pictures of figures and of chips with boxes, by Pillow alone and with the font that it brings.

No font, clock or setting of a machine plays a part, and what packs the files looks for runs only:
the same Pillow gives the same bytes everywhere.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

WIDTH_PX = 1200
_MARGIN_PX, _ROW_PX, _BAR_PX = 28, 46, 30
# A chart is gray, where text has no level below its ink; the levels of bars get their color last.
_INK, _QUIET, _LINE, _GROUND = 36, 98, 214, 255
_SERIES = (1, 2, 3)
# Told apart without color as well: dark, middle, light.
_COLORS = {1: (9, 76, 150), 2: (84, 164, 224), 3: (183, 221, 247)}
_PALETTE = [part for level in range(256) for part in _COLORS.get(level, (level,) * 3)]
# zlib's strategy that looks for runs only (Z_RLE).
_RUNS_ONLY = 3


class Bar(NamedTuple):
    """One line of a chart: its parts, one after the other, and what is written behind them."""

    label: str
    parts: tuple[int, ...]
    text: str


def bar_chart(title: str, series: Sequence[str], bars: Sequence[Bar]) -> bytes:
    """Draw lines of stacked bars as PNG; `series` names the parts, one alone needs no name."""
    font, small, large = (ImageFont.load_default(size) for size in (24, 22, 32))
    label_px = max((round(font.getlength(bar.label)) for bar in bars), default=0)
    text_px = max((round(small.getlength(bar.text)) for bar in bars), default=0)
    legend_px = _ROW_PX if len(series) > 1 else 0
    top_px = 2 * _MARGIN_PX + 32 + legend_px
    picture = Image.new("L", (WIDTH_PX, top_px + len(bars) * _ROW_PX + _MARGIN_PX), _GROUND)
    draw = ImageDraw.Draw(picture)
    draw.text((_MARGIN_PX, _MARGIN_PX), title, _INK, large)
    if legend_px:
        _legend(draw, series, 2 * _MARGIN_PX + 32, small)
    left_px = _MARGIN_PX + label_px + 18
    room_px = WIDTH_PX - left_px - text_px - 14 - _MARGIN_PX
    most = max((sum(bar.parts) for bar in bars), default=0) or 1
    for number, bar in enumerate(bars):
        middle_px = top_px + number * _ROW_PX + _ROW_PX // 2
        draw.text((left_px - 18, middle_px), bar.label, _INK, font, anchor="rm")
        right_px, reached = left_px, 0
        for part, color in zip(bar.parts, _SERIES, strict=False):
            reached += part
            start_px, right_px = right_px, left_px + room_px * reached // most
            if right_px > start_px:
                high, low = middle_px - _BAR_PX // 2, middle_px + _BAR_PX // 2
                draw.rectangle((start_px, high, right_px - 1, low - 1), color)
        draw.text((right_px + 12, middle_px), bar.text, _QUIET, small, anchor="lm")
    draw.line((left_px - 1, top_px, left_px - 1, picture.height - _MARGIN_PX), _LINE, 2)
    return _png(picture)


def _legend(
    draw: ImageDraw.ImageDraw,
    series: Sequence[str],
    top_px: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    x_px = _MARGIN_PX
    for name, color in zip(series, _SERIES, strict=False):
        draw.rectangle((x_px, top_px + 4, x_px + 23, top_px + 27), color)
        draw.text((x_px + 34, top_px + 16), name, _QUIET, font, anchor="lm")
        x_px += 34 + round(font.getlength(name)) + 36


class Tile(NamedTuple):
    """A chip to be shown: its file, boxes in its own pixels, and a line above it."""

    title: str
    picture: bytes
    size_px: tuple[int, int]
    boxes: Sequence[Sequence[float]]
    other_boxes: Sequence[Sequence[float]]


_COLUMNS, _GAP_PX, _HEAD_PX = 3, 12, 52
_BOX, _OTHER_BOX, _DARK, _WHITE = (255, 138, 0), (64, 196, 255), (31, 35, 40), (255, 255, 255)


def tiles(shown: Sequence[Tile]) -> bytes:
    """Draw chips in rows of three as JPEG, the boxes spoken of in orange and others in blue."""
    side_px = (WIDTH_PX - _GAP_PX * (_COLUMNS - 1)) // _COLUMNS
    rows = -(-len(shown) // _COLUMNS)
    height_px = rows * (side_px + _HEAD_PX) + (rows - 1) * _GAP_PX
    whole = Image.new("RGB", (WIDTH_PX, height_px), _WHITE)
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(27)
    for number, tile in enumerate(shown):
        row, column = divmod(number, _COLUMNS)
        x_px, y_px = column * (side_px + _GAP_PX), row * (side_px + _HEAD_PX + _GAP_PX)
        draw.rectangle((x_px, y_px, x_px + side_px - 1, y_px + _HEAD_PX - 1), _DARK)
        draw.text((x_px + 14, y_px + _HEAD_PX // 2), tile.title, _WHITE, font, anchor="lm")
        whole.paste(_chip(tile, side_px), (x_px, y_px + _HEAD_PX))
    sink = io.BytesIO()
    whole.save(sink, "JPEG", quality=85)
    return sink.getvalue()


def _chip(tile: Tile, side_px: int) -> Image.Image:
    """Fit a chip into a square, and draw its boxes around what they mark, not over it."""
    square = Image.new("RGB", (side_px, side_px), _DARK)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # odd metadata
        gray = Image.open(io.BytesIO(tile.picture)).convert("L")
    width_px, height_px = (max(1, side * side_px // max(tile.size_px)) for side in tile.size_px)
    left_px, top_px = (side_px - width_px) // 2, (side_px - height_px) // 2
    square.paste(gray.resize((width_px, height_px), Image.Resampling.BILINEAR), (left_px, top_px))
    draw = ImageDraw.Draw(square)
    for boxes, color, line_px in ((tile.other_boxes, _OTHER_BOX, 2), (tile.boxes, _BOX, 4)):
        for x0, y0, x1, y1 in boxes:
            corners = (
                left_px + round(x0 * width_px / tile.size_px[0]) - line_px,
                top_px + round(y0 * height_px / tile.size_px[1]) - line_px,
                left_px + round(x1 * width_px / tile.size_px[0]) + line_px - 1,
                top_px + round(y1 * height_px / tile.size_px[1]) + line_px - 1,
            )
            draw.rectangle(corners, outline=color, width=line_px)
    return square


def _png(picture: Image.Image) -> bytes:
    sink = io.BytesIO()
    picture.putpalette(_PALETTE)
    picture.save(sink, "PNG", compress_level=6, compress_type=_RUNS_ONLY)
    return sink.getvalue()
