"""Several conventions of one format in one release: an entry of `files` states its own options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError
from small_source import SOURCE_ID, Outcome, voc, voc_object, write

from sarchat_build.config.annotation_options import AnnotationFiles, AnnotationRule, Annotations
from sarchat_build.config.manifest import load_manifests
from sarchat_build.errors import ConfigurationError, InputError
from sarchat_build.reasons import Reason

FORMATS = get_args(get_args(Annotations)[0])
# Which documents, and what an image is called: the same for a whole source.
OF_A_SOURCE = {"format", *AnnotationRule.model_fields} - {"encodings"}
ENTRY = '[[annotations.files]]\npath = "**/labels/b*.xml"\n'


def test_every_option_of_every_format_can_be_stated_for_some_documents() -> None:
    options = {
        key: field.annotation
        for rule in FORMATS
        for key, field in rule.model_fields.items()
        if key not in OF_A_SOURCE
    }
    stated = AnnotationFiles.model_fields.keys() - {"path", "split", "optional"}
    assert stated == options.keys()


def two_groups(folder: Path, document: str, stated: str, options: str = "") -> Path:
    """Pictures a and b with the same document, of which b's group states something of its own."""
    write(folder, "voc", {"a": document, "b": document}, options=options)
    manifest = folder / "m" / f"{SOURCE_ID}.toml"
    text = manifest.read_text().replace("**/labels/*.xml", "**/labels/a*.xml")
    manifest.write_text(text.replace("[categories]", f"{ENTRY}{stated}\n[categories]"))
    return folder


def test_origin_and_edge_of_a_group(tmp_path: Path) -> None:
    document = voc(voc_object(10, 20, 30, 40))
    stated = 'pixel_origin = 1\nmax_edge = "inclusive"'
    outcome = Outcome(two_groups(tmp_path, document, stated))
    assert outcome.boxes("a") == [(10, 20, 30, 40)]
    assert outcome.boxes("b") == [(9, 19, 30, 40)]


def test_angle_of_a_group(tmp_path: Path) -> None:
    box = "<cx>50</cx><cy>48</cy><w>40</w><h>10</h><angle>1.5708</angle>"
    document = voc(voc_object(more=f"<robndbox>{box}</robndbox>"))
    outcome = Outcome(
        two_groups(
            tmp_path,
            document,
            'angle = {unit = "radians", turn = "clockwise", along = "w"}',
            'angle = {unit = "radians", turn = "clockwise", along = "h"}',
        )
    )
    assert outcome.boxes("a") == [(30, 43, 70, 53)]
    assert outcome.boxes("b") == [(45, 28, 55, 68)]


def test_encodings_of_a_group(tmp_path: Path) -> None:
    document = voc(voc_object(10, 20, 30, 40, name="船"))
    folder = two_groups(tmp_path, document, 'encodings = ["gbk"]')
    manifest = folder / "m" / f"{SOURCE_ID}.toml"
    manifest.write_text(manifest.read_text().replace('"ship" = "ship"', '"船" = "ship"'))
    (folder / "raw" / SOURCE_ID / "labels" / "b.xml").write_bytes(document.encode("gbk"))
    outcome = Outcome(folder)
    assert outcome.boxes("a") == outcome.boxes("b") == [(10, 20, 30, 40)]
    assert outcome.notices(Reason.OTHER_ENCODING) == 1
    # Without the statement nobody can read it, and the image is rejected with its document.
    rejects = Outcome(folder, f'{SOURCE_ID}.annotations.files.1.encodings=["utf-8"]').rejects
    assert rejects == {("b", Reason.ENCODING)}


def test_a_contradiction_names_the_entry_and_its_advice_works(tmp_path: Path) -> None:
    folder = two_groups(tmp_path, voc(voc_object(0, 20, 30, 40)), "pixel_origin = 1")
    message = Outcome(folder).stop
    assert "annotations.files.1.pixel_origin = 1, but boxes start at 0 (1 objects)" in message
    (advice,) = re.findall(r"--set (\S+)=VALUE", message)
    assert advice == f"{SOURCE_ID}.annotations.files.1.pixel_origin"
    outcome = Outcome(folder, f"{advice}=0")
    assert not outcome.stop
    assert outcome.boxes("a") == outcome.boxes("b") == [(0, 20, 30, 40)]


def test_a_document_of_two_entries_that_state_different_things_stops(tmp_path: Path) -> None:
    folder = two_groups(tmp_path, voc(voc_object(10, 20, 30, 40)), "pixel_origin = 1")
    with pytest.raises(InputError, match="which state different options; make one of these"):
        Outcome(folder, f'{SOURCE_ID}.annotations.files.0.path="**/labels/*.xml"')


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("header_lines = 2", "annotations: files.1.header_lines: this format has no such option"),
        ("header_line = 2", "annotations.files.1.header_line: unknown key"),
        ("pixel_origin = 2", "annotations.files.1.pixel_origin: Input should be 0 or 1"),
        ('encodings = ["klingon"]', "annotations.files.1.encodings: unknown encoding 'klingon'"),
    ],
)
def test_what_a_format_does_not_know_is_named(tmp_path: Path, stated: str, message: str) -> None:
    folder = two_groups(tmp_path, voc(voc_object(10, 20, 30, 40)), stated)
    with pytest.raises(ConfigurationError) as caught:
        load_manifests(folder / "m")
    assert message in str(caught.value)


def test_what_a_format_demands_of_a_value_is_demanded_of_an_entry() -> None:
    (yolo,) = [rule for rule in FORMATS if rule.__name__ == "YoloRule"]
    files = (AnnotationFiles(path="a.txt", class_names=()),)
    with pytest.raises(ValidationError, match=r"files\.0\.class_names: .* at least 1 item"):
        yolo(format="yolo", images=("*.jpg",), files=files, class_names=("ship",))


def test_a_rule_without_statements_is_itself() -> None:
    (yolo,) = [rule for rule in FORMATS if rule.__name__ == "YoloRule"]
    files = (AnnotationFiles(path="a.txt"),)
    rule = yolo(format="yolo", images=("*.jpg",), files=files, class_names=("ship",))
    assert rule.rule_of(0) is rule
    assert rule.located(0, "annotations.class_names lists 1") == "annotations.class_names lists 1"
