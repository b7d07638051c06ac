"""Boxes as text: what each form says is read back by a parser of the test's own."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sarchat_build.exports.box_text import FORMS, OUR_BOX, form_of, in_form, rewrite, smart_resize
from sarchat_build.exports.export import BoxLoss

SIZE = (512, 256)
# What one unit of each frame is of the picture, so that a number can be brought to pixels.
UNITS = {"norm1": 1, "norm100": 100, "norm999": 999, "norm1000": 1000, "norm1024": 1024}


def read(form: str, text: str, size: tuple[int, int]) -> list[float]:
    """Read one box of a form by its numbers alone."""
    frame = FORMS[form].frame
    if frame == "patches32":
        low, high = (int(index) for index in re.findall(r"patch_index_(\d{4})", text))
        cells = [low % 32 + 0.5, low // 32 + 0.5, high % 32 + 0.5, high // 32 + 0.5]
        return [value / 32 * size[i % 2] for i, value in enumerate(cells)]
    numbers = [float(n) for n in re.findall(r"(?<![\d.])\d+(?:\.\d+)?", text.split("|<0>")[0])][-4:]
    if form in ("qwen2.5-vl", "qwen3-vl"):
        numbers = [float(n) for n in re.findall(r"\d+", text.split("[")[1].split("]")[0])]
    if frame == "native":
        return numbers
    if frame == "bins1000":
        return [(value + 0.5) / 1000 * size[i % 2] for i, value in enumerate(numbers)]
    units = smart_resize(size) if frame.startswith("input") else (UNITS[frame], UNITS[frame])
    return [value / units[i % 2] * size[i % 2] for i, value in enumerate(numbers)]


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=20)
@given(
    left=st.floats(0, 400),
    top=st.floats(0, 150),
    width=st.floats(33, 110),
    height=st.floats(17, 99),
)
def test_a_box_reads_back(name: str, left: float, top: float, width: float, height: float) -> None:
    box = (left, top, left + width, top + height)
    written = FORMS[name].write(box, SIZE, "ship")
    assert written.read_back == pytest.approx(read(name, written.text, SIZE))
    # Never further off than one unit of the coarsest axis.
    unit = {"patches32": 16, "norm100": 5.12}.get(FORMS[name].frame, 1.1)
    assert all(abs(a - b) <= unit for a, b in zip(box, written.read_back, strict=True))


KNOWN = {
    "native": "{<128><0><256><64>}",
    "minigpt-v2": "{<25><0><50><25>}",
    "geochat": "{<25><0><50><25>|<0>}",
    "shikra": "[0.250,0.000,0.500,0.250]",
    "qwen-vl": "<ref>ship</ref><box>(250,0),(500,250)</box>",
    "qwen2-vl": "<|object_ref_start|>ship<|object_ref_end|>"
    "<|box_start|>(250,0),(500,250)<|box_end|>",
    "qwen2.5-vl": '{"bbox_2d": [126, 0, 252, 63], "label": "ship"}',
    "qwen3-vl": '{"bbox_2d": [250, 0, 500, 250], "label": "ship"}',
    "internvl": "<ref>ship</ref><box>[[250, 0, 500, 250]]</box>",
    "deepseek-vl2": "<|ref|>ship<|/ref|><|det|>[[250, 0, 500, 250]]<|/det|>",
    "kosmos-2": "<phrase>ship</phrase>"
    "<object><patch_index_0008><patch_index_0239></object>",
    "florence-2": "ship<loc_250><loc_0><loc_500><loc_250>",
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_forms_are_those_of_the_models(name: str) -> None:
    assert FORMS[name].write((128, 0, 256, 64), SIZE, "ship").text == KNOWN[name]


@pytest.mark.parametrize("name", FORMS)
def test_no_form_tells_the_category_in_a_question(name: str) -> None:
    turns = [("user", "What is in {<9><9><90><90>}?"), ("assistant", "At {<9><9><90><90>}.")]
    asked, told = in_form(FORMS[name], turns, [("bridge", (9, 9, 90, 90))], SIZE)
    assert "bridge" not in asked[1]
    assert ("bridge" in told[1]) == ("$label" in FORMS[name].labeled)
    assert asked[1].startswith("What is in ")
    assert told[1].startswith("At ")


def test_exact_boxes_come_from_the_columns() -> None:
    """Two objects whose texts are equal are told apart by their order."""
    exact = [("ship", (0.6, 1, 9.4, 9)), ("ship", (1.4, 1, 8.6, 9)), ("ship", (100.5, 1, 120.4, 9))]
    seen: list[tuple[str, tuple[float, ...], str]] = []

    def note(role: str, box: tuple[float, ...], label: str) -> str:
        seen.append((role, box, label))
        return "*"

    turns = [("user", "{<1><1><9><9>}"), ("assistant", "{<1><1><9><9>}, {<101><1><120><9>}")]
    assert rewrite(turns, exact, note) == [("user", "*"), ("assistant", "*, *")]
    assert seen == [("user", *exact[0][::-1]), ("assistant", *exact[1][::-1]),
                    ("assistant", *exact[2][::-1])]  # fmt: skip
    # Native text is our own text, to the letter.
    assert in_form(FORMS["native"], turns, exact, SIZE) == turns


def test_a_box_of_nobody_is_its_own_numbers() -> None:
    turns = [("assistant", "{<0><0><256><64>}")]
    assert in_form(FORMS["internvl"], turns, [], SIZE) == [
        ("assistant", "<box>[[0, 0, 500, 250]]</box>")
    ]


@given(low=st.floats(0, 500), size=st.floats(0.3, 11))
def test_a_small_box_keeps_an_area(low: float, size: float) -> None:
    for name in ("norm100", "minigpt-v2", "geochat", "qwen3-vl", "shikra", "native"):
        text = FORMS[name].write((low, low, low + size, low + size), (512, 512)).text
        x0, y0, x1, y1 = read(name, text, (512, 512))
        assert 0 <= x0 < x1 <= 512
        assert 0 <= y0 < y1 <= 512


def test_resized_sizes_are_those_of_the_preprocessor() -> None:
    """By the rule of the model's processor, worked out by hand."""
    assert smart_resize((512, 512)) == (504, 504)
    assert smart_resize((1000, 600)) == (1008, 588)
    assert smart_resize((28, 30)) == (56, 84)
    assert smart_resize((512, 300), max_pixels=100_352) == (392, 224)
    assert form_of("qwen2.5-vl,min_pixels=3136,max_pixels=100352").write(
        (0, 0, 512, 300), (512, 300)
    ).text == '{"bbox_2d": [0, 0, 392, 224]}'  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["norm10", "internvl,max_pixels=9", "qwen2.5-vl,max_pixels=0", "input:0x9", "qwen2.5-vl,"],
)
def test_unknown_forms_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        form_of(name)


def test_the_loss_is_what_the_numbers_lose() -> None:
    loss = BoxLoss()
    loss.note((0, 0, 10, 10), (0, 0, 10, 10))
    loss.note((0, 0, 10, 10), (0, 0, 10, 5))
    loss.note((0, 0, 1, 1), (5, 5, 6, 6))
    assert (loss.boxes, loss.iou_sum, loss.iou_min) == (3, 1.5, 0.0)


def test_our_box_is_that_of_the_dialogues() -> None:
    from sarchat_build.geometry.boxes import Box, box_text

    assert OUR_BOX.fullmatch(box_text(Box(0, 1.5, 12.4, 300)))
