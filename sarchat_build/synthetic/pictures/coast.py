"""Sea and land: the ground that ships lie on."""

from __future__ import annotations

from math import pi

import numpy as np
from PIL import Image, ImageDraw

from sarchat_build.synthetic.pictures.keyed import between
from sarchat_build.synthetic.pictures.scene import (
    Mask,
    add_points,
    point_response,
    strings_of_points,
)
from sarchat_build.synthetic.pictures.speckle import Field


def land_mask(numbers: np.random.Generator, width_px: int, height_px: int) -> Mask:
    """Draw land along one side of the picture, with bays, headlands and a few jetties."""
    side = int(numbers.integers(4))
    long_px, deep_px = (height_px, width_px) if side & 1 else (width_px, height_px)
    image = Image.new("1", (long_px, deep_px))
    draw = ImageDraw.Draw(image)
    along = np.linspace(0.0, 1.0, 49)
    depth = between(numbers, 0.12, 0.36) + between(numbers, -0.25, 0.25) * (along - 0.5)
    for wave in range(1, 8):
        swing = between(numbers, 0.0, 0.09) / wave
        depth = depth + swing * np.sin(2 * pi * (wave * along + numbers.random()))
    coast = [(x * long_px, max(0.02, y) * deep_px) for x, y in zip(along, depth, strict=True)]
    draw.polygon([(0, 0), *coast, (long_px, 0)], fill=1)
    for _ in range(int(numbers.integers(4))):
        x, y = coast[int(numbers.integers(4, 45))]
        length, breadth = between(numbers, 0.04, 0.18) * deep_px, between(numbers, 3, 14)
        skew = between(numbers, -0.4, 0.4) * length
        foot = [(x - breadth / 2, y - 6), (x + breadth / 2, y - 6)]
        head = [(x + skew + breadth / 2, y + length), (x + skew - breadth / 2, y + length)]
        draw.polygon([*foot, *head], fill=1)
    mask = np.asarray(image)
    mask = mask.T if side & 1 else mask
    return mask[::-1, ::-1] if side & 2 else mask


def raise_land(
    canvas: Field,
    numbers: np.random.Generator,
    land: Mask,
    *,
    level: float,
    relief: Field,
    speckle: Field,
    cell_px: tuple[float, float],
) -> None:
    """Replace the sea by land of mean amplitude `level`, with loud rows of built structures."""
    np.copyto(canvas, relief * speckle * np.float32(level), where=land)
    height_px, width_px = canvas.shape
    angle = between(numbers, 0.0, pi / 2)
    wanted = int(land.sum() * between(numbers, 0.0005, 0.004))
    response = point_response(*cell_px, 2)
    places = numbers.random((2 * wanted + 40, 2)) * (width_px, height_px)
    on_land = land[places[:, 1].astype(int), places[:, 0].astype(int)]
    starts = places[on_land][:wanted]
    x, y, loudness = strings_of_points(numbers, starts[:, 0], starts[:, 1], angle, 4.0)
    inside = (x >= 0) & (x < width_px) & (y >= 0) & (y < height_px)
    x, y, loudness = x[inside], y[inside], loudness[inside]
    ashore = land[y.astype(int), x.astype(int)]
    add_points(canvas, x[ashore], y[ashore], loudness[ashore] * (1.2 * level), response)
    # The quay faces the water like a wall: a broken bright line along the shore.
    shore = land[1:-1, 1:-1] & ~(
        land[:-2, 1:-1] & land[2:, 1:-1] & land[1:-1, :-2] & land[1:-1, 2:]
    )
    rows, columns = np.nonzero(shore)
    loud = numbers.random(rows.size) < between(numbers, 0.05, 0.6)
    amplitude = numbers.lognormal(0.0, 0.6, int(loud.sum())) * (1.5 * level)
    x, y = columns[loud].astype(np.float64) + 1.0, rows[loud].astype(np.float64) + 1.0
    add_points(canvas, x, y, amplitude, response)
