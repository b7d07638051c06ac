"""Faults to plant in a row of a built dataset: each turns a true dialogue into a false one.

A fault is a function of a row and its picture; it changes the row and says whether it could. Those
named "… everywhere" change text, columns and ground truth alike, so that nothing in the row itself
contradicts anything else: only the boxes do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mutation_words import (
    BOX,
    CATEGORIES,
    CELL,
    CELLS,
    COUNT,
    DIRECTION,
    NEAR,
    NONE,
    NOUN,
    OPPOSITE,
    ORDER,
    SHAPE,
    SIZE,
    Row,
    another,
    noun,
    say,
    swap_values,
)


def _count_up(match: re.Match[str]) -> str:
    n, category = int(match[1]) + 1, match[3] if match[3] == "aircraft" else match[3].rstrip("s")
    return f"{n}{match[2]} {noun(category, n)}"


def count_up(row: Row, picture: Row) -> bool:
    return say(row, COUNT, _count_up)


def count_up_everywhere(row: Row, picture: Row) -> bool:
    found = COUNT.search(row["messages"][1]["content"])
    if not found or not count_up(row, picture):
        return False
    n = int(found[1])
    swap_values(row, n, n + 1)
    return True


def none_to_one(row: Row, picture: Row) -> bool:
    return say(row, NONE, lambda m: f"1 {m[1] if m[1] == 'aircraft' else m[1][:-1]}")


def number_of_noun(row: Row, picture: Row) -> bool:
    return say(row, re.compile(r"\b([02-9]|\d\d+) (ship|car|tank|bridge|harbor)s\b"), r"\1 \2")


def _move(match: re.Match[str]) -> str:
    x1, y1, x2, y2 = map(int, match.groups())
    return f"{{<{x1 + 2}><{y1}><{x2 + 2}><{y2}>}}"


def move_box(row: Row, picture: Row) -> bool:
    return say(row, BOX, _move)


def move_box_everywhere(row: Row, picture: Row) -> bool:
    if not row["objects"]["bbox"]:
        return False
    box = row["objects"]["bbox"][0]
    box[0], box[2] = box[0] + 2, box[2] + 2
    return bool(sum(say(row, BOX, _move, turn) for turn in (0, 1)) or True)


def drop_box(row: Row, picture: Row) -> bool:
    return say(row, BOX, "")


def add_box(row: Row, picture: Row) -> bool:
    return say(row, BOX, lambda m: m[0] + _move(m))


def drop_object_everywhere(row: Row, picture: Row) -> bool:
    """One object less: its box, its column values, and the count of all."""
    objects, n = row["objects"], len(row["instance_ids"])
    if n < 2 or not say(row, BOX, "") or not COUNT.search(row["messages"][1]["content"]):
        return False
    for values in (objects["ref"], objects["bbox"], row["instance_ids"]):
        values.pop(0)
    category = row["ground_truth"]["category"]
    swap_values(row, n, n - 1)
    return say(row, COUNT, f"{n - 1} {noun(category, n - 1)}")


def swap_boxes(row: Row, picture: Row) -> bool:
    boxes = BOX.findall(row["messages"][1]["content"])
    if len(boxes) < 2 or boxes[0] == boxes[1]:
        return False
    texts = ["{" + "".join(f"<{value}>" for value in box) + "}" for box in (boxes[1], boxes[0])]
    return say(row, BOX, lambda m: texts.pop(0), count=2)


def cell(row: Row, picture: Row) -> bool:
    return say(row, CELL, lambda m: another(m[0].lower(), CELLS))


def cell_everywhere(row: Row, picture: Row) -> bool:
    found = CELL.search(row["messages"][1]["content"])
    if not found:
        return False
    old = found[0].lower()
    swap_values(row, old, another(old, CELLS))
    pattern = re.compile(old, re.IGNORECASE)
    say(row, pattern, another(old, CELLS), turn=0, count=0)
    return say(row, pattern, another(old, CELLS), count=0)


def _turn(match: re.Match[str]) -> str:
    words = match[0].lower().split(" ")
    return " ".join(OPPOSITE.get(word, word) for word in words)


def _turned(label: str) -> str:
    return "_".join(OPPOSITE.get(word, word) for word in label.split("_"))


def direction(row: Row, picture: Row) -> bool:
    return say(row, DIRECTION, _turn)


def direction_everywhere(row: Row, picture: Row) -> bool:
    truth = row["ground_truth"]
    for relation in [truth, *truth.get("relations", [])]:
        if relation.get("direction"):
            relation["direction"] = _turned(relation["direction"])
    return say(row, DIRECTION, _turn, count=0)


def proximity(row: Row, picture: Row) -> bool:
    return say(row, NEAR, lambda m: "far from" if m[0] == "near" else "near")


def proximity_everywhere(row: Row, picture: Row) -> bool:
    truth = row["ground_truth"]
    for relation in [truth, *truth.get("relations", [])]:
        if relation.get("proximity"):
            relation["proximity"] = OPPOSITE[relation["proximity"]]
    return say(row, NEAR, lambda m: "far from" if m[0] == "near" else "near", count=0)


def verdict(row: Row, picture: Row) -> bool:
    return say(row, re.compile(r"\A(Yes|No)\b"), lambda m: OPPOSITE[m[0].lower()].title())


def verdict_everywhere(row: Row, picture: Row) -> bool:
    row["ground_truth"]["answer"] = OPPOSITE[row["ground_truth"]["answer"]]
    category, there = row["ground_truth"]["asked"], row["instance_ids"]
    if there:
        row["instance_ids"], row["objects"] = [], {"ref": [], "bbox": []}
        say(row, COUNT, f"no {noun(category, 0)}")
    else:
        say(row, NONE, f"1 {category}")
    return verdict(row, picture)


def size(row: Row, picture: Row) -> bool:
    return say(row, SIZE, lambda m: "large" if "small" in m[0].lower() else "very small")


def size_everywhere(row: Row, picture: Row) -> bool:
    found = SIZE.search(row["messages"][1]["content"])
    if not found:
        return False
    old = found[0].lower().replace("medium-sized", "medium")
    swap_values(row, old, "large" if "small" in old else "very small")
    return size(row, picture)


def shape(row: Row, picture: Row) -> bool:
    return say(row, SHAPE, lambda m: "tall" if m[0].lower() != "tall" else "wide")


def shape_everywhere(row: Row, picture: Row) -> bool:
    found = SHAPE.search(row["messages"][1]["content"])
    if not found:
        return False
    old = found[0].lower()
    swap_values(row, old, "tall" if old != "tall" else "wide")
    return shape(row, picture)


def _recategorize(row: Row, old: str, new: str, turns: tuple[int, ...]) -> bool:
    changed = False
    for n in (2, 1):
        pattern = re.compile(rf"\b{noun(old, n)}\b", re.IGNORECASE)
        for turn in turns:
            changed |= say(row, pattern, noun(new, n), turn, count=0)
    return changed


def _spoken(row: Row) -> str | None:
    found = re.search(NOUN, row["messages"][1]["content"].lower())
    return found and (found[0] if found[0] == "aircraft" else found[0].rstrip("s"))


def category(row: Row, picture: Row) -> bool:
    old = _spoken(row)
    return bool(old) and _recategorize(row, old, another(old, CATEGORIES), (1,))


def category_everywhere(row: Row, picture: Row) -> bool:
    """The category of the first object, or the one asked, becomes one that is there less often."""
    truth = row["ground_truth"]
    old = truth.get("category") or truth.get("asked") or _spoken(row)
    there = picture["objects"]["category"]
    others = [c for c in CATEGORIES if c != old and there.count(c) != there.count(old)]
    if not old or not others:
        return False
    swap_values(row, old, others[0])
    row["objects"]["ref"] = [others[0] if ref == old else ref for ref in row["objects"]["ref"]]
    head, _, key = row["dialogue_id"].rpartition("/")
    row["dialogue_id"] = f"{head}/{re.sub(old, others[0], key)}"
    return _recategorize(row, old, others[0], (0, 1))


def distance(row: Row, picture: Row) -> bool:
    return say(row, re.compile(r"(\d+)(?= ?(?:px|pixel))"), lambda m: str(int(m[0]) + 1))


def distance_everywhere(row: Row, picture: Row) -> bool:
    row["ground_truth"]["distance_px"] += 1
    return distance(row, picture)


def swap_pair(row: Row, picture: Row) -> bool:
    """The two objects are exchanged in question, columns and id; the answer stays."""
    boxes = BOX.findall(row["messages"][0]["content"])
    texts = ["{" + "".join(f"<{value}>" for value in box) + "}" for box in reversed(boxes)]
    for values in (row["objects"]["ref"], row["objects"]["bbox"], row["instance_ids"]):
        values.reverse()
    head, _, key = row["dialogue_id"].rpartition("/")
    row["dialogue_id"] = f"{head}/{'-'.join(reversed(key.split('-')))}"
    row["ground_truth"]["objects"].reverse()
    return say(row, BOX, lambda m: texts.pop(0), turn=0, count=len(texts))


def swap_question_boxes(row: Row, picture: Row) -> bool:
    boxes = BOX.findall(row["messages"][0]["content"])
    texts = ["{" + "".join(f"<{value}>" for value in box) + "}" for box in reversed(boxes)]
    return say(row, BOX, lambda m: texts.pop(0), turn=0, count=len(texts))


def roles(row: Row, picture: Row) -> bool:
    """ "The first lies above the second" becomes "the second lies above the first"."""
    swapped = {"first": "second", "second": "first", "former": "latter", "latter": "former"}
    text = row["messages"][1]["content"]
    if len(re.findall(r"the (?:first|former)\b", text.lower())) < 1 or "of these" in text.lower():
        return False
    if not re.search(r"(?i)\b(?:first|former) (?:one |object )?(?:is|lies)", text):
        return False
    return say(row, re.compile("first|second|former|latter"), lambda m: swapped[m[0]], count=0)


def question_box(row: Row, picture: Row) -> bool:
    return say(row, BOX, _move, turn=0)


def question_cell(row: Row, picture: Row) -> bool:
    return say(row, CELL, lambda m: another(m[0].lower(), CELLS), turn=0, count=0)


def question_category(row: Row, picture: Row) -> bool:
    found = re.search(rf"\b(?:{NOUN})\b", row["messages"][0]["content"].lower())
    if not found:
        return False
    old = found[0] if found[0] == "aircraft" else found[0].rstrip("s")
    return _recategorize(row, old, another(old, CATEGORIES), (0,))


def question_names_it(row: Row, picture: Row) -> bool:
    """A question that gives the answer away."""
    named = row["objects"]["ref"][0]
    return say(row, re.compile(r"\Z"), f" Is it the {named}?", turn=0)


def question_negated(row: Row, picture: Row) -> bool:
    return say(row, re.compile(r"\Z"), " Or is it not?", turn=0)


def order(row: Row, picture: Row) -> bool:
    return say(row, ORDER, lambda m: OPPOSITE[m[0]], turn=0)


def order_everywhere(row: Row, picture: Row) -> bool:
    truth = row["ground_truth"]
    # The second of three is the second from either side.
    there = picture["objects"]["category"].count(truth["category"])
    if not truth["order"] or there == 2 * truth["rank"] - 1:
        return False
    truth["order"] = OPPOSITE[truth["order"]]
    side = re.compile(r"(?<=from the )(left|right|top|bottom)")
    sides = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
    return order(row, picture) or say(row, side, lambda m: sides[m[0]], turn=0)


def rank_everywhere(row: Row, picture: Row) -> bool:
    ranks = {2: ("second", 3, "third"), 3: ("third", 2, "second")}
    if row["ground_truth"]["rank"] not in ranks:
        return False
    old, rank, new = ranks[row["ground_truth"]["rank"]]
    row["ground_truth"]["rank"] = rank
    return say(row, re.compile(rf"\b{old}(?= \w+ from)"), new, turn=0)


def phrase_fits_all(row: Row, picture: Row) -> bool:
    """ "The large ship" becomes "the ship", in the ground truth too: it fits every ship."""
    truth = row["ground_truth"]
    if truth["order"] or truth["relation"]:
        return False
    for name in ("size", "shape", "cell"):
        truth[name] = None
    cut = say(row, re.compile(rf"(?<= )at the (?:{'|'.join(CELLS)})"), "", turn=0)
    words = re.compile(r"((?:very )?(?:large|small)|medium-sized|wide|tall|roughly square),? ")
    return say(row, words, "", turn=0, count=2) or cut


def phrase_size_everywhere(row: Row, picture: Row) -> bool:
    truth = row["ground_truth"]
    if truth["size"] is None:
        return False
    truth["size"] = new = "large" if "small" in truth["size"] else "very small"
    return say(row, re.compile(r"(?:very )?(?:large|small)|medium-sized"), new, turn=0)


def relation_everywhere(row: Row, picture: Row) -> bool:
    truth = row["ground_truth"]
    if not truth["relation"] or truth["relation"] == "nearest":
        return False
    truth["relation"] = _turned(truth["relation"])
    return say(row, DIRECTION, _turn, turn=0)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield every value of a ground truth that is not null, with its path."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    elif value is not None:
        yield path, value


def alter_leaf(row: Row, index: int) -> bool:
    """Change one value of the ground truth and nothing else."""
    found = list(leaves(row["ground_truth"]))
    if index >= len(found):
        return False
    path, value = found[index]
    target = row["ground_truth"]
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value + 1 if isinstance(value, int) else another_word(value)
    return True


def another_word(value: str) -> str:
    for words in (CATEGORIES, CELLS, ("wide", "tall"), ("near", "far"), ("yes", "no")):
        if value in words:
            return another(value, words)
    return f"{value}_"
