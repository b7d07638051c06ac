"""What a manifest reads is shown as the build reads it; the sheet shows boxes where they are."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import miniatures as mini
import numpy as np
import pytest
from conftest import REAL_ARCHIVES, needs_real_data
from conftest import sarchat as command
from PIL import Image
from plain_proof import faults
from rsar import IMAGES, LEAVING, MISSING, TILTED, rsar

from pipelines.cli.main import app, main
from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import ConfigurationError
from sarchat_build.onboarding import contact_sheet
from sarchat_build.onboarding.contact_sheet import COLORS, choose_images, draw_sheet, view_of
from sarchat_build.onboarding.inspection import SourceSummary, read_source
from sarchat_build.sources.index import SourceIndex, index_source
from sarchat_build.synthetic import synthesize

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
BUILT_IN = resource_folder("source_manifests")


def read(
    raw: Path, source_id: str, limit: int = 0, stated: Sequence[str] = ()
) -> tuple[SourceSummary, SourceIndex, Manifest]:
    manifest = load_manifests(BUILT_IN, stated, EXAMPLES)[source_id]
    index = index_source(manifest, str(raw))
    return read_source(manifest, index, limit), index, manifest


def sarchat(*arguments: str) -> None:
    app(list(arguments), standalone_mode=False)


# RSAR: a source by manifest only.


def test_rsar_builds_from_its_manifest_alone(tmp_path: Path) -> None:
    raw, out = rsar().write_zip(tmp_path / "raw"), tmp_path / "out"
    record = mini.build(raw, out, manifests=EXAMPLES)
    counts = record["sources"]["rsar"]["counts"]
    assert counts["read"] == {"images": IMAGES, "instances": 2 * (IMAGES - 1)}
    assert counts["kept"] == {"images": IMAGES - 1, "instances": 2 * (IMAGES - 1)}
    (lost,) = mini.read_rejects(out)
    assert (lost["reason"], lost["key"]) == ("no_annotation", f"rsar/train/{MISSING}")
    rows = mini.read_images(out)
    assert {name.split("/")[1] for name in rows} == {"train", "val", "test"}
    for row in rows.values():
        objects = row["objects"]
        assert objects["obb"] == [list(TILTED), list(LEAVING)]
        assert objects["bbox"] == [[90, 60, 160, 110], [0, 90, 64, 130]]
    assert {split: n["images"] for split, n in record["counts"].items()} == {
        "train": 8,
        "validation": 3,
        "test": 3,
    }
    formats = Counter(row["image"]["bytes"][:2] for row in rows.values())
    assert set(formats) == {b"\xff\xd8", b"\x89P", b"BM"}
    assert faults(out) == []


def test_no_code_knows_rsar() -> None:
    for folder in ("sarchat_build", "pipelines"):
        for path in (ROOT / folder).rglob("*.py"):
            text = re.sub(r'epilog="[^"]*"', "", path.read_text(encoding="utf-8"))
            assert "rsar" not in text.casefold(), path


def commands(section: str) -> list[list[str]]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (body,) = re.findall(rf"^## {section}\n(.*?)^## ", text, flags=re.M | re.S)
    return [line.split() for line in re.findall(r"^ {4}sarchat (.+)$", body, flags=re.M)]


def test_commands_of_contributing(tmp_path: Path) -> None:
    source = rsar()
    source.write_zip(tmp_path / "raw")
    (tmp_path / "raw" / "rsar" / "a copy.zip").rename(tmp_path / "raw" / "rsar" / "RSAR.zip")
    look, inspect, build, prove = commands("Add a source")
    assert command(*look, cwd=tmp_path).returncode == 0
    refused = command(*inspect, cwd=tmp_path)
    assert refused.returncode == 2
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for promised in re.findall(r"^ {4}error: (.+)$", text, flags=re.M):
        assert promised in refused.stderr
    # What the example states wherever a person has to decide.
    shutil.copy(EXAMPLES / "rsar.toml", tmp_path / "mine" / "rsar.toml")
    inspected, *followed = (command(*line, cwd=tmp_path) for line in (inspect, build, prove))
    for done in (inspected, *followed):
        assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "rsar.png") as sheet:
        assert sheet.width == contact_sheet.WIDTH_PX
    assert "no_annotation" in inspected.stdout
    assert (tmp_path / "out" / "README.md").is_file()


# Manifests of the user's own.


def test_own_manifests_are_added_and_stand_in(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "rsar.toml", tmp_path / "rsar.toml")
    own = (BUILT_IN / "ssdd.toml").read_text(encoding="utf-8")
    (tmp_path / "ssdd.toml").write_text(own.replace("priority = 20", "priority = 3"))
    known = load_manifests(BUILT_IN, ["ssdd.tiling={}"], tmp_path)
    assert len(known) == 12
    assert known["ssdd"].priority == 3
    assert known["ssdd"].tiling is not None
    assert list(known) == sorted(known)


def test_folder_without_manifests_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no manifest"):
        load_manifests(BUILT_IN, (), tmp_path)


# What is shown.


@pytest.mark.parametrize("source_id", ["ssdd", "hrsid", "ogsod", "sived", "msar"])
def test_reads_what_the_build_reads(tmp_path: Path, source_id: str) -> None:
    raw = getattr(mini, source_id)().write_zip(tmp_path / "raw")
    summary, _, _ = read(raw, source_id)
    record = mini.build(raw, tmp_path / "out")
    counts = record["sources"][source_id]["counts"]
    assert counts["read"] == {"images": summary.images, "instances": summary.objects}
    assert counts["kept"]["images"] == len(summary.kept)
    assert sum(entry.objects for entry in summary.categories.values()) == summary.objects


def test_losses_are_those_of_the_build(tmp_path: Path) -> None:
    synthesize("sadd", tmp_path / "raw", 60)
    record = mini.build(tmp_path / "raw", tmp_path / "out")
    built = Counter(row["reason"] for row in mini.read_rejects(tmp_path / "out"))
    # Whether pictures without objects are wanted is the recipe's choice.
    without = built.pop("no_object", 0)
    summary, _, _ = read(tmp_path / "raw", "sadd")
    assert summary.rejects.counts == built
    assert sum(not image.instances for image in summary.kept) == without
    fixes = {k: v for k, v in record["sources"]["sadd"]["fixes"].items() if "window" not in k}
    assert dict(summary.notices.counts) == fixes


def test_faults_of_every_document_are_counted_whatever_is_decoded(tmp_path: Path) -> None:
    source = mini.sadd(8)
    source.document("00003", b"0 .5 .5 .1\n0 .5 .5 .1 .1")
    source.document("00004", b"\xff\xfe\xff")
    source.document("00099", b"0 .5 .5 .1 .1")
    raw = source.write_zip(tmp_path / "raw")
    whole, _, _ = read(raw, "sadd")
    some, _, _ = read(raw, "sadd", 2)
    assert (whole.chosen, some.chosen) == (8, 2)
    assert whole.objects == some.objects
    assert whole.rejects.counts == some.rejects.counts
    assert dict(some.rejects.counts) == {"bad_value": 1, "encoding": 1, "image_missing": 1}
    (bad,) = some.rejects.first["bad_value"]
    assert (bad.file, bad.key) == ("a copy.zip/SADD/labels/00003.txt", "sadd/00003#line 1")


def test_names_that_are_not_listed_are_shown(tmp_path: Path) -> None:
    source = mini.ssdd()
    source.document("000001", mini.voc_xml([mini.SHIP, ("raft", 1, 1, 9, 9)]))
    summary, _, _ = read(source.write_zip(tmp_path / "raw"), "ssdd")
    assert summary.categories["raft"].category is None
    assert summary.categories["ship"].category == "ship"
    assert summary.rejects.counts["unknown_category"] == 1


def test_sides_of_boxes_in_pixels(tmp_path: Path) -> None:
    summary, _, _ = read(mini.ssdd().write_zip(tmp_path / "raw"), "ssdd")
    entry = summary.categories["ship"]
    assert [entry.side_px(percent) for percent in (5, 50, 95)] == [70, 70, 70]


def test_command_shows_counts_rejects_and_doubts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = mini.sadd()
    source.document("00003", b"0 nan .5 .1 .1\n0 .5 .5 .1 .1")
    raw = source.write_zip(tmp_path / "raw")
    sheet = tmp_path / "sadd.png"
    sarchat(
        "sources", "inspect", "--raw", str(raw), "--source", "sadd", "--sheet", str(sheet)
    )  # fmt: skip
    shown = capsys.readouterr().out
    key = "a copy.zip/SADD/labels/00003.txt:1 › sadd/00003#line 1"
    assert f"non_finite: {key}: line 1: 0 nan .5 .1 .1" in shown
    assert re.search(r"aircraft +aircraft +6 ", shown)
    assert "sadd, unverified" in shown
    assert "2,966" in shown
    assert sheet.is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["new", "raw/ssdd", "--id", "Bad Id"], 2, "a-z, 0-9 and '_'"),
        (["new", "raw/ssdd", "--id", "mine", "--output", "x.toml"], 2, "must be called mine.toml"),
        (["new", "nowhere", "--id", "mine"], 3, "nowhere: no such archive"),
        (["new", "raw/ssdd", "--id", "here"], 3, "here.toml: exists already"),
        (["inspect", "--raw", "raw", "--source", "mine"], 2, "no such source"),
        (["inspect", "--raw", "raw", "--source", "hrsid"], 3, "not found in the raw folder"),
        (
            ["inspect", "--raw", "raw", "--source", "ssdd", "--sheet", "a.jpg"],
            2,
            "must end in .png",
        ),
        (
            ["inspect", "--raw", "raw", "--source", "ssdd", "--sheet", "no/a.png"],
            3,
            "cannot be written",
        ),
    ],
)
def test_errors_say_what_to_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    mini.ssdd(5).write_folder(tmp_path / "raw")
    (tmp_path / "here.toml").write_text("")
    monkeypatch.setattr("sys.argv", ["sarchat", "sources", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == code
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[0].startswith("error: ")
    assert message in "\n".join(lines)
    assert (tmp_path / "here.toml").read_text() == ""


# The contact sheet.


def test_boxes_lie_where_the_objects_are(tmp_path: Path) -> None:
    # A white block on black, in a scene of 2,000 px: the stroke must lie around it and not on it.
    source = mini.sar_aircraft(1)
    scene = np.zeros((2000, 2000), np.uint8)
    scene[1400:1460, 700:780] = 255
    path = tmp_path / "scene.png"
    Image.fromarray(scene).save(path)
    source.image("0000001", path.read_bytes())
    source.document("0000001", mini.voc_xml([("A220", 700, 1400, 780, 1460)]))
    summary, index, _ = read(source.write_zip(tmp_path / "raw"), "sar_aircraft")
    drawn = draw_sheet(summary.kept, index, title="title", subtitle="subtitle")
    sheet = np.asarray(drawn).astype(int)
    block = (sheet > 250).all(axis=2)
    block[: contact_sheet._HEAD_PX] = False  # the title's letters are as bright
    rows, columns = np.nonzero(block[: contact_sheet._HEAD_PX + 330])
    stroke = (sheet == COLORS["aircraft"]).all(axis=2)
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    assert 0.7 < (right - left) / 80 < 0.8
    assert not stroke[top : bottom + 1, left : right + 1].any()
    middle = (left + right) // 2
    assert stroke[bottom + 1 : bottom + 4, middle].any()
    assert stroke[(top + bottom) // 2, left - 3 : left].any()
    assert stroke[(top + bottom) // 2, right + 1 : right + 4].any()


def test_rotated_boxes_are_drawn(tmp_path: Path) -> None:
    raw = rsar().write_zip(tmp_path / "raw")
    summary, index, _ = read(raw, "rsar")
    sheet = np.asarray(draw_sheet(summary.kept[:1], index, title="", subtitle=""))
    category = summary.kept[0].instances[0].category
    zoom = min(
        contact_sheet._PICTURE_PX[0] / 300, contact_sheet._PICTURE_PX[1] / 240
    )  # fmt: skip
    left = contact_sheet._MARGIN_PX + (contact_sheet._PICTURE_PX[0] - 300 * zoom) / 2
    x = round(left + (TILTED[0] + TILTED[2]) / 2 * zoom)
    y = round(contact_sheet._HEAD_PX + (TILTED[1] + TILTED[3]) / 2 * zoom)
    near = sheet[y - 2 : y + 3, x - 2 : x + 3]
    assert (near == COLORS[category]).all(axis=2).any()


def test_sheet_is_the_same_again_and_shows_every_category(tmp_path: Path) -> None:
    raw = rsar().write_zip(tmp_path / "raw")
    summary, index, _ = read(raw, "rsar")
    first = draw_sheet(summary.kept, index, title="title", subtitle="subtitle")
    again = draw_sheet(list(reversed(summary.kept)), index, title="title", subtitle="subtitle")
    assert first.tobytes() == again.tobytes()
    assert first.size[0] <= 2000
    for category in {i.category for image in summary.kept for i in image.instances}:
        assert (np.asarray(first) == COLORS[category]).all(axis=2).any(), category


def test_chosen_pictures_take_every_category_in_turn(tmp_path: Path) -> None:
    summary, _, _ = read(rsar().write_zip(tmp_path / "raw"), "rsar")
    chosen = choose_images(summary.kept, 4)
    assert len({image.image_id for image in chosen}) == 4
    categories = {i.category for image in chosen for i in image.instances}
    assert {"ship", "aircraft", "car", "tank"} <= categories
    assert choose_images(summary.kept, 99) != ()
    assert len(choose_images(summary.kept, 99)) == len(summary.kept)


def test_large_scenes_are_shown_where_most_objects_are(tmp_path: Path) -> None:
    source = mini.sar_aircraft(1)
    source.image("0000001", mini.picture(1, (3000, 2000)))
    crowd = [("A220", x, 1500, x + 40, 1540) for x in (2400, 2500, 2600)]
    source.document("0000001", mini.voc_xml([mini.PLANE, *crowd]))
    summary, _, _ = read(source.write_zip(tmp_path / "raw"), "sar_aircraft")
    view = view_of(summary.kept[0])
    assert view.x0_px < 2400
    assert view.x1_px > 2640
    assert view.y0_px < 1500 < 1540 < view.y1_px


@pytest.mark.parametrize("source_id", ["air_sarship_1", "sardet_100k"])
def test_synthetic_sources_can_be_drawn(tmp_path: Path, source_id: str) -> None:
    synthesize(source_id, tmp_path / "raw", 4)
    summary, index, _ = read(tmp_path / "raw", source_id)
    assert draw_sheet(summary.kept, index, title="", subtitle="").size[0] == contact_sheet.WIDTH_PX


@needs_real_data
def test_real_sources(tmp_path: Path) -> None:
    for source_id, archive in REAL_ARCHIVES.items():
        (tmp_path / source_id).mkdir()
        os.symlink(archive, tmp_path / source_id / "real.zip")
    summary, index, _ = read(tmp_path, "ssdd", 40)
    assert {split: dict(n) for split, n in summary.by_split.items()} == {
        "train": {"images": 928, "objects": 2041},
        "test": {"images": 232, "objects": 546},
    }
    assert len(summary.kept) == 40
    assert not summary.rejects.counts
    draw_sheet(summary.kept, index, title="", subtitle="")
    summary, _, _ = read(tmp_path, "sar_aircraft")
    assert {name: e.objects for name, e in summary.categories.items()} == {
        "A220": 11,
        "Boeing737": 5,
        "A320/321": 4,
        "Boeing787": 3,
        "A330": 2,
        "other": 1,
    }
