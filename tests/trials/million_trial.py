"""A million synthetic facts through planning, and through the search for leaks before publishing.

    python tests/trials/million_trial.py [--images 100000 300000 1000000] [--extrapolate 10000000]

Each size runs in a process of its own, which says how long each step took and how much memory it
had at most. Of three sizes and more the growth is fitted and extrapolated. Exit code 1 when a plan
is not what was planted: each copy found, each near copy too, no two of them on two sides.
"""

from __future__ import annotations

import argparse
import json
import math
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.recipe import load_recipe
from sarchat_build.config.resources import recipe_path, resource_folder
from sarchat_build.curation.facts import SCHEMA, FactTable
from sarchat_build.curation.plan import DatasetFacts, plan_dataset
from sarchat_build.validation.dataset.duplicates import LocatedImage
from sarchat_build.validation.dataset.leakage import (
    check_identity,
    check_leakage,
    check_near_leakage,
)
from sarchat_build.validation.findings import FindingLog
from sarchat_build.validation.shard_report import ImageFact

BLOCK = 128
# Of a hundred pictures one is a copy of the one before it, and one nearly so.
COPY, NEAR, PERIOD = 50, 99, 100
IMAGES_PER_SCENE = 4


def mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers without a pattern, by the finalizer of SplitMix64."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        numbers = (numbers ^ (numbers >> np.uint64(shift))) * np.uint64(factor)
    return numbers ^ (numbers >> np.uint64(31))


def blocks(images: int, source_id: str) -> Iterator[bytes]:
    """Facts by block, pickled as an engine does between its steps."""
    for start in range(0, images, BLOCK):
        rows = np.arange(start, min(start + BLOCK, images), dtype=np.int64)
        place = rows % PERIOD
        own = rows - np.isin(place, (COPY, NEAR))
        pixels = rows - (place == COPY)
        words = np.arange(4, dtype=np.uint64)[None]
        hashes = mixed(own[:, None].astype(np.uint64) * np.uint64(4) + words)
        hashes[place == NEAR, 0] ^= np.uint64(0b1011)
        digests = mixed(pixels[:, None].astype(np.uint64) * np.uint64(4) + words + np.uint64(1))
        number = len(rows)
        columns = {
            "image_id": [f"{source_id}/{row:09d}" for row in rows],
            "source_id": pa.array([source_id] * number).dictionary_encode(),
            "scene_id": [f"{source_id}/scene{row // IMAGES_PER_SCENE:08d}" for row in rows],
            "block": pa.array([f"{source_id}:{start // BLOCK:05d}"] * number).dictionary_encode(),
            "file": [f"{source_id}.zip/images/{row:09d}.jpg" for row in rows],
            "priority": np.ones(number),
            "official_split": np.zeros(number),
            "pixel_sha256": [digest.tobytes() for digest in digests],
            "file_sha256": [digest.tobytes() for digest in digests],
            "perceptual_hash": [found.astype(">u8").tobytes() for found in hashes],
            "objects": [bytes(18)] * number,
            "width_px": np.full(number, 512),
            "height_px": np.full(number, 512),
            "far_px": np.full(number, 500.0),
            "may_be_corners": [False] * number,
            "clipped": np.zeros(number),
        }
        columns |= {n: np.ones(number) for n in ("instances", "chips", "chip_instances")}
        arrays = [pa.array(columns[field.name]).cast(field.type) for field in SCHEMA]
        yield pickle.dumps(FactTable(pa.table(arrays, SCHEMA)))


def run(images: int) -> dict[str, float]:
    """Run one size in this process; gives seconds of CPU and peaks in MB."""
    recipe = load_recipe(recipe_path("sarchat_2m"))
    # One manifest without lists of its own: its scenes are divided by their hashes.
    manifest = load_manifests(resource_folder("source_manifests"))["sadd"]
    pickled = list(blocks(images, manifest.id))
    found = {"images": float(images), "pickled bytes": sum(map(len, pickled)) / images}
    floor_mb = peak_mb()
    began = time.process_time()
    facts = FactTable.joined(map(pickle.loads, pickled))
    plan = plan_dataset(
        DatasetFacts(images=facts),
        manifests={manifest.id: manifest},
        recipe=recipe,
        images_listed={manifest.id: images},
    )
    assigned = {a.image_id: a.split for _, block in plan.assignments_by_block() for a in block}
    found |= {
        "planning s": time.process_time() - began,
        "planning MB": peak_mb(),
        "before planning MB": floor_mb,
    }
    places = np.arange(images) % PERIOD
    planted = int(np.isin(places, (COPY, NEAR)).sum())
    if plan.stop or len(plan.duplicates) != 2 * planted or len(assigned) != images - planted:
        raise SystemExit(f"{images:,}: {len(plan.duplicates):,} rows of duplicates; {plan.stop}")
    del plan, pickled
    began = time.process_time()
    hashes = dict(zip(facts.texts("image_id"), facts.hashes(np.arange(images)), strict=True))
    located = [
        LocatedImage(
            ImageFact(
                row, image_id, manifest.id, f"{image_id[:-9]}scene{int(image_id[-9:]) // 4:08d}",
                image_id, hashes[image_id].astype(">u8").tobytes().hex(), 1, False, (), None,
                image_id, False,
            ),
            split,
            "images",
        )
        for row, (image_id, split) in enumerate(assigned.items())
    ]  # fmt: skip
    del hashes, assigned, facts
    log = FindingLog()
    check_identity(located, log)
    check_leakage(located, log)
    check_near_leakage(located, {"recipe": recipe.model_dump(mode="json")}, log)
    if log.findings:
        raise SystemExit(f"{images:,}: {log.findings[0].message}")
    return found | {"publishing s": time.process_time() - began, "publishing MB": peak_mb()}


def peak_mb() -> float:
    """The most memory that this process has had, of its own and of files, in MB."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def extrapolate(sizes: list[dict[str, float]], images: int) -> dict[str, float]:
    """Fit a power of the size to the last sizes, the start taken off, and follow it."""
    first, last = sizes[-2:]
    ratio = math.log(last["images"] / first["images"])
    result = {"images": float(images)}
    for key in sorted(set(last) - {"images", "before planning MB", "pickled bytes"}):
        power = math.log(max(last[key], 1e-9) / max(first[key], 1e-9)) / ratio
        result[key] = last[key] * (images / last["images"]) ** power
    return result


def main() -> None:
    """Run all sizes, and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--extrapolate", type=int, default=10_000_000)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run(arguments.one)))
        return
    sizes: list[dict[str, float]] = []
    for images in arguments.images:
        command = [sys.executable, __file__, "--one", str(images)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise SystemExit(1)
        sizes.append(json.loads(done.stdout))
        print("  ".join(f"{key} {value:,.1f}" for key, value in sizes[-1].items()), flush=True)
    if len(sizes) >= 3:
        fitted = extrapolate(sizes, arguments.extrapolate)
        print("extrapolated:", "  ".join(f"{key} {value:,.0f}" for key, value in fitted.items()))


if __name__ == "__main__":
    main()
