"""Pictures that a survey cannot read are reported and never end it."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import miniatures as mini
import pytest
from PIL import Image

from sarchat_build.onboarding.survey.findings import survey
from sarchat_build.onboarding.survey.lists import listed_classes
from sarchat_build.onboarding.survey.pictures import are_copies
from sarchat_build.sources.files import open_source


def bomb() -> bytes:
    """A BMP whose header speaks of 3.6 billion pixels."""
    stream = io.BytesIO()
    Image.new("L", (4, 4)).save(stream, "BMP")
    data = bytearray(stream.getvalue())
    struct.pack_into("<ii", data, 18, 60_000, 60_000)
    return bytes(data)


BROKEN = {
    "no picture": (b"BM, no picture", "begins with"),
    "a bomb": (bomb(), "exceeds limit"),
    "cut off": (mini.picture(1, form="PNG")[:20], ""),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_picture_that_cannot_be_read_is_reported(tmp_path: Path, kind: str) -> None:
    data, why = BROKEN[kind]
    source = mini.sadd(4)
    source.image("00002", data)
    source.write_folder(tmp_path)
    found = survey(str(tmp_path / "sadd"))
    (fault,) = found.pictures.unreadable
    assert "00002.jpg: " in fault
    assert why in fault
    assert found.pictures.inspected == 4
    assert sum(found.pictures.sizes.values()) == 3


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (mini.picture(1, (224, 224), "PNG"), True),
        (mini.picture(90, (224, 224), "PNG"), False),
        (mini.picture(1, (112, 112), "PNG"), False),
        (b"\x89PNG\r\n\x1a\n, no more", True),
        (bomb(), True),
    ],
    ids=["the same", "another", "another size", "no picture", "a bomb"],
)
def test_pictures_of_one_name_are_copies_if_they_show_the_same(
    tmp_path: Path, second: bytes, expected: bool
) -> None:
    source = mini.Source("twins")
    source.files["a/1.png"] = mini.picture(1, (224, 224), "PNG")
    source.files["b/1.png"] = second
    source.write_folder(tmp_path)
    files = open_source(str(tmp_path / "twins"))
    first, other = sorted(files.files, key=lambda file: file.path)
    assert are_copies(files, [(first, other)]) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("names: [ship, tank]", {0: "ship", 1: "tank"}),
        ("names: {3: ship}", {3: "ship"}),
        ("names: ship", {}),
        ("names: [ship", {}),
    ],
)
def test_names_of_settings_are_a_list_or_numbered(
    tmp_path: Path, text: str, expected: dict[int, str]
) -> None:
    source = mini.Source("settings", {"data.yaml": text.encode()})
    source.write_folder(tmp_path)
    assert listed_classes(open_source(str(tmp_path / "settings"))) == expected
