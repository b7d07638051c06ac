"""Pictures that lie, end early or claim too much: refused, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pixel_files import CLAIMS, COLOR, GRAY, PERCENTILE, ROOT, refused, saved, speckle, tiff

from sarchat_build import images

quality = pytest.mark.quality


# Files that lie, end early or ask too much.


@quality(row=31)
@quality(row=33)
def test_the_bytes_decide_and_not_the_name(tmp_path: Path) -> None:
    for name, data in (
        ("a.png", saved(GRAY, "JPEG")),
        ("b.jpg", tiff(speckle().astype(np.uint16))),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        from_disk, from_memory = images.inspect(path, PERCENTILE), images.inspect(data, PERCENTILE)
        assert from_disk == from_memory
        assert images.published_whole(path, from_disk) == images.published_whole(data, from_disk)
    assert refused(b"<!DOCTYPE html><title>404</title>") == "not_an_image"
    assert refused(b"") == "empty_file"
    assert refused(saved(Image.new("L", (1, 1)), "PNG")) == "image_too_small"
    assert refused(tiff(np.ones((1, 1), np.uint16))) == "image_too_small"


TRUNCATED = {
    "jpeg": lambda: saved(COLOR, "JPEG"),
    "png": lambda: saved(COLOR, "PNG"),
    "png16": lambda: tiff(speckle().astype(np.uint16), driver="PNG"),
    "webp": lambda: saved(COLOR, "WEBP", lossless=True),
    "tiff8": lambda: saved(COLOR, "TIFF"),
    "tiff16": lambda: tiff(speckle().astype(np.uint16)),
    "tiles": lambda: tiff(speckle().astype(np.uint16), tiled=True, blockxsize=32, blockysize=32),
    "deflate": lambda: tiff(speckle().astype(np.uint16), compress="deflate"),
    "lzw": lambda: tiff(speckle().astype(np.float32), compress="lzw", blockysize=8),
    "big": lambda: tiff(speckle().astype(np.uint16), BIGTIFF="YES"),
    "bands": lambda: tiff(np.stack([speckle()] * 2).astype(np.float32), interleave="band"),
    "jpeg in tiff": lambda: tiff(np.asarray(GRAY), compress="jpeg"),
}


@quality(row=32)
@pytest.mark.parametrize("form", TRUNCATED)
def test_row_32_truncated_anywhere(form: str) -> None:
    data = TRUNCATED[form]()
    images.inspect(data, PERCENTILE)
    for length in {*range(32, len(data) - 64, max(1, len(data) // 60)), len(data) // 2}:
        assert refused(data[:length]) == "image_truncated", length


@quality(row=34)
@pytest.mark.parametrize("name", CLAIMS)
def test_row_34_a_claim_costs_no_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / "claim"
    path.write_bytes(CLAIMS[name])
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from sarchat_build import images; from sarchat_build.errors import RecordError\n"
        "from sarchat_build.config.manifest import Pixels\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "data = Path(sys.argv[1]).read_bytes(); before = peak()\n"
        "try: images.inspect(data, Pixels(rule='percentile'), tiled=True)\n"
        "except RecordError as error: print(error.reason, peak() - before)\n"
    )
    # Through a small process, since a child starts with its parent's peak.
    relay = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    command = [sys.executable, "-c", relay, sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    reason, grown_kb = done.stdout.split()
    assert reason == "pixel_limit"
    assert int(grown_kb) < 50 << 10
