"""Every worked manifest of examples/ reads a miniature of its release, in the release's layout."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import example_sources
import miniatures as mini
import plain_build
import pytest
from conftest import REPOSITORY
from plain_proof import faults
from rsar import IMAGES, MISSING, rsar

from pipelines import launch
from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.curation.plan import DatasetPlan
from sarchat_build.reasons import Reason
from sarchat_build.sources.choose import choose_sources
from sarchat_build.types import SourceImage, Split

EXAMPLES = REPOSITORY / "examples"
MINIATURES = {
    "rsar": rsar,
    "rsdd_sar": example_sources.rsdd_sar,
    "ls_ssdd": example_sources.ls_ssdd,
    "ossdd": example_sources.ossdd,
    "srsdd": example_sources.srsdd,
}


@dataclass(frozen=True)
class Read:
    """What a manifest reads, and what becomes of it."""

    images: dict[str, SourceImage]
    splits: dict[str, Split]
    rejects: Counter[Reason]
    plan: DatasetPlan


Reader = Callable[[str], Read]


@cache
def settings() -> launch.Settings:
    return launch.load_settings("sarchat_2m", EXAMPLES, None)


def read_with(manifests: Mapping[str, Manifest], source_id: str, folder: Path) -> Read:
    """Read the miniature of an example by the functions of a build."""
    raw = MINIATURES[source_id]().write_zip(folder / "raw")
    chosen, _ = choose_sources(manifests, str(raw), [source_id])
    out = str(folder / "out")
    context = launch.prepare(settings(), chosen, raw=str(raw), out=out, strict=False)
    reading = plain_build.read_sources(context)
    plan = plain_build.plan_for(context, reading)
    return Read(
        images={cut.image.image_id: cut.image for cut in reading.images},
        splits={a.image_id: a.split for a in plan.assignments},
        rejects=Counter(reject.reason for reject in reading.rejects),
        plan=plan,
    )


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Read]:
    """What each example reads, once."""
    return cache(
        lambda source_id: read_with(
            settings().manifests, source_id, tmp_path_factory.mktemp(source_id)
        )
    )


def test_every_manifest_has_a_miniature() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.toml")} == set(MINIATURES)


@pytest.mark.parametrize("source_id", MINIATURES)
def test_a_build_would_go_on(read: Reader, source_id: str) -> None:
    found = read(source_id)
    assert not found.plan.stop
    assert found.images
    assert set(found.rejects) <= {Reason.NO_OBJECT, Reason.NO_ANNOTATION}


def test_the_build_of_rsar_leaves_out_what_nobody_annotated(read: Reader) -> None:
    found = read("rsar")
    assert len(found.images) == IMAGES - 1
    assert f"rsar/train/{MISSING}" not in found.images


@pytest.mark.quality(row=76)
def test_the_angle_of_rsdd_is_that_of_the_longer_side(read: Reader) -> None:
    found = read("rsdd_sar")
    assert Counter(found.splits.values()) == {"train": 8, "test": 2}
    # Long side w or h, the box is the same: 80 × 20 pixels, turned by 30 degrees clockwise.
    boxes = {tuple(round(v, 2) for v in i.instances[0].obb_px) for i in found.images.values()}
    corners = {frozenset(zip(box[0::2], box[1::2], strict=True)) for box in boxes}
    assert corners == {
        frozenset({(226.36, 171.34), (295.64, 211.34), (285.64, 228.66), (216.36, 188.66)})
    }


def test_scenes_of_ls_ssdd_stay_together_and_are_not_read_themselves(read: Reader) -> None:
    found = read("ls_ssdd")
    pictures = example_sources.SCENES * example_sources.CHIPS
    assert len(found.images) == pictures // 2
    assert found.rejects == {Reason.NO_OBJECT: pictures // 2}
    sides: dict[str, set[str]] = {}
    for image_id, split in found.splits.items():
        sides.setdefault(found.images[image_id].scene_id, set()).add(split)
    expected = {
        f"ls_ssdd/{number:02d}": {"train"} if number <= 10 else {"test"}
        for number in range(1, example_sources.SCENES + 1)
    }
    assert sides == expected


def test_a_band_of_ossdd_is_chosen(read: Reader, tmp_path: Path) -> None:
    found = read("ossdd")
    assert Counter(found.splits.values()) == {"train": 4, "validation": 2, "test": 2}
    image = found.images["ossdd/chip_00000"]
    assert image.instances[0].obb_px == (32, 48, 48, 24, 64, 48, 48, 72)
    stated = load_manifests(resource_folder("source_manifests"), ["ossdd.pixels.band=2"], EXAMPLES)
    other = read_with(stated, "ossdd", tmp_path).images["ossdd/chip_00000"]
    assert [i.pixels.stretch and i.pixels.stretch.band for i in (image, other)] == [1, 2]
    assert other.pixels.pixel_sha256 != image.pixels.pixel_sha256


def test_every_kind_of_ship_of_srsdd_is_a_ship(read: Reader) -> None:
    found = read("srsdd")
    assert Counter(found.splits.values()) == {"train": 6, "test": 2}
    instances = [i for image in found.images.values() for i in image.instances]
    assert {i.source_category for i in instances} == set(example_sources.SHIP_KINDS)
    assert {i.category for i in instances} == {"ship"}
    assert instances[0].obb_px == (500, 400, 560, 430, 550, 450, 490, 420)


def test_an_example_is_built_and_proven(tmp_path: Path) -> None:
    raw = example_sources.rsdd_sar().write_folder(tmp_path / "raw")
    mini.build(raw, tmp_path / "out", sources=["rsdd_sar"], manifests=EXAMPLES)
    assert faults(tmp_path / "out") == []
    assert len(mini.read_images(tmp_path / "out")) == 10


@pytest.mark.parametrize("source_id", MINIATURES)
def test_alternatives_are_named_for_what_nobody_verified(source_id: str) -> None:
    text = (EXAMPLES / f"{source_id}.toml").read_text(encoding="utf-8")
    assert "[unverified]" in text
    assert re.search(r"sarchat sources inspect .*--manifests examples", text)
