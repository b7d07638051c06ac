"""Every kind of fault, and the subtasks it is planted in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mutations as m
from mutation_words import CATEGORIES, Fault, Row, another

from sarchat_build.validation.vocabulary import SUBTASKS

ALL = tuple(f"{task}/{subtask}" for task, subtasks in SUBTASKS.items() for subtask in subtasks)
PRESENCE = ("classification/presence", "spatial_grounding/presence")
CLASSIFY = ("classification/all", "classification/presence")
COUNT = ("instance_counting/all",)
DESCRIBE = ("fine_grained_description/all",)
GROUND_ONE, GROUND = ("spatial_grounding/single",), ("spatial_grounding/multi",)
IN_CELL = ("spatial_grounding/presence",)
IDENTIFY = tuple(f"cross_modal_identification/{s}" for s in ("single", "category", "choice"))
NEAREST, PAIR = ("cross_modal_identification/nearest",), ("cross_modal_identification/multi",)
REFER_ONE, REFER, UNIQUE = (("referring/single",), ("referring/multi",), ("referring/unique",))
BOXED = (*COUNT, *GROUND_ONE, *GROUND, *NEAREST, *REFER_ONE, *REFER, *UNIQUE)
CELLED = (*DESCRIBE, *GROUND_ONE, *GROUND, *IN_CELL, IDENTIFY[0], *REFER_ONE, *REFER, *UNIQUE)
LISTS_SOME = (*PRESENCE, *COUNT, *DESCRIBE, *IDENTIFY, *NEAREST, *PAIR, *REFER, *UNIQUE)
STATES_MORE = tuple(p for p in ALL if p not in (CLASSIFY[0], *REFER_ONE, *REFER))
NAMED = (*CLASSIFY, *DESCRIBE, *COUNT, *GROUND_ONE, *GROUND, *IN_CELL, *IDENTIFY, *PAIR)
RELATED = (*GROUND, *NEAREST, *PAIR)


def at(*path: Any, value: Callable[[Any], Any]) -> Fault:
    """Give a fault that puts something else at one path of a row."""

    def fault(row: Row, picture: Row) -> bool:
        target: Any = row
        for key in path[:-1]:
            target = target[key]
        before = target[path[-1]]
        target[path[-1]] = value(before)
        return bool(target[path[-1]] != before)

    return fault


def append(text: str, turn: int = 1) -> Fault:
    """Give a fault that adds words to the end of a message."""
    return at("messages", turn, "content", value=lambda old: f"{old} {text}")


def other_object(row: Row, picture: Row) -> bool:
    """The row lists another object of the picture than it speaks about."""
    ids = picture["objects"]["instance_id"]
    others = [one for one in ids if one not in row["instance_ids"]]
    if not others or not row["instance_ids"]:
        return False
    row["instance_ids"][0] = others[0]
    return True


def box_columns(row: Row, picture: Row) -> bool:
    if not row["objects"]["bbox"]:
        return False
    row["objects"]["bbox"][0][0] += 2
    return True


def reference_columns(row: Row, picture: Row) -> bool:
    if not row["objects"]["ref"]:
        return False
    row["objects"]["ref"][0] = another(row["objects"]["ref"][0], CATEGORIES)
    return True


KINDS: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "a count": (m.count_up, (*PRESENCE, *COUNT, *GROUND)),
    "a count everywhere": (m.count_up_everywhere, (*COUNT, *GROUND)),
    "one instead of none": (m.none_to_one, (*PRESENCE, *COUNT)),
    "the number of a noun": (m.number_of_noun, (*PRESENCE, *COUNT, *GROUND)),
    "a box by 2 px": (m.move_box, BOXED),
    "a box by 2 px everywhere": (m.move_box_everywhere, (*BOXED, *IDENTIFY, *PAIR)),
    "a box dropped": (m.drop_box, BOXED),
    "a box added": (m.add_box, BOXED),
    "an object dropped everywhere": (m.drop_object_everywhere, COUNT),
    "boxes swapped": (m.swap_boxes, (*COUNT, *GROUND, *REFER)),
    "a cell": (m.cell, CELLED),
    "a cell everywhere": (m.cell_everywhere, CELLED),
    "a direction": (m.direction, RELATED),
    "a direction everywhere": (m.direction_everywhere, RELATED),
    "near and far": (m.proximity, (*GROUND, *PAIR)),
    "near and far everywhere": (m.proximity_everywhere, (*GROUND, *PAIR)),
    "yes and no": (m.verdict, PRESENCE),
    "yes and no everywhere": (m.verdict_everywhere, PRESENCE),
    "a size": (m.size, (*DESCRIBE, IDENTIFY[0])),
    "a size everywhere": (m.size_everywhere, (*DESCRIBE, IDENTIFY[0])),
    "a shape": (m.shape, (IDENTIFY[0],)),
    "a shape everywhere": (m.shape_everywhere, (IDENTIFY[0],)),
    "a category": (m.category, NAMED),
    "a category everywhere": (
        m.category_everywhere,
        (*CLASSIFY, *COUNT, *IN_CELL, *IDENTIFY[:2], *REFER_ONE, *REFER, *UNIQUE),
    ),
    "a distance": (m.distance, (*NEAREST, *PAIR)),
    "a distance everywhere": (m.distance_everywhere, (*NEAREST, *PAIR)),
    "a pair swapped": (m.swap_pair, PAIR),
    "boxes of a pair swapped": (m.swap_question_boxes, PAIR),
    "first and second": (m.roles, PAIR),
    "a box of the question": (m.question_box, (*IDENTIFY, *NEAREST, *PAIR)),
    "the cell of the question": (m.question_cell, IN_CELL),
    "the category of the question": (
        m.question_category,
        (*CLASSIFY, *COUNT, *IN_CELL, IDENTIFY[2], *NEAREST, *REFER_ONE, *REFER, *UNIQUE),
    ),
    "the answer given away": (m.question_names_it, (*IDENTIFY, *GROUND_ONE, *PAIR)),
    "a question turned round": (m.question_negated, PRESENCE),
    "an order": (m.order, UNIQUE),
    "an order everywhere": (m.order_everywhere, UNIQUE),
    "a rank everywhere": (m.rank_everywhere, UNIQUE),
    "a phrase that fits all": (m.phrase_fits_all, UNIQUE),
    "the size of a phrase everywhere": (m.phrase_size_everywhere, UNIQUE),
    "the direction of a phrase everywhere": (m.relation_everywhere, UNIQUE),
    "a size beside": (append("It is huge."), ALL),
    "a number beside": (append("That makes 12."), ALL),
    "a number in words beside": (append("That makes twelve."), ALL),
    "a cell beside": (append("Look at the top left."), ALL),
    "a direction beside": (append("It lies to the north."), ALL),
    "a word nobody knows beside": (append("It is humongous."), ALL),
    "a denial beside": (append("It is not so."), NAMED),
    "markup": (append("<image>"), ALL),
    "markup in the question": (append("<image>", turn=0), ALL),
    "a box in the question": (append("{<1><2><3><4>}", turn=0), ALL),
    "a number in the question": (append("There are 7.", turn=0), ALL),
    "a size in the question": (append("It is very small.", turn=0), ALL),
    "another object": (other_object, LISTS_SOME),
    "a box of the columns": (box_columns, ALL),
    "a reference of the columns": (reference_columns, ALL),
    "a split": (at("split", value=lambda split: "validation"), ALL),
    "a source": (at("source", value=lambda source: "other"), ALL),
    "a key": (at("dialogue_id", value=lambda name: f"{name}x"), ALL),
    "a tag": (at("messages", 0, "content", value=lambda t: t.replace("\n", "\n[x] ")), ALL),
    "a phrasing of no build": (at("template_ids", 2, value=lambda name: f"{name}_"), ALL),
    **{
        f"value {index} of the ground truth": (
            lambda row, picture, index=index: m.alter_leaf(row, index),
            STATES_MORE if index else ALL,
        )
        for index in range(2)
    },
    "the last value of the ground truth": (
        lambda row, picture: m.alter_leaf(row, len(list(m.leaves(row["ground_truth"]))) - 1),
        ALL,
    ),
}
# These need more than the row itself.
ELSEWHERE = {"the answer of another picture": ALL, "a phrasing held out": ALL}
