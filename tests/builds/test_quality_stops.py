"""What stops a build: before any work, or before anything is published. Each says what to do."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import miniatures as mini
import pytest
from conftest import sarchat
from miniatures import SHIP, picture, voc_xml
from plain_proof import faults

from pipelines import launch
from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.resources import recipe_path, resource_folder
from sarchat_build.errors import ConfigurationError, InputError

quality = pytest.mark.quality
RECIPE = recipe_path("sarchat_2m").read_text()
MANIFESTS = resource_folder("source_manifests")


# Row 1, row 3, row 4: settings and folders, before any work.
@quality(row=1)
@pytest.mark.parametrize(
    "state",
    ["no raw folder", "no folder", "empty folder", "other layout", "empty zip", "empty file"],
)
def test_row_1_says_which_source_what_layout_and_where_to_get_it(
    tmp_path: Path, state: str
) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    if state != "no raw folder":
        raw.mkdir()
    if state not in ("no raw folder", "no folder"):
        (raw / "ssdd").mkdir()
    if state == "other layout":
        (raw / "ssdd" / "000001.jpg").write_bytes(picture(1))
    if state == "empty zip":
        mini.Source("ssdd").write_zip(raw)
    if state == "empty file":
        (raw / "ssdd" / "SSDD.zip").touch()
    with pytest.raises(InputError) as caught:
        mini.build(raw, out, sources=["ssdd"])
    text = str(caught.value)
    for part in (
        str(raw / "ssdd"),
        "Official-SSDD-OPEN.zip",
        "**/BBox_RBox_PSeg_SSDD/voc_style/JPEGImages_train/*.jpg",
        "https://github.com/TianwenZhang0825/Official-SSDD",
    ):
        assert part in text
    assert not out.exists()


@quality(row=3)
def test_row_3_every_fault_of_manifest_and_recipe_at_once(tmp_path: Path) -> None:
    def spoil(name: str, text: str) -> str:
        if name == "ssdd.toml":
            return text.replace("[sar]", "[sar]\nbands = 3").replace(
                "priority = 20", 'priority = "high"'
            )
        if name != "sar_aircraft.toml":
            return text
        return text.replace("chip_px     = 512", 'chip_px = "512"')

    manifests = mini.copy_settings(MANIFESTS, tmp_path / "manifests", spoil)
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        RECIPE.replace("box_cap           = 100", "box_cap = 0.5\nbox_cup = 1").replace(
            'name  = "sarchat_2m"', ""
        )
    )
    with pytest.raises(ConfigurationError) as caught:
        launch.load_settings(str(recipe), manifests, None)
    found = {(Path(i.file).name, i.key): i.message for i in caught.value.issues}
    assert set(found) == {
        ("ssdd.toml", "sar.bands"),
        ("ssdd.toml", "priority"),
        ("sar_aircraft.toml", "tiling.chip_px"),
        ("mine.toml", "tasks.instance_counting.box_cap"),
        ("mine.toml", "tasks.instance_counting.box_cup"),
        ("mine.toml", "name"),
    }
    assert found["ssdd.toml", "sar.bands"] == (
        "unknown key; known: platforms, frequency_bands, polarizations, resolutions_m"
    )
    assert found["mine.toml", "name"] == "required key is missing"
    assert "valid integer" in found["ssdd.toml", "priority"]
    assert f"{recipe} › tasks.instance_counting.box_cup: unknown key" in str(caught.value)


@quality(row=4)
@pytest.mark.parametrize(
    "pattern", ["../../*.jpg", "/etc/*.jpg", "..\\\\x\\\\*.jpg", "D:\\\\x.jpg"]
)
@pytest.mark.parametrize("key", ["annotations.images.0", "annotations.files.0.path"])
def test_row_4_pattern_outside_the_raw_folder(tmp_path: Path, pattern: str, key: str) -> None:
    kind = "JPEGImages_train/*.jpg" if "images" in key else "Annotations_train/*.xml"
    old = f"**/BBox_RBox_PSeg_SSDD/voc_style/{kind}"
    mini.copy_settings(MANIFESTS, tmp_path, lambda name, text: text.replace(old, pattern))
    with pytest.raises(ConfigurationError) as caught:
        load_manifests(tmp_path)
    (issue,) = caught.value.issues
    assert (Path(issue.file).name, issue.key) == ("ssdd.toml", key)
    assert "leaves the source's folder" in issue.message


def test_row_4_pattern_that_is_no_pattern(tmp_path: Path) -> None:
    raw = mini.ssdd(2).write_zip(tmp_path / "raw")
    old = "**/BBox_RBox_PSeg_SSDD/voc_style/JPEGImages_train/*.jpg"
    manifests = mini.copy_settings(
        MANIFESTS, tmp_path / "manifests", lambda name, text: text.replace(old, "**.jpg")
    )
    with pytest.raises((ConfigurationError, InputError)):
        mini.build(raw, tmp_path / "out", manifests=manifests)


# Through the real command: exit code, message, and nothing begun.
def stopped(out: Path, code: int, *arguments: object) -> str:
    """What a build that must stop says, after `error:`; it leaves no dataset, and no shards."""
    done = sarchat("build", "--output", out, "--workers", 1, *arguments)
    assert done.returncode == code, done.stderr
    lines = done.stderr.splitlines()
    assert lines
    assert all(line.startswith("error: ") for line in lines), done.stderr
    assert not (out / "build.json").exists()
    assert not (out / "images").exists()
    return done.stderr


@quality(row=3)
@quality(row=4)
@quality(row=42)
@quality(row=43)
def test_every_fault_of_every_setting_is_said_before_anything_is_read(tmp_path: Path) -> None:
    def spoil(name: str, text: str) -> str:
        if name == "hrsid.toml":
            text = text.replace("**/HRSID_JPG/JPEGImages/", "../../JPEGImages/")
            assert "../../" in text
        if name == "ssdd.toml":
            text = text.replace("[sar]", "[sar]\nbands = 3").replace(
                "**/BBox_RBox_PSeg_SSDD/voc_style/Annotations_train/", "/etc/"
            )
            assert "/etc/" in text
        return text

    manifests = mini.copy_settings(MANIFESTS, tmp_path / "manifests", spoil)
    templates = mini.copy_settings(resource_folder("templates"), tmp_path / "templates")
    place = templates / "classification" / "all" / "question"
    (place / "zz_undefined.jinja").write_text("Fine.\n\n{{ nope }}.")
    (place / "zz_class.jinja").write_text("{{ candidates.__class__ }}.")
    recipe = tmp_path / "mine.toml"
    recipe.write_text(RECIPE.replace("box_cap           = 100", 'box_cap = "100"'))
    message = stopped(
        tmp_path / "out", 2, "--raw", tmp_path / "nowhere", "--manifests", manifests,
        "--templates", templates, "--recipe", recipe,
    )  # fmt: skip
    advice = "leaves the source's folder; use a relative path without '..'"
    for part in (
        f"{manifests}/ssdd.toml › sar.bands: unknown key",
        f"{manifests}/ssdd.toml › annotations.files.0.path: '/etc/*.xml' {advice}",
        f"{manifests}/hrsid.toml › annotations.images.0: ",
        f"{recipe} › tasks.instance_counting.box_cap: ",
        f"{place}/zz_undefined.jinja › line 3: ",
        f"{place}/zz_class.jinja › line 1: ",
    ):
        assert f"error: {part}" in message
    assert message.count(advice) == 2
    assert not (tmp_path / "out").exists()


@quality(row=2)
def test_row_2_an_archive_that_is_not_the_published_one_stops_with_both_digests(
    tmp_path: Path,
) -> None:
    raw = mini.ssdd(5).write_zip(tmp_path / "raw")
    archive = (raw / "ssdd" / "a copy.zip").rename(raw / "ssdd" / "Official-SSDD-OPEN.zip")
    published = "0123456789abcdef" * 4
    arguments = ("--raw", raw, "--set", f'ssdd.archives.0.sha256="{published}"')
    message = stopped(tmp_path / "out", 3, *arguments)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert f"{archive}: sha256 is {found}, expected {published}; fetch it again" in message
    assert not (tmp_path / "out").exists()


@quality(row=9)
def test_row_9_an_encrypted_archive_stops_the_build(tmp_path: Path) -> None:
    raw = mini.ssdd(3).write_zip(tmp_path / "raw")
    path = raw / "ssdd" / "a copy.zip"
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    message = stopped(tmp_path / "out", 3, "--raw", raw)
    assert f"{path}: " in message
    assert "encrypted; unpack it with its password" in message
    assert not (tmp_path / "out").exists()


@quality(row=17)
def test_row_17_unknown_names_stop_with_a_count_per_name(tmp_path: Path) -> None:
    source = mini.ssdd(10)
    source.document("000003", voc_xml([("L", *SHIP[1:]), ("L", 1, 2, 30, 40)]))
    source.document("000004", voc_xml([("War ship", *SHIP[1:]), SHIP]))
    message = stopped(tmp_path / "out", 3, "--raw", source.write_zip(tmp_path / "raw"))
    assert "unknown category names (ssdd: 'L' × 2; ssdd: 'War ship' × 1)" in message
    assert "list them under [categories.names] in the manifest" in message
    rows = mini.read_rejects(tmp_path / "out")
    assert [row["file"].rpartition("/")[2] for row in rows] == ["000003.xml"] * 3 + ["000004.xml"]


@quality(row=56)
@pytest.mark.parametrize("state", ["a file", "below a file", "another folder", "long"])
def test_row_56_an_output_that_cannot_be_one_stops_before_sources_are_read(
    tmp_path: Path, state: str
) -> None:
    # A source that stops as soon as it is looked at: the message tells that nothing came so far.
    (tmp_path / "raw" / "ssdd").mkdir(parents=True)
    (tmp_path / "raw" / "ssdd" / "x.zip").write_bytes(b"no archive")
    note = tmp_path / "mine" / "note.txt"
    note.parent.mkdir()
    note.write_text("mine")
    out, said = {
        "a file": (note, f"{note}: is a file, not a folder; give another --output"),
        "below a file": (note / "out", f"{note} is a file, not a folder; give another --output"),
        "another folder": (note.parent, "not empty and not an earlier build; give another"),
        "long": (tmp_path / ("x" * 300), "cannot be written (File name too long); give another"),
    }[state]
    done = sarchat("build", "--raw", tmp_path / "raw", "--output", out)
    assert done.returncode == 3
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert "x.zip" not in done.stderr
    assert [path.name for path in note.parent.iterdir()] == ["note.txt"]


class _Forbidding(BaseHTTPRequestHandler):
    """A store that knows nobody."""

    def answer(self) -> None:
        body = json.dumps({"error": {"code": 401, "message": "Anonymous caller: no access."}})
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@quality(row=56)
def test_row_56_a_bucket_without_credentials_stops_before_sources_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raw" / "ssdd").mkdir(parents=True)
    (tmp_path / "raw" / "ssdd" / "x.zip").write_bytes(b"no archive")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Forbidding) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
        done = sarchat("build", "--raw", tmp_path / "raw", "--output", "gs://bucket/out")
        server.shutdown()
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: gs://bucket/out: ")
    assert line.endswith("; see that the URL is right, the network is there, and your credentials "
                         "may use it")  # fmt: skip
    assert "x.zip" not in line


# Before anything is published.
@quality(row=47)
def test_row_47_too_many_rejects_stop_and_are_named(tmp_path: Path) -> None:
    source = mini.ssdd(10)
    for stem in ("000002", "000003", "000004"):
        source.document(stem, "<broken")
    message = stopped(tmp_path / "out", 3, "--raw", source.write_zip(tmp_path / "raw"))
    assert (
        "ssdd: 3 of 10 images rejected, more than the recipe's rejects.max_image_ratio" in message
    )
    assert "see rejects/" in message
    rows = mini.read_rejects(tmp_path / "out")
    assert [(row["key"], row["reason"]) for row in rows] == [
        (f"ssdd/00000{number}", "xml_parse") for number in (2, 3, 4)
    ]


@quality(row=58)
def test_row_58_nothing_is_left_to_write(tmp_path: Path) -> None:
    source = mini.ssdd(5)
    for number in range(1, 6):
        stem, side = f"{number:06d}", "train" if number < 5 else "test"
        source.document(stem, voc_xml([], filename=f"{stem}.jpg", size=(300, 240)), side)
    message = stopped(tmp_path / "out", 3, "--raw", source.write_zip(tmp_path / "raw"))
    assert "nothing to write: no image was kept; see rejects/" in message
    assert {row["reason"] for row in mini.read_rejects(tmp_path / "out")} == {"no_object"}


@quality(row=59)
def test_row_59_other_counts_than_published_are_shown_and_stop_when_strict(tmp_path: Path) -> None:
    raw, out = mini.ssdd(6).write_zip(tmp_path / "raw"), tmp_path / "out"
    message = stopped(out, 3, "--raw", raw, "--strict")
    expected = "ssdd: 6 images and 6 instances read, 1,160 and 2,587 published (--strict)"
    assert expected in message
    done = sarchat("build", "--raw", raw, "--output", out, "--workers", 1)
    assert done.returncode == 0, done.stderr
    (row,) = [line.split() for line in done.stdout.splitlines() if "images" in line.split()[1:2]]
    # Published numbers are shown beside builds of about their size only.
    assert row == ["ssdd", "images", "6", "0", "0", "6", "6"]


@quality(row=53)
def test_row_53_a_smaller_build_in_the_same_folder_leaves_nothing_of_the_larger(
    tmp_path: Path,
) -> None:
    recipe, out = tmp_path / "mine.toml", tmp_path / "out"
    shards = re.search(r"images_per_shard *= *\d+", RECIPE)
    assert shards is not None
    recipe.write_text(RECIPE.replace(shards[0], "images_per_shard = 4"))
    mini.build(mini.ssdd(20).write_zip(tmp_path / "raw"), out, recipe=str(recipe))
    many = {path.name for path in (out / "images").iterdir()}
    record = mini.build(mini.ssdd(12).write_zip(tmp_path / "less"), out, replace=True)
    few = {path.name for path in (out / "images").iterdir()}
    assert len(few) < len(many)
    assert few == {Path(name).name for name in record["files"] if name.startswith("images/")}
    assert len(mini.read_images(out)) == 12
    assert faults(out) == []


# Exit codes.
@quality(row=55)
def test_exit_code_0_and_1(tmp_path: Path) -> None:
    out = tmp_path / "out"
    mini.ssdd(6).write_folder(tmp_path / "raw")
    done = sarchat("build", "--raw", tmp_path / "raw", "--output", out, "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "build.json").read_text())["sources"]
    shard = sorted((out / "images").iterdir())[0]
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    done = sarchat("validate", out, "--workers", 1)
    assert done.returncode == 1
    assert shard.name in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@quality(row=3)
def test_exit_code_2_for_settings(tmp_path: Path) -> None:
    done = sarchat("build", "--raw", tmp_path, "--output", tmp_path / "out", "--recipe", "x.toml")
    assert done.returncode == 2
    assert "error: x.toml: no such file" in done.stderr
    assert "Traceback" not in done.stderr


@quality(row=1)
def test_exit_code_3_for_input(tmp_path: Path) -> None:
    done = sarchat("build", "--raw", tmp_path, "--output", tmp_path / "out", "--source", "ssdd")
    assert done.returncode == 3
    assert "error: not found in the raw folder:" in done.stderr
    assert "get it from https://github.com/TianwenZhang0825/Official-SSDD" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
