"""Chips of one scene: where two show the same, their pixels are compared, in bounded memory."""

from __future__ import annotations

import numpy as np
from PIL import Image

from sarchat_build.validation.findings import Finding, FindingLog
from sarchat_build.validation.pictures.image_row import RowLog
from sarchat_build.validation.pictures.pixels import Overlaps, Picture

CHIP, STRIDE, SIDE = 16, 10, 66


def scene() -> np.ndarray:
    """Give a picture whose pixels say where they lie."""
    return np.add.outer(np.arange(SIDE) * 7, np.arange(SIDE) * 3).astype(np.uint8)


def windows() -> list[tuple[int, int, int, int]]:
    starts = range(0, SIDE - CHIP + 1, STRIDE)
    return [(x, y, x + CHIP, y + CHIP) for y in starts for x in starts]


def picture(pixels: np.ndarray) -> Picture:
    shown = Image.fromarray(np.ascontiguousarray(pixels))
    return Picture(shown.width, shown.height, 1, shown, "", shown.mode, "PNG", False, "")


def compare(pictures: dict[tuple[int, int, int, int], np.ndarray]) -> tuple[Finding, ...]:
    log, overlaps = FindingLog(), Overlaps()
    for row, (window, pixels) in enumerate(pictures.items()):
        name = f"s@{window[0]},{window[1]}"
        overlaps.add("s", window, picture(pixels), RowLog(log, "images", row, name))
        kept = sum(one.pixels.nbytes for one in overlaps._kept)
        assert kept <= 2 * len(range(0, SIDE, STRIDE)) * CHIP * CHIP
    overlaps.report()
    return log.findings


def cut(whole: np.ndarray) -> dict[tuple[int, int, int, int], np.ndarray]:
    return {(x0, y0, x1, y1): whole[y0:y1, x0:x1] for x0, y0, x1, y1 in windows()}


def test_chips_of_one_scene_agree() -> None:
    assert compare(cut(scene())) == ()


def test_gray_agrees_with_three_equal_channels() -> None:
    chips = cut(scene())
    first = next(iter(chips))
    chips[first] = np.repeat(chips[first][..., None], 3, axis=2)
    assert compare(chips) == ()


def test_the_chip_that_most_others_contradict_is_named() -> None:
    chips = cut(scene())
    chips[STRIDE, STRIDE, STRIDE + CHIP, STRIDE + CHIP] = chips[0, 0, CHIP, CHIP][::-1]
    found = compare(chips)
    assert [(one.check, one.key) for one in found] == [("overlap", "s@10,10")]


def test_one_pixel_that_two_chips_show_is_noticed() -> None:
    chips = cut(scene())
    last = chips[50, 50, 66, 66].copy()
    last[0, 8] ^= 1
    chips[50, 50, 66, 66] = last
    assert [one.key for one in compare(chips)] == ["s@50,50"]


def test_a_pixel_that_no_other_chip_shows_is_out_of_reach() -> None:
    chips = cut(scene())
    last = chips[50, 50, 66, 66].copy()
    last[15, 15] ^= 1
    chips[50, 50, 66, 66] = last
    assert compare(chips) == ()
