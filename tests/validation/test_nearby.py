"""The proof's nearest object is that of comparing with all, and few are looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import crowd_layouts
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sarchat_build.types import Box
from sarchat_build.validation.pictures import geometry, scenes
from sarchat_build.validation.pictures.geometry import Neighborhood

halves = st.integers(0, 120).map(lambda value: value / 2)
some_boxes = st.lists(
    st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), halves, halves, halves, halves),
    min_size=1,
    max_size=12,
)


def apart(box: Box, other: Box, by_edge: bool) -> float:
    """The distance of two boxes, of their edges or of their middles."""
    if not by_edge:
        return math.dist(box.center_px, other.center_px)
    across = max(other[0] - box[2], box[0] - other[2], 0)
    return math.hypot(across, max(other[1] - box[3], box[1] - other[3], 0))


def agrees(boxes: Sequence[Box], margin_px: float, by_edge: bool) -> None:
    known = Neighborhood(boxes)
    for place, box in enumerate(boxes):
        away = sorted((apart(box, b, by_edge), i) for i, b in enumerate(boxes) if i != place)
        found, px, lead = known.nearest(box, margin_px, by_edge=by_edge, but=place)
        expected_lead = away[1][0] - away[0][0] if len(away) > 1 else math.inf
        if not away:
            assert (found, px, lead) == (-1, math.inf, math.inf)
        elif expected_lead > margin_px + 1e-9:
            assert (found, px) == (away[0][1], pytest.approx(away[0][0]))
            assert lead >= margin_px
            assert math.isinf(lead) == math.isinf(expected_lead)
        elif expected_lead < margin_px - 1e-9:
            assert lead < margin_px


@given(some_boxes, st.sampled_from([4.0, 0.5]), st.booleans())
@settings(deadline=None, max_examples=200)
def test_nearest_is_that_of_all(boxes: list[Box], margin_px: float, by_edge: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geometry, "_FIRST_LOOK", 1)
        agrees(boxes, margin_px, by_edge)


@pytest.mark.quality(row=66)
@pytest.mark.parametrize("by_edge", [False, True])
@pytest.mark.parametrize("layout", crowd_layouts.LAYOUTS)
def test_few_of_a_crowd_are_looked_at(
    layout: Callable[[int], list[Box]], by_edge: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = [0]
    real = geometry._lengths

    def counted(offsets: geometry.Numbers) -> geometry.Numbers:
        looked_at[0] += len(offsets)
        return real(offsets)

    monkeypatch.setattr(geometry, "_lengths", counted)
    boxes = layout(4000)
    known = Neighborhood(boxes)
    agrees(boxes[:200], 4.0, by_edge)
    looked_at[0] = 0
    for place in range(0, 4000, 20):
        known.nearest(boxes[place], 4.0, by_edge=by_edge, but=place)
    assert looked_at[0] < 200 * 4000 / 5


@pytest.mark.quality(row=66)
def test_a_chip_is_about_what_it_lists_and_what_reaches_into_it() -> None:
    boxes = {f"s/1#{n}": box for n, box in enumerate(crowd_layouts.under_a_giant(500))}
    shown = {one: scenes.Shown(tuple(box), False, False, ("ship",)) for one, box in boxes.items()}
    log: Any = None
    everything = scenes.Chip((0, 0, 10**5, 10**5), shown, frozenset(), (), log)
    listed = {one: shown[one] for one in ("s/1#499", "s/1#7")}
    chip = scenes.Chip((0, 0, 100, 100), listed, frozenset(), (), log)
    about = [one for one, _ in scenes._Whole([everything, chip]).of(chip)]
    reaching = [one for one in boxes if scenes._visible(tuple(boxes[one]), chip.window)[0]]
    assert about == [one for one in boxes if one in {*reaching, *listed}]
    assert len(reaching) < 30
