"""Frames of boxes: what a model's processor makes of a picture's sides."""

from __future__ import annotations

import pytest

from sarchat_build.errors import ConfigurationError
from sarchat_build.exports.box_text import FORMS, PLACEHOLDERS, form_of
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


@pytest.mark.parametrize("name", [*FORMS, *PLACEHOLDERS, "qwen2.5-vl,max_pixels=100352"])
def test_every_form_of_an_export_names_its_frame(name: str) -> None:
    """What the export prints and what its `--boxes` takes: both are taken here, and mean one."""
    printed = PLACEHOLDERS.get(name) or form_of(name).frame
    assert Frame.parse(name) == Frame.parse(printed)
    assert Frame.parse(name).name == printed
    if printed.startswith("input:"):
        assert form_of(printed).frame == printed  # our own text in these pixels


@pytest.mark.parametrize("name", ["qwen2_5_vl", "qwen2.5-vl", "qwen2_vl", "qwen3_vl", "qwen3-vl"])
def test_models_are_known_by_both_spellings(name: str) -> None:
    """Exports and scores resize alike."""
    frame, form = Frame.parse(f"input:{name}"), form_of(f"input:{name}")
    for size in ((512, 512), (1000, 600), (28, 30)):
        x2, y2 = frame.input_size(*size)
        whole = "".join(f"<{side:.0f}>" for side in (0, 0, x2, y2))
        assert form.write((0, 0, *size), size).text == f"{{{whole}}}"


def test_limits_below_the_models_own_are_said_to_be() -> None:
    with pytest.raises(ConfigurationError, match="max_pixels is 100 and min_pixels 3,136"):
        Frame.parse("qwen2.5-vl,max_pixels=100")
    with pytest.raises(ValueError, match="max_pixels is 100 and min_pixels 3,136"):
        form_of("input:qwen2_5_vl,max_pixels=100")
