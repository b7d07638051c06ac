"""Boxes, chips, words and choices: what must hold for every input."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from fact_strategies import inside, scenes, sides
from hypothesis import given, settings
from hypothesis import strategies as st

from sarchat_build.chips.tiling import cut_chips, window_starts
from sarchat_build.config.manifest import Tiling
from sarchat_build.dialogues.attributes import CELLS, cell
from sarchat_build.dialogues.relations import relation
from sarchat_build.errors import RecordError
from sarchat_build.geometry.boxes import repair
from sarchat_build.stable_hash import choose, stable_hash
from sarchat_build.types import Box, SourceImage, Window

quality = pytest.mark.quality

settings.register_profile("quick", deadline=None, max_examples=100)
settings.load_profile("quick")

coordinates = st.one_of(
    st.integers(min_value=-5000, max_value=9000),
    st.floats(min_value=-5000, max_value=9000).map(lambda value: round(value, 3)),
)


@st.composite
def tilings(draw: st.DrawFn) -> Tiling:
    chip = draw(st.integers(min_value=32, max_value=1024))
    return Tiling(chip_px=chip, overlap_px=draw(st.integers(min_value=0, max_value=chip - 1)))


@quality(row=29)
@given(st.tuples(*[coordinates] * 4), sides, sides)
def test_repaired_box_is_inside_has_area_and_stays(
    corners: tuple[float, ...], width_px: int, height_px: int
) -> None:
    try:
        box, _ = repair(corners, width_px, height_px)
    except RecordError as error:
        assert error.reason in ("degenerate", "outside")
        return
    assert inside(box, width_px, height_px)
    assert box.area_px2 > 0
    assert repair(box, width_px, height_px) == (box, ())


@given(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 4), sides, sides)
def test_repair_takes_any_numbers(
    corners: tuple[float, ...], width_px: int, height_px: int
) -> None:
    try:
        box, _ = repair(corners, width_px, height_px)
    except RecordError as error:
        wild = not all(map(math.isfinite, corners))
        assert (error.reason == "non_finite") == wild
        return
    assert inside(box, width_px, height_px)


@given(st.integers(min_value=1, max_value=6000), tilings())
def test_windows_cover_the_side(length_px: int, tiling: Tiling) -> None:
    starts = window_starts(length_px, tiling)
    assert starts[0] == 0
    assert all(0 < b - a <= tiling.chip_px - tiling.overlap_px for a, b in pairwise(starts))
    # Each window begins inside the one before it or right at its end, so no pixel is missed.
    assert starts[-1] + tiling.chip_px >= length_px
    if length_px > tiling.chip_px:
        assert starts[-1] + tiling.chip_px == length_px
    else:
        assert starts == (0,)


@pytest.mark.parametrize(
    ("length_px", "windows"), [(800, 2), (1000, 3), (1200, 4), (1500, 5), (2048, 6), (3000, 9)]
)
def test_published_windows_per_axis(length_px: int, windows: int) -> None:
    assert len(window_starts(length_px, Tiling())) == windows


@given(scenes(overlap_px=Tiling().overlap_px))
def test_small_box_is_whole_in_some_chip(image: SourceImage) -> None:
    cut = cut_chips(image, Tiling())
    assert cut.rejects == ()
    whole = set()
    for chip in cut.chips:
        window = chip.window or Window(0, 0, chip.width_px, chip.height_px)
        for found in chip.instances:
            assert inside(found.bbox, chip.width_px, chip.height_px)
            dx, dy = window.x0_px, window.y0_px
            x0, y0, x1, y1 = found.bbox
            if not found.truncated:
                whole.add((found.instance_id, (x0 + dx, y0 + dy, x1 + dx, y1 + dy)))
    assert whole == {(i.instance_id, tuple(i.bbox)) for i in image.instances}


@quality(row=30)
@given(scenes(overlap_px=300), tilings())
def test_every_object_is_in_a_chip_or_among_the_rejects(image: SourceImage, tiling: Tiling) -> None:
    cut = cut_chips(image, tiling)
    shown = {i.instance_id for chip in cut.chips for i in chip.instances}
    lost = {r.key for r in cut.rejects if r.instances}
    assert shown | lost == {i.instance_id for i in image.instances}
    assert not shown & lost
    assert sum(r.images for r in cut.rejects) == (0 if cut.chips else 1)
    for chip in cut.chips:
        listed = {i.instance_id for i in chip.instances}
        assert listed
        # An object that the window shows too little of is named by its category instead.
        x0, y0, x1, y1 = chip.window or (0, 0, chip.width_px, chip.height_px)
        seen = {
            i.instance_id
            for i in image.instances
            if i.bbox.x_min_px < x1
            and i.bbox.x_max_px > x0
            and i.bbox.y_min_px < y1
            and i.bbox.y_max_px > y0
        }
        assert bool(seen - listed) == bool(chip.cut_categories)


@st.composite
def boxes_in_pictures(draw: st.DrawFn) -> tuple[Box, int, int]:
    width, height = draw(sides), draw(sides)
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    x1, y1 = draw(st.integers(x + 1, width)), draw(st.integers(y + 1, height))
    return Box(x, y, x1, y1), width, height


@given(boxes_in_pictures(), st.integers(2, 5))
def test_cell_agrees_with_mirror_and_scale(place: tuple[Box, int, int], times: int) -> None:
    box, width, height = place
    row, column = cell(box, width, height).split()
    assert f"{row} {column}" in CELLS
    scaled = Box(*(value * times for value in box))
    assert cell(scaled, width * times, height * times) == f"{row} {column}"
    # Transposing the picture exchanges rows and columns.
    turned = Box(box.y_min_px, box.x_min_px, box.y_max_px, box.x_max_px)
    names = {"left": "top", "center": "middle", "right": "bottom"}
    back = {new: old for old, new in names.items()}
    assert cell(turned, height, width) == f"{names[column]} {back[row]}"
    # Mirroring exchanges left and right, unless the center lies on a line.
    x, _ = box.center_px
    if 3 * x not in (width, 2 * width):
        mirrored = box._replace(x_min_px=width - box.x_max_px, x_max_px=width - box.x_min_px)
        swap = {"left": "right", "right": "left", "center": "center"}
        assert cell(mirrored, width, height) == f"{row} {swap[column]}"


points = st.tuples(st.integers(0, 2000), st.integers(0, 2000))


@given(points, points)
def test_relation_seen_from_the_other_side(
    first: tuple[float, float], second: tuple[float, float]
) -> None:
    there, back = relation(first, second, 900, 700), relation(second, first, 900, 700)
    assert (there.proximity, there.distance_px) == (back.proximity, back.distance_px)
    opposite = {"left": "right", "above": "below", "upper": "lower"}
    opposite |= {new: old for old, new in opposite.items()} | {"same": "same"}
    expected = [opposite[word] for word in there.direction.split("_")]
    assert back.direction == "_".join(expected)


@given(st.integers(1, 10_000), st.lists(st.one_of(st.text(), st.integers()), max_size=4))
def test_stable_hash_and_choice_are_in_range(count: int, parts: list[str | int]) -> None:
    assert 0 <= stable_hash(*parts) < 1 << 64
    assert stable_hash(*parts) == stable_hash(*parts)
    assert 0 <= choose(count, *parts) < count


def test_choices_are_spread() -> None:
    picks = [choose(8, f"ssdd/{i:06d}", "question") for i in range(8000)]
    assert all(850 < picks.count(place) < 1150 for place in range(8))
