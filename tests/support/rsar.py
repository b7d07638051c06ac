"""A miniature of RSAR, which no code of the project knows: SOURCES gives its layout and quirks."""

from __future__ import annotations

import miniatures as mini

from sarchat_build.synthetic.formats import dota

FORMS = (("jpg", "JPEG"), ("png", "PNG"), ("bmp", "BMP"))
NAMES = ("ship", "aircraft", "car", "tank", "bridge", "harbor")
# A rotated ship, and one with two corners outside of a picture of 300 × 240.
TILTED = (100, 60, 160, 90, 150, 110, 90, 80)
LEAVING = (-15, 100, 60, 90, 64, 120, -11, 130)
IMAGES, MISSING = 15, "0000014"


def rsar() -> mini.Source:
    """Three splits of five pictures, numbered through; the text of one picture is missing."""
    source = mini.Source("rsar")
    for number in range(IMAGES):
        side = ("train", "train", "train", "val", "test")[number % 5]
        stem, (extension, form) = f"{number * 7:07d}", FORMS[number % 3]
        picture = mini.picture(1300 + number, form=form)
        source.files[f"{side}/images/{stem}.{extension}"] = picture
        things = [
            dota.DotaObject(TILTED, NAMES[number % 6]),
            dota.DotaObject(LEAVING, NAMES[(number + 1) % 6]),
        ]
        if stem != MISSING:
            source.files[f"{side}/annfiles/{stem}.txt"] = dota.document(things)
    return source
