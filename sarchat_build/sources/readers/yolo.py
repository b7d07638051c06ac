"""YOLO text: one file per image, one object per line, center and size as shares of the picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import BinaryIO

from sarchat_build.config.annotation_options import YoloRule
from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import decode, numbers, read_all
from sarchat_build.types import BoxFormat, RawFault, RawImage, RawInstance

# Six digits are usual: half a unit of the last one is no overflow.
_SLACK = 1e-6


def read(document: BinaryIO, rule: YoloRule) -> Iterator[RawImage]:
    """Read one label file: `class cx cy w h` per line; blank lines and any spacing are fine.

    An empty file is an image without objects. A box may leave the picture; its center and its size
    may not lie outside 0 to 1.

    Raises:
        RecordError: `encoding`.

    >>> import io
    >>> rule = YoloRule(format="yolo", images=("*.jpg",), files=({"path": "*.txt"},),
    ...                 class_names=("aircraft",))
    >>> [i.bbox for image in read(io.BytesIO(b"0 .5 .5 .2 .1 "), rule) for i in image.instances]
    [(0.5, 0.5, 0.2, 0.1)]
    """
    instances: list[RawInstance] = []
    faults: list[RawFault] = []
    text = decode(read_all(document), rule.encodings)
    for line, written in enumerate(text.splitlines(), start=1):
        fields = written.split()
        if not fields:
            continue
        try:
            instances.append(_instance(fields, line, rule))
        except RecordError as error:
            faults.append(RawFault(f"line {line}", error.reason, error.detail, line))
    yield RawImage(
        filename=None,
        width_px=None,
        height_px=None,
        instances=tuple(instances),
        faults=tuple(faults),
    )


def _instance(fields: list[str], line: int, rule: YoloRule) -> RawInstance:
    if len(fields) != 5:
        extra = " (a sixth is the confidence of a guess)" if len(fields) == 6 else ""
        raise RecordError(Reason.BAD_VALUE, f"line {line} has {len(fields)} columns, not 5{extra}")
    index, *box = numbers(fields, f"line {line}")
    if not all(map(math.isfinite, (index, *box))):
        raise RecordError(Reason.NON_FINITE, f"line {line}: {' '.join(fields)[:120]}")
    for value in box:
        if not -_SLACK <= value <= 1 + _SLACK:
            raise RecordError(
                Reason.BAD_VALUE, f"line {line}: {value:g} is no share of the picture (0 to 1)"
            )
    if index != int(index) or not 0 <= index < len(rule.class_names):
        known = len(rule.class_names)
        raise RecordError(
            Reason.CONTRADICTS_MANIFEST,
            f"annotations.class_names lists {known} ({', '.join(rule.class_names)}), "
            f"but class {index:g} is used",
        )
    return RawInstance(
        key=f"line {line}",
        category=rule.class_names[int(index)],
        bbox=tuple(box),
        bbox_format=BoxFormat.CXCYWH_REL,
        line=line,
    )
