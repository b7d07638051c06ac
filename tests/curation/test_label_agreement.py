"""Whether two copies of a picture are annotated alike: each object has a partner of its own."""

from __future__ import annotations

import pytest
from fact_strategies import scene

from sarchat_build.curation.label_agreement import boxes_agree, pack_objects
from sarchat_build.types import Box

ONE, OTHER = Box(0, 0, 100, 100), Box(200, 200, 300, 300)


def agree(first: list[Box], second: list[Box]) -> bool:
    one, other = (pack_objects(scene(400, 400, boxes)) for boxes in (first, second))
    assert boxes_agree(one, other) == boxes_agree(other, one)
    return boxes_agree(one, other)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([ONE, OTHER], [OTHER, ONE], True),
        ([ONE], [Box(0, 0, 100, 60)], True),  # 0.6 of what both cover is common
        ([ONE], [Box(0, 0, 100, 40)], False),
        ([ONE], [OTHER], False),
        ([ONE], [], False),
        ([ONE, OTHER], [ONE], False),
        # One object is no partner of two.
        ([ONE, Box(0, 0, 100, 90)], [Box(0, 0, 100, 95), OTHER], False),
        ([ONE, Box(0, 0, 100, 90)], [Box(0, 0, 100, 98), Box(0, 0, 100, 88)], True),
    ],
)
def test_boxes_agree_where_half_of_what_they_cover_is_common(
    first: list[Box], second: list[Box], expected: bool
) -> None:
    assert agree(first, second) is expected


def test_a_copy_of_another_size_has_the_same_boxes() -> None:
    large = pack_objects(scene(400, 400, [ONE]))
    small = pack_objects(scene(200, 200, [Box(0, 0, 50, 50)]))
    moved = pack_objects(scene(200, 200, [Box(0, 0, 52, 49)]))
    assert large == small
    assert boxes_agree(large, moved)
