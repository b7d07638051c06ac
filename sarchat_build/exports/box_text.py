"""Boxes as text, in the form that each model was trained on.

A form says in which frame its numbers are and how one box is written, with the category beside it
in answers and without it in questions, which it would answer. This module imports nothing but
Python's own library: exports for harnesses carry a copy of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from string import Template
from typing import NamedTuple

Box = tuple[float, float, float, float]
Size = tuple[int, int]

# The box text of the dataset: pixels of the stored picture.
OUR_BOX = re.compile(r"\{<(\d+)><(\d+)><(\d+)><(\d+)>\}")
_OURS = "{<$x1><$y1><$x2><$y2>}"
_JSON = '{"bbox_2d": [$x1, $y1, $x2, $y2]}'
_LABELED_JSON = '{"bbox_2d": [$x1, $y1, $x2, $y2], "label": "$label"}'
_PATCHES = 32


class Resizing(NamedTuple):
    """How a model resizes its pictures: the area is bounded, sides are multiples of a factor."""

    min_pixels: int
    max_pixels: int
    factor_px: int


# The defaults of each model's own processor.
RESIZING: Mapping[str, Resizing] = {
    "qwen2-vl": Resizing(56 * 56, 16384 * 28 * 28, 28),
    "qwen2.5-vl": Resizing(56 * 56, 16384 * 28 * 28, 28),
    "qwen3-vl": Resizing(256 * 256, 16384 * 32 * 32, 32),
}


class LimitsError(ValueError):
    """Limits of a model's processor that cannot be; the message says which."""


class Written(NamedTuple):
    """One box in a form: its text, and the box that a reader of the text gets back, in pixels."""

    text: str
    read_back: Box


@dataclass(frozen=True, slots=True)
class BoxForm:
    """How a model writes a box.

    Attributes:
        name: as `--boxes` has it.
        frame: what the numbers mean: native, norm1, norm100, norm999, norm1000, norm1024, bins1000
            (centers of bins), patches32, input:WxH, or input:MODEL with its limits.
        unlabeled: the text of one box, `$x1` … `$y2` its numbers.
        labeled: the same with its category, `$label`.
    """

    name: str
    frame: str
    unlabeled: str
    labeled: str

    def write(self, box: Sequence[float], size: Size, label: str = "") -> Written:
        """Write a box of a picture of a size in pixels; without a label, the category is not told.

        >>> form_of("internvl").write((128, 0, 256, 64), (512, 256), "ship").text
        '<ref>ship</ref><box>[[250, 0, 500, 250]]</box>'
        >>> form_of("native").write((393.4, 426.5, 470, 494), (512, 512)).read_back
        (393.0, 427.0, 470.0, 494.0)
        """
        numbers, read_back = self._encode(box, size)
        template = self.labeled if label else self.unlabeled
        return Written(Template(template).substitute(numbers, label=label), read_back)

    def _encode(self, box: Sequence[float], size: Size) -> tuple[dict[str, str], Box]:
        if self.frame == "patches32":
            return _patches(box, size)
        if self.frame == "bins1000":
            cells = [min(999, math.floor(v / size[i % 2] * 1000)) for i, v in enumerate(box)]
            x1, y1, x2, y2 = ((q + 0.5) / 1000 * size[i % 2] for i, q in enumerate(cells))
            return _named([str(q) for q in cells]), (x1, y1, x2, y2)
        units = self._units(size)
        q = [math.floor(v * units[i % 2] / size[i % 2] + 0.5) for i, v in enumerate(box)]
        for low, high in ((0, 2), (1, 3)):
            if q[low] >= q[high]:  # too small for the frame: one unit, and not nothing
                q[low] = min(math.floor(box[low] * units[low] / size[low]), units[low] - 1)
                q[high] = q[low] + 1
        x1, y1, x2, y2 = (v * size[i % 2] / units[i % 2] for i, v in enumerate(q))
        texts = [f"{v / 1000:.3f}" for v in q] if self.frame == "norm1" else map(str, q)
        return _named(texts), (x1, y1, x2, y2)

    def _units(self, size: Size) -> Size:
        """Give how many units of the frame the picture is wide and high."""
        kind, _, rest = self.frame.partition(":")
        if kind == "native":
            return size
        if kind == "input":
            found = re.fullmatch(r"(\d+)x(\d+)", rest)
            return (
                (int(found[1]), int(found[2])) if found else smart_resize(size, *resizing_of(rest))
            )
        number = int(kind.removeprefix("norm"))
        return (1000, 1000) if number == 1 else (number, number)


def _named(texts: Iterable[str]) -> dict[str, str]:
    return dict(zip(("x1", "y1", "x2", "y2"), texts, strict=True))


def _patches(box: Sequence[float], size: Size) -> tuple[dict[str, str], Box]:
    """Give the cells of the corners, as Kosmos-2 numbers them, and their centers."""
    low = [min(_PATCHES - 1, math.floor(box[i] / size[i] * _PATCHES)) for i in (0, 1)]
    high = [max(low[i], math.ceil(box[i + 2] / size[i] * _PATCHES - 1)) for i in (0, 1)]
    indexes = {"i1": low[1] * _PATCHES + low[0], "i2": high[1] * _PATCHES + high[0]}
    edges = []
    # A box of one row or column of cells is the whole of them; else its edges are centers.
    inset = 0.0 if low[0] == high[0] or low[1] == high[1] else 0.5
    for i in (0, 1):
        unit = size[i] / _PATCHES
        edges.append(((low[i] + inset) * unit, (high[i] + 1 - inset) * unit))
    (x1, x2), (y1, y2) = edges
    return {name: f"{index:04d}" for name, index in indexes.items()}, (x1, y1, x2, y2)


def smart_resize(
    size: Size,
    min_pixels: int = RESIZING["qwen2.5-vl"].min_pixels,
    max_pixels: int = RESIZING["qwen2.5-vl"].max_pixels,
    factor_px: int = RESIZING["qwen2.5-vl"].factor_px,
) -> Size:
    """Give the size to which Qwen's processors bring a picture, in pixels, by Qwen2.5-VL's limits.

    >>> smart_resize((512, 512)), smart_resize((512, 512), max_pixels=100_000)
    ((504, 504), (308, 308))
    >>> smart_resize((500, 500), *RESIZING["qwen3-vl"])
    (512, 512)
    """
    width, height = size
    w, h = (max(factor_px, round(side / factor_px) * factor_px) for side in size)
    if w * h > max_pixels:
        shrink = math.sqrt(width * height / max_pixels)
        w, h = (max(factor_px, math.floor(s / shrink / factor_px) * factor_px) for s in size)
    elif w * h < min_pixels:
        grow = math.sqrt(min_pixels / (width * height))
        w, h = (math.ceil(side * grow / factor_px) * factor_px for side in size)
    return w, h


def resizing_of(name: str) -> Resizing:
    """Give the rule of a model, `MODEL[,min_pixels=N][,max_pixels=N]`.

    >>> resizing_of("qwen2.5-vl,max_pixels=100352") == resizing_of("qwen2_5_vl,max_pixels=100352")
    True

    Raises:
        LimitsError: the limits are none.
        ValueError: nobody knows the model.
    """
    base, *options = name.split(",")
    known = {_signs(model): rule for model, rule in RESIZING.items()}
    if _signs(base) not in known:
        raise ValueError(name)
    rule = known[_signs(base)]
    for option in options:
        key, _, value = option.partition("=")
        if key not in ("min_pixels", "max_pixels") or not re.fullmatch(r"[1-9]\d{0,9}", value):
            raise LimitsError(f"{option!r} is no limit; expected min_pixels=N or max_pixels=N")
        rule = rule._replace(**{key: int(value)})
    if rule.min_pixels > rule.max_pixels:
        raise LimitsError(
            f"max_pixels is {rule.max_pixels:,} and min_pixels {rule.min_pixels:,}, which is more; "
            "both count the pixels of the whole picture"
        )
    return rule


def _signs(model: str) -> str:
    return re.sub(r"[-_.]", "", model)


def _form(name: str, frame: str, unlabeled: str, labeled: str = "") -> BoxForm:
    return BoxForm(name, frame, unlabeled, labeled or unlabeled)


def _with_ref(name: str, frame: str, ref: str, box: str) -> BoxForm:
    return BoxForm(name, frame, box, ref + box)


_LIST = "[[$x1, $y1, $x2, $y2]]"
_PAIRS = "($x1,$y1),($x2,$y2)"
_FORMS = (
    *(_form(name, name, _OURS) for name in ("native", "norm100", "norm999", "norm1000")),
    _form("norm1024", "norm1024", _OURS),
    _form("minigpt-v2", "norm100", _OURS),
    # Upright boxes: an angle of 0 degrees.
    _form("geochat", "norm100", "{<$x1><$y1><$x2><$y2>|<0>}"),
    _form("shikra", "norm1", "[$x1,$y1,$x2,$y2]"),
    _with_ref("qwen-vl", "norm1000", "<ref>$label</ref>", f"<box>{_PAIRS}</box>"),
    _with_ref(
        "qwen2-vl",
        "norm1000",
        "<|object_ref_start|>$label<|object_ref_end|>",
        f"<|box_start|>{_PAIRS}<|box_end|>",
    ),
    _form("qwen2.5-vl", "input:qwen2.5-vl", _JSON, _LABELED_JSON),
    _form("qwen3-vl", "norm1000", _JSON, _LABELED_JSON),
    _with_ref("internvl", "norm1000", "<ref>$label</ref>", f"<box>{_LIST}</box>"),
    _with_ref("deepseek-vl2", "norm999", "<|ref|>$label<|/ref|>", f"<|det|>{_LIST}<|/det|>"),
    _with_ref(
        "kosmos-2",
        "patches32",
        "<phrase>$label</phrase>",
        "<object><patch_index_$i1><patch_index_$i2></object>",
    ),
    _form(
        "florence-2",
        "bins1000",
        "<loc_$x1><loc_$y1><loc_$x2><loc_$y2>",
        "$label<loc_$x1><loc_$y1><loc_$x2><loc_$y2>",
    ),
)
FORMS = {form.name: form for form in _FORMS}


# Forms of ms-swift's own, which writes the boxes itself, and the frame of most models there.
PLACEHOLDERS: Mapping[str, str] = dict.fromkeys(("objects", "bbox", "objects-json"), "norm1000")


def form_of(name: str) -> BoxForm:
    """Give a form by its name.

    `qwen2.5-vl` takes the limits of its preprocessor; `input:WxH` and `input:MODEL`, with limits
    too, are the dataset's own text in pixels of the picture after it was resized.

    >>> form_of("qwen2.5-vl,max_pixels=1003520").frame
    'input:qwen2.5-vl,max_pixels=1003520'
    >>> form_of("input:448x448").write((0, 0, 256, 512), (512, 512)).text
    '{<0><0><224><448>}'

    Raises:
        LimitsError: the limits are none.
        ValueError: nobody knows it.
    """
    kind, colon, rest = name.partition(":")
    if colon and kind == "input":
        if not re.fullmatch(r"[1-9]\d{0,4}x[1-9]\d{0,4}", rest):
            resizing_of(rest)
        return _form(name, name, _OURS)
    base, comma, options = name.partition(",")
    if base not in FORMS or (comma and base != "qwen2.5-vl"):
        raise ValueError(name)
    if not comma:
        return FORMS[base]
    resizing_of(name)
    return _form(name, f"input:{base},{options}", _JSON, _LABELED_JSON)


def rewrite(
    turns: Sequence[tuple[str, str]],
    objects: Iterable[tuple[str, Sequence[float]]],
    write: Callable[[str, Sequence[float], str], str],
) -> list[tuple[str, str]]:
    """Write every box in the turns of a dialogue anew.

    Args:
        turns: role and text of each.
        objects: category and box, in pixels, of what the dialogue speaks about; the exact box is
            taken from there, of equal texts in this order. A text that none of them has is a box
            of whole pixels without a category.
        write: gives the new text, from role, box and category ("" where it has none).

    >>> write = lambda role, box, label: f"({role} {box} {label})"
    >>> rewrite([("user", "In {<1><2><3><4>}?")], [("ship", (0.9, 2, 3, 4))], write)
    [('user', 'In (user (0.9, 2, 3, 4) ship)?')]
    """
    waiting: dict[str, list[tuple[str, Sequence[float]]]] = {}
    for label, box in objects:
        text = "{" + "".join(f"<{math.floor(value + 0.5)}>" for value in box) + "}"
        waiting.setdefault(text, []).append((label, box))

    def new(role: str, match: re.Match[str]) -> str:
        queue = waiting.get(match[0])
        if not queue:
            return write(role, [int(value) for value in match.groups()], "")
        label, box = queue.pop(0) if len(queue) > 1 else queue[0]
        return write(role, box, label)

    return [(role, OUR_BOX.sub(partial(new, role), text)) for role, text in turns]


def in_form(
    form: BoxForm,
    turns: Sequence[tuple[str, str]],
    objects: Iterable[tuple[str, Sequence[float]]],
    size: Size,
    note: Callable[[Sequence[float], Box], None] = lambda box, read_back: None,
) -> list[tuple[str, str]]:
    """Write the boxes of a dialogue in a form: categories beside them in answers only.

    `note` hears of every box, exact and as it is read back from the text.

    >>> turns = [("user", "What is in {<0><0><64><64>}?"), ("assistant", "A ship.")]
    >>> in_form(form_of("internvl"), turns, [("ship", (0, 0, 64, 64))], (128, 128))[0][1]
    'What is in <box>[[0, 0, 500, 500]]</box>?'
    """

    def write(role: str, box: Sequence[float], label: str) -> str:
        text, read_back = form.write(box, size, label if role == "assistant" else "")
        note(box, read_back)
        return text

    return rewrite(turns, objects, write)
