"""Whether boxes can be of the frame that was declared: a warning, which changes no score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sarchat_build.scoring.box_text.extract import RawBox
from sarchat_build.scoring.box_text.parse import to_pixels
from sarchat_build.scoring.frames import COMMON, Frame
from sarchat_build.scoring.matching import Rectangle, iou_table

# More answers say no more.
_SAMPLE = 2000
# Numbers beyond the frame by this factor, in this share of boxes, are of another.
_BEYOND, _SHARE = 1.05, 0.05
# Another frame fits better by this factor, and by this much of IoU.
_BETTER, _MORE_IOU = 1.5, 0.05


class FrameCheck:
    """Boxes as written, beside the truth, under every common frame."""

    def __init__(self, declared: Frame) -> None:
        self._declared = declared
        others = (frame for frame in COMMON if frame.name != declared.name)
        self._frames = (declared, *others)
        self._iou = dict.fromkeys((frame.name for frame in self._frames), 0.0)
        self._true = self._rows = self._boxes = self._beyond = self._fractions = 0

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
