"""IoU and one-to-one matching: by hand, and against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from sarchat_build.scoring.matching import clipped, hull, iou, iou_table, match, turned

IOUS = st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.6, 0.9])
TABLES = st.integers(0, 6).flatmap(
    lambda rows: st.integers(0, 6).flatmap(
        lambda columns: st.lists(
            st.lists(IOUS, min_size=columns, max_size=columns),
            min_size=rows,
            max_size=rows,
        )
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),
        ((0, 0, 10, 10), (0, 0, 10, 5), 0.5),
        ((0, 0, 10, 10), (5, 5, 15, 15), 25 / 175),
        ((0, 0, 1, 1), (0, 0, 2, 2), 0.25),
    ],
)
def test_iou_by_hand(a: tuple[float, ...], b: tuple[float, ...], expected: float) -> None:
    assert iou(a, b) == expected  # type: ignore[arg-type]
    assert iou(b, a) == expected  # type: ignore[arg-type]


@given(TABLES)
def test_as_many_are_matched_as_scipy_matches(table: list[list[float]]) -> None:
    pairs = match(table, 0.5)
    for pair in pairs:
        assert table[pair.predicted][pair.true] == pair.iou >= 0.5
    assert (
        len({pair.predicted for pair in pairs}) == len({pair.true for pair in pairs}) == len(pairs)
    )
    if table and table[0]:
        allowed = (np.array(table) >= 0.5).astype(float)
        rows, columns = linear_sum_assignment(allowed, maximize=True)
        assert len(pairs) == allowed[rows, columns].sum()
    else:
        assert not pairs


@given(TABLES, st.randoms())
def test_the_order_of_boxes_does_not_matter(table: list[list[float]], order: object) -> None:
    shuffled = list(table)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert len(match(shuffled, 0.5)) == len(match(table, 0.5))


def test_hundreds_of_boxes_are_matched_soon() -> None:
    boxes = [(float(i), 0.0, float(i + 40), 40.0) for i in range(300)]
    assert len(match(iou_table(boxes, boxes), 0.75)) == 300


def test_first_fit_would_lose_one() -> None:
    """The first prediction fits both, the second only the first: both are matched."""
    assert len(match([[0.9, 0.6], [0.8, 0.0]], 0.5)) == 2


def test_ten_copies_of_a_box_are_one_hit() -> None:
    assert len(match([[1.0]] * 10, 0.5)) == 1


def test_hulls_and_clips() -> None:
    assert hull((1, 5, 4, 2, 3, 3)) == (1, 2, 4, 5)
    around = hull(turned((0, 0, 10, 10), 45))
    assert around == pytest.approx((-2.0711, -2.0711, 12.0711, 12.0711), abs=1e-3)
    assert clipped((5, 5, 5, 9), 10, 10) is None
    assert clipped((20, 5, 30, 9), 10, 10) is None
