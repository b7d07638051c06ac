"""Airports: dark aprons and runways, grass, lamp rows, and terminals as rows of loud scatterers."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw

from sarchat_build.synthetic.pictures.keyed import between
from sarchat_build.synthetic.pictures.scene import (
    Floats,
    Mask,
    add_points,
    point_response,
    strings_of_points,
    turned,
)
from sarchat_build.synthetic.pictures.speckle import Field

# The ground is drawn in whole gray levels; sixteen of them per unit of apron amplitude.
_LEVELS = 16


def ground(numbers: np.random.Generator, side_px: int, angle: float) -> Field:
    """Draw the mean amplitude of the ground, 1 on the apron: grass brighter, runways darker."""
    image = Image.new("L", (side_px, side_px), _LEVELS)
    draw = ImageDraw.Draw(image)
    for _ in range(int(numbers.integers(1, 4))):
        grass = _slab(numbers, side_px, angle, (0.2, 0.7), (0.12, 0.4))
        draw.polygon(grass, fill=int(_LEVELS * between(numbers, 1.4, 2.6)))
    for _ in range(int(numbers.integers(1, 4))):
        strip = _slab(numbers, side_px, angle, (1.5, 2.5), (0.02, 0.05))
        draw.polygon(strip, fill=int(_LEVELS * between(numbers, 0.55, 0.9)))
        if numbers.random() < 0.5:
            draw.line(strip[:2], fill=int(_LEVELS * between(numbers, 1.6, 4.0)), width=2)
    return np.asarray(image).astype(np.float32) / np.float32(_LEVELS)


def build(
    canvas: Field,
    numbers: np.random.Generator,
    angle: float,
    *,
    level: float,
    cell_px: tuple[float, float],
) -> Mask:
    """Add terminals and lamp rows; give the ground they stand on, where no aircraft can park."""
    side_px = canvas.shape[0]
    built = Image.new("1", (side_px, side_px))
    draw = ImageDraw.Draw(built)
    parts: list[tuple[Floats, Floats, Floats]] = []
    for _ in range(int(numbers.integers(1, 4))):
        corners = np.array(_slab(numbers, side_px, angle, (0.15, 0.6), (0.05, 0.2)))
        draw.polygon([(x, y) for x, y in corners.tolist()], fill=1)
        origin, along, deep = corners[0], corners[1] - corners[0], corners[3] - corners[0]
        area = float(np.hypot(*along) * np.hypot(*deep))
        shares = numbers.random((int(area * between(numbers, 0.0008, 0.003)), 2))
        starts = origin + shares[:, :1] * along + shares[:, 1:] * deep
        x, y, loudness = strings_of_points(numbers, starts[:, 0], starts[:, 1], angle, 6.0)
        parts.append((x, y, loudness * (0.55 * level)))
    for _ in range(int(numbers.integers(0, 3))):
        lamps = _slab(numbers, side_px, angle, (0.3, 0.9), (0.01, 0.02))
        count = int(numbers.integers(12, 60))
        row = np.linspace(lamps[0], lamps[1], count)
        parts.append((row[:, 0], row[:, 1], 0.6 * level * numbers.lognormal(0.0, 0.3, count)))
    stray = numbers.random((int(numbers.integers(10, 60)), 2)) * side_px
    faint = 0.3 * level * numbers.lognormal(0.0, 0.8, len(stray))
    parts.append((stray[:, 0], stray[:, 1], faint))
    x, y, amplitude = (np.concatenate(column) for column in zip(*parts, strict=True))
    add_points(canvas, x, y, amplitude, point_response(*cell_px, 4))
    return np.asarray(built)


def _slab(
    numbers: np.random.Generator,
    side_px: int,
    angle: float,
    long: tuple[float, float],
    deep: tuple[float, float],
) -> list[tuple[float, float]]:
    """Give the corners of a rectangle along `angle` or square to it, sized by the side."""
    half_l, half_d = between(numbers, *long) * side_px / 2, between(numbers, *deep) * side_px / 2
    turn = angle + (pi / 2 if numbers.random() < 0.4 else 0.0)
    corners = np.array([[-half_l, -half_d], [half_l, -half_d], [half_l, half_d], [-half_l, half_d]])
    center = numbers.random(2) * side_px
    return [(x, y) for x, y in (turned(corners, turn) + center).tolist()]


def step_along(angle: float, pitch_px: float) -> tuple[float, float]:
    """Give the step from one parking stand to the next along a row.

    >>> step_along(0.0, 80.0)
    (80.0, 0.0)
    """
    return pitch_px * cos(angle), pitch_px * sin(angle)
