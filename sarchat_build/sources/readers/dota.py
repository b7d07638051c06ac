"""DOTA text: one file per image, one object per line: four corners, class, difficulty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from sarchat_build.config.annotation_options import DotaRule
from sarchat_build.errors import RecordError
from sarchat_build.reasons import Reason
from sarchat_build.sources.encodings import decode, lines_of, numbers, read_all
from sarchat_build.types import BoxFormat, RawFault, RawImage, RawInstance

# A word and a colon, as in `imagesource:GF3` and `gsd:1.0`: no object begins so.
HEADER = re.compile(r"\s*[A-Za-z][\w -]*:")
_DIFFICULTIES = ("0", "1", "2")


def read(document: BinaryIO, rule: DotaRule) -> Iterator[RawImage]:
    r"""Read one label file: `x1 y1 x2 y2 x3 y3 x4 y4 class difficulty`; the last may be missing.

    A class may have spaces in its name. Header lines are known by what they say; what else the
    first `header_lines` lines hold is not read either, unless it is an object.

    Raises:
        RecordError: `encoding`.

    >>> import io
    >>> rule = DotaRule(format="dota", images=("*.jpg",), files=({"path": "*.txt"},),
    ...                 pixel_origin=0, max_edge="exclusive")
    >>> text = io.BytesIO(b"gsd:1.0\n0 0 9 0 9 5 0 5 storage tank 1")
    >>> [(i.category, i.difficult) for image in read(text, rule) for i in image.instances]
    [('storage tank', True)]
    """
    instances: list[RawInstance] = []
    faults: list[RawFault] = []
    text = decode(read_all(document), rule.encodings)
    for line, written in enumerate(lines_of(text), start=1):
        if not written.strip() or HEADER.match(written):
            continue
        if line <= rule.header_lines and not _is_object(written):
            continue
        try:
            instances.append(_instance(written.split(), line))
        except RecordError as error:
            faults.append(RawFault(f"line {line}", error.reason, error.detail, line))
    yield RawImage(
        filename=None,
        width_px=None,
        height_px=None,
        instances=tuple(instances),
        faults=tuple(faults),
    )


def _is_object(written: str) -> bool:
    try:
        return len(numbers(written.split()[:8], "")) == 8
    except RecordError:
        return False


def _instance(fields: list[str], line: int) -> RawInstance:
    if len(fields) < 9:
        raise RecordError(Reason.BAD_VALUE, f"line {line} has {len(fields)} fields, not 9 or 10")
    name, difficulty = fields[8:], "0"
    if len(name) > 1 and name[-1] in _DIFFICULTIES:
        *name, difficulty = name
    return RawInstance(
        key=f"line {line}",
        category=" ".join(name),
        bbox=numbers(fields[:8], f"line {line}"),
        bbox_format=BoxFormat.QUAD_PX,
        difficult=difficulty != "0",
        line=line,
    )
