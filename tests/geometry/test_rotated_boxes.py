"""Conventions of rotated boxes: stated, and corners in any order become one."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_rules import RULES, points

from sarchat_build.errors import RecordError
from sarchat_build.geometry.conventions import to_pixel_quad
from sarchat_build.geometry.quads import bounds, clockwise
from sarchat_build.geometry.rotated import ANGLES, corners, from_corners
from sarchat_build.types import AngleName

quality = pytest.mark.quality

settings.register_profile("quick", deadline=None, max_examples=60)
settings.load_profile("quick")


# Row 27: conventions of rotated boxes.
rectangles = st.tuples(
    st.floats(-50, 4000), st.floats(-50, 4000), st.floats(4, 900), st.floats(4, 900),
    st.floats(0, 2 * math.pi),
)  # fmt: skip


def rectangle(cx: float, cy: float, w: float, h: float, turn: float) -> list[complex]:
    """Corners by complex numbers: nothing in common with the code under test."""
    spin = complex(math.cos(turn), math.sin(turn))
    return [complex(cx, cy) + spin * complex(sx * w, sy * h) / 2
            for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]  # fmt: skip


def far_apart(a: list[complex], b: list[complex]) -> float:
    """Largest distance between two sets of corners, whichever comes first."""
    return max(min(abs(p - q) for q in b) for p in a)


@quality(row=27)
@pytest.mark.parametrize("name", ANGLES)
@given(numbers=rectangles)
def test_row_27_round_trip_of_each_convention(name: AngleName, numbers: tuple[float, ...]) -> None:
    truth = rectangle(*numbers)
    flat = [value for corner in truth for value in (corner.real, corner.imag)]
    stated = from_corners(flat, name)
    angle = ANGLES[name]
    assert angle.low - 1e-9 <= stated[4] <= angle.high + 1e-9
    assert not angle.long_edge_first or stated[2] >= stated[3]
    rounded = (*(round(value, 2) for value in stated[:4]), round(stated[4], 4))
    back = [complex(x, y) for x, y in points(corners(rounded, name))]
    assert far_apart(truth, back) < 0.5
    assert far_apart(back, truth) < 0.5


@quality(row=27)
@pytest.mark.parametrize(
    ("name", "box", "expected"),
    [
        # The same ship, 40 long and 10 wide, bow to the lower right by 30 degrees.
        ("opencv", (100, 80, 40, 10, 30), 30),
        ("opencv_before_4_5_1", (100, 80, 10, 40, -60), 30),
        ("le90", (100, 80, 40, 10, math.pi / 6), 30),
        ("le135", (100, 80, 40, 10, math.pi / 6), 30),
        ("long_edge", (100, 80, 40, 10, 30), 30),
        # And upright: where the conventions differ most.
        ("opencv", (100, 80, 40, 10, 90), 90),
        ("opencv_before_4_5_1", (100, 80, 40, 10, -90), 90),
        ("le90", (100, 80, 40, 10, -math.pi / 2), 90),
        ("le135", (100, 80, 40, 10, math.pi / 2), 90),
        ("long_edge", (100, 80, 40, 10, -90), 90),
    ],
)
def test_row_27_one_ship_in_every_convention(
    name: AngleName, box: tuple[float, ...], expected: float
) -> None:
    truth = rectangle(100, 80, 40, 10, math.radians(expected))
    found = [complex(x, y) for x, y in points(corners(box, name))]
    assert far_apart(truth, found) < 1e-9


@quality(row=27)
@pytest.mark.parametrize(
    ("name", "box", "message"),
    [
        ("opencv", (9, 9, 8, 4, -62.5), 'annotations.angle = "opencv", but an angle lies outside'),
        ("le90", (9, 9, 8, 4, 45), "outside -1.571 to 1.571"),
        ("long_edge", (9, 9, 4, 8, 45), "but a width is the shorter side"),
    ],
)
def test_row_27_numbers_of_another_convention_are_refused(
    name: AngleName, box: tuple[float, ...], message: str
) -> None:
    with pytest.raises(RecordError, match=re.escape(message)) as caught:
        corners(box, name)
    assert caught.value.reason == "contradicts_manifest"


# Row 26: corners in any order.
@quality(row=26)
@given(st.tuples(*[st.integers(0, 30)] * 8))
def test_row_26_quads_become_clockwise_or_are_refused(quad: tuple[int, ...]) -> None:
    try:
        found, mended = clockwise(quad)
    except RecordError as error:
        assert error.reason == "degenerate"
        x0, y0 = quad[:2]
        lines = [(x - x0, y - y0) for x, y in points(quad)]
        assert all(a * d == b * c for a, b in lines for c, d in lines)
        return
    corners_found = points(found)
    assert set(corners_found) <= set(points(quad))
    assert mended or set(corners_found) == set(points(quad))
    turns = [
        (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
        for a, b, c in zip(
            corners_found,
            corners_found[1:] + corners_found[:1],
            corners_found[2:] + corners_found[:2],
            strict=True,
        )
    ]
    assert all(turn >= 0 for turn in turns)
    assert any(turn > 0 for turn in turns)
    assert bounds(found) == bounds(quad) or mended
    assert bounds(found) == bounds(quad)  # the hull reaches as far as its corners


@quality(row=26)
@given(rectangles, st.integers(0, 3), st.booleans())
def test_row_26_rectangles_stay_what_they_are(
    numbers: tuple[float, ...], start: int, turned: bool
) -> None:
    ring = rectangle(*numbers)
    ring = ring[start:] + ring[:start]
    given_ring = [ring[0], *reversed(ring[1:])] if turned else ring
    flat = [value for corner in given_ring for value in (corner.real, corner.imag)]
    found, repairs = to_pixel_quad(flat, RULES["dota"].convention)
    assert repairs == ()
    assert points(found) == tuple((c.real, c.imag) for c in ring)
