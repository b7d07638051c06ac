"""Every family of box text reads right, and text without a box gives none."""

from __future__ import annotations

import pytest
from box_cases import CASES

from sarchat_build.scoring.box_text import parse_boxes
from sarchat_build.scoring.frames import Frame

ALL = [(family, *case) for family, cases in CASES.items() for case in cases]


def close(found: list[list[float]], expected: list[list[float]]) -> bool:
    return len(found) == len(expected) and all(
        abs(a - b) <= 0.6
        for f, e in zip(found, expected, strict=True)
        for a, b in zip(f, e, strict=True)
    )


@pytest.mark.parametrize(("family", "text", "frame", "expected"), ALL)
def test_each_form_reads_right(
    family: str, text: str, frame: str, expected: list[list[float]]
) -> None:
    found = parse_boxes(text, 500, 400, Frame.parse(frame))
    assert close([list(box) for box in found.boxes], expected), found
