"""What a chip shows of rotated boxes and outlines: exact, inside, and never more than there was."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from fact_strategies import scene
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_rules import points

from sarchat_build.chips.tiling import cut_chips
from sarchat_build.config.manifest import Tiling
from sarchat_build.geometry.clipping import clip_oriented_box, clip_outline, visible_area_px2
from sarchat_build.geometry.quads import bounds, clockwise
from sarchat_build.types import Box, SourceImage

settings.register_profile("quick", deadline=None, max_examples=60)
settings.load_profile("quick")

FRAME = Box(0, 0, 100, 80)
NEAR_PX = 1e-6


def rectangle(cx: float, cy: float, w: float, h: float, turn: float) -> tuple[float, ...]:
    ax, ay, bx, by = (math.cos(turn) * w / 2, math.sin(turn) * w / 2,
                      -math.sin(turn) * h / 2, math.cos(turn) * h / 2)  # fmt: skip
    return tuple(
        value
        for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        for value in (cx + s * ax + t * bx, cy + s * ay + t * by)
    )


rectangles = st.builds(
    rectangle, st.floats(-30, 130), st.floats(-30, 110), st.floats(2, 150), st.floats(2, 60),
    st.floats(0, 2 * math.pi),
)  # fmt: skip


def area_px2(ring: tuple[float, ...]) -> float:
    """By the shoelace formula: nothing in common with the code under test."""
    corners = points(ring)
    return sum(
        ax * by - bx * ay
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True)
    ) / 2  # fmt: skip


def half_planes(ring: tuple[float, ...]) -> tuple[float, ...]:
    """Cut a convex ring to the frame by one side after the other (Sutherland and Hodgman)."""
    corners = list(points(ring))
    for axis, sign, limit in ((0, 1, 0), (0, -1, -100), (1, 1, 0), (1, -1, -80)):
        kept = []
        for before, after in zip(corners[-1:] + corners[:-1], corners, strict=True):
            here, there = sign * before[axis] - limit, sign * after[axis] - limit
            if (here < 0) != (there < 0):
                share = here / (here - there)
                kept.append(tuple(b + (a - b) * share for b, a in zip(before, after, strict=True)))
            if there >= 0:
                kept.append(after)
        corners = kept
    return tuple(value for corner in corners for value in corner)


@given(rectangles)
def test_outline_is_cut_exactly(outline: tuple[float, ...]) -> None:
    found, expected = clip_outline(outline, FRAME), half_planes(outline)
    if area_px2(expected) < NEAR_PX:
        assert not found or area_px2(found) < 2 * NEAR_PX
        return
    assert area_px2(found) == pytest.approx(area_px2(expected))
    assert visible_area_px2(outline, FRAME) == pytest.approx(area_px2(expected))
    x0, y0, x1, y1 = bounds(found)
    assert 0 <= x0 < x1 <= 100
    assert 0 <= y0 < y1 <= 80
    for x, y in points(found):
        assert min(math.hypot(x - u, y - v) for u, v in points(expected)) < NEAR_PX


@given(rectangles)
def test_rotated_box_keeps_its_heading_and_holds_what_is_visible(box: tuple[float, ...]) -> None:
    seen = half_planes(box)
    if area_px2(seen) < NEAR_PX:
        return
    found = clip_oriented_box(box, FRAME)
    x0, y0, x1, y1 = box[:4]
    length_px = math.hypot(x1 - x0, y1 - y0)
    ux, uy = (x1 - x0) / length_px, (y1 - y0) / length_px

    def along_and_across(ring: tuple[float, ...]) -> tuple[float, ...]:
        return bounds([v for x, y in points(ring) for v in (x * ux + y * uy, y * ux - x * uy)])

    # The same extent as what is visible, along the box's own sides; and so no more than the box's.
    assert along_and_across(found) == pytest.approx(along_and_across(seen), abs=NEAR_PX)
    a0, b0, a1, b1 = along_and_across(found)
    assert area_px2(found) == pytest.approx((a1 - a0) * (b1 - b0), abs=1e-4)
    assert clockwise(found) == (found, False)
    first = [box[i] * ux + box[i + 1] * uy for i in (0, 2)]
    kept = [found[i] * ux + found[i + 1] * uy for i in (0, 2)]
    assert (first[0] < first[1]) == (kept[0] < kept[1])  # the first corner is still the first


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=16))
def test_any_numbers_are_cut(numbers: list[float]) -> None:
    outline = numbers[: len(numbers) // 2 * 2]
    found = clip_outline(outline, FRAME)
    assert all(0 <= x <= 100 and 0 <= y <= 80 for x, y in points(found))
    assert 0 <= visible_area_px2(outline, FRAME) <= 8000 + NEAR_PX
    assert all(map(math.isfinite, clip_oriented_box(outline[:8], FRAME)))


def test_outline_in_parts_or_outside_is_none() -> None:
    notched = (-10, 0, 50, 0, -5, 20, 50, 40, -10, 40)
    assert clip_outline(notched, FRAME) == ()
    assert clip_outline((200, 0, 300, 0, 300, 50), FRAME) == ()
    assert clip_oriented_box((200, 0, 300, 0, 300, 50, 200, 50), FRAME) == ()
    # A crossed outline is what it goes round: two triangles here, one of them visible.
    assert clip_outline((20, 20, 120, 60, 120, 20, 20, 60), FRAME) == ()
    assert area_px2(clip_outline((-60, 20, 60, 60, 60, 20, -60, 60), FRAME)) == 1200


# A ship across the corner of a window: its upright box is mostly shown, the ship itself is not.
SHIP_PX = (300.0, 470.0, 470.0, 300.0, 500.0, 330.0, 330.0, 500.0)
TILES: dict[str, Any] = {"chip_px": 400, "overlap_px": 100}


def one_object(
    obb_px: tuple[float, ...],
    polygon_px: tuple[float, ...],
    bbox: Box = Box(300, 300, 500, 500),  # noqa: B008
    side_px: int = 800,
) -> SourceImage:
    image = scene(side_px, side_px, [bbox])
    found = replace(image.instances[0], obb_px=obb_px, polygon_px=polygon_px)
    return replace(image, instances=(found,))


def test_chip_cuts_rotated_box_and_outline_with_the_box() -> None:
    tiling = Tiling(**TILES, min_visible=0.2)
    chips = {c.image_id: c for c in cut_chips(one_object(SHIP_PX, SHIP_PX), tiling).chips}
    cut = chips["s/1@0,0"].instances[0]
    assert cut.bbox == Box(300, 300, 400, 400)
    assert cut.truncated
    assert cut.polygon_px == (370.0, 400.0, 400.0, 370.0, 400.0, 400.0)
    assert bounds(cut.polygon_px)[2:] == (400, 400)
    # Sides at 45 degrees around that triangle, from the corner at which the ship's own begins.
    assert cut.obb_px == pytest.approx((370, 400, 400, 370, 415, 385, 385, 415))
    whole = chips["s/1@300,300"].instances[0]
    assert not whole.truncated
    shifted = tuple(value - 300 for value in SHIP_PX)
    assert whole.obb_px == whole.polygon_px == shifted


def test_image_without_tiling_keeps_corners_outside_of_it() -> None:
    leaving = (-20.0, 10.0, 60.0, 10.0, 60.0, 40.0, -20.0, 40.0)
    image = one_object(leaving, leaving, Box(0, 10, 60, 40), side_px=200)
    (chip,) = cut_chips(image, Tiling(**TILES)).chips
    assert chip.instances[0].obb_px == chip.instances[0].polygon_px == leaving


@pytest.mark.parametrize(
    ("visibility", "shown_up_to"),
    # The first window has a quarter of the upright box, and a triangle of 450 px² of the ship.
    {"bbox": 0.25, "obb": 450 / 10_200}.items(),
)
def test_visibility_is_measured_as_the_manifest_says(visibility: str, shown_up_to: float) -> None:
    image = one_object(SHIP_PX, ())
    for min_visible in (0.99 * shown_up_to, 1.01 * shown_up_to):
        tiling = Tiling(**TILES, visibility=visibility, min_visible=min_visible)
        chips = {chip.image_id for chip in cut_chips(image, tiling).chips}
        assert ("s/1@0,0" in chips) == (min_visible < shown_up_to)
        assert "s/1@300,300" in chips


def test_visibility_without_a_rotated_box_or_beyond_the_picture() -> None:
    tiling = Tiling(**TILES, visibility="obb", min_visible=0.24)
    plain = cut_chips(one_object((), (), Box(300, 300, 500, 500)), tiling)
    assert "s/1@0,0" in {chip.image_id for chip in plain.chips}
    # Half of this one lies outside of the picture: what the picture shows of it counts as all.
    leaving = (-50.0, 10.0, 50.0, 10.0, 50.0, 40.0, -50.0, 40.0)
    whole = cut_chips(
        one_object(leaving, (), Box(0, 10, 50, 40)), tiling.model_copy(update={"min_visible": 1.0})
    )
    (found,) = [i for chip in whole.chips for i in chip.instances]
    assert not found.truncated
    assert found.obb_px == (0, 10, 50, 10, 50, 40, 0, 40)
