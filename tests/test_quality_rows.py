"""Bad input, row by row of the list of faults: what is said, and that nothing else is lost."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import build_here
from PIL import Image

from pipelines import launch
from sarchat_build import tables
from sarchat_build.errors import ConfigurationError, InputError, RecordError
from sarchat_build.manifest import Manifest, load_manifests
from sarchat_build.phrasing import Phrasing, load_templates
from sarchat_build.phrasing_lint import grammar_faults, lint
from sarchat_build.readers import voc
from sarchat_build.recipe import load_recipe
from sarchat_build.report.card import _plain
from sarchat_build.resources import resource_folder

LAYOUT = "Official-SSDD-OPEN/BBox_RBox_PSeg_SSDD/voc_style"
Box = tuple[Any, Any, Any, Any]


def picture(number: int, size: tuple[int, int] = (300, 240), form: str = "JPEG") -> bytes:
    """A picture that no other number gives."""
    ramp = np.arange(size[0] * size[1], dtype=np.uint32).reshape(size[1], size[0])
    stream = io.BytesIO()
    Image.fromarray((ramp * (number + 3) % 251).astype(np.uint8)).save(stream, form)
    return stream.getvalue()


def xml(
    boxes: list[Box], *, filename: str | None = None, size: str = "", name: str = "ship"
) -> str:
    objects = "".join(
        f"<object><name>{name}</name><difficult>0</difficult><bndbox><xmin>{a}</xmin>"
        f"<ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox></object>"
        for a, b, c, d in boxes
    )
    named = "" if filename is None else f"<filename>{filename}</filename>"
    return f"<annotation>{named}{size}{objects}</annotation>"


class Source:
    """A miniature SSDD: ten good images, and whatever a test plants."""

    def __init__(self, raw: Path) -> None:
        self.raw = raw
        self.files: dict[str, bytes] = {}
        for number in range(1, 11):
            stem = f"{number:06d}"
            self.image(stem, picture(number))
            self.document(stem, xml([(20, 30, 90, 80)], filename=f"{stem}.jpg"))

    def image(self, stem: str, data: bytes) -> None:
        self.files[f"{LAYOUT}/JPEGImages_train/{stem}.jpg"] = data

    def document(self, stem: str, text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        self.files[f"{LAYOUT}/Annotations_train/{stem}.xml"] = data

    def build(self, out: Path) -> dict[str, Any]:
        archive = self.raw / "ssdd" / "copy.zip"
        archive.parent.mkdir(parents=True)
        with zipfile.ZipFile(archive, "w") as target:
            for name, data in sorted(self.files.items()):
                target.writestr(name, data)
        record = build_here(self.raw, out)
        counts = record["sources"]["ssdd"]["counts"]
        for unit in ("images", "instances"):
            parts = ("kept", "rejected", "deduplicated")
            assert counts["read"][unit] == sum(counts[part][unit] for part in parts)
        return record


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path / "raw")


def rejects(out: Path) -> list[dict[str, Any]]:
    return pq.read_table(out / "rejects" / "ssdd.parquet").to_pylist()


BAD_DOCUMENTS: dict[str, tuple[str | bytes, str, str]] = {
    "row 6 escaping name": (xml([(1, 2, 30, 40)], filename="../../x.png"), "path_escape", "x.png"),
    "row 11 entities": (
        '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><annotation>&b;</annotation>',
        "xml_forbidden",
        "DTD",
    ),
    "row 11 external entity": (
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation>&x;</annotation>',
        "xml_forbidden",
        "DTD",
    ),
    "row 12 cut in the middle": ("<annotation>\n<object><name>sh", "xml_parse", "line 2:"),
    "row 13 undeclared encoding": (
        "<annotation><folder>船</folder></annotation>".encode("gbk"),
        "encoding",
        "annotations.encodings",
    ),
    "row 14 fits neither size": (
        xml(
            [(900, 20, 950, 60)],
            size="<size><width>500</width><height>400</height></size>",
        ),
        "size_mismatch",
        "fit neither",
    ),
}


@pytest.mark.parametrize("fault", BAD_DOCUMENTS)
def test_bad_document_costs_only_its_image(source: Source, tmp_path: Path, fault: str) -> None:
    document, reason, detail = BAD_DOCUMENTS[fault]
    source.document("000004", document)
    record = source.build(tmp_path / "out")
    (reject,) = rejects(tmp_path / "out")
    assert (reject["reason"], reject["images"]) == (reason, 1)
    assert detail in reject["detail"]
    assert "000004" in reject["file"] + reject["key"]
    assert record["sources"]["ssdd"]["counts"]["kept"]["images"] == 9


BAD_IMAGES: dict[str, tuple[Callable[[], bytes], str]] = {
    "row 31 no bytes": (lambda: b"", "empty_file"),
    "row 31 one pixel": (lambda: picture(4, (1, 1)), "image_too_small"),
    "row 32 truncated": (lambda: picture(4)[:-900], "image_truncated"),
    "row 33 error page": (lambda: b"<!DOCTYPE html><html>404</html>", "not_an_image"),
}


@pytest.mark.parametrize("fault", BAD_IMAGES)
def test_bad_image_costs_only_itself(source: Source, tmp_path: Path, fault: str) -> None:
    make, reason = BAD_IMAGES[fault]
    source.image("000004", make())
    record = source.build(tmp_path / "out")
    assert [(r["reason"], r["images"], r["instances"]) for r in rejects(tmp_path / "out")] == [
        (reason, 1, 1)
    ]
    assert record["sources"]["ssdd"]["counts"]["kept"] == {"images": 9, "instances": 9}


def test_row_33_png_named_jpg_is_read(source: Source, tmp_path: Path) -> None:
    source.image("000004", picture(4, form="PNG"))
    assert source.build(tmp_path / "out")["sources"]["ssdd"]["counts"]["kept"]["images"] == 10


BAD_BOXES: dict[str, tuple[Box, str]] = {
    "row 18 not finite": (("nan", 20, 60, 50), "non_finite"),
    "row 28 no width": ((60, 20, 60, 50), "degenerate"),
    "row 29 wholly outside": ((400, 20, 460, 50), "outside"),
    "not a number": (("a", 20, 60, 50), "bad_value"),
}


@pytest.mark.parametrize("fault", BAD_BOXES)
def test_bad_box_costs_only_itself(source: Source, tmp_path: Path, fault: str) -> None:
    box, reason = BAD_BOXES[fault]
    source.document("000004", xml([box, (20, 30, 90, 80)]))
    record = source.build(tmp_path / "out")
    assert [(r["reason"], r["images"], r["instances"]) for r in rejects(tmp_path / "out")] == [
        (reason, 0, 1)
    ]
    assert record["sources"]["ssdd"]["counts"]["kept"] == {"images": 10, "instances": 10}


FIXED: dict[str, tuple[str, str, list[float]]] = {
    "row 28 swapped corners": (xml([(90, 30, 20, 80)]), "box_swapped", [20, 30, 90, 80]),
    "row 29 partly outside": (xml([(250, 30, 340, 80)]), "box_clipped", [250, 30, 300, 80]),
    "row 14 stated size differs": (
        xml([(20, 30, 90, 80)], size="<size><width>500</width><height>400</height></size>"),
        "size_mismatch",
        [20, 30, 90, 80],
    ),
    "row 15 other name": (
        xml([(20, 30, 90, 80)], filename="xyz.jpg"),
        "filename_differs",
        [20, 30, 90, 80],
    ),
    "row 15 no extension": (
        xml([(20, 30, 90, 80)], filename="000004"),
        "filename_differs",
        [20, 30, 90, 80],
    ),
    "row 15 no name": (xml([(20, 30, 90, 80)]), "filename_absent", [20, 30, 90, 80]),
    "row 16 spaces and case": (
        xml([(20, 30, 90, 80)], name=" Ship ").replace("difficult", "Difficult"),
        "",
        [20, 30, 90, 80],
    ),
}


@pytest.mark.parametrize("oversight", FIXED)
def test_oversight_is_mended_and_counted(source: Source, tmp_path: Path, oversight: str) -> None:
    document, reason, box = FIXED[oversight]
    source.document("000004", document)
    record = source.build(tmp_path / "out")
    assert rejects(tmp_path / "out") == []
    if reason:
        assert record["sources"]["ssdd"]["fixes"][reason] == 1
    images = [
        row
        for path in (tmp_path / "out" / "images").iterdir()
        for row in pq.read_table(path).to_pylist()
    ]
    (mended,) = [row for row in images if row["image_id"] == "ssdd/000004"]
    assert mended["objects"]["bbox"] == [box]


def test_row_15_no_such_image(source: Source, tmp_path: Path) -> None:
    source.document("000077", xml([(20, 30, 90, 80)], filename="77.jpg"))
    source.build(tmp_path / "out")
    (reject,) = rejects(tmp_path / "out")
    assert reject["reason"] == "image_missing"
    assert "77.jpg" in reject["detail"]
    assert (reject["images"], reject["instances"]) == (1, 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_row_13_byte_order_mark(encoding: str) -> None:
    (image,) = voc.read(xml([(1, 2, 3, 4)]).encode(encoding))
    assert image.instances[0].bbox == (1, 2, 3, 4)


def test_row_13_listed_encoding() -> None:
    document = xml([(1, 2, 3, 4)], name="船").encode("gbk")
    (image,) = voc.read(document, ("utf-8", "gbk"))
    assert image.instances[0].category == "船"
    with pytest.raises(RecordError, match="not utf-8"):
        list(voc.read(document))


def test_row_17_unknown_category_stops(source: Source, tmp_path: Path) -> None:
    source.document("000004", xml([(1, 2, 30, 40), (5, 6, 70, 80)], name="L"))
    with pytest.raises(InputError, match=r"ssdd: 'L' × 2.*categories\.names"):
        source.build(tmp_path / "out")
    published = [p for p in (tmp_path / "out").rglob("*.parquet") if "rejects" not in p.parts]
    assert published == []
    assert not (tmp_path / "out" / "build.json").exists()
    assert {r["reason"] for r in rejects(tmp_path / "out")} >= {"unknown_category"}


def test_row_1_missing_source(tmp_path: Path) -> None:
    manifests = load_manifests(resource_folder("source_manifests"))
    (tmp_path / "ssdd").mkdir()
    for wanted in (["ssdd"], ["sar_aircraft"], []):
        with pytest.raises(InputError, match=r"expected .*\.zip.* get it from https://"):
            launch.choose_sources(manifests, str(tmp_path), wanted)


def _manifest(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = (resource_folder("source_manifests") / "ssdd.toml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "ssdd.toml"
    path.write_text(text)
    return path


def test_row_3_all_faults_of_all_files_at_once(tmp_path: Path) -> None:
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    _manifest(manifests, ("[sar]", "[sar]\nbands = 3"), ("priority = 20", 'priority = "high"'))
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        'schema_version = 1\nname = "a"\ntitle = "b"\n[output]\nimages_per_shard = 0\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        launch.load_settings(str(recipe), manifests, None)
    text = str(caught.value)
    for fault in ("sar.bands: unknown key", "priority:", "output.images_per_shard:"):
        assert fault in text
    assert len(caught.value.issues) == 3


@pytest.mark.parametrize("pattern", ["../../x/*.xml", "/etc/*.xml", "C:/x/*.xml", "a/../../*.xml"])
def test_row_4_pattern_that_leaves_the_raw_folder(tmp_path: Path, pattern: str) -> None:
    old = "**/BBox_RBox_PSeg_SSDD/voc_style/Annotations_test/*.xml"
    _manifest(tmp_path, (old, pattern))
    with pytest.raises(ConfigurationError, match=r"annotations\.files\.1\.path.*leaves"):
        load_manifests(tmp_path)


BAD_PHRASINGS = {
    "row 42 undefined": ("Fine.\n{{ nope }}.", "line 2: UndefinedError: 'nope' is undefined"),
    "row 42 syntax": ("Fine.\n\n{% if %}.", "line 3: TemplateSyntaxError"),
    "row 43 class": ("{{ category.__class__ }}.", "line 1: SecurityError"),
    "row 43 long": ("{{ 'a' * 300000000 }}.", "line 1: SecurityError"),
    "row 43 include": ("{% include 'x' %}.", "line 1: TemplateSyntaxError: include"),
    "row 43 range": ("{% for i in range(99) %}{% endfor %}.", "'range' is undefined"),
    "image mark": ("<image> How many?", "an image mark"),
    "grammar": ("Identify {{ 4 }} ship.", "singular noun"),
}


@pytest.mark.parametrize("fault", BAD_PHRASINGS)
def test_rows_42_43_bad_phrasing_is_named(fault: str) -> None:
    source, expected = BAD_PHRASINGS[fault]
    templates = load_templates(resource_folder("templates"))
    templates["instance_counting/all/question/bad"] = source
    issues = [str(issue) for issue in lint(templates)]
    assert any(expected in issue and "question/bad.jinja" in issue for issue in issues), issues


def test_shipped_phrasings_have_no_fault() -> None:
    assert list(lint(load_templates(resource_folder("templates")))) == []


@pytest.mark.parametrize(
    "text",
    [
        "Identify 4 ship in the image.",
        "There are 3 aircrafts.",
        "There is 1 ships.",
        "The ship is small The tank is large. It is is big.",
        "A aircraft lies here.",
        "There are 2 tank , and no more.",
    ],
)
def test_published_defects_are_found(text: str) -> None:
    assert list(grammar_faults(text))


def test_row_44_source_text_is_data() -> None:
    phrasing = Phrasing({"t/s/question/a": "{{ x }}?", "t/s/answer/a": "{{ x }}."})
    assert phrasing.render("t", "s", "id", {"x": "{{7*7}}"}).question == "{{7*7}}?"
    assert _plain("a|<script>[x](y)`") == "a&#124;&lt;script&gt;&#91;x](y)&#96;"


def test_row_46_missing_column() -> None:
    with pytest.raises(ValueError, match=r"lacks columns \['detail'\]"):
        tables.to_table([{n: None for n in tables.REJECTS.names if n != "detail"}], tables.REJECTS)


def test_manifests_and_recipe_are_complete() -> None:
    for manifest in load_manifests(resource_folder("source_manifests")).values():
        assert isinstance(manifest, Manifest)
        assert manifest.expected is not None
    assert load_recipe(launch.RECIPES / "sarchat_2m.toml").name == "sarchat_2m"
