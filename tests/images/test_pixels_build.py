"""A source of 16-bit TIFFs from its manifest to a proven dataset, with and without chips."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import miniatures as mini
import numpy as np
import pytest
from conftest import digests
from PIL import Image
from pixel_files import expected_level, expected_range, saved, speckle, tiff
from plain_proof import faults

from sarchat_build.config.manifest import Pixels
from sarchat_build.config.resources import resource_folder
from sarchat_build.sources import files as source_files

quality = pytest.mark.quality

MANIFEST = """
schema_version = 1
id       = "radar16"
title    = "Scenes of 16 bits"
homepage = "https://example.org/radar16"
license  = "unknown"
citation = "none"
priority = 90
[[archives]]
name = "radar16.zip"
[annotations]
format       = "voc"
images       = ["images/*.*"]
pixel_origin = 0
max_edge     = "exclusive"
[[annotations.files]]
path = "boxes/*.xml"
[categories]
annotated = ["ship"]
[categories.names]
ship = "ship"
"""
RULE = """
[pixels]
rule         = "log_percentile"
low_percent  = 1.0
high_percent = 99.0
nodata       = 0.0
"""
TILING = """
[tiling]
chip_px     = 256
overlap_px  = 64
min_visible = 0.7
"""
RANGE = Pixels(rule="log_percentile", nodata=0.0)
SIZE = (700, 520)


def scene(number: int) -> np.ndarray:
    """Speckle that is dark on one side and bright on the other, with a border of no-data."""
    values = speckle(SIZE[1], SIZE[0], number) * np.linspace(0.02, 3, SIZE[0])[None, :]
    values[:, :9] = 0
    return values.clip(0, 65535).astype(np.uint16)


def good_files() -> dict[str, bytes]:
    files = {f"images/s{n}.tiff": tiff(scene(n), blockysize=16) for n in range(6)}
    files["images/f0.tif"] = tiff(scene(20).astype(np.float32))
    files["images/p0.png"] = saved(Image.fromarray(scene(21)), "PNG")
    exif = Image.Exif()
    exif[0x0112] = 6
    files["images/e0.jpg"] = saved(
        Image.fromarray((scene(22) >> 8).astype(np.uint8)), "JPEG", exif=exif
    )
    files["images/j0.png"] = saved(Image.fromarray((scene(23) >> 7).astype(np.uint8)), "JPEG")
    return files


BAD_FILES = {
    "images/complex.tiff": (lambda: tiff(scene(30).astype(np.complex64)), "unsupported_dtype"),
    "images/cut.tiff": (lambda: tiff(scene(31))[:-3000], "image_truncated"),
    "images/page.jpg": (lambda: b"<html>not found</html>", "not_an_image"),
    "images/empty.tiff": (lambda: b"", "empty_file"),
    "images/dot.tiff": (lambda: tiff(np.ones((1, 1), np.uint16)), "image_too_small"),
}


def write_source(raw: Path, manifests: Path, extra: str, as_zip: bool = False) -> None:
    source = mini.Source("radar16", good_files())
    source.files.update((name, make()) for name, (make, _) in BAD_FILES.items())
    for name in list(source.files):
        boxes = [("ship", 30, 40, 90, 100), ("ship", 600, 300, 650, 360)]
        source.files[f"boxes/{Path(name).stem}.xml"] = mini.voc_xml(boxes, size=SIZE).encode()
    (source.write_zip if as_zip else source.write_folder)(raw)
    manifests.mkdir(exist_ok=True)
    (manifests / "radar16.toml").write_text(MANIFEST + extra, encoding="utf-8")


def build(root: Path) -> None:
    """Build what `write_source` wrote; a third of it is bad, which a recipe must allow."""
    recipe = (resource_folder("recipes") / "sarchat_2m.toml").read_text()
    text = recipe.replace("max_image_ratio  = 0.2", "max_image_ratio  = 1.0")
    assert text != recipe
    (root / "recipe.toml").write_text(text)
    mini.build(
        root / "raw",
        root / "out",
        manifests=root / "manifests",
        recipe=str(root / "recipe.toml"),
    )


@pytest.fixture(scope="module", params=["whole", "tiled"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp(request.param)
    extra = RULE + (TILING if request.param == "tiled" else "")
    write_source(root / "raw", root / "manifests", extra)
    build(root)
    return root


def decoded(row: dict[str, Any]) -> np.ndarray:
    with Image.open(io.BytesIO(row["image"]["bytes"])) as picture:
        return np.asarray(picture)


def test_validate_proves_it(built: Path) -> None:
    assert faults(built / "out") == []


@quality(row=31)
@quality(row=32)
@quality(row=33)
@quality(row=36)
def test_every_bad_file_is_a_reject_with_its_reason(built: Path) -> None:
    found = {row["file"]: row["reason"] for row in mini.read_rejects(built / "out")}
    assert found == {name: reason for name, (_, reason) in BAD_FILES.items()}


@quality(row=36)
@quality(row=37)
def test_each_row_says_how_its_8_bits_came_about(built: Path) -> None:
    rows = mini.read_images(built / "out").values()
    said = {Path(row["source_member"]).stem: (row["bit_depth"], row["rendering"]) for row in rows}
    assert set(said) == {*(f"s{n}" for n in range(6)), "f0", "p0", "e0", "j0"}
    assert said["e0"] == (8, "orientation tag removed, as PNG")
    assert said["j0"] == (8, "as stored")
    assert {bits for bits, _ in said.values()} == {8, 16, 32}
    for number in range(6):
        low, high = expected_range(scene(number), RANGE, 0.0)
        words = f"percentile 1–99 of the scene: {low:.0f}…{high:.0f} → 0…255, log; no-data 0 → 0"
        assert said[f"s{number}"] == (16, words)


@quality(row=36)
def test_pixels_are_those_of_the_rule_on_the_whole_scene(built: Path) -> None:
    low, high = expected_range(scene(3), RANGE, 0.0)
    level = {
        v: expected_level(v, low, high, True) if v else 0 for v in np.unique(scene(3)).tolist()
    }
    whole = np.vectorize(level.__getitem__)(scene(3))
    rows = [r for r in mini.read_images(built / "out").values() if "/s3." in r["source_member"]]
    for row in rows:
        x0, y0, x1, y1 = row["window_xyxy_px"] or (0, 0, *SIZE)
        assert np.array_equal(decoded(row), whole[y0:y1, x0:x1])
        assert row["image"]["path"].endswith(".png")
    if rows[0]["window_xyxy_px"]:
        means = sorted(decoded(row)[:, 10:].mean() for row in rows)
        assert means[-1] - means[0] > 50, "dark chips stay dark beside bright ones"


@quality(row=33)
def test_an_untouched_file_keeps_its_bytes_and_gets_its_true_extension(built: Path) -> None:
    rows = [r for r in mini.read_images(built / "out").values() if "/j0." in r["source_member"]]
    for row in rows:
        tiled = bool(row["window_xyxy_px"])
        assert row["image"]["path"].endswith(".png" if tiled else ".jpg")
        assert tiled or row["image"]["bytes"] == good_files()["images/j0.png"]


def test_large_files_are_read_from_disk_and_give_the_same_bytes(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "MAX_BYTES_IN_MEMORY", 1000)
    for as_zip in (False, True):
        root = tmp_path / str(as_zip)
        extra = (built / "manifests" / "radar16.toml").read_text().removeprefix(MANIFEST)
        write_source(root / "raw", root / "manifests", extra, as_zip)
        build(root)
        names = ("images/", "dialogues/")
        assert {k: v for k, v in digests(root / "out").items() if k.startswith(names)} == {
            k: v for k, v in digests(built / "out").items() if k.startswith(names)
        }


@quality(row=36)
def test_row_36_without_a_rule_nothing_is_guessed(tmp_path: Path) -> None:
    write_source(tmp_path / "raw", tmp_path / "manifests", "")
    build(tmp_path)
    reasons = {row["file"]: row for row in mini.read_rejects(tmp_path / "out")}
    assert reasons["images/s0.tiff"]["reason"] == "unsupported_dtype"
    assert "set [pixels] in the manifest" in reasons["images/s0.tiff"]["detail"]
    assert set(mini.read_images(tmp_path / "out")) == {"radar16/e0", "radar16/j0"}


@quality(row=37)
def test_row_37_no_mode_moves_a_pixel_against_its_boxes(tmp_path: Path) -> None:
    source, wanted = mini.ssdd(20), {}
    exif = Image.Exif()
    exif[0x0112] = 6
    for stem, mode, form, options in (
        ("000001", "P", "PNG", {}),
        ("000002", "RGBA", "PNG", {}),
        ("000003", "CMYK", "JPEG", {}),
        ("000004", "L", "JPEG", {"exif": exif}),
        ("000006", "RGB", "PNG", {"exif": exif}),
        ("000007", "LA", "PNG", {}),
        ("000008", "1", "PNG", {}),
    ):
        values = speckle(240, 300, int(stem)) / 20
        values[30:80, 20:90] = 255  # the ship
        gray = Image.fromarray(values.clip(0, 255).astype(np.uint8))
        colored = Image.merge("RGB", [gray, gray.point(lambda v: v // 2), gray])
        data = saved((gray if mode in ("L", "LA", "1") else colored).convert(mode), form, **options)
        source.image(stem, data)
        with Image.open(io.BytesIO(data)) as stored:
            wanted[f"ssdd/{stem}"] = np.asarray(stored.convert("L")).astype(int)
    mini.build(source.write_zip(tmp_path / "raw"), tmp_path / "out")
    images = mini.read_images(tmp_path / "out")
    for image_id, gray_levels in wanted.items():
        row = images[image_id]
        assert row["objects"]["bbox"] == [[20, 30, 90, 80]]
        assert (row["width"], row["height"]) == (300, 240)
        assert row["rendering"].endswith(", as PNG")
        with Image.open(io.BytesIO(row["image"]["bytes"])) as shown:
            assert shown.mode in ("L", "RGB")
            assert shown.getexif().get(0x0112) is None
            levels = np.asarray(shown.convert("L")).astype(int)
        assert np.abs(levels - gray_levels).max() <= 2, image_id
    assert faults(tmp_path / "out") == []
