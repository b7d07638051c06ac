"""Frames of boxes: what a model's processor makes of a picture's sides."""

from __future__ import annotations

import pytest

from sarchat_build.errors import ConfigurationError
from sarchat_build.scoring.frames import Frame

# By hand, from the processor's own rule: both sides are multiples of 28 px, their product bounded.
LIMITS = "input:qwen2_vl,min_pixels=3136,max_pixels=1003520"


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ((512, 512), (504, 504)),  # 18.3 patches
        ((3000, 2000), (1204, 812)),  # 2.445 times too long: 43.8 and 29.2 patches
        ((20, 10), (84, 56)),  # 3.96 times too short: 2.8 and 1.4 patches
        ((10_000, 30), (9996, 28)),  # 357.1 and 1.1 patches
    ],
)
def test_a_picture_is_resized_as_the_model_does(
    sides: tuple[int, int], expected: tuple[int, int]
) -> None:
    frame = Frame.parse(LIMITS)
    assert frame.input_size(*sides) == expected
    across, down = frame.scale(*sides)
    assert (across * expected[0], down * expected[1]) == pytest.approx(sides)


@pytest.mark.parametrize(
    "name",
    [
        "input:qwen2_vl,min_pixels=9,max_pixels=8",
        "input:qwen2_vl,min_pixels=0",
        "input:qwen2_vl,colors=3",
    ],
)
def test_limits_that_no_processor_has_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="--boxes"):
        Frame.parse(name)
