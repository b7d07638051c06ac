# ruff: noqa: E501
"""Boxes as each model writes them, with the frame that a user would declare."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

Box = Sequence[float]
Write = Callable[[Sequence[Box], int, int], str]


def _scaled(box: Box, width: int, height: int, side: float) -> list[int]:
    return [round(v * side / s) for v, s in zip(box, (width, height, width, height), strict=True)]


def _each(form: Callable[[list[int]], str], side: float | None, between: str = "") -> Write:
    def write(boxes: Sequence[Box], width: int, height: int) -> str:
        rows = ([round(v) for v in b] if side is None else _scaled(b, width, height, side)
                for b in boxes)  # fmt: skip
        return between.join(form(row) for row in rows)

    return write


def _norm1(boxes: Sequence[Box], width: int, height: int) -> str:
    sides = (width, height, width, height)
    rows = ([v / s for v, s in zip(box, sides, strict=True)] for box in boxes)
    return " ".join("[" + ",".join(f"{v:.3f}" for v in row) + "]" for row in rows)


def _qwen25(boxes: Sequence[Box], width: int, height: int) -> str:
    """In pixels of the picture as the model sees it: sides that are multiples of 28."""
    across, down = (max(28, round(side / 28) * 28) for side in (width, height))
    rows = [[round(b[0] * across / width), round(b[1] * down / height),
             round(b[2] * across / width), round(b[3] * down / height)] for b in boxes]  # fmt: skip
    objects = [{"bbox_2d": row, "label": 'the "ship" [1, 2, 3, 4]'} for row in rows]
    return f"```json\n{json.dumps(objects, indent=1)}\n```"


def _json(key: str, side: float, *, rows_first: bool = False) -> Write:
    def write(boxes: Sequence[Box], width: int, height: int) -> str:
        rows = [_scaled(box, width, height, side) for box in boxes]
        rows = [[r[1], r[0], r[3], r[2]] for r in rows] if rows_first else rows
        return json.dumps([{key: row, "label": "ship"} for row in rows])

    return write


def _list(before: str, after: str, side: float) -> Write:
    def write(boxes: Sequence[Box], width: int, height: int) -> str:
        return before + str([_scaled(box, width, height, side) for box in boxes]) + after

    return write


def _kosmos(boxes: Sequence[Box], width: int, height: int) -> str:
    def cell(x: float, y: float) -> str:
        column, row = (min(31, int(v * 32 / side)) for v, side in ((x, width), (y, height)))
        return f"<patch_index_{32 * row + column:04d}>"

    pairs = (cell(b[0], b[1]) + cell(b[2], b[3]) for b in boxes)
    return f"<phrase>ship</phrase><object>{'</delimiter_of_multi_objects/>'.join(pairs)}</object>"


FORMS: dict[str, tuple[str, Write]] = {
    "sarchat": ("native", _each("{{<{0[0]}><{0[1]}><{0[2]}><{0[3]}>}}".format, None)),
    "minigpt": ("norm100", _each("{{<{0[0]}><{0[1]}><{0[2]}><{0[3]}>}}".format, 100, "<delim>")),
    "geochat": ("norm100", _each("{{<{0[0]}><{0[1]}><{0[2]}><{0[3]}>|<0>}}".format, 100)),
    "shikra": ("norm1", _norm1),
    "list": ("native", _each("[{0[0]}, {0[1]}, {0[2]}, {0[3]}]".format, None, ", ")),
    "qwen": ("norm1000", _each("<ref>a ship</ref><box>({0[0]},{0[1]}),({0[2]},{0[3]})</box>".format, 1000)),
    "qwen2": (
        "norm1000",
        _each("<|box_start|>({0[0]},{0[1]}),({0[2]},{0[3]})<|box_end|>".format, 1000),
    ),
    "qwen2, tokens skipped": ("norm1000", _each("ship({0[0]},{0[1]}),({0[2]},{0[3]})".format, 1000)),
    "qwen2.5": ("input:qwen2_5_vl", _qwen25),
    "qwen3": ("norm1000", _json("bbox_2d", 1000)),
    "internvl": ("norm1000", _list("<ref>ship</ref><box>", "</box>", 1000)),
    "internvl, tokens skipped": ("norm1000", _list("ship", "", 1000)),
    "deepseek": ("norm999", _list("<|ref|>ship<|/ref|><|det|>", "<|/det|>", 999)),
    "glm": ("norm1000", _list("<think>[1, 2, 3, 4]?</think><answer><|begin_of_box|>",
                              "<|end_of_box|></answer>", 1000)),
    "minicpm": ("norm1000", _each("<box>{0[0]} {0[1]} {0[2]} {0[3]}</box>".format, 1000)),
    "seed": ("norm1000", _each("<bbox>{0[0]} {0[1]} {0[2]} {0[3]}</bbox>".format, 1000)),
    "gemini": ("norm1000", _json("box_2d", 1000, rows_first=True)),
    "paligemma": (
        "native",
        _each("<loc{0[1]:04d}><loc{0[0]:04d}><loc{0[3]:04d}><loc{0[2]:04d}> ship ; ".format, 1024),
    ),
    "florence": ("native", _each("ship<loc_{0[0]}><loc_{0[1]}><loc_{0[2]}><loc_{0[3]}>".format, 999)),
    "kosmos": ("native", _kosmos),
}  # fmt: skip
# Half a unit of each frame, as a share of the side; a cell of Kosmos is a thirty-second.
COARSENESS = {"kosmos": 1 / 32, "minigpt": 0.005, "geochat": 0.005}
