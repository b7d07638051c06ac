"""What each task's dialogue must say, derived from the box columns alone: one function per task.

Each function takes the scene of the image and the dialogue row (which says what is asked), and
gives what follows from the boxes. A question that must not be asked raises `Unfounded`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from sarchat_build.checks import geometry
from sarchat_build.checks.findings import Plain
from sarchat_build.checks.parse import read
from sarchat_build.checks.rules import Rules
from sarchat_build.checks.scene import Scene, Thing
from sarchat_build.checks.vocabulary import CATEGORIES, SIZE_RANK


class Dialogue(NamedTuple):
    """One row of a dialogues file, with the parts of its id and messages taken apart."""

    dialogue_id: str
    task: str
    subtask: str
    key: str
    question: str  # without "<image>\n" and tag
    answer: str
    refs: list[str]
    boxes: list[list[float]]
    instance_ids: list[str]
    truth: tuple[Any, ...]


class Group(NamedTuple):
    """Objects that an answer mentions together."""

    category: str
    cell: str
    size: str
    things: tuple[Thing, ...]


class Expected(NamedTuple):
    """What follows from the boxes.

    `things` are the objects in order of mention, `truth` the `ground_truth` struct as a tuple in
    the order of its fields; the rest is what only some answers say.
    """

    things: tuple[Thing, ...]
    truth: tuple[Any, ...]
    groups: tuple[Group, ...] = ()


class Unfounded(Exception):
    """The boxes do not support that this question is asked."""

    def __init__(self, check: str, expected: object, found: object) -> None:
        super().__init__(check)
        self.check = check
        self.expected = expected
        self.found = found


def classification(scene: Scene, dialogue: Dialogue, rules: Rules) -> Expected:
    """Every category present; a rejected object is still there to be seen."""
    _require_key(dialogue, "all")
    present = [name for name in CATEGORIES if name in scene.by_category or name in scene.rejected]
    unsure = (set(rules.candidates) - scene.annotated) | scene.cut
    if not present and unsure:
        raise Unfounded(
            "wrong_negative", Plain("absence claimed only where annotated"), sorted(unsure)
        )
    return Expected(scene.things, (present,))


def fine_grained_description(scene: Scene, dialogue: Dialogue, rules: Rules) -> Expected:
    """Objects that are large enough to describe, by cell, category and size."""
    _require_key(dialogue, "all")
    if min(scene.width, scene.height) < rules.min_image_px:
        raise Unfounded("image_too_small", rules.min_image_px, (scene.width, scene.height))
    shown = [thing for thing in scene.things if _describable(thing, scene, rules)]
    if not shown:
        raise Unfounded("nothing_to_describe", Plain("an object that passes the screen"), 0)
    ordered = sorted(shown, key=_description_key)
    return Expected(
        tuple(ordered),
        ([(thing.instance_id, thing.category, thing.size, thing.cell) for thing in ordered],),
        _grouped(ordered, by_size=True),
    )


def instance_counting(scene: Scene, dialogue: Dialogue, rules: Rules) -> Expected:
    """All objects of one category; none of them only where the source would have said so."""
    category = _require_category(scene, dialogue)
    things = scene.by_category.get(category, ())
    if not things and (category not in scene.annotated or category in scene.cut):
        raise Unfounded("wrong_negative", Plain("absence claimed only where annotated"), category)
    listed = min(len(things), rules.box_cap)
    # Above the cap an answer is about all objects but gives the boxes of the first ones only:
    # either may be what the row lists.
    named = things[:listed] if len(dialogue.instance_ids) == listed else things
    return Expected(named, (category, len(things), listed))


def spatial_grounding(scene: Scene, dialogue: Dialogue, rules: Rules) -> Expected:
    """Every object by cell and category, and how each group lies to the one before it."""
    _require_key(dialogue, "all")
    _require_subtask(dialogue, len(scene.things))
    groups = _grouped(scene.things, by_size=False)
    centers = [_mean_center(group.things) for group in groups]
    relations: list[tuple[str, str]] = []
    for (before_x, before_y), (x, y) in pairwise(centers):
        if len(relations) == rules.relations_cap:
            break
        dx, dy = x - before_x, y - before_y
        near = geometry.proximity(dx, dy, scene.width, scene.height)
        relations.append((geometry.direction(dx, dy), near))
    found = [(group.category, group.cell, len(group.things)) for group in groups]
    return Expected(scene.things, (found, relations), groups)


def cross_modal_identification(scene: Scene, dialogue: Dialogue, rules: Rules) -> Expected:
    """One object's words, or two objects' words and how the first lies to the second."""
    things = _mentioned(scene, dialogue, 1 if dialogue.subtask == "single" else 2)
    key = "-".join(thing.index for thing in things)
    if dialogue.key != key:
        raise Unfounded("dialogue_key", key, dialogue.key)
    words = [(thing.category, thing.size, thing.shape, thing.cell) for thing in things]
    if len(things) == 1:
        return Expected(things, (words, None, None, None))
    first, second = things
    if first is second:
        raise Unfounded("pair", Plain("two different objects"), dialogue.instance_ids)
    dx, dy = first.x - second.x, first.y - second.y
    way = geometry.round_half_up(geometry.distance(dx, dy))
    near = geometry.proximity(dx, dy, scene.width, scene.height)
    return Expected(things, (words, geometry.direction(dx, dy), near, way))


def referring(scene: Scene, dialogue: Dialogue, rules: Rules) -> Expected:
    """All objects of one category, or the one object that the question's phrase fits."""
    if dialogue.subtask == "unique":
        return _referred_uniquely(scene, dialogue)
    category = _require_category(scene, dialogue)
    things = scene.by_category.get(category, ())
    _require_subtask(dialogue, len(things))
    return Expected(things, (category, None, None, None))


def _referred_uniquely(scene: Scene, dialogue: Dialogue) -> Expected:
    (thing,) = _mentioned(scene, dialogue, 1)
    _require_key(dialogue, thing.index)
    # An object whose box was rejected, or that the chip cuts, may fit the phrase as well.
    if thing.category in scene.rejected | scene.cut:
        raise Unfounded("rejected_category", Plain("not asked"), thing.category)
    phrase = read(dialogue.question)
    said = (phrase.sizes, phrase.shapes, phrase.cells)
    if any(len(set(words)) > 1 for words in said) or not any(said):
        raise Unfounded("referring_phrase", Plain("at most one size, shape and cell"), said)
    size, shape, cell = (words[0] if words else None for words in said)
    of_category = scene.by_category[thing.category]
    fitting = [
        other.instance_id
        for other in of_category
        if size in (None, other.size)
        and shape in (None, other.shape)
        and cell in (None, other.cell)
    ]
    if len(of_category) < 2 or fitting != [thing.instance_id]:
        raise Unfounded("referring_unique", [thing.instance_id], fitting)
    return Expected((thing,), (thing.category, size, shape, cell))


def _require_key(dialogue: Dialogue, key: str) -> None:
    if dialogue.key != key:
        raise Unfounded("dialogue_key", key, dialogue.key)


def _require_subtask(dialogue: Dialogue, n: int) -> None:
    subtask = "single" if n == 1 else "multi" if n else "not asked"
    if dialogue.subtask != subtask:
        raise Unfounded("subtask", Plain(f"{subtask} (objects: {n})"), dialogue.subtask)


def _require_category(scene: Scene, dialogue: Dialogue) -> str:
    if dialogue.key not in CATEGORIES:
        raise Unfounded("dialogue_key", CATEGORIES, dialogue.key)
    if dialogue.key in scene.rejected:
        raise Unfounded("rejected_category", Plain("not asked"), dialogue.key)
    return dialogue.key


def _mentioned(scene: Scene, dialogue: Dialogue, n: int) -> tuple[Thing, ...]:
    things = [scene.by_id.get(instance_id) for instance_id in dialogue.instance_ids]
    known = tuple(thing for thing in things if thing is not None)
    if len(known) != n or len(things) != n:
        raise Unfounded("instance_ids", Plain(f"{n} of this image"), dialogue.instance_ids)
    return known


def _describable(thing: Thing, scene: Scene, rules: Rules) -> bool:
    sides = sorted((thing.box[2] - thing.box[0], thing.box[3] - thing.box[1]))
    ratio = geometry.area_ratio(thing.box, scene.width, scene.height)
    return ratio >= rules.min_area_ratio and sides[1] / sides[0] <= rules.max_aspect


def _description_key(thing: Thing) -> tuple[Any, ...]:
    cell, category, *rest = thing.reading_key
    return cell, category, SIZE_RANK[thing.size], *rest


def _grouped(things: Sequence[Thing], *, by_size: bool) -> tuple[Group, ...]:
    """Join neighbors of a kind; `things` are sorted so that a kind is never split."""

    def kind(thing: Thing) -> tuple[str, str, str]:
        return thing.category, thing.cell, thing.size if by_size else ""

    return tuple(Group(*key, tuple(members)) for key, members in groupby(things, key=kind))


def _mean_center(things: Sequence[Thing]) -> tuple[float, float]:
    n = len(things)
    return sum(thing.x for thing in things) / n, sum(thing.y for thing in things) / n


EXPECTATIONS: Mapping[str, Callable[[Scene, Dialogue, Rules], Expected]] = {
    "classification": classification,
    "fine_grained_description": fine_grained_description,
    "instance_counting": instance_counting,
    "spatial_grounding": spatial_grounding,
    "cross_modal_identification": cross_modal_identification,
    "referring": referring,
}
