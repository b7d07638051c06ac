"""What the dialogues about whole pictures must say, derived from the box columns alone.

Each function takes the scene of the image and the dialogue row (which says what is asked), and
gives what follows from the boxes. A question that must not be asked raises `Unfounded`.
"""

from __future__ import annotations

from itertools import groupby, pairwise, permutations, product
from typing import Any

from sarchat_build.validation.answers.expect import (
    Asked,
    Dialogue,
    Expected,
    Group,
    Said,
    Saying,
    Unfounded,
    grouped,
    require_absent,
    require_all_listed,
    require_count,
    require_key,
    require_listed,
    require_sure,
)
from sarchat_build.validation.answers.phrases import entered_cells
from sarchat_build.validation.findings import Plain
from sarchat_build.validation.pictures import geometry
from sarchat_build.validation.pictures.checked_image import CheckedImage, CheckedObject
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.vocabulary import CATEGORIES, CELLS, SIZE_RANK

# From this share of the smallest described area on, nobody sees that an object is smaller.
_NEARLY = 0.8
_IN_ANY_ORDER = tuple("".join(letters) for letters in permutations("ncb"))


def classification(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Every category present; a rejected object is still there to be seen."""
    require_key(dialogue, "all")
    present = _present(scene)
    unsure = (set(rules.candidates) - scene.annotated) | scene.cut
    if not present and unsure:
        raise Unfounded(
            "wrong_negative", Plain("absence claimed only where annotated"), sorted(unsure)
        )
    names: tuple[tuple[str, int, Saying], ...] = tuple((name, 1, "name") for name in present)
    return Expected(
        scene.things,
        (present, None, None),
        Said((("n" * len(present),) if present else ("y", ""),), nouns=names, negative=not present),
        Asked(categories=rules.candidates, listed=True),
    )


def presence(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Whether a category is there, and how many of it."""
    category = require_listed(scene, dialogue.key)
    if len(scene.annotated) < 2:
        raise Unfounded("presence", Plain("a source of two classes or more"), scene.annotated)
    things = scene.by_category.get(category, ())
    if things:
        require_sure(scene, category)
    else:
        require_absent(scene, category)
    verdict = "yes" if things else "no"
    return Expected(
        things,
        (_present(scene), category, verdict),
        Said(
            (("yn",),),
            nouns=((category, len(things), "counted"),),
            verdicts=[verdict],
        ),
        Asked(categories=(category,), either_way=True),
    )


def fine_grained_description(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Objects that are large enough to describe, by cell, category and size."""
    require_key(dialogue, "all")
    if min(scene.width, scene.height) < rules.min_image_px:
        raise Unfounded("image_too_small", rules.min_image_px, (scene.width, scene.height))
    if rules.skip_cut and scene.doubtful:
        raise Unfounded("cut_category", Plain("not asked"), sorted(scene.doubtful))
    shown = [thing for thing in scene.things if is_describable(thing, rules)]
    if not shown:
        raise Unfounded("nothing_to_describe", Plain("an object that passes the screen"), 0)
    rivals = unsaid_rivals(scene, rules) if rules.skip_left_out else []
    if rivals:
        raise Unfounded("left_out", Plain("not asked"), [thing.instance_id for thing in rivals])
    ordered = sorted(shown, key=_description_key)
    groups = grouped(ordered, by_size=True)
    # "A small ship and 2 large tanks lie in the top left", or the cell first.
    cells = [(cell, "zn" * len(list(found))) for cell, found in groupby(groups, lambda g: g.cell)]
    return Expected(
        tuple(ordered),
        ([(t.instance_id, t.category, t.described_size, t.cell) for t in ordered],),
        Said(
            [(f"{kinds}c", f"c{kinds}") for _, kinds in cells],
            nouns=tuple((group.category, len(group.things), "number") for group in groups),
            sizes=[group.size for group in groups],
            cells=[cell for cell, _ in cells],
        ),
        Asked(percent=100 * rules.min_area_ratio),
    )


def is_describable(thing: CheckedObject, rules: Rules) -> bool:
    """Tell whether an object passes the screen of descriptions."""
    sides = max(thing.aspect, 1 / thing.aspect)
    return thing.area_ratio >= rules.min_area_ratio and sides <= rules.max_aspect


def unsaid_rivals(scene: CheckedImage, rules: Rules) -> list[CheckedObject]:
    """Give the objects that no description mentions and that could be meant by one.

    They lie in one cell with a described object of their category, or they are nearly as large as
    the smallest that is described.
    """
    kinds = {(t.category, t.cell) for t in scene.things if is_describable(t, rules)}
    nearly = _NEARLY * rules.min_area_ratio
    return [
        thing
        for thing in scene.things
        if not is_describable(thing, rules)
        and ((thing.category, thing.cell) in kinds or thing.area_ratio > nearly)
    ]


def instance_counting(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """All objects of one category; none of them only where the source would have said so."""
    category = require_all_listed(scene, dialogue.key, rules)
    things = scene.by_category.get(category, ())
    if not things:
        require_absent(scene, category)
    n, listed = len(things), int(min(len(things), rules.counting_cap))
    if listed < n and rules.skip_over_cap:
        raise Unfounded("over_cap", rules.counting_cap, n)
    boxes = [thing.text for thing in things[:listed]]
    numbers = ("nl", "ln") if listed < n else ("n",)
    return Expected(
        things[:listed],
        (category, n, listed),
        Said(
            (tuple(f"{order}{'b' * listed}" for order in numbers),),
            nouns=((category, n, "counted"),),
            boxes=boxes,
            listed=[listed] if listed < n else [],
            negative=not n,
        ),
        Asked(categories=(category,)),
    )


def spatial_grounding(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Every object by cell and category, and how each group lies to the one before it."""
    require_key(dialogue, "all")
    require_count(dialogue, len(scene.things), rules.grounding_cap)
    if rules.skip_cut and scene.doubtful:
        raise Unfounded("cut_category", Plain("not asked"), sorted(scene.doubtful))
    groups = grouped(scene.things, by_size=False)
    relations = _relations(groups, scene, rules)
    counted: Saying = "number" if dialogue.subtask == "single" else "counted"
    named: list[tuple[str, int, Saying]] = [(g.category, len(g.things), counted) for g in groups]
    cells = [group.cell for group in groups]
    for place in range(1, len(relations) + 1):
        for group in (groups[place], groups[place - 1]):
            named.append((group.category, len(group.things), "plain"))
            cells.append(group.cell)
    related = "".join("ncdncp" if proximity else "ncdnc" for _, proximity in relations)
    return Expected(
        scene.things,
        (
            [(group.category, group.cell, len(group.things)) for group in groups],
            relations,
            *(None, None, None),
        ),
        Said(
            (*map(_grounded, groups), (related,)),
            nouns=tuple(named),
            boxes=[thing.text for thing in scene.things],
            cells=cells,
            directions=[direction for direction, _ in relations],
            proximities=[proximity for _, proximity in relations if proximity],
        ),
    )


def grounded_presence(scene: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Whether a category is there in one cell, and how many of it."""
    key, _, place = dialogue.key.partition("-")
    category, cell = require_sure(scene, key), place.replace("_", " ")
    if cell not in CELLS or dialogue.key != f"{category}-{cell.replace(' ', '_')}":
        raise Unfounded("dialogue_key", Plain("<category>-<cell_>"), dialogue.key)
    listed = scene.by_category.get(category, ())
    if not listed:
        raise Unfounded("presence", Plain("a category of the picture"), category)
    things = tuple(thing for thing in listed if thing.cell == cell)
    if any(thing.cell != cell and cell in entered_cells(thing, scene) for thing in listed):
        raise Unfounded("presence", Plain("a cell that no object enters from beside it"), cell)
    verdict = "yes" if things else "no"
    return Expected(
        things,
        ([], [], category, cell, verdict),
        Said(
            (("ync", "ycn"),),
            nouns=((category, len(things), "counted"),),
            cells=[cell],
            verdicts=[verdict],
        ),
        Asked(categories=(category,), cells=[cell], either_way=True),
    )


def _present(scene: CheckedImage) -> list[str]:
    return [name for name in CATEGORIES if name in scene.by_category or name in scene.rejected]


def _relations(
    groups: tuple[Group, ...], scene: CheckedImage, rules: Rules
) -> list[tuple[str, str | None]]:
    """Direction between the middles; near and far where middles and closest members agree."""
    relations: list[tuple[str, str | None]] = []
    for before, group in pairwise(groups):
        if len(relations) >= rules.relations_cap:
            break
        (before_x, before_y), (x, y) = _mean_center(before.things), _mean_center(group.things)
        dx, dy = x - before_x, y - before_y
        ways = geometry.distance(dx, dy), _closest(group.things, before.things)
        near = {geometry.proximity(way, scene.width, scene.height, rules) for way in ways}
        relations.append((geometry.direction(dx, dy), near.pop() if len(near) == 1 else None))
    return relations


def _closest(some: tuple[CheckedObject, ...], others: tuple[CheckedObject, ...]) -> float:
    """Give the shortest way between the centers of two groups' members."""
    return min(geometry.distance(a.x - b.x, a.y - b.y) for a, b in product(some, others))


def _grounded(group: Group) -> tuple[str, ...]:
    boxes = "b" * len(group.things)
    return tuple(order.replace("b", boxes) for order in _IN_ANY_ORDER)


def _mean_center(things: tuple[CheckedObject, ...]) -> tuple[float, float]:
    n = len(things)
    return sum(thing.x for thing in things) / n, sum(thing.y for thing in things) / n


def _description_key(thing: CheckedObject) -> tuple[Any, ...]:
    cell, category, *rest = thing.reading_key
    return cell, category, SIZE_RANK[thing.described_size], *rest
