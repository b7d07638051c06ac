"""What must hold for every input, not only for those that somebody thought of."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sarchat_build.annotation_rules import AnnotationFiles, VocRule
from sarchat_build.boxes import repair
from sarchat_build.duplicates import ImageFact, resolve_duplicates
from sarchat_build.errors import RecordError
from sarchat_build.labels import CELLS, cell, relation
from sarchat_build.manifest import Tiling
from sarchat_build.readers import voc
from sarchat_build.recipe import Duplicates
from sarchat_build.split import SplitRule, assign_splits
from sarchat_build.stable_hash import choose, stable_hash
from sarchat_build.tiling import cut_chips, window_starts
from sarchat_build.types import (
    SPLITS,
    Box,
    BoxFormat,
    Instance,
    PixelFacts,
    RawImage,
    RawInstance,
    SourceImage,
    Window,
)

quality = pytest.mark.quality

settings.register_profile("quick", deadline=None, max_examples=100)
settings.load_profile("quick")

sides = st.integers(min_value=2, max_value=4000)
# Documents hold pixels to a few digits; areas that vanish in a float have a test of their own.
RULE = VocRule(
    format="voc",
    images=("*.jpg",),
    files=(AnnotationFiles(path="*.xml"),),
    pixel_origin=0,
    max_edge="exclusive",
)
coordinates = st.one_of(
    st.integers(min_value=-5000, max_value=9000),
    st.floats(min_value=-5000, max_value=9000).map(lambda value: round(value, 3)),
)
texts = st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=12)


@st.composite
def tilings(draw: st.DrawFn) -> Tiling:
    chip = draw(st.integers(min_value=32, max_value=1024))
    return Tiling(chip_px=chip, overlap_px=draw(st.integers(min_value=0, max_value=chip - 1)))


def inside(box: Box, width_px: float, height_px: float) -> bool:
    x0, y0, x1, y1 = box
    return 0 <= x0 < x1 <= width_px and 0 <= y0 < y1 <= height_px


@quality(row=29)
@given(st.tuples(*[coordinates] * 4), sides, sides)
def test_repaired_box_is_inside_has_area_and_stays(
    corners: tuple[float, ...], width_px: int, height_px: int
) -> None:
    try:
        box, _ = repair(corners, width_px, height_px)
    except RecordError as error:
        assert error.reason in ("degenerate", "outside")
        return
    assert inside(box, width_px, height_px)
    assert box.area_px2 > 0
    assert repair(box, width_px, height_px) == (box, ())


@given(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 4), sides, sides)
def test_repair_takes_any_numbers(
    corners: tuple[float, ...], width_px: int, height_px: int
) -> None:
    try:
        box, _ = repair(corners, width_px, height_px)
    except RecordError as error:
        wild = not all(map(math.isfinite, corners))
        assert (error.reason == "non_finite") == wild
        return
    assert inside(box, width_px, height_px)


@given(st.integers(min_value=1, max_value=6000), tilings())
def test_windows_cover_the_side(length_px: int, tiling: Tiling) -> None:
    starts = window_starts(length_px, tiling)
    assert starts[0] == 0
    assert all(0 < b - a <= tiling.chip_px - tiling.overlap_px for a, b in pairwise(starts))
    # Each window begins inside the one before it or right at its end, so no pixel is missed.
    assert starts[-1] + tiling.chip_px >= length_px
    if length_px > tiling.chip_px:
        assert starts[-1] + tiling.chip_px == length_px
    else:
        assert starts == (0,)


@pytest.mark.parametrize(
    ("length_px", "windows"), [(800, 2), (1000, 3), (1200, 4), (1500, 5), (2048, 6), (3000, 9)]
)
def test_published_windows_per_axis(length_px: int, windows: int) -> None:
    assert len(window_starts(length_px, Tiling())) == windows


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


@given(scenes(overlap_px=Tiling().overlap_px))
def test_small_box_is_whole_in_some_chip(image: SourceImage) -> None:
    cut = cut_chips(image, Tiling())
    assert cut.rejects == ()
    whole = set()
    for chip in cut.chips:
        window = chip.window or Window(0, 0, chip.width_px, chip.height_px)
        for found in chip.instances:
            assert inside(found.bbox, chip.width_px, chip.height_px)
            dx, dy = window.x0_px, window.y0_px
            x0, y0, x1, y1 = found.bbox
            if not found.truncated:
                whole.add((found.instance_id, (x0 + dx, y0 + dy, x1 + dx, y1 + dy)))
    assert whole == {(i.instance_id, tuple(i.bbox)) for i in image.instances}


@quality(row=30)
@given(scenes(overlap_px=300), tilings())
def test_every_object_is_in_a_chip_or_among_the_rejects(image: SourceImage, tiling: Tiling) -> None:
    cut = cut_chips(image, tiling)
    shown = {i.instance_id for chip in cut.chips for i in chip.instances}
    lost = {r.key for r in cut.rejects if r.instances}
    assert shown | lost == {i.instance_id for i in image.instances}
    assert not shown & lost
    assert sum(r.images for r in cut.rejects) == (0 if cut.chips else 1)
    for chip in cut.chips:
        listed = {i.instance_id for i in chip.instances}
        assert listed
        # An object that the window shows too little of is named by its category instead.
        x0, y0, x1, y1 = chip.window or (0, 0, chip.width_px, chip.height_px)
        seen = {
            i.instance_id
            for i in image.instances
            if i.bbox.x_min_px < x1
            and i.bbox.x_max_px > x0
            and i.bbox.y_min_px < y1
            and i.bbox.y_max_px > y0
        }
        assert bool(seen - listed) == bool(chip.cut_categories)


@st.composite
def boxes_in_pictures(draw: st.DrawFn) -> tuple[Box, int, int]:
    width, height = draw(sides), draw(sides)
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    x1, y1 = draw(st.integers(x + 1, width)), draw(st.integers(y + 1, height))
    return Box(x, y, x1, y1), width, height


@given(boxes_in_pictures(), st.integers(2, 5))
def test_cell_agrees_with_mirror_and_scale(place: tuple[Box, int, int], times: int) -> None:
    box, width, height = place
    row, column = cell(box, width, height).split()
    assert f"{row} {column}" in CELLS
    scaled = Box(*(value * times for value in box))
    assert cell(scaled, width * times, height * times) == f"{row} {column}"
    # Transposing the picture exchanges rows and columns.
    turned = Box(box.y_min_px, box.x_min_px, box.y_max_px, box.x_max_px)
    names = {"left": "top", "center": "middle", "right": "bottom"}
    back = {new: old for old, new in names.items()}
    assert cell(turned, height, width) == f"{names[column]} {back[row]}"
    # Mirroring exchanges left and right, unless the center lies on a line.
    x, _ = box.center_px
    if 3 * x not in (width, 2 * width):
        mirrored = box._replace(x_min_px=width - box.x_max_px, x_max_px=width - box.x_min_px)
        swap = {"left": "right", "right": "left", "center": "center"}
        assert cell(mirrored, width, height) == f"{row} {swap[column]}"


points = st.tuples(st.integers(0, 2000), st.integers(0, 2000))


@given(points, points)
def test_relation_seen_from_the_other_side(
    first: tuple[float, float], second: tuple[float, float]
) -> None:
    there, back = relation(first, second, 900, 700), relation(second, first, 900, 700)
    assert (there.proximity, there.distance_px) == (back.proximity, back.distance_px)
    opposite = {"left": "right", "above": "below", "upper": "lower"}
    opposite |= {new: old for old, new in opposite.items()} | {"same": "same"}
    expected = [opposite[word] for word in there.direction.split("_")]
    assert back.direction == "_".join(expected)


@given(st.integers(1, 10_000), st.lists(st.one_of(st.text(), st.integers()), max_size=4))
def test_stable_hash_and_choice_are_in_range(count: int, parts: list[str | int]) -> None:
    assert 0 <= stable_hash(*parts) < 1 << 64
    assert stable_hash(*parts) == stable_hash(*parts)
    assert 0 <= choose(count, *parts) < count


def test_choices_are_spread() -> None:
    picks = [choose(8, f"ssdd/{i:06d}", "question") for i in range(8000)]
    assert all(850 < picks.count(place) < 1150 for place in range(8))


SEEDS = [f"{stable_hash('look', i):016x}" * 4 for i in range(4)]


@st.composite
def fact_lists(draw: st.DrawFn) -> list[ImageFact]:
    count = draw(st.integers(1, 25))
    splits = st.sampled_from([None, None, "train", "validation", "test"])

    def look() -> str:
        turned = draw(st.sets(st.integers(0, 255), max_size=14))
        value = int(draw(st.sampled_from(SEEDS)), 16) ^ sum(1 << bit for bit in turned)
        return draw(st.sampled_from([f"{value:064x}"] * 9 + [""]))

    # Equal pixels have equal hashes.
    looks = [look() for _ in range(16)]
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
            perceptual_hash=looks[pixels[i]],
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


@quality(row=39)
@given(fact_lists(), duplicate_rules, split_rule, st.randoms(use_true_random=False))
def test_no_scene_and_no_duplicate_lies_on_two_sides(
    facts: list[ImageFact], duplicates: Duplicates, rule: SplitRule, random: object
) -> None:
    same = resolve_duplicates(facts, duplicates)
    splits = assign_splits(facts, [], same.families, {"s": rule}).final
    assert splits.keys() == {fact.image_id for fact in facts}
    scenes: dict[str, set[str]] = {}
    for fact in facts:
        scenes.setdefault(fact.scene_id, set()).add(splits[fact.image_id])
    assert all(len(sides) == 1 for sides in scenes.values())
    # Kept or dropped, of one group or only of a chain of them.
    for first, second in near_pairs(facts, duplicates):
        assert splits[first.image_id] == splits[second.image_id]
    shuffled = list(facts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = resolve_duplicates(shuffled, duplicates)
    assert again.groups == same.groups
    assert assign_splits(shuffled, [], again.families, {"s": rule}).final == splits


@given(fact_lists(), duplicate_rules)
def test_each_duplicate_group_keeps_its_best_member(
    facts: list[ImageFact], rule: Duplicates
) -> None:
    same = resolve_duplicates(facts, rule)
    seen: list[str] = []
    for group in same.groups:
        best, *others = group.members
        seen += [member.fact.image_id for member in group.members]
        assert others
        assert best.kept
        assert best.reason == "kept"
        assert group.group_id == best.fact.image_id
        assert best.fact == min(
            (m.fact for m in group.members), key=lambda f: (f.priority, f.image_id)
        )
        for member in others:
            equal = member.fact.pixel_sha256 == best.fact.pixel_sha256
            assert (member.reason == "near") == (not equal)
            # Near the kept one itself, never only near another that is dropped.
            if not equal:
                assert member.distance == bits_apart(member.fact, best.fact) <= rule.near_distance
            assert not member.kept or (rule.near == "report" and not equal)
            # All boxes here are the same or missing, so equal and near labels agree alike.
            assert member.label_conflict == (member.fact.objects != best.fact.objects)
    assert len(seen) == len(set(seen))
    # Nothing that stays shows the same as another that stays.
    kept = [fact for fact in facts if fact.image_id not in same.dropped]
    if rule.near != "report":
        assert near_pairs(kept, rule) == []
    else:
        assert len({fact.pixel_sha256 for fact in kept}) == len(kept)


def write_voc(image: RawImage) -> str:
    """The plainest writer there can be."""

    def objects() -> list[str]:
        return [
            f"<object><name>{raw.category}</name>"
            f"<truncated>{int(raw.truncated)}</truncated>"
            f"<difficult>{int(raw.difficult)}</difficult><bndbox>"
            + "".join(
                f"<{tag}>{value!r}</{tag}>"
                for tag, value in zip(("xmin", "ymin", "xmax", "ymax"), raw.bbox, strict=True)
            )
            + "</bndbox>"
            + ("<rotated_bndbox>" + _corners(raw.obb) + "</rotated_bndbox>" if raw.obb else "")
            + "</object>"
            for raw in image.instances
        ]

    size = f"<size><width>{image.width_px}</width><height>{image.height_px}</height></size>"
    return (
        f"<annotation><filename>{image.filename}</filename>{size}{''.join(objects())}</annotation>"
    )


def _corners(values: tuple[float, ...]) -> str:
    tags = [f"{axis}{i}" for i in "1234" for axis in "xy"]
    return "".join(f"<{tag}>{value!r}</{tag}>" for tag, value in zip(tags, values, strict=True))


numbers = st.floats(allow_nan=False, allow_infinity=False)
instances = st.builds(
    RawInstance,
    key=st.just(""),
    category=texts.map(str.strip),
    bbox=st.tuples(*[numbers] * 4),
    bbox_format=st.just(BoxFormat.XYXY_PX),
    obb=st.one_of(st.just(()), st.tuples(*[numbers] * 8)),
    difficult=st.booleans(),
    truncated=st.booleans(),
)
raw_images = st.builds(
    RawImage,
    filename=texts.map(str.strip),
    width_px=st.integers(1, 100_000),
    height_px=st.integers(1, 100_000),
    instances=st.lists(instances, max_size=5).map(
        lambda found: tuple(
            replace(raw, key=f"object[{i}]") for i, raw in enumerate(found, start=1)
        )
    ),
)


@given(raw_images, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]))
def test_voc_reader_undoes_a_writer(image: RawImage, encoding: str) -> None:
    assert list(voc.read(io.BytesIO(write_voc(image).encode(encoding)), RULE)) == [image]


@given(raw_images, st.data())
def test_voc_reader_survives_a_cut_or_a_changed_byte(image: RawImage, data: st.DataObject) -> None:
    document = bytearray(write_voc(image).encode())
    place = data.draw(st.integers(0, len(document) - 1))
    if data.draw(st.booleans()):
        del document[place:]
    else:
        document[place] = data.draw(st.integers(0, 255))
    try:
        list(voc.read(io.BytesIO(bytes(document)), RULE))
    except RecordError as error:
        assert error.reason in ("encoding", "xml_parse", "xml_forbidden")
        assert error.line is None or error.line >= 1
