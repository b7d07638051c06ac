"""YOLO text of oriented boxes, as Ultralytics defines it: four corners as shares of the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from sarchat_build.config.annotation_options import YoloObbRule
from sarchat_build.sources.readers.yolo import check_shares, read_lines
from sarchat_build.types import BoxFormat, RawImage


def read(document: BinaryIO, rule: YoloObbRule) -> Iterator[RawImage]:
    """Read one label file: `class x1 y1 x2 y2 x3 y3 x4 y4` per line; an empty one has no objects.

    Corners of a box that lies at the edge may leave the picture, its center may not; the picture's
    own width or height is the most by which a corner can lie outside.

    Raises:
        RecordError: `encoding`.

    >>> import io
    >>> rule = YoloObbRule(format="yolo_obb", images=("*.jpg",), files=({"path": "*.txt"},),
    ...                    class_names=("ship",))
    >>> text = io.BytesIO(b"0 .1 .1 .3 .1 .3 .2 .1 .2")
    >>> [i.bbox for image in read(text, rule) for i in image.instances]
    [(0.1, 0.1, 0.3, 0.1, 0.3, 0.2, 0.1, 0.2)]
    """
    yield read_lines(document, rule, columns=9, box_format=BoxFormat.QUAD_REL, check=_check)


def _check(corners: Sequence[float], line: int) -> None:
    check_shares(corners, line, low=-1, high=2)
    check_shares((sum(corners[0::2]) / 4, sum(corners[1::2]) / 4), line)
