"""What the dialogues about whole images must say, derived from the box columns alone.

Each function takes the image and the dialogue (whose key says what is asked), and gives what
follows from the boxes.

Raises:
    UnsupportedQuestion: the boxes do not support that this is asked.
"""

from __future__ import annotations

from itertools import groupby, pairwise, permutations
from typing import Any

from sarchat_build.validation.answers.expected import (
    CountForm,
    Dialogue,
    Expected,
    ExpectedAnswer,
    ExpectedQuestion,
    Group,
    UnsupportedQuestion,
    group_objects,
    require_absent,
    require_all_listed,
    require_complete,
    require_count,
    require_key,
    require_listed,
)
from sarchat_build.validation.answers.referents import entered_cells
from sarchat_build.validation.findings import Plain
from sarchat_build.validation.pictures import geometry
from sarchat_build.validation.pictures.checked_image import CheckedImage, CheckedObject
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.vocabulary import CATEGORIES, CELLS, SIZE_RANK

# From this share of the smallest described area on, nobody sees that an object is smaller.
_NEARLY = 0.8
_IN_ANY_ORDER = tuple("".join(letters) for letters in permutations("ncb"))


def classification(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect every category present, and no other that a cut or rejected object shows."""
    require_key(dialogue, "all")
    present = _present(image)
    unlisted = unlisted_candidates(image, rules)
    if unlisted:
        raise UnsupportedQuestion(
            "left_out_class", Plain("not asked where a class is cut or rejected"), unlisted
        )
    unsure = (set(rules.candidates) - image.annotated) | image.cut
    if not present and unsure:
        raise UnsupportedQuestion(
            "wrong_negative", Plain("absence claimed only where annotated"), sorted(unsure)
        )
    names: tuple[tuple[str, int, CountForm], ...] = tuple((name, 1, "name") for name in present)
    return Expected(
        image.objects,
        (present, None, None),
        ExpectedAnswer(
            (("n" * len(present),) if present else ("y", ""),), nouns=names, negative=not present
        ),
        ExpectedQuestion(categories=rules.candidates, listed=True),
    )


def unlisted_candidates(image: CheckedImage, rules: Rules) -> list[str]:
    """Give candidates that the picture shows and of which it lists no object."""
    hidden = image.uncountable(rules) - set(image.by_category)
    return sorted(hidden.intersection(rules.candidates))


def presence(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect yes or no, and how many of a category there are."""
    category = require_listed(image, dialogue.key)
    if len(image.annotated) < 2:
        raise UnsupportedQuestion(
            "presence", Plain("a source of two classes or more"), image.annotated
        )
    objects = image.by_category.get(category, ())
    if objects:
        require_complete(image, category)
    else:
        require_absent(image, category)
    verdict = "yes" if objects else "no"
    return Expected(
        objects,
        (_present(image), category, verdict),
        ExpectedAnswer(
            (("yn",),),
            nouns=((category, len(objects), "counted"),),
            verdicts=[verdict],
        ),
        ExpectedQuestion(categories=(category,), either_way=True),
    )


def fine_grained_description(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect the objects that are large enough to describe, by cell, category and size."""
    require_key(dialogue, "all")
    if min(image.width, image.height) < rules.min_image_px:
        raise UnsupportedQuestion(
            "image_too_small", rules.min_image_px, (image.width, image.height)
        )
    if rules.skip_cut and image.incomplete:
        raise UnsupportedQuestion("cut_category", Plain("not asked"), sorted(image.incomplete))
    described = [obj for obj in image.objects if is_describable(obj, rules)]
    if not described:
        raise UnsupportedQuestion(
            "nothing_to_describe", Plain("an object that passes the screen"), 0
        )
    rivals = undescribed_rivals(image, rules) if rules.skip_left_out else []
    if rivals:
        raise UnsupportedQuestion(
            "left_out", Plain("not asked"), [obj.instance_id for obj in rivals]
        )
    ordered = sorted(described, key=_description_key)
    groups = group_objects(ordered, by_size=True)
    # "A small ship and 2 large tanks lie in the top left", or the cell first.
    cells = [(cell, "zn" * len(list(found))) for cell, found in groupby(groups, lambda g: g.cell)]
    return Expected(
        tuple(ordered),
        ([(obj.instance_id, obj.category, obj.described_size, obj.cell) for obj in ordered],),
        ExpectedAnswer(
            [(f"{kinds}c", f"c{kinds}") for _, kinds in cells],
            nouns=tuple((group.category, len(group.objects), "number") for group in groups),
            sizes=[group.size for group in groups],
            cells=[cell for cell, _ in cells],
        ),
        ExpectedQuestion(percent=100 * rules.min_area_ratio),
    )


def is_describable(obj: CheckedObject, rules: Rules) -> bool:
    """Tell whether an object passes the screen of descriptions."""
    sides = max(obj.aspect, 1 / obj.aspect)
    return obj.area_ratio >= rules.min_area_ratio and sides <= rules.max_aspect


def undescribed_rivals(image: CheckedImage, rules: Rules) -> list[CheckedObject]:
    """Give the objects that no description mentions and that could be meant by one.

    They lie in one cell with a described object of their category, or they are nearly as large as
    the smallest that is described.
    """
    kinds = {(obj.category, obj.cell) for obj in image.objects if is_describable(obj, rules)}
    nearly = _NEARLY * rules.min_area_ratio
    return [
        obj
        for obj in image.objects
        if not is_describable(obj, rules)
        and ((obj.category, obj.cell) in kinds or obj.area_ratio > nearly)
    ]


def instance_counting(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect all objects of one category; none only where the source would have listed one."""
    category = require_all_listed(image, dialogue.key, rules)
    objects = image.by_category.get(category, ())
    if not objects:
        require_absent(image, category)
    n, listed = len(objects), int(min(len(objects), rules.counting_cap))
    if listed < n and rules.skip_over_cap:
        raise UnsupportedQuestion("over_cap", rules.counting_cap, n)
    boxes = [obj.text for obj in objects[:listed]]
    numbers = ("nl", "ln") if listed < n else ("n",)
    return Expected(
        objects[:listed],
        (category, n, listed),
        ExpectedAnswer(
            (tuple(f"{order}{'b' * listed}" for order in numbers),),
            nouns=((category, n, "counted"),),
            boxes=boxes,
            listed=[listed] if listed < n else [],
            negative=not n,
        ),
        ExpectedQuestion(categories=(category,)),
    )


def spatial_grounding(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect every object by cell and category, and how each group lies to the one before it."""
    require_key(dialogue, "all")
    require_count(dialogue, len(image.objects), rules.grounding_cap)
    if rules.skip_cut and image.incomplete:
        raise UnsupportedQuestion("cut_category", Plain("not asked"), sorted(image.incomplete))
    groups = group_objects(image.objects, by_size=False)
    relations = _relations(groups, image, rules)
    counted: CountForm = "number" if dialogue.subtask == "single" else "counted"
    named: list[tuple[str, int, CountForm]] = [
        (g.category, len(g.objects), counted) for g in groups
    ]
    cells = [group.cell for group in groups]
    for index in range(1, len(relations) + 1):
        for group in (groups[index], groups[index - 1]):
            named.append((group.category, len(group.objects), "plain"))
            cells.append(group.cell)
    related = "".join("ncdncp" if proximity else "ncdnc" for _, proximity in relations)
    return Expected(
        image.objects,
        (
            [(group.category, group.cell, len(group.objects)) for group in groups],
            relations,
            *(None, None, None),
        ),
        ExpectedAnswer(
            (*map(_grounded, groups), (related,)),
            nouns=tuple(named),
            boxes=[obj.text for obj in image.objects],
            cells=cells,
            directions=[direction for direction, _ in relations],
            proximities=[proximity for _, proximity in relations if proximity],
        ),
    )


def grounded_presence(image: CheckedImage, dialogue: Dialogue, rules: Rules) -> Expected:
    """Expect yes or no, and how many of a category lie in one cell."""
    key, _, cell_key = dialogue.key.partition("-")
    category, cell = require_complete(image, key), cell_key.replace("_", " ")
    if cell not in CELLS or dialogue.key != f"{category}-{cell.replace(' ', '_')}":
        raise UnsupportedQuestion("dialogue_key", Plain("<category>-<cell_>"), dialogue.key)
    listed = image.by_category.get(category, ())
    if not listed:
        raise UnsupportedQuestion("presence", Plain("a category of the picture"), category)
    objects = tuple(obj for obj in listed if obj.cell == cell)
    if any(obj.cell != cell and cell in entered_cells(obj, image) for obj in listed):
        raise UnsupportedQuestion(
            "presence", Plain("a cell that no object enters from beside it"), cell
        )
    verdict = "yes" if objects else "no"
    return Expected(
        objects,
        ([], [], category, cell, verdict),
        ExpectedAnswer(
            (("ync", "ycn"),),
            nouns=((category, len(objects), "counted"),),
            cells=[cell],
            verdicts=[verdict],
        ),
        ExpectedQuestion(categories=(category,), cells=[cell], either_way=True),
    )


def _present(image: CheckedImage) -> list[str]:
    return [name for name in CATEGORIES if name in image.by_category or name in image.rejected]


def _relations(
    groups: tuple[Group, ...], image: CheckedImage, rules: Rules
) -> list[tuple[str, str | None]]:
    """Relate groups by their middles; near and far where middles and closest members agree."""
    relations: list[tuple[str, str | None]] = []
    for before, group in pairwise(groups):
        if len(relations) >= rules.relations_cap:
            break
        (before_x, before_y), (x, y) = _mean_center(before.objects), _mean_center(group.objects)
        dx, dy = x - before_x, y - before_y
        distances_px = geometry.distance(dx, dy), _closest(group.objects, before.objects)
        near = {geometry.proximity(px, image.width, image.height, rules) for px in distances_px}
        relations.append((geometry.direction(dx, dy), near.pop() if len(near) == 1 else None))
    return relations


def _closest(some: tuple[CheckedObject, ...], others: tuple[CheckedObject, ...]) -> float:
    """Give the shortest distance between the centers of two groups' members."""
    middles = geometry.Neighborhood([(obj.x, obj.y, obj.x, obj.y) for obj in others])
    return min(middles.nearest(obj.box, 0.0, by_edge=False)[1] for obj in some)


def _grounded(group: Group) -> tuple[str, ...]:
    boxes = "b" * len(group.objects)
    return tuple(order.replace("b", boxes) for order in _IN_ANY_ORDER)


def _mean_center(objects: tuple[CheckedObject, ...]) -> tuple[float, float]:
    n = len(objects)
    return sum(obj.x for obj in objects) / n, sum(obj.y for obj in objects) / n


def _description_key(obj: CheckedObject) -> tuple[Any, ...]:
    cell, category, *rest = obj.reading_key
    return cell, category, SIZE_RANK[obj.described_size], *rest
