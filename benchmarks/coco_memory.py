"""A COCO document of any size, made on the fly and read: how long it takes and how much memory.

`make proof-coco` reads one gigabyte. With `survey` behind it the document is looked at as
`sarchat sources new` does, one picture beside it. The tests of bounded memory measure a smaller one
(`tests/support/measured_memory.py`).
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from PIL import Image

from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.onboarding.manifest_draft.draft import draft_manifest
from sarchat_build.onboarding.survey.findings import survey
from sarchat_build.sources.readers import coco
from sarchat_build.synthetic.formats import coco as write_coco

# SARDet-100K has 116,598 images; more objects for each only make the document longer.
IMAGES = 100_000
_RING = tuple(float(value) + 0.123 for value in range(160))
# What the outline fills: a box elsewhere would contradict it, and the object would be rejected.
_BOX = (0.123, 1.123, 158.0, 158.0)


def write(path: Path, megabytes: int, images: int = IMAGES) -> int:
    """Write a document of at least `megabytes`; gives the number of annotations in it."""
    before, between, after = write_coco.frame([(0, "ship")])
    annotations = 0
    with path.open("wb") as stream:
        stream.write(before)
        for number in range(images):
            image = write_coco.CocoImage(number, f"{number:07d}.jpg", 800, 800)
            stream.write((write_coco.SEPARATOR if number else b"") + write_coco.image_entry(image))
        stream.write(between)
        entry = write_coco.CocoAnnotation(11111111, 22222222, 0, _BOX, 1200.0, (_RING,))
        form = write_coco.annotation_entry(entry)
        while stream.tell() < megabytes << 20:
            # Images in an order that keeps every one of them waiting for its next object.
            place = annotations * 7_919 % images
            written = form.replace(b"11111111", b"%d" % annotations)
            separator = write_coco.SEPARATOR if annotations else b""
            stream.write(separator + written.replace(b"22222222", b"%d" % place))
            annotations += 1
        stream.write(after)
    return annotations


def measure(path: Path) -> dict[str, float]:
    """Read a document to its end, holding nothing of it."""
    rule = load_manifests(resource_folder("source_manifests"))["sardet_100k"].annotations
    start, before = time.perf_counter(), _peak_mb()
    parts = instances = 0
    with path.open("rb") as stream:
        for image in coco.read(stream, rule):  # type: ignore[arg-type]
            parts += 1
            instances += len(image.instances)
    return _figures(path, instances, start, before) | {"parts": parts}


def measure_survey(path: Path) -> dict[str, float]:
    """Look at the document's folder and describe it."""
    Image.new("L", (800, 800)).save(path.with_name(f"{0:07d}.jpg"))
    start, before = time.perf_counter(), _peak_mb()
    found = survey(str(path.parent))
    draft_manifest(found, "large")
    return _figures(path, found.object_count, start, before)


def _figures(path: Path, instances: int, start: float, before: float) -> dict[str, float]:
    return {
        "megabytes": path.stat().st_size / (1 << 20),
        "instances": instances,
        "seconds": time.perf_counter() - start,
        "peak_mb": _peak_mb(),
        "peak_mb_before": before,
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    place, size = Path(sys.argv[1]), int(sys.argv[2])
    if size:
        write(place, size)
    print(json.dumps((measure_survey if "survey" in sys.argv[3:] else measure)(place)))
