"""Pixels of every depth: exact, one range per scene, bounded memory, refused with a reason."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning

from sarchat_build import pixels
from sarchat_build.archives import Folder, ZipArchive
from sarchat_build.checks import pixels as proof
from sarchat_build.errors import ConfigurationError, RecordError
from sarchat_build.manifest import Pixels
from sarchat_build.perceptual_hash import PerceptualHash, perceptual_hash
from sarchat_build.pixels import order, raster
from sarchat_build.pixels.stretch import Renderer
from sarchat_build.toml_model import load_toml
from sarchat_build.types import AS_STORED, PixelFacts, Stretch, Window

quality = pytest.mark.quality

ROOT = Path(__file__).parents[1]
PERCENTILE = Pixels(rule="percentile")
LOG = Pixels(rule="log_percentile", low_percent=2, high_percent=99.5)


def tiff(values: np.ndarray, **options: Any) -> bytes:
    """A raster file of (bands, rows, columns) or (rows, columns)."""
    bands = values if values.ndim == 3 else values[None]
    with warnings.catch_warnings(), rasterio.MemoryFile() as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with file.open(
            **{"driver": "GTiff", "dtype": bands.dtype, **options},
            count=bands.shape[0], height=bands.shape[1], width=bands.shape[2],
        ) as dataset:  # fmt: skip
            dataset.write(bands)
        return bytes(file.read())


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def speckle(height: int = 90, width: int = 120, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).gamma(1.5, 900, (height, width)).clip(0, 65535)


def shown(data: bytes, facts: PixelFacts) -> np.ndarray:
    """The published picture, as an independent reader decodes it, its hash proven."""
    published = pixels.published_whole(data, facts).picture
    found = proof.decode(published, 0.0)
    assert found.pixel_sha256 == facts.pixel_sha256
    assert (found.width, found.height) == (facts.width_px, facts.height_px)
    assert found.mode in ("L", "RGB")
    assert not found.turned
    with Image.open(io.BytesIO(published)) as picture:
        return np.asarray(picture)


def refused(data: bytes | Path, rule: Pixels | None = PERCENTILE, tiled: bool = False) -> str:
    with pytest.raises(RecordError) as caught:
        pixels.inspect(data, rule, tiled)
    assert "vsimem" not in caught.value.detail, "an address in memory differs from run to run"
    return caught.value.reason


# What the rule means, from first principles: sorted values, and arithmetic without rounding.


def expected_range(values: np.ndarray, rule: Pixels, nodata: float | None) -> tuple[float, float]:
    flat = values.astype(np.float64).ravel()
    flat = flat[np.isfinite(values.astype(np.float32).ravel())]
    if nodata is not None:
        flat = flat[flat != nodata]
    if rule.rule == "log_percentile":
        flat = flat[flat > 0]
    ordered = sorted(flat.tolist())
    ranks = [
        max(1, -(-Fraction(str(p)) * len(ordered) // 100))
        for p in (rule.low_percent, rule.high_percent)
    ]
    return ordered[ranks[0] - 1], ordered[ranks[1] - 1]


def expected_level(value: float, low: float, high: float, logarithmic: bool) -> int:
    if value <= low:
        return 0
    if value >= high:
        return 255
    with localcontext(prec=60):
        v, a, b = Decimal(value), Decimal(low), Decimal(high)
        share = (v / a).ln() / (b / a).ln() if logarithmic else (v - a) / (b - a)
        return int(share * 255 + Decimal("0.5"))


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
    facts = pixels.inspect(data, rule)
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
    facts = pixels.inspect(data, Pixels(rule="linear"))
    assert (facts.bit_depth, facts.rendering) == (12, "linear: 0…4095 → 0…255")
    assert shown(data, facts)[0].tolist() == [0, 6, 62, 255]
    facts = pixels.inspect(data, Pixels(rule="linear", low=100.0, high=1000.0))
    assert facts.rendering == "linear: 100…1000 → 0…255"
    assert shown(data, facts)[0].tolist() == [0, 0, 255, 255]
    floats = tiff(values.astype(np.float32))
    assert refused(floats, Pixels(rule="linear")) == "unsupported_dtype"
    assert pixels.inspect(floats, Pixels(rule="linear", high=1000.0)).stretch is not None


@quality(row=36)
def test_nodata_nan_and_infinity_do_not_count_and_are_black() -> None:
    values = speckle().astype(np.float32) + 50
    clean = pixels.inspect(tiff(values[10:]), PERCENTILE).stretch
    for hole, options in ((np.nan, {}), (np.inf, {}), (-np.inf, {}), (-9999.0, {"nodata": -9999})):
        values[:10] = hole
        data = tiff(values, **options)
        facts = pixels.inspect(data, PERCENTILE)
        assert facts.stretch is not None
        assert clean is not None
        assert (facts.stretch.low, facts.stretch.high) == (clean.low, clean.high)
        assert not shown(data, facts)[:10].any()
    asked = Pixels(rule="percentile", nodata=-9999.0)
    facts = pixels.inspect(tiff(values), asked)
    assert facts.rendering.endswith("→ 0…255; no-data -9999 → 0")
    values[:] = np.nan
    assert refused(tiff(values)) == "no_valid_pixels"
    assert refused(tiff(np.zeros((9, 9), np.uint16)), LOG) == "no_valid_pixels"


@quality(row=36)
def test_pillow_would_have_clipped_what_the_rule_keeps() -> None:
    values = (speckle() * 8).clip(300, 65535).astype(np.uint16)
    for data in (tiff(values), tiff(values, driver="PNG"), saved(Image.fromarray(values), "PNG")):
        picture = shown(data, pixels.inspect(data, PERCENTILE))
        assert len(np.unique(picture)) > 200
        assert refused(data, None) == "unsupported_dtype"


@quality(row=36)
def test_16_bit_color_is_not_taken_for_8_bit() -> None:
    """Pillow opens these as RGB of 8 bits and forgets the rest."""
    values = np.stack([speckle(seed=s).astype(np.uint16) for s in range(3)])
    for options in ({"driver": "PNG"}, {"photometric": "RGB"}):
        data = tiff(values, **options)
        facts = pixels.inspect(data, Pixels(rule="percentile", band=2))
        assert (facts.channels, facts.bit_depth) == (3, 16)
        assert facts.rendering.endswith("; band 2 of 3")
        alone = pixels.inspect(tiff(values[1]), PERCENTILE)
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
    facts = pixels.inspect(data, LOG)
    assert (facts.width_px, facts.height_px, facts.channels) == (224, 224, 2)
    assert facts.rendering.startswith("percentile 2–99.5 of the scene: ")
    assert facts.rendering.endswith("→ 0…255, log; band 1 of 2")
    assert facts.pixel_sha256 == pixels.inspect(tiff(values[0]), LOG).pixel_sha256
    # The band that is not shown is read all the same: a file without its end is damaged.
    assert refused(data[: len(data) - 2000], LOG) == "image_truncated"


@quality(row=36)
@pytest.mark.parametrize("dtype", ["complex64", "complex128", "complex_int16"])
def test_complex_is_refused(dtype: str) -> None:
    assert refused(tiff(speckle().astype(np.complex64), dtype=dtype)) == "unsupported_dtype"


# 8-bit files: as stored where clients show them so, else without loss and without moving a pixel.

GRAY = Image.fromarray((speckle() / 40).clip(0, 255).astype(np.uint8))
COLOR = Image.merge(
    "RGB", [Image.fromarray((speckle(seed=s) / 40).clip(0, 255).astype(np.uint8)) for s in range(3)]
)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "WEBP"])
@pytest.mark.parametrize("picture", [GRAY, COLOR], ids=["gray", "rgb"])
def test_plain_8_bit_files_keep_their_bytes(form: str, picture: Image.Image) -> None:
    data = saved(picture, form)
    facts = pixels.inspect(data, PERCENTILE)
    assert facts.rendering == AS_STORED
    assert pixels.published_whole(data, facts).picture is data
    assert shown(data, facts).shape[:2] == (90, 120)
    assert facts.file_sha256 == hashlib.sha256(data).hexdigest()


CONVERTED = [
    ("PNG", "1", 1, 1, "1 bit to gray, as PNG"),
    ("PNG", "P", 1, 8, "palette to RGB, as PNG"),
    ("GIF", "P", 1, 8, "palette to RGB, as PNG"),
    ("PNG", "LA", 2, 8, "gray with alpha to gray, as PNG"),
    ("PNG", "RGBA", 4, 8, "RGB with alpha to RGB, as PNG"),
    ("JPEG", "CMYK", 4, 8, "CMYK to RGB, as PNG"),
    ("TIFF", "1", 1, 1, "1 bit to gray, as PNG"),
    ("TIFF", "L", 1, 8, "gray, as PNG"),
    ("TIFF", "LA", 2, 8, "gray, alpha dropped, as PNG"),
    ("TIFF", "P", 1, 8, "palette to RGB, as PNG"),
    ("TIFF", "RGB", 3, 8, "RGB, as PNG"),
    ("TIFF", "RGBA", 4, 8, "RGB, fourth band dropped, as PNG"),
    ("TIFF", "CMYK", 4, 8, "CMYK to RGB, as PNG"),
]


@quality(row=37)
@pytest.mark.parametrize(("form", "mode", "channels", "bits", "words"), CONVERTED)
def test_other_8_bit_files_become_gray_or_rgb(
    form: str, mode: str, channels: int, bits: int, words: str
) -> None:
    data = saved(COLOR.convert(mode), form)
    facts = pixels.inspect(data)
    assert (facts.channels, facts.bit_depth, facts.rendering) == (channels, bits, words)
    with Image.open(io.BytesIO(data)) as stored:
        stored.info.pop("transparency", None)
        wanted = np.asarray(stored.convert("L" if mode in ("1", "L", "LA") else "RGB"))
    # Two formulas for CMYK may round a level apart.
    apart = np.abs(shown(data, facts).astype(int) - wanted.astype(int)).max()
    assert apart <= (1 if mode == "CMYK" else 0)


@quality(row=37)
def test_a_palette_of_grays_and_its_transparency() -> None:
    palette = GRAY.convert("P")
    for form, options in (("PNG", {"transparency": b"\0\x80"}), ("PNG", {}), ("TIFF", {})):
        data = saved(palette, form, **options)
        facts = pixels.inspect(data)
        assert facts.rendering == "palette to gray, as PNG"
        assert np.array_equal(shown(data, facts), np.asarray(GRAY))
        assert facts.pixel_sha256 == pixels.inspect(saved(GRAY, "PNG")).pixel_sha256


def test_tiff_with_white_zero_and_few_bits() -> None:
    gray = np.asarray(GRAY)
    inverted = tiff(gray, photometric="MINISWHITE")
    facts = pixels.inspect(inverted)
    assert facts.rendering == "gray, 0 is white, as PNG"
    assert np.array_equal(shown(inverted, facts), 255 - gray)
    four = tiff(gray >> 4, nbits=4)
    facts = pixels.inspect(four)
    assert (facts.bit_depth, facts.rendering) == (4, "4 bit to gray, as PNG")
    assert np.array_equal(shown(four, facts), (gray >> 4) * 17)


@quality(row=36)
def test_two_8_bit_bands_need_a_choice() -> None:
    bands = np.stack([np.asarray(GRAY), 255 - np.asarray(GRAY)])
    data = tiff(bands, photometric="MINISBLACK", ALPHA="NO")
    assert refused(data, None) == "unsupported_dtype"
    facts = pixels.inspect(data, Pixels(rule="percentile", band=2))
    assert facts.rendering == "as stored: 0…255 → 0…255; band 2 of 2"
    assert np.array_equal(shown(data, facts), bands[1])


@quality(row=37)
@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_an_orientation_tag_never_moves_pixels_against_boxes(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    plain, tagged = saved(COLOR, form), saved(COLOR, form, exif=exif)
    facts = pixels.inspect(tagged)
    assert (facts.width_px, facts.height_px) == (120, 90)
    assert facts.pixel_sha256 == pixels.inspect(plain).pixel_sha256
    assert facts.rendering == ("RGB" if form == "TIFF" else "orientation tag removed") + ", as PNG"
    # What `datasets` shows: the picture turned by its tag, if it has one.
    with Image.open(io.BytesIO(pixels.published_whole(tagged, facts).picture)) as published:
        assert published.getexif().get(0x0112) is None
    assert shown(tagged, facts).shape == (90, 120, 3)


def test_an_upright_tag_keeps_the_bytes() -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    assert pixels.inspect(saved(GRAY, "JPEG", exif=exif)).rendering == AS_STORED


@pytest.mark.parametrize("exif", [b"nonsense", b"II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\xff", b"MM"])
def test_broken_metadata_stops_neither_us_nor_readers(exif: bytes) -> None:
    for form in ("JPEG", "PNG"):
        data = saved(GRAY, form, exif=b"Exif\0\0" + exif)
        facts = pixels.inspect(data)
        published = pixels.published_whole(data, facts).picture
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            with Image.open(io.BytesIO(published)) as picture:
                picture.load()
                picture.getexif()  # as `datasets` does; on the PNG with nonsense it would raise
        assert proof.decode(published, 0.0).pixel_sha256 == facts.pixel_sha256


# Files that lie, end early or ask too much.


@quality(row=31)
@quality(row=33)
def test_the_bytes_decide_and_not_the_name(tmp_path: Path) -> None:
    for name, data in (
        ("a.png", saved(GRAY, "JPEG")),
        ("b.jpg", tiff(speckle().astype(np.uint16))),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        from_disk, from_memory = pixels.inspect(path, PERCENTILE), pixels.inspect(data, PERCENTILE)
        assert from_disk == from_memory
        assert pixels.published_whole(path, from_disk) == pixels.published_whole(data, from_disk)
    assert refused(b"<!DOCTYPE html><title>404</title>") == "not_an_image"
    assert refused(b"") == "empty_file"
    assert refused(saved(Image.new("L", (1, 1)), "PNG")) == "image_too_small"
    assert refused(tiff(np.ones((1, 1), np.uint16))) == "image_too_small"


TRUNCATED = {
    "jpeg": lambda: saved(COLOR, "JPEG"),
    "png": lambda: saved(COLOR, "PNG"),
    "png16": lambda: tiff(speckle().astype(np.uint16), driver="PNG"),
    "webp": lambda: saved(COLOR, "WEBP", lossless=True),
    "tiff8": lambda: saved(COLOR, "TIFF"),
    "tiff16": lambda: tiff(speckle().astype(np.uint16)),
    "tiles": lambda: tiff(speckle().astype(np.uint16), tiled=True, blockxsize=32, blockysize=32),
    "deflate": lambda: tiff(speckle().astype(np.uint16), compress="deflate"),
    "lzw": lambda: tiff(speckle().astype(np.float32), compress="lzw", blockysize=8),
    "big": lambda: tiff(speckle().astype(np.uint16), BIGTIFF="YES"),
    "bands": lambda: tiff(np.stack([speckle()] * 2).astype(np.float32), interleave="band"),
    "jpeg in tiff": lambda: tiff(np.asarray(GRAY), compress="jpeg"),
}


@quality(row=32)
@pytest.mark.parametrize("form", TRUNCATED)
def test_row_32_truncated_anywhere(form: str) -> None:
    data = TRUNCATED[form]()
    pixels.inspect(data, PERCENTILE)
    for length in {*range(32, len(data) - 64, max(1, len(data) // 60)), len(data) // 2}:
        assert refused(data[:length]) == "image_truncated", length


def _claim_png(width: int, height: int, bits: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(4000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _claim_tiff(width: int, height: int, rows_per_strip: int) -> bytes:
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 16), (259, 3, 1, 8)]
    tags += [(262, 3, 1, 1), (273, 4, 1, 200), (277, 3, 1, 1), (278, 4, 1, rows_per_strip)]
    tags += [(279, 4, 1, 40)]
    body = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return (b"II*\0" + struct.pack("<I", 8) + body + bytes(4)).ljust(200, b"\0") + bytes(100)


CLAIMS = {
    "png": _claim_png(60_000, 60_000, 8),
    "png16": _claim_png(60_000, 60_000, 16),
    "tiff": _claim_tiff(1_000_000, 1_000_000, 1_000_000),
    "tiff of one strip": _claim_tiff(20_000, 20_000, 20_000),
}


@quality(row=34)
@pytest.mark.parametrize("name", CLAIMS)
def test_row_34_a_claim_costs_no_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / "claim"
    path.write_bytes(CLAIMS[name])
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from sarchat_build import pixels; from sarchat_build.errors import RecordError\n"
        "from sarchat_build.manifest import Pixels\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "data = Path(sys.argv[1]).read_bytes(); before = peak()\n"
        "try: pixels.inspect(data, Pixels(rule='percentile'), tiled=True)\n"
        "except RecordError as error: print(error.reason, peak() - before)\n"
    )
    # Through a small process, since a child starts with its parent's peak.
    relay = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    command = [sys.executable, "-c", relay, sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    reason, grown_kb = done.stdout.split()
    assert reason == "pixel_limit"
    assert int(grown_kb) < 50 << 10


@quality(row=35)
def test_row_35_a_scene_of_384_megapixels_in_bounded_memory() -> None:
    command = [sys.executable, "-m", "benchmarks.proof_scene", "--width", "24000"]
    relay = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    done = subprocess.run(
        [sys.executable, "-c", relay, *command, "--height", "16000", "--chips", "40"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    figures = json.loads(done.stdout)
    assert figures["pixels"] == 384_000_000 > pixels.MAX_PIXELS
    assert figures["peak_mb"] - figures["peak_before_mb"] < 150
    assert "log" in figures["rendering"]
    assert done.stderr == ""


# Scenes: one stretch for all chips, window by window as if decoded whole.


SCENES = {
    "16-bit": speckle(300, 400).astype(np.uint16),
    "float": speckle(300, 400).astype(np.float32),
    "RGB": np.asarray(COLOR.resize((400, 300))).transpose(2, 0, 1),
    "gray": np.asarray(GRAY.resize((400, 300))),
}
LAYOUTS = (
    {"blockysize": 1},
    {"blockysize": 7},
    {"tiled": True, "blockxsize": 64, "blockysize": 64},
)


@quality(row=35)
@pytest.mark.parametrize("layout", LAYOUTS, ids=["rows", "strips", "tiles"])
@pytest.mark.parametrize("values", SCENES.values(), ids=SCENES)
def test_windows_equal_the_scene_decoded_whole(
    values: np.ndarray, layout: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "scene"
    path.write_bytes(tiff(values, **layout))
    at_once = pixels.inspect(path, PERCENTILE, tiled=True)
    picture = shown(path.read_bytes(), at_once)
    # The same through many small pieces, and windows read one by one.
    monkeypatch.setattr(pixels, "MAX_PIXELS", 1000)
    monkeypatch.setattr(raster, "_READ_PIXELS", 5000)
    monkeypatch.setattr(raster, "_PIECE_PIXELS", 900)
    by_pieces = pixels.inspect(path, PERCENTILE, tiled=True)
    assert by_pieces == at_once
    with pixels.open_scene(path, by_pieces) as cut:
        for window in (Window(0, 0, 400, 300), Window(13, 250, 141, 300), Window(300, 5, 400, 70)):
            chip, digest, likeness = cut(window)
            proven = proof.decode(chip, 0.0)
            assert (proven.pixel_sha256, proven.perceptual_hash) == (digest, likeness)
            x0, y0, x1, y1 = window
            with Image.open(io.BytesIO(chip)) as image:
                assert np.array_equal(np.asarray(image), picture[y0:y1, x0:x1])
    assert refused(path) == "pixel_limit"


def test_a_scene_that_is_too_large_for_one_picture_asks_for_tiling() -> None:
    with pytest.raises(RecordError, match=r"set \[tiling\] in the manifest") as caught:
        pixels.inspect(tiff(np.zeros((9500, 9500), np.uint8), compress="deflate"))
    assert caught.value.reason == "pixel_limit"


def test_another_file_under_the_same_name_is_noticed() -> None:
    facts = pixels.inspect(saved(COLOR, "TIFF"))
    with pytest.raises(RecordError, match="not the one that was inspected"):
        pixels.published_whole(saved(GRAY, "TIFF"), facts)


def test_local_files_of_folders_and_zips(tmp_path: Path) -> None:
    import zipfile

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "scene.tiff").write_bytes(b"pixels")
    (tmp_path / "secret").write_bytes(b"not yours")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("scene.tiff", b"pixels")
    for source in (Folder(tmp_path / "in"), ZipArchive(str(tmp_path / "a.zip"))):
        with source.local_file("scene.tiff") as path:
            assert path.read_bytes() == b"pixels"
    assert not path.exists(), "the copy of a member goes with its context"
    with (
        pytest.raises(RecordError, match="path_escape"),
        Folder(tmp_path / "in").local_file("../secret"),
    ):
        pass


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


@pytest.mark.parametrize("shape", [(300, 700), (1111, 517), (64, 64, 3), (1030, 900, 3)])
def test_hash_of_strips_is_the_hash_of_the_whole(shape: tuple[int, ...]) -> None:
    rows = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    strips = PerceptualHash((shape[1], shape[0]))
    for top in range(0, shape[0], 7):
        strips.update(rows[top : top + 7])
    assert strips.hexdigest(0.0) == perceptual_hash(Image.fromarray(rows))
