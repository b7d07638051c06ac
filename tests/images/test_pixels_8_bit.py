"""Files of 8 bits: as stored where clients show them so, else converted without loss."""

from __future__ import annotations

import hashlib
import io
import warnings

import numpy as np
import pytest
from PIL import Image
from pixel_files import COLOR, GRAY, PERCENTILE, refused, saved, shown, tiff

from sarchat_build import images
from sarchat_build.config.manifest import Pixels
from sarchat_build.types import AS_STORED
from sarchat_build.validation.pictures import pixels as proof

quality = pytest.mark.quality


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "WEBP"])
@pytest.mark.parametrize("picture", [GRAY, COLOR], ids=["gray", "rgb"])
def test_plain_8_bit_files_keep_their_bytes(form: str, picture: Image.Image) -> None:
    data = saved(picture, form)
    facts = images.inspect(data, PERCENTILE)
    assert facts.rendering == AS_STORED
    assert images.published_whole(data, facts).picture is data
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
    facts = images.inspect(data)
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
        facts = images.inspect(data)
        assert facts.rendering == "palette to gray, as PNG"
        assert np.array_equal(shown(data, facts), np.asarray(GRAY))
        assert facts.pixel_sha256 == images.inspect(saved(GRAY, "PNG")).pixel_sha256


def test_tiff_with_white_zero_and_few_bits() -> None:
    gray = np.asarray(GRAY)
    inverted = tiff(gray, photometric="MINISWHITE")
    facts = images.inspect(inverted)
    assert facts.rendering == "gray, 0 is white, as PNG"
    assert np.array_equal(shown(inverted, facts), 255 - gray)
    four = tiff(gray >> 4, nbits=4)
    facts = images.inspect(four)
    assert (facts.bit_depth, facts.rendering) == (4, "4 bit to gray, as PNG")
    assert np.array_equal(shown(four, facts), (gray >> 4) * 17)


@quality(row=36)
def test_two_8_bit_bands_need_a_choice() -> None:
    bands = np.stack([np.asarray(GRAY), 255 - np.asarray(GRAY)])
    data = tiff(bands, photometric="MINISBLACK", ALPHA="NO")
    assert refused(data, None) == "unsupported_dtype"
    facts = images.inspect(data, Pixels(rule="percentile", band=2))
    assert facts.rendering == "as stored: 0…255 → 0…255; band 2 of 2"
    assert np.array_equal(shown(data, facts), bands[1])


@quality(row=37)
@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_an_orientation_tag_never_moves_pixels_against_boxes(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    plain, tagged = saved(COLOR, form), saved(COLOR, form, exif=exif)
    facts = images.inspect(tagged)
    assert (facts.width_px, facts.height_px) == (120, 90)
    assert facts.pixel_sha256 == images.inspect(plain).pixel_sha256
    assert facts.rendering == ("RGB" if form == "TIFF" else "orientation tag removed") + ", as PNG"
    # What `datasets` shows: the picture turned by its tag, if it has one.
    with Image.open(io.BytesIO(images.published_whole(tagged, facts).picture)) as published:
        assert published.getexif().get(0x0112) is None
    assert shown(tagged, facts).shape == (90, 120, 3)


def test_an_upright_tag_keeps_the_bytes() -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    assert images.inspect(saved(GRAY, "JPEG", exif=exif)).rendering == AS_STORED


@pytest.mark.parametrize("exif", [b"nonsense", b"II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\xff", b"MM"])
def test_broken_metadata_stops_neither_us_nor_readers(exif: bytes) -> None:
    for form in ("JPEG", "PNG"):
        data = saved(GRAY, form, exif=b"Exif\0\0" + exif)
        facts = images.inspect(data)
        published = images.published_whole(data, facts).picture
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            with Image.open(io.BytesIO(published)) as picture:
                picture.load()
                picture.getexif()  # as `datasets` does; on the PNG with nonsense it would raise
        assert proof.decode(published, 0.0).pixel_sha256 == facts.pixel_sha256
