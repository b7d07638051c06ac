"""The declared frame, and whether boxes can be of it: a warning, which changes no score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from sarchat_build.exports.box_text import PLACEHOLDERS
from sarchat_build.scoring.box_text.extract import RawBox
from sarchat_build.scoring.box_text.parse import to_pixels
from sarchat_build.scoring.frames import COMMON, Frame
from sarchat_build.scoring.matching import Rectangle, clipped, iou, iou_table
from sarchat_build.scoring.truth import Dataset

# More answers say no more.
_SAMPLE = 2000
# Numbers beyond the frame by this factor, in this share of boxes, are of another.
_BEYOND, _SHARE = 1.05, 0.05
# Another frame fits better by this factor, and by this much of IoU.
_BETTER, _MORE_IOU = 1.5, 0.05
# So many boxes at least say how large the picture was in whose pixels they are.
_ENOUGH_BOXES = 10


def declared_frame(boxes: str, dataset: Dataset) -> tuple[Frame, str]:
    """Give the frame of answers, and who declared it: the user, the export, or nobody.

    Raises:
        ConfigurationError: `boxes` is no frame.
    """
    if boxes:
        return Frame.parse(boxes), ""
    own = dataset.exported_boxes
    return Frame.parse(own or "native"), "as the export declares" if own else ""


def contradiction(frame: Frame, dataset: Dataset) -> Iterator[str]:
    """Say that answers are read in another frame than that of the export.

    Placeholders contradict none: in which frame they are filled, is the model's.
    """
    own = dataset.exported_boxes
    if own and own not in PLACEHOLDERS and not frame.is_same(Frame.parse(own)):
        yield (
            f"--boxes is {frame.name}, but the boxes of the export are {own}, as its export.json "
            f"says: wrong --boxes? The scores are of {frame.name}"
        )


class _Pair(NamedTuple):
    """A box as written and the true one, of a picture whose sides are in pixels."""

    values: Rectangle
    true: Rectangle
    sides: tuple[int, int]


class FrameCheck:
    """Boxes as written, beside the truth, under every common frame."""

    def __init__(self, declared: Frame) -> None:
        self._declared = declared
        others = (frame for frame in COMMON if frame.name != declared.name)
        self._frames = (declared, *others)
        self._iou = dict.fromkeys((frame.name for frame in self._frames), 0.0)
        self._true = self._rows = self._boxes = self._beyond = self._fractions = 0
        self._pairs: list[_Pair] = []

    def add(
        self, raw: Sequence[RawBox], true: Sequence[Rectangle], width_px: int, height_px: int
    ) -> None:
        """Look at one answer; boxes whose tokens carry their own frame say nothing of this one."""
        own = [box for box in raw if box.frame is None]
        if not own or not true or self._rows >= _SAMPLE:
            return
        self._rows += 1
        self._true += len(true)
        across, down = self._declared.input_size(width_px, height_px)
        for box in own:
            x1, y1, x2, y2 = box.values
            self._boxes += 1
            self._beyond += max(x1, x2) > _BEYOND * across or max(y1, y2) > _BEYOND * down
            self._fractions += max(box.values) <= 1.0
        if len(own) == len(true):
            # In the order of their corners, which another frame does not change.
            order = sorted(own, key=lambda box: (box.values[0] + box.values[1], box.values))
            for box, one in zip(order, sorted(true, key=lambda b: (b[0] + b[1], b)), strict=True):
                self._pairs.append(_Pair(box.values, one, (width_px, height_px)))
        for frame in self._frames:
            boxes = [box for box, _ in to_pixels(own, width_px, height_px, frame)]
            table = iou_table(boxes, true)
            if table:
                best = [max(row[t] for row in table) for t in range(len(true))]
                self._iou[frame.name] += sum(best)

    def warnings(self) -> Iterator[str]:
        """Say what speaks against the declared frame, one line each."""
        name = self._declared.name
        if self._boxes and self._beyond > _SHARE * self._boxes:
            yield (
                f"{self._beyond:,} of {self._boxes:,} boxes have numbers beyond frame {name}: "
                "wrong --boxes?"
            )
        if self._boxes and name != "norm1" and self._fractions > 0.5 * self._boxes:
            yield (
                f"{self._fractions:,} of {self._boxes:,} boxes have numbers of at most 1, which "
                f"is hardly frame {name}: --boxes norm1?"
            )
        if not self._true:
            return
        mean = {frame: total / self._true for frame, total in self._iou.items()}
        best = max(mean, key=lambda frame: mean[frame])
        if mean[best] > max(_BETTER * mean[name], mean[name] + _MORE_IOU):
            times = (
                f"{mean[best] / mean[name]:.1f} × better"
                if mean[name] > 0.001
                else "and here they do not fit"
            )
            yield (
                f"under {best} these boxes fit {times} (mean best IoU {mean[best]:.2f}, under "
                f"{name} {mean[name]:.2f}): wrong --boxes? The scores are of {name}"
            )
        else:
            yield from self._resized()

    def _resized(self) -> Iterator[str]:
        """Say that boxes fit in the pixels of a picture of another size, if they do."""
        if not self._pairs:
            return
        # How a picture is resized follows from its sides.
        sides = Counter(pair.sides for pair in self._pairs).most_common(1)[0][0]
        pairs = [pair for pair in self._pairs if pair.sides == sides]
        if len(pairs) < _ENOUGH_BOXES:
            return
        name, full = self._declared.name, self._declared.input_size(*sides)
        found = []
        for axis in (0, 1):
            ratios = [
                pair.values[end] / pair.true[end]
                for pair in pairs
                for end in (axis, axis + 2)
                if pair.values[end] > 0 and pair.true[end] > 0
            ]
            found.append(sides[axis] * median(ratios) if ratios else full[axis])
        width, height = (max(1, round(side)) for side in found)
        declared, other = (
            sum(_iou_of(pair, units) for pair in pairs) / len(pairs)
            for units in (full, (float(width), float(height)))
        )
        if other > declared + _MORE_IOU:
            yield (
                f"in pictures of {sides[0]} × {sides[1]} px these boxes fit better (mean IoU "
                f"{other:.2f}, under {name} {declared:.2f}) if all of it is about {width} × "
                f"{height} of their units: are they pixels of a resized picture, as --boxes "
                f"input:{width}x{height}, or input:MODEL with the max_pixels of the run? The "
                f"scores are of {name}"
            )


def _iou_of(pair: _Pair, units: tuple[float, float]) -> float:
    """Give the IoU if the whole picture is so many units wide and high."""
    across, down = (side / unit for side, unit in zip(pair.sides, units, strict=True))
    x1, y1, x2, y2 = pair.values
    box = clipped((x1 * across, y1 * down, x2 * across, y2 * down), *pair.sides)
    return iou(box, pair.true) if box else 0.0
