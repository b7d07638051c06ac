"""Chips of one scene: what they say of it, and of the objects that several of them show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from sarchat_build.validation.findings import Plain
from sarchat_build.validation.pictures.geometry import round_half_up
from sarchat_build.validation.pictures.image_row import ImageRow, Objects, RowLog
from sarchat_build.validation.pictures.source_rules import TilingRule
from sarchat_build.validation.shard_report import CutUnexplained
from sarchat_build.validation.vocabulary import CATEGORIES, source_image_id

# What a chip has from its scene, the same in all of them.
_SHARED = (
    *("source", "scene_id", "official_split", "source_member", "file_sha256"),
    *("channels", "bit_depth", "rendering", "rejected_categories"),
)
_SHARED_OF_OBJECT = ("category", "source_category", "difficult")
_ROUNDING_PX = 1e-6
_ROUNDING_SHARE = 1e-6
Box = tuple[float, float, float, float]


class Shown(NamedTuple):
    """One object in one chip: its box in pixels of the scene, and what else the row says of it."""

    box: Box
    truncated: bool
    has_obb: bool
    shared: tuple[object, ...]


class Chip(NamedTuple):
    """One chip: its window in the scene, its objects by id, and the log of its row."""

    window: Box
    objects: dict[str, Shown]
    cut: frozenset[str]
    shared: tuple[object, ...]
    log: RowLog


class Scenes:
    """The chips of a shard by their scene; a scene's chips lie in one shard."""

    def __init__(self) -> None:
        self._chips: dict[str, list[Chip]] = defaultdict(list)
        self._tiling: dict[str, TilingRule | None] = {}

    def add(self, image: ImageRow, tiling: TilingRule | None, log: RowLog) -> None:
        """Take in a row that is a chip with a window of four numbers and parallel objects."""
        scene, (x0, y0, x1, y1) = source_image_id(image.image_id), image.window_xyxy_px
        objects = Objects._make(image.objects)
        shown = {}
        for index, instance_id in enumerate(objects.instance_id):
            box = objects.bbox[index]
            if len(box) == 4:
                moved = (box[0] + x0, box[1] + y0, box[2] + x0, box[3] + y0)
                shared = tuple(getattr(objects, name)[index] for name in _SHARED_OF_OBJECT)
                shown[instance_id] = Shown(
                    moved, objects.truncated[index], bool(objects.obb[index]), shared
                )
        shared = tuple(getattr(image, name) for name in _SHARED)
        cut = frozenset(image.cut_categories)
        self._chips[scene].append(Chip((x0, y0, x1, y1), shown, cut, shared, log))
        self._tiling[scene] = tiling

    def check(self) -> Iterator[CutUnexplained]:
        """Compare the chips of every scene; yield what only the table of rejects can explain."""
        for scene, chips in self._chips.items():
            tiling = self._tiling[scene]
            _check_shared(chips)
            _check_last_windows(chips, tiling)
            whole = _Whole(chips)
            if tiling is not None:
                _check_missing(scene, chips, whole, tiling)
            uncertain = {
                shown.shared[0]
                for chip in chips
                for instance_id, shown in chip.objects.items()
                if instance_id not in whole.objects
            }
            for chip in chips:
                explained = _check_chip(chip, whole, tiling)
                for category in sorted(chip.cut - explained - uncertain):
                    log = chip.log
                    yield CutUnexplained(scene, category, log.file, log.row, log.key)


def _check_shared(chips: Sequence[Chip]) -> None:
    """Find chips and objects in them that say another thing of their scene than most others."""
    for place, name in enumerate(_SHARED):
        usual = _most_usual([chip.shared[place] for chip in chips])
        check = "rendering_per_scene" if name == "rendering" else f"{name}_per_scene"
        for chip in chips:
            chip.log.same(check, usual, chip.shared[place])
    shown: dict[str, list[tuple[Chip, Shown]]] = defaultdict(list)
    for chip in chips:
        for instance_id, one in chip.objects.items():
            shown[instance_id].append((chip, one))
    for instance_id, places in shown.items():
        for place, name in enumerate(_SHARED_OF_OBJECT):
            usual = _most_usual([one.shared[place] for _, one in places])
            for chip, one in places:
                found = one.shared[place]
                if found != usual:
                    chip.log.add(f"{name}_per_object", Plain(f"{usual} ({instance_id})"), found)


def _most_usual(values: Sequence[object]) -> object:
    """Give the value that most have, of equally many the first one."""
    times = Counter(map(repr, values))
    return max(values, key=lambda value: times[repr(value)])


def _check_missing(scene: str, chips: Sequence[Chip], whole: _Whole, tiling: TilingRule) -> None:
    """Find windows of the tiling that show enough of an object, and no chip of which is there.

    How large a scene is, is not published: a window is certain where a chip ends with the scene,
    or reaches as far.
    """
    there = {chip.window[:2] for chip in chips}
    sides = tuple(_side(chips, axis, tiling) for axis in (0, 1))
    missing: set[tuple[float, float]] = set()
    for instance_id, known in whole.objects.items():
        if known.has_obb and not tiling.by_upright_box:
            continue
        reached = (_reached(known.box[axis::2], sides[axis], tiling) for axis in (0, 1))
        for x, y in product(*reached):
            window = (x, y, x + tiling.chip_px, y + tiling.chip_px)
            visible, share = _visible(known.box, window)
            surely = share >= tiling.min_visible + _ROUNDING_SHARE
            if (x, y) in there | missing or not surely or not _has_text(visible, window):
                continue
            missing.add((x, y))
            log, name = chips[0].log, f"{scene}@{x:g},{y:g}"
            expected = Plain(f"a chip that shows {instance_id} at {visible} of its scene")
            log.log.add("chip_missing", log.file, expected, Plain("none"), key=name)


def _side(chips: Sequence[Chip], axis: int, tiling: TilingRule) -> tuple[float, frozenset[float]]:
    """Give how far the chips reach along one side, and where the last window begins, if known."""
    end = max(chip.window[axis + 2] for chip in chips)
    stride = tiling.chip_px - tiling.overlap_px
    ending = {chip.window[axis] for chip in chips if chip.window[axis + 2] == end}
    # What begins between two strides ends with its scene.
    return end, frozenset(start for start in ending if start % stride)


def _reached(
    edges: tuple[float, ...], side: tuple[float, frozenset[float]], tiling: TilingRule
) -> list[float]:
    """Give the starts of the certain windows that show something between two edges of a box."""
    (low, high), (end, last) = edges, side
    stride = tiling.chip_px - tiling.overlap_px
    first = max(0, int((low - tiling.chip_px) // stride) + 1)
    starts = {0.0} if first == 0 else set()
    starts.update(start for start in last if start < high and start + tiling.chip_px > low)
    at = float(first * stride)
    while at < high and at + tiling.chip_px <= end:
        starts.add(at)
        at += stride
    return sorted(starts)


def _check_last_windows(chips: Sequence[Chip], tiling: TilingRule | None) -> None:
    """Find windows that begin between two strides and do not end with the scene."""
    for axis in (0, 1):
        end = max(chip.window[axis + 2] for chip in chips)
        for chip in chips:
            between = tiling and chip.window[axis] % (tiling.chip_px - tiling.overlap_px)
            if between and chip.window[axis + 2] != end:
                chip.log.add("window", Plain(f"to end with its scene at {end}"), chip.window)


class _Whole:
    """The objects that some chip shows whole, by its own word, and which of them a chip is about.

    A scene has thousands of chips and of objects, and each chip is about a few.
    """

    def __init__(self, chips: Sequence[Chip]) -> None:
        self.objects: dict[str, Shown] = {}
        for chip in chips:
            for instance_id, shown in chip.objects.items():
                if not shown.truncated:
                    self.objects.setdefault(instance_id, shown)
        self._ids = list(self.objects)
        self._places = {instance_id: place for place, instance_id in enumerate(self._ids)}
        boxes = [shown.box for shown in self.objects.values()]
        self._boxes = np.array(boxes, np.float64).reshape(-1, 4)

    def of(self, chip: Chip) -> Iterator[tuple[str, Shown]]:
        """Give the objects that the chip lists, or that reach into its window, in their order."""
        low, high = self._boxes[:, :2], self._boxes[:, 2:]
        reaching = (low < chip.window[2:]) & (high > chip.window[:2])
        listed = {self._places[one] for one in chip.objects if one in self._places}
        for place in sorted(listed.union(np.flatnonzero(reaching.all(axis=1)).tolist())):
            yield self._ids[place], self.objects[self._ids[place]]


def _check_chip(chip: Chip, whole: _Whole, tiling: TilingRule | None) -> frozenset[str]:
    """Compare one chip with the objects known whole; give the categories that it may cut."""
    cut = set()
    for instance_id, known in whole.of(chip):
        visible, share = _visible(known.box, chip.window)
        here = chip.objects.get(instance_id)
        if here is not None:
            _check_shown(chip, instance_id, here, known, visible)
        if tiling is None or not visible or (known.has_obb and not tiling.by_upright_box):
            continue
        category = str(known.shared[0])
        surely_cut = share < tiling.min_visible - _ROUNDING_SHARE
        surely_listed = share >= tiling.min_visible + _ROUNDING_SHARE
        if here is not None and surely_cut:
            expected = Plain(f"at least {tiling.min_visible} of {instance_id}")
            chip.log.add("object_cut", expected, share)
        elif here is None and surely_listed and _has_text(visible, chip.window):
            expected = Plain(f"{instance_id} at {visible}")
            chip.log.add("object_missing", expected, Plain("not listed"))
        elif here is None:
            cut.add(category)
            if surely_cut and category not in chip.cut:
                expected = Plain(f"{category} ({instance_id})")
                chip.log.add("cut_categories", expected, sorted(chip.cut))
    # How much of a rotated box a chip shows is not measured here.
    by_obb = tiling is not None and not tiling.by_upright_box
    return frozenset(CATEGORIES if by_obb else cut)


def _check_shown(
    chip: Chip, instance_id: str, here: Shown, known: Shown, visible: Box | tuple[()]
) -> None:
    """Compare an object in a chip with the part of it that the chip's window shows."""
    if not visible or _farthest(visible, here.box) > _ROUNDING_PX:
        part = visible or "no part"
        expected = Plain(f"{part} of {instance_id}, which another chip shows whole")
        chip.log.add("box_per_object", expected, here.box)
        return
    is_cut = _farthest(visible, known.box) > _ROUNDING_PX
    if here.truncated not in (is_cut, visible != known.box):
        chip.log.add("truncated", Plain(f"{is_cut} ({instance_id})"), here.truncated)


def _farthest(box: Box, other: Box) -> float:
    return max(abs(a - b) for a, b in zip(box, other, strict=True))


def _has_text(box: Box | tuple[()], window: Box) -> bool:
    """Tell whether the text of a box has an area, once it is rounded to pixels of its chip."""
    x0, y0, x1, y1 = (
        round_half_up(value - start) for value, start in zip(box, window[:2] * 2, strict=True)
    )
    return x0 < x1 and y0 < y1


def _visible(box: Box, window: Box) -> tuple[Box | tuple[()], float]:
    """Give the part of a box that a window shows, and its share of the box."""
    x0, y0 = max(box[0], window[0]), max(box[1], window[1])
    x1, y1 = min(box[2], window[2]), min(box[3], window[3])
    if not (x0 < x1 and y0 < y1):
        return (), 0.0
    area = (box[2] - box[0]) * (box[3] - box[1])
    return (x0, y0, x1, y1), (x1 - x0) * (y1 - y0) / area if area > 0 else 0.0
