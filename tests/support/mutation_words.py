"""The words that faults are made of, and how to say others in a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
Fault = Callable[[Row, Row], bool]

CATEGORIES = ("ship", "aircraft", "car", "tank", "bridge", "harbor")
CELLS = tuple(f"{y} {x}" for y in ("top", "middle", "bottom") for x in ("left", "center", "right"))
BOX = re.compile(r"\{<(\d+)><(\d+)><(\d+)><(\d+)>\}")
CELL = re.compile("|".join(CELLS), re.IGNORECASE)
NOUN = r"(?:ship|car|tank|bridge|harbor)s?|aircraft"
COUNT = re.compile(rf"(?<!\S)(\d+)((?: (?:very |medium-sized|small|large))*) ({NOUN})\b")
NONE = re.compile(r"\b[Nn]o (ships|aircraft|cars|tanks|bridges|harbors)")
SIZE = re.compile(r"(?:very )?(?:small|large)|medium-sized", re.IGNORECASE)
SHAPE = re.compile(r"wide|tall|roughly square", re.IGNORECASE)
DIRECTION = re.compile(
    r"(to the )(upper |lower )?(left|right)( of)|\b(above|below)\b", re.IGNORECASE
)
NEAR = re.compile(r"\b(near|far from)\b")
ORDER = re.compile(r"\b(leftmost|rightmost|topmost|bottommost|largest|smallest)\b")
OPPOSITE = {
    **{"left": "right", "above": "below", "upper": "lower", "near": "far", "yes": "no"},
    **{"leftmost": "rightmost", "topmost": "bottommost", "largest": "smallest"},
}
OPPOSITE |= {there: here for here, there in OPPOSITE.items()}


def noun(category: str, n: int) -> str:
    return category if n == 1 or category == "aircraft" else f"{category}s"


def another(value: str, values: tuple[str, ...]) -> str:
    return values[(values.index(value) + 1) % len(values)]


def say(row: Row, pattern: re.Pattern[str], new: Any, turn: int = 1, count: int = 1) -> bool:
    """Replace in a message; tell whether anything changed."""
    before = row["messages"][turn]["content"]
    after = pattern.sub(new, before, count=count)
    row["messages"][turn]["content"] = after
    return after != before


def swap_values(row: Row, old: Any, new: Any) -> None:
    """Replace a value wherever it stands in the ground truth."""

    def swapped(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: swapped(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [swapped(inner) for inner in value]
        return new if value == old and type(value) is type(old) else value

    row["ground_truth"] = swapped(row["ground_truth"])
