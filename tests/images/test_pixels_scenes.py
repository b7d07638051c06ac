"""Scenes: one stretch for all chips, window by window as if decoded whole, memory bounded."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pixel_files import COLOR, GRAY, PERCENTILE, ROOT, refused, saved, shown, speckle, tiff

from sarchat_build import images
from sarchat_build.archives import Folder, ZipArchive
from sarchat_build.errors import RecordError
from sarchat_build.images import inspection, publishing, raster
from sarchat_build.images.hashing import PerceptualHash, perceptual_hash
from sarchat_build.types import Window
from sarchat_build.validation.pictures import pixels as proof

quality = pytest.mark.quality


@quality(row=35)
def test_row_35_a_scene_of_384_megapixels_in_bounded_memory() -> None:
    command = [sys.executable, "-m", "benchmarks.proof_scene", "--width", "24000"]
    relay = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    done = subprocess.run(
        [sys.executable, "-c", relay, *command, "--height", "16000", "--chips", "40"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    figures = json.loads(done.stdout)
    assert figures["pixels"] == 384_000_000 > images.MAX_PIXELS
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
    at_once = images.inspect(path, PERCENTILE, tiled=True)
    picture = shown(path.read_bytes(), at_once)
    # The same through many small pieces, and windows read one by one.
    for module in (inspection, publishing):
        monkeypatch.setattr(module, "MAX_PIXELS", 1000)
    monkeypatch.setattr(raster, "_READ_PIXELS", 5000)
    monkeypatch.setattr(raster, "_PIECE_PIXELS", 900)
    by_pieces = images.inspect(path, PERCENTILE, tiled=True)
    assert by_pieces == at_once
    with images.open_scene(path, by_pieces) as cut:
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
        images.inspect(tiff(np.zeros((9500, 9500), np.uint8), compress="deflate"))
    assert caught.value.reason == "pixel_limit"


def test_another_file_under_the_same_name_is_noticed() -> None:
    facts = images.inspect(saved(COLOR, "TIFF"))
    with pytest.raises(RecordError, match="not the one that was inspected"):
        images.published_whole(saved(GRAY, "TIFF"), facts)


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


@pytest.mark.parametrize("shape", [(300, 700), (1111, 517), (64, 64, 3), (1030, 900, 3)])
def test_hash_of_strips_is_the_hash_of_the_whole(shape: tuple[int, ...]) -> None:
    rows = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    strips = PerceptualHash((shape[1], shape[0]))
    for top in range(0, shape[0], 7):
        strips.update(rows[top : top + 7])
    assert strips.hexdigest(0.0) == perceptual_hash(Image.fromarray(rows))
