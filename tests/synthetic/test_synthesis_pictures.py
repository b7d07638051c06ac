"""Speckle, relief and hulls of synthetic pictures have the statistics they state."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from sarchat_build.synthetic.pictures.canvas import Canvas, Style
from sarchat_build.synthetic.pictures.noise import crop, keyed, relief_tile, speckle_tile
from sarchat_build.synthetic.pictures.shapes import Thing, ship


@pytest.mark.parametrize("looks", [1, 4])
def test_speckle_is_gamma_with_the_stated_looks(looks: int) -> None:
    intensity = speckle_tile(looks, (1.0, 1.0), 512).astype(float) ** 2
    assert intensity.mean() == pytest.approx(1.0, abs=1e-3)
    assert intensity.var() == pytest.approx(1 / looks, rel=0.03)
    third = ((intensity - 1) ** 3).mean() / intensity.std() ** 3
    assert third == pytest.approx(2 / looks**0.5, rel=0.06)


def test_speckle_is_correlated_within_a_resolution_cell_only() -> None:
    intensity = speckle_tile(1, (2.5, 1.0), 512).astype(float) ** 2 - 1
    across = (intensity[:, 1:] * intensity[:, :-1]).mean() / intensity.var()
    down = (intensity[1:] * intensity[:-1]).mean() / intensity.var()
    far = (intensity[:, 10:] * intensity[:, :-10]).mean() / intensity.var()
    assert across > 0.5
    assert abs(down) < 0.05
    assert abs(far) < 0.05


def test_relief_has_unit_mean_and_tiles_are_read_only() -> None:
    tile = relief_tile()
    assert float(tile.mean()) == pytest.approx(1.0, abs=1e-3)
    assert float(tile.min()) > 0
    for shared in (tile, speckle_tile(1, (1.0, 1.0), 128)):
        window = crop(keyed("test"), shared, 20, 30)
        assert window.shape == (20, 30)
        assert not window.flags.writeable


def test_a_window_larger_than_its_tile_has_no_seam() -> None:
    tile = speckle_tile(2, (12.0, 12.0), 128)
    window = crop(keyed("test"), tile, 20, 300)
    steps = np.abs(np.diff(window, axis=1))
    assert steps.max() <= 1.01 * np.abs(np.diff(tile, axis=1, append=tile[:, :1])).max()
    assert (window[:, :128] == window[:, 128:256]).all()


def test_a_hull_is_painted_in_its_rounded_box() -> None:
    for index in range(40):
        numbers = keyed("hull", index)
        heading = float(numbers.uniform(0, 2 * pi))
        hull = Thing(ship(60.0), (60.0, 18.0), heading, 1.0)
        canvas = Canvas(numbers, (100, 100), (Style(1, 1, (1.0, 1.0), (0, 0)),))
        canvas.draw(hull, np.array([50.0, 50.0]) + numbers.random(2))
        box = canvas.targets[0].box
        rows, columns = np.nonzero(np.asarray(canvas.surface))
        assert box.x_min_px <= columns.min() <= box.x_min_px + 3
        assert box.y_min_px <= rows.min() <= box.y_min_px + 3
        assert box.x_max_px - 3 <= columns.max() + 1 <= box.x_max_px
        assert box.y_max_px - 3 <= rows.max() + 1 <= box.y_max_px
        assert len(rows) > 0.5 * 60 * 18
