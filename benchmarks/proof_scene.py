"""A scene of 384 million 16-bit pixels, inspected and cut into chips; prints time and memory.

    python -m benchmarks.proof_scene [--width 24000] [--height 16000] [--layout tiles|strips]

The scene is written first, by another process, so that the peak is that of reading alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window as RasterWindow

from sarchat_build.chips.tiling import window_starts
from sarchat_build.config.manifest import Pixels, Tiling
from sarchat_build.images import inspect, open_scene
from sarchat_build.types import Window

RULE = Pixels(rule="log_percentile", low_percent=1, high_percent=99.5)
_LAYOUTS: dict[str, dict[str, object]] = {
    "tiles": {"tiled": True, "blockxsize": 512, "blockysize": 512},
    "strips": {"tiled": False, "blockysize": 1},
}


def write_scene(path: Path, width_px: int, height_px: int, layout: str) -> None:
    """Write speckle that grows brighter downwards, band of rows by band of rows."""
    texture = _speckle(512, width_px)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path, "w", driver="GTiff", width=width_px, height=height_px, count=1, dtype="uint16",
            BIGTIFF="IF_SAFER", **_LAYOUTS[layout],
        ) as scene:  # fmt: skip
            for y in range(0, height_px, 512):
                rows = min(512, height_px - y)
                values = np.minimum(texture[:rows] * (1 + y / height_px), 65535).astype(np.uint16)
                scene.write(values, 1, window=RasterWindow(0, y, width_px, rows))


def measure(path: Path, chips: int) -> dict[str, object]:
    """Inspect a scene and cut up to `chips` of its windows, evenly spread, in this process."""
    before = _peak_mb()
    start = time.perf_counter()
    facts = inspect(path, RULE, tiled=True)
    inspected = time.perf_counter()
    tiling = Tiling()
    places = [
        (x, y)
        for y in window_starts(facts.height_px, tiling)
        for x in window_starts(facts.width_px, tiling)
    ]
    chosen = places[:: max(1, len(places) // chips)]
    with open_scene(path, facts) as cut:
        size = sum(len(cut(Window(x, y, x + 512, y + 512)).picture) for x, y in chosen)
    return {
        "pixels": facts.width_px * facts.height_px,
        "rendering": facts.rendering,
        "inspect_s": round(inspected - start, 2),
        "chips": len(chosen),
        "chips_s": round(time.perf_counter() - inspected, 2),
        "chips_bytes": size,
        "peak_before_mb": before,
        "peak_mb": _peak_mb(),
        "pixel_sha256": facts.pixel_sha256,
    }


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def _speckle(height_px: int, width_px: int) -> NDArray[np.float64]:
    # Well mixed bits of the pixel's place, made uniform, made exponential: one-look intensity.
    bits = np.arange(height_px * width_px, dtype=np.uint32).reshape(height_px, width_px)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        bits = (bits ^ (bits >> np.uint32(shift))) * np.uint32(factor)
    uniform = ((bits >> np.uint32(8)) + 0.5) / (1 << 24)
    return np.asarray(-800 * np.log(uniform))


def main() -> None:
    """Write the scene, measure in a fresh process, print its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=24_000)
    parser.add_argument("--height", type=int, default=16_000)
    parser.add_argument("--layout", choices=sorted(_LAYOUTS), default="tiles")
    parser.add_argument("--chips", type=int, default=500)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write_scene(options.write, options.width, options.height, options.layout)
    elif options.measure:
        print(json.dumps(measure(options.measure, options.chips), ensure_ascii=False))
    else:
        # A process starts with its parent's peak, so this one stays small.
        with tempfile.TemporaryDirectory(prefix="sarchat-scene-") as folder:
            command = [sys.executable, "-m", "benchmarks.proof_scene", *sys.argv[1:]]
            for step in ("--write", "--measure"):
                subprocess.run([*command, step, str(Path(folder, "scene.tiff"))], check=True)


if __name__ == "__main__":
    main()
