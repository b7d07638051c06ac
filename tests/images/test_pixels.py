"""Pixels of every depth: one range per picture, exact, refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from pixel_files import (
    LOG,
    PERCENTILE,
    expected_level,
    expected_range,
    refused,
    saved,
    shown,
    speckle,
    tiff,
)

from sarchat_build import images
from sarchat_build.config.manifest import Pixels
from sarchat_build.config.toml import load_toml
from sarchat_build.errors import ConfigurationError, RecordError
from sarchat_build.images import order
from sarchat_build.images.stretch import Renderer
from sarchat_build.types import Stretch

quality = pytest.mark.quality


DTYPES = ("int8", "int16", "uint16", "int32", "uint32", "float32", "float64")


@quality(row=36)
@pytest.mark.parametrize("rule", [PERCENTILE, LOG], ids=lambda rule: rule.rule)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_depth_is_rendered_exactly(dtype: str, rule: Pixels) -> None:
    values = (speckle(40, 50) / (64 if dtype == "int8" else 1) - 30).clip(
        -100, 127 if dtype == "int8" else 30_000
    )
    values = values.astype(dtype)
    data = tiff(values, dtype=dtype)
    facts = images.inspect(data, rule)
    low, high = expected_range(values, rule, None)
    assert facts.stretch is not None
    assert (facts.stretch.low, facts.stretch.high) == pytest.approx((low, high), rel=1e-7)
    exact = facts.stretch.low, facts.stretch.high
    as_compared = values.astype(np.float32) if dtype == "float64" else values
    wanted = [expected_level(v, *exact, rule is LOG) for v in as_compared.ravel().tolist()]
    assert shown(data, facts).ravel().tolist() == wanted
    assert (facts.channels, facts.bit_depth) == (1, np.dtype(dtype).itemsize * 8)


@example(np.full((1, 1), np.finfo(np.float32).max), (0.0, 100.0), "percentile", None)
@settings(max_examples=150, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.uint16, np.int16, np.float32]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    ),
    st.sampled_from([(0.0, 100.0), (1.0, 99.0), (33.3, 66.7), (99.8, 99.9)]),
    st.sampled_from(["percentile", "log_percentile"]),
    st.sampled_from([None, 0.0, 7.0]),
)
def test_percentiles_and_levels_are_exact(
    values: np.ndarray, percents: tuple[float, float], name: str, nodata: float | None
) -> None:
    rule = Pixels(rule=name, low_percent=percents[0], high_percent=percents[1])
    logarithmic = name == "log_percentile"

    def pieces() -> Iterator[np.ndarray]:
        yield from np.array_split(values, 3)

    try:
        low, high = order.percentiles(pieces, values.dtype, percents, nodata, logarithmic)
    except RecordError as error:
        assert error.reason == "no_valid_pixels"
        with pytest.raises(IndexError):
            expected_range(values, rule, nodata)
        return
    assert (low, high) == expected_range(values, rule, nodata)
    levels = Renderer(Stretch(name, 1, low, high, logarithmic, nodata), values.dtype)(values)
    for value, level in zip(values.ravel().tolist(), levels.ravel().tolist(), strict=True):
        if value == nodata or not np.isfinite(value):
            assert level == 0
        elif low < high:
            assert level == expected_level(value, low, high, logarithmic), (value, low, high)
        else:
            assert level == (255 if value > high else 0)


def test_narrow_and_wide_ranges_of_floats_give_the_same_levels() -> None:
    """The table of upper bits and the plain comparison are two ways to one answer."""
    values = np.linspace(0.5, 2.5, 20_001, dtype=np.float32)
    for low, high in ((0.5, 2.5), (1.9, 2.0), (1e-3, 2.5), (-1.0, 1.0), (0.0, 3e38)):
        levels = Renderer(Stretch("linear", 1, low, high), values.dtype)(values)
        wanted = [expected_level(v, low, high, False) for v in values.tolist()]
        assert levels.tolist() == wanted, (low, high)


def test_linear_takes_the_range_of_the_depth_or_the_stated_one() -> None:
    values = np.array([[0, 100, 1000, 4095], [0, 1, 2, 3]], np.uint16)
    data = tiff(values, nbits=12)
    facts = images.inspect(data, Pixels(rule="linear"))
    assert (facts.bit_depth, facts.rendering) == (12, "linear: 0…4095 → 0…255")
    assert shown(data, facts)[0].tolist() == [0, 6, 62, 255]
    facts = images.inspect(data, Pixels(rule="linear", low=100.0, high=1000.0))
    assert facts.rendering == "linear: 100…1000 → 0…255"
    assert shown(data, facts)[0].tolist() == [0, 0, 255, 255]
    floats = tiff(values.astype(np.float32))
    assert refused(floats, Pixels(rule="linear")) == "unsupported_dtype"
    assert images.inspect(floats, Pixels(rule="linear", high=1000.0)).stretch is not None


@quality(row=36)
def test_nodata_nan_and_infinity_do_not_count_and_are_black() -> None:
    values = speckle().astype(np.float32) + 50
    clean = images.inspect(tiff(values[10:]), PERCENTILE).stretch
    for hole, options in ((np.nan, {}), (np.inf, {}), (-np.inf, {}), (-9999.0, {"nodata": -9999})):
        values[:10] = hole
        data = tiff(values, **options)
        facts = images.inspect(data, PERCENTILE)
        assert facts.stretch is not None
        assert clean is not None
        assert (facts.stretch.low, facts.stretch.high) == (clean.low, clean.high)
        assert not shown(data, facts)[:10].any()
    asked = Pixels(rule="percentile", nodata=-9999.0)
    facts = images.inspect(tiff(values), asked)
    assert facts.rendering.endswith("→ 0…255; no-data -9999 → 0")
    values[:] = np.nan
    assert refused(tiff(values)) == "no_valid_pixels"
    assert refused(tiff(np.zeros((9, 9), np.uint16)), LOG) == "no_valid_pixels"


@quality(row=36)
def test_pillow_would_have_clipped_what_the_rule_keeps() -> None:
    values = (speckle() * 8).clip(300, 65535).astype(np.uint16)
    for data in (tiff(values), tiff(values, driver="PNG"), saved(Image.fromarray(values), "PNG")):
        picture = shown(data, images.inspect(data, PERCENTILE))
        assert len(np.unique(picture)) > 200
        assert refused(data, None) == "unsupported_dtype"


@quality(row=36)
def test_16_bit_color_is_not_taken_for_8_bit() -> None:
    """Pillow opens these as RGB of 8 bits and forgets the rest."""
    values = np.stack([speckle(seed=s).astype(np.uint16) for s in range(3)])
    for options in ({"driver": "PNG"}, {"photometric": "RGB"}):
        data = tiff(values, **options)
        facts = images.inspect(data, Pixels(rule="percentile", band=2))
        assert (facts.channels, facts.bit_depth) == (3, 16)
        assert facts.rendering.endswith("; band 2 of 3")
        alone = images.inspect(tiff(values[1]), PERCENTILE)
        assert facts.pixel_sha256 == alone.pixel_sha256
        assert refused(data, None) == "unsupported_dtype"
        assert refused(data, Pixels(rule="percentile", band=4)) == "unsupported_dtype"


@quality(row=36)
@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_two_band_float_geotiff(interleave: str) -> None:
    values = np.stack([speckle(224, 224, s).astype(np.float32) for s in (1, 2)])
    data = tiff(
        values, interleave=interleave, crs="EPSG:4326", transform=rasterio.Affine(1, 0, 9, 0, -1, 9)
    )
    facts = images.inspect(data, LOG)
    assert (facts.width_px, facts.height_px, facts.channels) == (224, 224, 2)
    assert facts.rendering.startswith("percentile 2–99.5 of the scene: ")
    assert facts.rendering.endswith("→ 0…255, log; band 1 of 2")
    assert facts.pixel_sha256 == images.inspect(tiff(values[0]), LOG).pixel_sha256
    # The band that is not shown is read all the same: a file without its end is damaged.
    assert refused(data[: len(data) - 2000], LOG) == "image_truncated"


@quality(row=36)
@pytest.mark.parametrize("dtype", ["complex64", "complex128", "complex_int16"])
def test_complex_is_refused(dtype: str) -> None:
    assert refused(tiff(speckle().astype(np.complex64), dtype=dtype)) == "unsupported_dtype"


RULES = [
    ('rule = "sqrt"', "rule"),
    ('rule = "percentile"\nlow_percent = 50.0\nhigh_percent = 2.0', "smaller"),
    ('rule = "percentile"\nhigh = 3.0', "belong to the rule"),
    ('rule = "linear"\nlow = 4.0\nhigh = 4.0', "smaller"),
    ('rule = "linear"\nband = 0', "band"),
    ('rule = "linear"\nbands = [1]', "unknown key"),
]


@pytest.mark.parametrize(("text", "message"), RULES)
def test_a_wrong_rule_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "rule.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        load_toml(path, Pixels)
