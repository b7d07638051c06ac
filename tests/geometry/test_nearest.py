"""The nearest of many boxes is that of comparing all with all, at a fraction of the comparisons."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import crowd_layouts
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sarchat_build.geometry import crowds as module
from sarchat_build.geometry import nearest as searches
from sarchat_build.geometry.boxes import gap_px
from sarchat_build.geometry.nearest import center_box, nearest
from sarchat_build.types import Box

quality = pytest.mark.quality


def by_all_pairs(box: Box, others: Sequence[Box], own: int) -> tuple[int, float, float]:
    """Index, gap and lead by comparing with every other box."""
    gaps = sorted((gap_px(box, other), i) for i, other in enumerate(others) if i != own)
    least, index = gaps[0] if gaps else (math.inf, -1)
    return index, least, (gaps[1][0] if len(gaps) > 1 else math.inf) - (least if gaps else 0)


def agrees(boxes: Sequence[Box], others: Sequence[Box], margin_px: float, own: list[int]) -> None:
    found = nearest(boxes, others, margin_px, own)
    for n, box in enumerate(boxes):
        index, gap, lead = by_all_pairs(box, others, own[n] if own else -1)
        if (lead >= margin_px) or margin_px <= 0:
            assert (found.place[n], found.gap_px[n]) == (index, gap)
            assert found.lead_px[n] >= margin_px
            assert math.isinf(found.lead_px[n]) == math.isinf(lead)
        else:
            assert found.lead_px[n] < margin_px


halves = st.integers(0, 120).map(lambda value: value / 2)
sides = st.integers(0, 200).map(lambda value: value / 2)
some_boxes = st.lists(
    st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), halves, halves, sides, sides),
    max_size=12,
)


@given(some_boxes, some_boxes, st.sampled_from([4.0, 0.5, 1e-9, -1e-6]), st.booleans())
@settings(deadline=None, max_examples=300)
def test_nearest_is_that_of_all_pairs(
    boxes: list[Box], others: list[Box], margin_px: float, same: bool
) -> None:
    own = list(range(len(boxes))) * same
    agrees(boxes, boxes if same else others, margin_px, own)
    # As a crowd, and in small blocks, so that a dozen boxes are several.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searches, "_MAX_PAIRS", 0)
        patch.setattr(module, "_BLOCK", 3)
        agrees(boxes, boxes if same else others, margin_px, own)


@pytest.mark.parametrize("layout", crowd_layouts.LAYOUTS)
@pytest.mark.parametrize("as_box", [center_box, lambda box: box])
def test_nearest_of_a_crowd_is_that_of_all_pairs(
    layout: Callable[[int], list[Box]], as_box: Callable[[Box], Box]
) -> None:
    boxes = [as_box(box) for box in layout(300)]
    agrees(boxes, boxes, 4.0, list(range(300)))


@quality(row=66)
@pytest.mark.parametrize("layout", crowd_layouts.LAYOUTS)
@pytest.mark.parametrize("as_box", [center_box, lambda box: box])
def test_comparisons_grow_with_the_boxes_and_not_with_their_pairs(
    layout: Callable[[int], list[Box]],
    as_box: Callable[[Box], Box],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = [0]
    real = module._gaps

    def counted(some: module.Edges, others: module.Edges) -> module.Edges:
        compared[0] += len(some) * len(others)
        return real(some, others)

    monkeypatch.setattr(module, "_gaps", counted)

    def comparisons(n: int) -> int:
        compared[0] = 0
        boxes = [as_box(box) for box in layout(n)]
        nearest(boxes, boxes, 4.0, list(range(n)))
        return compared[0]

    assert comparisons(8000) < 2.5 * comparisons(4000) < 4000 * 4000
