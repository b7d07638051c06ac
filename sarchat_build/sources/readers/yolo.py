"""YOLO text: one file per image, one object per line, center and size as shares of the picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from sarchat_build.config.annotation_options import YoloObbRule, YoloRule
from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import decode, lines_of, numbers, read_all
from sarchat_build.types import BoxFormat, RawFault, RawImage, RawInstance

# Six digits are usual: half a unit of the last one is no overflow.
SLACK = 1e-6


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
    yield read_lines(document, rule, columns=5, box_format=BoxFormat.CXCYWH_REL, check=check_shares)


def read_lines(
    document: BinaryIO,
    rule: YoloRule | YoloObbRule,
    *,
    columns: int,
    box_format: BoxFormat,
    check: Callable[[Sequence[float], int], None],
) -> RawImage:
    """Read a label file whose lines are a class index and the numbers of one box.

    Args:
        document: the label file.
        rule: encodings and the names of the classes.
        columns: of each line, with the class index.
        box_format: what the numbers are.
        check: raises `bad_value` for finite numbers, and their line, that no such box has.

    Raises:
        RecordError: `encoding`.
    """
    instances: list[RawInstance] = []
    faults: list[RawFault] = []
    text = decode(read_all(document), rule.encodings)
    for line, written in enumerate(lines_of(text), start=1):
        fields = written.split()
        if not fields:
            continue
        try:
            if len(fields) != columns:
                more = len(fields) == columns + 1
                guess = " (one more is the confidence of a guess)" if more else ""
                raise RecordError(
                    Reason.BAD_VALUE,
                    f"line {line} has {len(fields)} columns, not {columns}{guess}",
                )
            index, *box = numbers(fields, f"line {line}")
            if not all(map(math.isfinite, (index, *box))):
                raise RecordError(Reason.NON_FINITE, f"line {line}: {' '.join(fields)[:120]}")
            check(box, line)
            instances.append(
                RawInstance(
                    key=f"line {line}",
                    category=_class_name(index, rule),
                    bbox=tuple(box),
                    bbox_format=box_format,
                    line=line,
                )
            )
        except RecordError as error:
            faults.append(RawFault(f"line {line}", error.reason, error.detail, line))
    return RawImage(
        filename=None,
        width_px=None,
        height_px=None,
        instances=tuple(instances),
        faults=tuple(faults),
    )


def check_shares(values: Sequence[float], line: int, low: float = 0, high: float = 1) -> None:
    """Refuse numbers that are no shares of a picture; raises `bad_value`."""
    for value in values:
        if not low - SLACK <= value <= high + SLACK:
            raise RecordError(
                Reason.BAD_VALUE, f"line {line}: {value:g} is no share of the picture (0 to 1)"
            )


def _class_name(index: float, rule: YoloRule | YoloObbRule) -> str:
    if index != int(index) or not 0 <= index < len(rule.class_names):
        known = len(rule.class_names)
        raise RecordError(
            Reason.CONTRADICTS_MANIFEST,
            f"annotations.class_names lists {known} ({', '.join(rule.class_names)}), "
            f"but class {index:g} is used",
        )
    return rule.class_names[int(index)]
