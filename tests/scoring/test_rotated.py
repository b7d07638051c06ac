"""Turned boxes: their outlines as written, which way they turn, and their IoU."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sarchat_build.config.annotation_options import AngleParts
from sarchat_build.geometry.rotated import corners
from sarchat_build.scoring.answers import Expected
from sarchat_build.scoring.box_text import parse_boxes
from sarchat_build.scoring.evaluation.rotated import rotated_iou, rotated_ious
from sarchat_build.scoring.frames import Frame
from sarchat_build.scoring.matching import Match, Outline, Rectangle, hull, turned
from sarchat_build.types import Box

CLOCKWISE = AngleParts(unit="degrees", turn="clockwise", along="w")
CHIP = Box(0, 0, 100, 80)
BOXES = st.tuples(
    st.integers(-20, 90), st.integers(-20, 70), st.integers(4, 60), st.integers(4, 60)
).map(lambda b: (float(b[0]), float(b[1]), float(b[0] + b[2]), float(b[1] + b[3])))
DEGREES = st.integers(-359, 359)


@settings(max_examples=40)
@given(BOXES, DEGREES)
def test_a_box_turns_as_the_readers_of_sources_turn_it(box: Rectangle, degrees: int) -> None:
    """As `angle` of a manifest says "clockwise", by code that shares nothing with it."""
    x1, y1, x2, y2 = box
    size = ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)
    assert turned(box, degrees) == pytest.approx(corners((*size, degrees), CLOCKWISE), abs=1e-9)


@pytest.mark.parametrize("text", ["{{<20><35><80><45>|<{}>}}", "[[20, 35, 80, 45, {}]]"])
@pytest.mark.parametrize("degrees", [-90, -30, 0, 10, 45, 135])
def test_a_positive_angle_lowers_the_right_end(text: str, degrees: int) -> None:
    """By complex numbers: y grows downwards, so that turning from x to y is clockwise."""
    (outline,) = parse_boxes(text.format(degrees), 100, 100).outlines
    right_end = complex(outline[2] + outline[4], outline[3] + outline[5]) / 2
    assert right_end == pytest.approx(50 + 40j + 30 * cmath.exp(1j * math.radians(degrees)))


FORMS: list[tuple[str, str, list[float]]] = [
    ("{<10><20><30><40>}", "native", [10, 20, 30, 20, 30, 40, 10, 40]),
    ("{<40><45><60><55>|<90>}", "norm100", [54, 30, 54, 50, 46, 50, 46, 30]),
    ("[30, 10, 50, 30, 10, 50, 0, 20]", "native", [30, 10, 50, 30, 10, 50, 0, 20]),
    ("[[30, 10], [50, 30], [10, 50], [0, 20]]", "native", [30, 10, 50, 30, 10, 50, 0, 20]),
    ("<quad>(30,10),(50,30),(10,50),(0,20)</quad>", "native", [30, 10, 50, 30, 10, 50, 0, 20]),
    ('{"cx": 50, "cy": 40, "w": 8, "h": 4, "angle": "90"}', "native",
     [52, 36, 52, 44, 48, 44, 48, 36]),
    ('{"bbox": {"x": 46, "y": 38, "width": 8, "height": 4, "rotation": 90}}', "native",
     [52, 36, 52, 44, 48, 44, 48, 36]),
    ('{"bbox": [46, 38, 54, 42], "theta": 90}', "native", [52, 36, 52, 44, 48, 44, 48, 36]),
    ("[-5, 20, 30, 90]", "native", [0, 20, 30, 20, 30, 80, 0, 80]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "frame", "outline"), FORMS)
def test_outlines_are_as_written(text: str, frame: str, outline: list[float]) -> None:
    found = parse_boxes(text, 100, 80, Frame.parse(frame))
    assert [list(own) for own in found.outlines] == [pytest.approx(outline)]
    x1, y1, x2, y2 = hull(outline)
    assert found.boxes == (pytest.approx((max(x1, 0), y1, x2, y2)),)


@pytest.mark.parametrize(
    "text",
    [
        "[10, 10, 40, 13, 50, 20, 60, 50]",
        "[[10, 10], [40, 13], [50, 20], [60, 50]]",
        "(10,10),(40,13),(50,20),(60,50)",
        "<|box_start|>(10,10),(40,13),(50,20),(60,50)<|box_end|>",
    ],
)
def test_two_boxes_down_a_diagonal_are_no_quad(text: str) -> None:
    """Their corners go round a convex outline, too, but all the same way."""
    assert parse_boxes(text, 100, 80).boxes == ((10, 10, 40, 13), (50, 20, 60, 50))


def counted_iou(a: Outline, b: Outline) -> float:
    """By points of a fine grid that lie to the right of each side; for what is within the chip."""
    xs, ys = (v.ravel() for v in np.meshgrid(np.arange(0.05, 100, 0.1), np.arange(0.05, 80, 0.1)))

    def inside(outline: Outline) -> np.ndarray:
        held = np.ones(len(xs), bool)
        points = list(zip(outline[0::2], outline[1::2], strict=True))
        for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
            held &= (x2 - x1) * (ys - y1) - (y2 - y1) * (xs - x1) >= 0
        return held

    first, second = inside(a), inside(b)
    return float((first & second).sum() / (first | second).sum())


PAIRS: list[tuple[Rectangle, float, Rectangle, float]] = [
    ((20, 20, 60, 40), 0, (20, 20, 60, 40), 0),
    ((20, 20, 60, 40), 30, (24, 22, 60, 40), -20),
    ((40, 20, 52, 60), 75, (20, 30, 70, 50), 10),
    ((20, 20, 60, 40), 45, (20, 20, 60, 40), -45),
]


@pytest.mark.parametrize(("a", "by_a", "b", "by_b"), PAIRS)
def test_rotated_iou_is_that_of_counted_points(
    a: Rectangle, by_a: float, b: Rectangle, by_b: float
) -> None:
    one, other = turned(a, by_a), turned(b, by_b)
    assert rotated_iou(one, other, CHIP) == pytest.approx(counted_iou(one, other), abs=0.01)


def test_rotated_iou_by_hand() -> None:
    """Two squares, one turned by an eighth: they share an octagon, and their IoU is 1 / √2."""
    square = (30.0, 30.0, 50.0, 50.0)
    assert rotated_iou(turned(square), turned(square, 45), CHIP) == pytest.approx(1 / math.sqrt(2))
    assert rotated_iou(turned(square), turned((60.0, 60.0, 70.0, 70.0)), CHIP) == 0.0
    assert rotated_iou(turned(square), turned((200.0, 60.0, 210.0, 70.0)), CHIP) == 0.0


@settings(max_examples=40)
@given(BOXES, DEGREES, BOXES, DEGREES)
def test_rotated_iou_is_a_share_and_the_same_both_ways(
    a: Rectangle, by_a: int, b: Rectangle, by_b: int
) -> None:
    one, other = turned(a, by_a), turned(b, by_b)
    found = rotated_iou(one, other, CHIP)
    assert 0.0 <= found <= 1.0 + 1e-9
    assert rotated_iou(other, one, CHIP) == pytest.approx(found, abs=1e-9)


def test_both_are_cut_to_the_chip_as_the_truth_is() -> None:
    """A ship half outside: its chip holds the half, and a model may write the whole."""
    whole = turned((80.0, 30.0, 120.0, 40.0))
    assert rotated_iou(whole, turned((80.0, 30.0, 100.0, 40.0)), CHIP) == pytest.approx(1.0)


def test_pairs_without_a_rotated_truth_have_none() -> None:
    upright = turned((10.0, 10.0, 20.0, 20.0))
    of = Expected("referring", "multi", 100, 80, None, frozenset(), outlines=((), upright))
    assert rotated_ious([upright], of, [Match(0, 0, 1.0), Match(0, 1, 1.0)]) == [None, 1.0]
    nothing = Expected("referring", "multi", 100, 80, None, frozenset())
    assert rotated_ious([upright], nothing, [Match(0, 0, 1.0)]) == [None]
