"""Bad input, row by row, in one source that holds every fault at once: none may hide another."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest
from miniatures import SHIP, picture, voc_xml
from PIL import Image
from pixel_files import CLAIMS
from plain_proof import faults

from sarchat_build import archives, images
from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import InputError, RecordError
from sarchat_build.geometry.boxes import repair
from sarchat_build.published import schema as tables
from sarchat_build.sources.readers import voc

quality = pytest.mark.quality
IMAGES = 100
MANIFESTS = resource_folder("source_manifests")
RULE = load_manifests(MANIFESTS)["ssdd"].annotations

BILLION_LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(10))
    + "]>"
)
EXTERNAL = '<!DOCTYPE a [<!ENTITY x SYSTEM "file://{canary}">]>'
GBK_TEXT = voc_xml([SHIP]).replace("<annotation>", "<annotation><folder>船</folder>")

# Documents by stem; what is wrong with each is the key of the tables below.
DOCUMENTS: dict[str, str | bytes] = {
    "000901": voc_xml([SHIP], filename="../../x.png"),
    "000002": voc_xml([SHIP, SHIP], head=BILLION_LAUGHS).replace("30", "&a10;"),
    "000004": voc_xml([SHIP, SHIP])[:-120],
    "000006": GBK_TEXT.encode("gbk"),
    "000007": b'<?xml version="1.0" encoding="GBK"?>' + GBK_TEXT.encode("gbk"),
    "000008": GBK_TEXT.encode("utf-8-sig"),
    "000009": GBK_TEXT.encode("utf-16"),
    "000011": voc_xml([SHIP], filename="000011.jpg", size=(500, 400)),
    "000012": voc_xml([("ship", 900, 20, 950, 60)], size=(500, 400)),
    "000013": voc_xml([SHIP], filename="xyz.jpg"),
    "000014": voc_xml([SHIP]),
    "000016": voc_xml([SHIP], filename="000016"),
    "000017": voc_xml([(" Ship ", *SHIP[1:]), ("SHIP\n", 30, 40, 95, 85)], difficult="Difficult"),
    "000018": voc_xml([("ship", 90, 80, 20, 30)], filename="000018.jpg"),
    "000019": voc_xml([("ship", 60, 20, 60, 50), SHIP], filename="000019.jpg"),
    "000021": voc_xml([("ship", 250, 200, 340, 280)], filename="000021.jpg"),
    "000022": voc_xml([("ship", 400, 20, 460, 50), SHIP], filename="000022.jpg"),
    "000023": voc_xml([("ship", 60, 20, 60, 50)], filename="000023.jpg"),
    "000031": voc_xml([("ship", "nan", 20, 60, 50), SHIP], filename="000031.jpg"),
    "000032": voc_xml([("ship", "a", 20, 60, 50), SHIP], filename="000032.jpg"),
    "000902": voc_xml([SHIP], filename="/etc/passwd"),
    "000903": voc_xml([SHIP], filename="..\\..\\x.png"),
    "000037": voc_xml([SHIP], filename="..\\..\\x.png"),  # its own name wins
    "000900": voc_xml([SHIP, SHIP], filename="900.jpg"),
}
PICTURES = {
    "000024": picture(24)[:-900],
    "000026": picture(26, form="PNG")[:-900],
    "000027": picture(27, form="PNG"),
    "000028": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "000034": b"",
    "000036": picture(36, (1, 1)),
    "000038": CLAIMS["png"],
}

# stem: (row of QUALITY, reason, part of the detail, images, instances)
REJECTED: dict[str, tuple[int, str, str, int, int]] = {
    "000901": (6, "path_escape", "the document names the image '../../x.png'", 1, 1),
    "000902": (6, "path_escape", "the document names the image '/etc/passwd'", 1, 1),
    "000903": (6, "path_escape", r"the document names the image '..\\..\\x.png'", 1, 1),
    "000002": (11, "xml_forbidden", "a DTD or entity is declared", 1, 0),
    "000003": (11, "xml_forbidden", "a DTD or entity is declared", 1, 0),
    "000004": (12, "xml_parse", "line 3:26: unclosed token", 1, 0),
    "000006": (13, "encoding", "list the encoding in the manifest's annotations.encodings", 1, 0),
    "000012": (
        *(14, "size_mismatch"),
        "states 500 × 400 pixels, the picture has 300 × 240, and the boxes fit neither",
        *(1, 1),
    ),
    "000900": (15, "image_missing", "names '900.jpg'; no image has its stem either", 1, 2),
    "000031#object[1]": (18, "non_finite", "nan", 0, 1),
    "000032#object[1]": (18, "bad_value", "bndbox/xmin has 'a', not a number", 0, 1),
    "000019#object[1]": (28, "degenerate", "(60, 20, 60, 50) has no area", 0, 1),
    "000023#object[1]": (28, "degenerate", "has no area", 0, 1),
    "000023": (28, "no_valid_instance", "each of its objects was rejected", 1, 0),
    "000022#object[1]": (29, "outside", "(400, 20, 460, 50) in a picture of 300 × 240", 0, 1),
    "000034": (31, "empty_file", "0 bytes", 1, 1),
    "000036": (31, "image_too_small", "1 × 1 pixels", 1, 1),
    "000024": (32, "image_truncated", "image file is truncated", 1, 1),
    "000026": (32, "image_truncated", "bytes: ", 1, 1),
    "000028": (33, "not_an_image", "begins with b'<!DOCTYPE html>", 1, 1),
    "000038": (34, "pixel_limit", "(3600000000 pixels) exceeds limit", 1, 1),
}
KEPT: dict[str, tuple[int, list[list[float]]]] = {
    "000005": (12, [[20, 30, 90, 80]]),  # the neighbor of a broken document
    "000007": (13, [[20, 30, 90, 80]]),  # declared GBK, byte order mark, UTF-16
    "000008": (13, [[20, 30, 90, 80]]),
    "000009": (13, [[20, 30, 90, 80]]),
    "000011": (14, [[20, 30, 90, 80]]),
    "000013": (15, [[20, 30, 90, 80]]),
    "000014": (15, [[20, 30, 90, 80]]),
    "000016": (15, [[20, 30, 90, 80]]),
    "000017": (16, [[20, 30, 90, 80], [30, 40, 95, 85]]),
    "000037": (83, [[20, 30, 90, 80]]),
    "000031": (18, [[20, 30, 90, 80]]),
    "000032": (18, [[20, 30, 90, 80]]),
    "000018": (28, [[20, 30, 90, 80]]),
    "000019": (28, [[20, 30, 90, 80]]),
    "000021": (29, [[250, 200, 300, 240]]),
    "000022": (29, [[20, 30, 90, 80]]),
    "000027": (33, [[20, 30, 90, 80]]),  # a PNG called .jpg
}
FIXES = {
    "size_mismatch": 1,
    "filename_differs": 3,
    "filename_absent": 6,
    "box_swapped": 1,
    "box_clipped": 1,
    "other_encoding": 3,
}


def by_row(table: Mapping[str, tuple[Any, ...]]) -> list[Any]:
    """The keys of a table, each marked with the row that it shows."""
    return [pytest.param(key, marks=quality(row=row)) for key, (row, *_) in table.items()]


class Planted:
    """The faulty source as built, and what was read on the way."""

    def __init__(self, folder: Path) -> None:
        canary = folder / "canary.txt"
        canary.write_text("canary-7f3a")
        source = mini.ssdd(IMAGES)
        for stem, text in DOCUMENTS.items():
            source.document(stem, text)
        external = voc_xml([SHIP], head=EXTERNAL.format(canary=canary))
        source.document("000003", external.replace("30", "&x;"))
        for stem, data in PICTURES.items():
            source.image(stem, data)
        self.raw, self.out = folder / "raw", folder / "out"
        source.write_folder(self.raw)
        escape = self.raw / "ssdd" / Path(mini.SSDD_LAYOUT).parent / "x.png"
        escape.write_bytes(picture(999, form="PNG"))
        self.opened: list[str] = []
        self.record = self._build()
        self.rejects = mini.read_rejects(self.out)
        self.images = mini.read_images(self.out)

    def _build(self) -> dict[str, Any]:
        read = archives.Folder.read

        def noted(folder: archives.Folder, path: str) -> bytes:
            # The fingerprint of the folder reads every file; what matters comes after it.
            if sys._getframe(1).f_code.co_name != "sha256":
                self.opened.append(path)
            return read(folder, path)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(archives.Folder, "read", noted)
            return mini.build(self.raw, self.out)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return Planted(tmp_path_factory.mktemp("planted"))


@pytest.mark.parametrize("key", by_row(REJECTED))
def test_rejected_with_its_reason(planted: Planted, key: str) -> None:
    _, reason, detail, images, instances = REJECTED[key]
    (row,) = [r for r in planted.rejects if r["key"] == f"ssdd/{key}"]
    assert (row["reason"], row["images"], row["instances"]) == (reason, images, instances)
    assert detail in row["detail"]
    assert key.partition("#")[0] in row["file"]
    assert row["line"] == (3 if reason == "xml_parse" else None)


@quality(row=12)
def test_nothing_else_is_rejected_and_the_books_balance(planted: Planted) -> None:
    assert len(planted.rejects) == len(REJECTED)
    counts = planted.record["sources"]["ssdd"]["counts"]
    lost = sum(images for *_, images, _ in REJECTED.values())
    assert counts["read"]["images"] == IMAGES + 4
    assert counts["rejected"]["images"] == lost
    assert counts["kept"]["images"] == IMAGES + 4 - lost == len(planted.images)


@quality(row=13)
@quality(row=14)
@quality(row=15)
@quality(row=28)
@quality(row=29)
def test_fixes_are_counted(planted: Planted) -> None:
    assert planted.record["sources"]["ssdd"]["fixes"] == FIXES


@pytest.mark.parametrize("stem", by_row(KEPT))
def test_kept_with_its_boxes(planted: Planted, stem: str) -> None:
    image = planted.images[f"ssdd/{stem}"]
    assert image["objects"]["bbox"] == KEPT[stem][1]
    assert (image["width"], image["height"]) == (300, 240)


@quality(row=16)
def test_row_16_difficult_in_either_spelling(planted: Planted) -> None:
    objects = planted.images["ssdd/000017"]["objects"]
    assert objects["category"] == ["ship", "ship"]
    assert sorted(objects["source_category"]) == ["SHIP", "Ship"]
    assert objects["difficult"] == [True, True]
    assert planted.images["ssdd/000005"]["objects"]["difficult"] == [True]


@quality(row=28)
@quality(row=29)
def test_rows_28_29_lost_ship_forbids_counting_only_where_it_was(planted: Planted) -> None:
    assert planted.images["ssdd/000019"]["rejected_categories"] == ["ship"]
    assert planted.images["ssdd/000022"]["rejected_categories"] == []


@quality(row=6)
def test_row_6_escaping_name_is_never_opened(planted: Planted) -> None:
    assert planted.opened
    strange = ("x.png", "..", "passwd")
    assert not [path for path in planted.opened if any(part in path for part in strange)]


@quality(row=11)
def test_row_11_no_file_is_read(planted: Planted) -> None:
    files = [path for path in planted.out.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"canary-7f3a" in path.read_bytes()]


@quality(row=11)
@pytest.mark.parametrize("head", [BILLION_LAUGHS, EXTERNAL.format(canary="/etc/passwd")])
def test_row_11_is_refused_at_once(head: str) -> None:
    start = time.perf_counter()
    with pytest.raises(RecordError) as caught:
        list(voc.read(io.BytesIO(voc_xml([SHIP], head=head).encode()), RULE))
    assert caught.value.reason == "xml_forbidden"
    assert time.perf_counter() - start < 1


@quality(row=32)
def test_row_32_truncated_at_any_place() -> None:
    for form in ("JPEG", "PNG"):
        whole = picture(1, form=form)
        for share in range(5, 100, 5):
            cut = whole[: len(whole) * share // 100]
            if form == "JPEG" and share > 50:  # what most scripts rely on notices nothing
                Image.open(io.BytesIO(cut)).verify()
            with pytest.raises(RecordError) as caught:
                images.inspect(cut)
            assert caught.value.reason == "image_truncated", (form, share)


def test_validate_proves_what_bad_input_left(planted: Planted) -> None:

    assert faults(planted.out) == []


@quality(row=46)
def test_row_46_missing_or_surplus_column() -> None:
    row = dict.fromkeys(tables.REJECTS.names)
    with pytest.raises(ValueError, match="lacks columns"):
        tables.to_table([row, {k: v for k, v in row.items() if k != "reason"}], tables.REJECTS)
    with pytest.raises(ValueError, match=r"unknown columns \['extra'\]"):
        tables.to_table([row | {"extra": 1}], tables.REJECTS)


# Documents that nobody would write by mistake, and that must still cost only their own image.
HOSTILE = {
    "codec that always fails": b'<?xml version="1.0" encoding="undefined"?><annotation/>',
    "codec of host names": b'<?xml version="1.0" encoding="punycode"?><annotation/>-<<',
    "lone surrogate": b'<?xml version="1.0" encoding="utf-7"?><annotation>+2AA-</annotation>',
    "escaped surrogate": b'<?xml version="1.0" encoding="unicode_escape"?><a>\\ud800</a>',
    "endless number": b"<annotation><size><width>" + b"9" * 5000 + b"</width></size></annotation>",
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_hostile_document_is_a_reject_or_an_image(fault: str) -> None:
    try:
        list(voc.read(io.BytesIO(HOSTILE[fault]), RULE))
    except RecordError as error:
        assert error.reason in ("encoding", "xml_parse", "bad_value")


@quality(row=28)
def test_row_28_box_whose_area_vanishes() -> None:
    with pytest.raises(RecordError, match="degenerate"):
        repair((0, 0, 1e-200, 1e-200), 800, 800)


def test_split_list_in_another_encoding(tmp_path: Path) -> None:
    source = mini.sar_aircraft(1)
    source.files[f"{mini.AIRCRAFT_LAYOUT}/ImageSets/Main/train.txt"] = "0000001 船".encode("gbk")
    with pytest.raises(InputError):
        mini.build(source.write_zip(tmp_path / "raw"), tmp_path / "out")
