"""Any pictures, scenes, duplicates and split rules: strategies of several tests."""

from __future__ import annotations

from itertools import combinations

from hypothesis import strategies as st

from sarchat_build.config.recipe import Duplicates
from sarchat_build.curation.facts import ImageFact
from sarchat_build.curation.splits import SplitRule
from sarchat_build.stable_hash import stable_hash
from sarchat_build.types import SPLITS, Box, Instance, PixelFacts, SourceImage

sides = st.integers(min_value=2, max_value=4000)


def inside(box: Box, width_px: float, height_px: float) -> bool:
    x0, y0, x1, y1 = box
    return 0 <= x0 < x1 <= width_px and 0 <= y0 < y1 <= height_px


def scene(width_px: int, height_px: int, boxes: list[Box]) -> SourceImage:
    facts = PixelFacts(width_px, height_px, 1, 8, "JPEG", "p", "f", 1)
    objects = tuple(Instance(f"s/1#{i}", "ship", "ship", box) for i, box in enumerate(boxes))
    return SourceImage("s/1", "s", "s/1", ".", "1.jpg", facts, None, objects)


@st.composite
def scenes(draw: st.DrawFn, *, overlap_px: int) -> SourceImage:
    width, height = draw(st.integers(300, 3000)), draw(st.integers(300, 3000))
    boxes = []
    for _ in range(draw(st.integers(1, 8))):
        w, h = draw(st.integers(1, overlap_px)), draw(st.integers(1, overlap_px))
        x, y = draw(st.integers(0, width - w)), draw(st.integers(0, height - h))
        boxes.append(Box(x, y, x + w, y + h))
    return scene(width, height, boxes)


SEEDS = [f"{stable_hash('look', i):016x}" * 4 for i in range(4)]


@st.composite
def fact_lists(draw: st.DrawFn) -> list[ImageFact]:
    count = draw(st.integers(1, 25))
    splits = st.sampled_from([None, None, "train", "validation", "test"])

    def perceptual_hash() -> str:
        turned = draw(st.sets(st.integers(0, 255), max_size=14))
        value = int(draw(st.sampled_from(SEEDS)), 16) ^ sum(1 << bit for bit in turned)
        return draw(st.sampled_from([f"{value:064x}"] * 9 + [""]))

    # Equal pixels have equal hashes.
    hashes = [perceptual_hash() for _ in range(16)]
    pixels = [draw(st.integers(0, 15)) for _ in range(count)]
    return [
        ImageFact(
            image_id=f"s/{i:02d}",
            source_id="s",
            scene_id=f"s/scene{draw(st.integers(0, 12))}",
            block="s:00000",
            file=f"{i}.jpg",
            priority=draw(st.integers(1, 2)),
            official_split=draw(splits),
            pixel_sha256=f"{pixels[i]:064x}",
            file_sha256=f"{i:064x}",
            perceptual_hash=hashes[pixels[i]],
            objects=bytes(9 * draw(st.integers(0, 1))),
            instances=1,
            chips=1,
            chip_instances=1,
        )
        for i in range(count)
    ]


duplicate_rules = st.builds(
    Duplicates, near=st.sampled_from(["drop", "report", "off"]), near_distance=st.integers(0, 24)
)
split_rule = st.builds(
    SplitRule,
    lists=st.sampled_from(["official", "halved_test", "scene"]),
    shares=st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(0, 9)).map(
        lambda numbers: dict(zip(SPLITS, numbers, strict=True))
    ),
)


def bits_apart(first: ImageFact, second: ImageFact) -> int:
    return (int(first.perceptual_hash, 16) ^ int(second.perceptual_hash, 16)).bit_count()


def near_pairs(facts: list[ImageFact], rule: Duplicates) -> list[tuple[ImageFact, ImageFact]]:
    """By comparing each with each."""
    return [
        (a, b)
        for a, b in combinations(facts, 2)
        if a.pixel_sha256 == b.pixel_sha256
        or (
            rule.near != "off"
            and a.perceptual_hash
            and b.perceptual_hash
            and bits_apart(a, b) <= rule.near_distance
        )
    ]
