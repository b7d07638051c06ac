"""Cross-modal identification: what is in a given box, and how do objects lie to it?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from sarchat_build.config.recipe import Identification, Recipe
from sarchat_build.dialogues.attributes import SIZE_WORDS
from sarchat_build.dialogues.labels import LabeledImage, LabeledInstance
from sarchat_build.dialogues.question import GroundTruth, Question
from sarchat_build.dialogues.relations import DIRECTION_WORDS, PROXIMITY_WORDS, Relation, relation
from sarchat_build.dialogues.tasks.classification import most_common
from sarchat_build.dialogues.tasks.unique_phrase import NOISE
from sarchat_build.geometry.nearest import center_box, nearest
from sarchat_build.stable_hash import choose, stable_hash
from sarchat_build.types import Category


def ask(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask about every object and about as many ordered pairs as the recipe allows.

    Size, shape and cell follow from the box in the question, so each object is also asked about in
    ways that only the pixels answer: its category, alone or out of two, and its nearest neighbor.
    Objects that share their box text are left out: one question would have two answers.
    """
    rule = recipe.tasks.cross_modal_identification
    texts = Counter(o.box_text for o in image.objects)
    askable = [o for o in image.objects if texts[o.box_text] == 1]
    for labeled, targets in zip(
        askable, _clear_neighbors(askable, image, rule.tie_margin_px), strict=True
    ):
        yield _single(labeled)
        yield _category_or_choice(labeled, image, rule)
        if targets:
            target = targets[choose(len(targets), image.image_id, "nearest", labeled.number)]
            yield _nearest_question(labeled, target, image, recipe)
    for i, j in draw_pairs(len(askable), rule.pairs_cap, image.image_id):
        yield _pair(askable[i], askable[j], image, recipe)


def draw_pairs(n: int, cap: int, seed: str) -> Iterator[tuple[int, int]]:
    """Pick ordered pairs of different indices below `n` by stable hash: all of them, or `cap`.

    >>> list(draw_pairs(2, 10, "ssdd/1")), len(list(draw_pairs(1000, 10, "ssdd/1")))
    ([(0, 1), (1, 0)], 10)
    """
    total = n * (n - 1)
    codes: dict[int, None] = {}
    # Drawing instead of sorting all pairs: a scene of a thousand objects has a million.
    draw = 0
    while len(codes) < min(cap, total):
        codes[draw if total <= cap else stable_hash(seed, "pair", draw) % total] = None
        draw += 1
    # A code numbers the pairs row by row, without the diagonal.
    for code in codes:
        i, j = divmod(code, n - 1)
        yield i, j + (j >= i)


def _single(labeled: LabeledInstance) -> Question:
    return Question(
        task="cross_modal_identification",
        subtask="single",
        key=labeled.number,
        variables={
            "box": labeled.box_text,
            "category": labeled.category,
            "size": SIZE_WORDS[labeled.size],
            "shape": labeled.shape,
            "cell": labeled.cell,
        },
        mentioned=(labeled,),
        ground_truth=_truth(labeled),
    )


def _category_or_choice(
    labeled: LabeledInstance, image: LabeledImage, rule: Identification
) -> Question:
    """Ask for the class alone, or for one of two where the source annotates several.

    The classes offered must not tell the answer: an object of the source's common class is offered
    less often, and a rarer one always against the common class.
    """
    others = [category for category in image.annotated if category != labeled.category]
    common = most_common(image.annotated)
    seed = (image.image_id, "identify", labeled.number)
    percent = rule.choice_common_percent if labeled.category == common else rule.choice_percent
    options: list[Category] = []
    if others and choose(100, *seed) < percent:
        other = others[choose(len(others), *seed, "other")]
        options = [labeled.category, common if common and common in others else other]
        if choose(2, *seed, "order"):
            options.reverse()
    return Question(
        task="cross_modal_identification",
        subtask="choice" if options else "category",
        key=labeled.number,
        variables={
            "box": labeled.box_text,
            "category": labeled.category,
            **({"options": options} if options else {}),
        },
        mentioned=(labeled,),
        ground_truth=_truth(labeled, options=options),
    )


def _clear_neighbors(
    askable: Sequence[LabeledInstance], image: LabeledImage, margin_px: float
) -> list[list[LabeledInstance]]:
    """Give for each object the nearest other one of each listed category that has a clear one.

    A person may compare centers or the water between two hulls: both must give the same answer, of
    several. Where centers all but coincide there is no direction to be seen.
    """
    neighbors: list[list[LabeledInstance]] = [[] for _ in askable]
    clear_px = margin_px - NOISE
    for found in (image.of(c) for c in image.present if image.is_complete(c)):
        places = {o.instance.instance_id: place for place, o in enumerate(found)}
        itself = [places.get(o.instance.instance_id, -1) for o in askable]
        by_center, by_edge = (
            nearest([side(o) for o in askable], [side(o) for o in found], clear_px, itself)
            for side in (lambda o: center_box(o.bbox), lambda o: o.bbox)
        )
        for number, (place, gap_px) in enumerate(
            zip(by_center.place, by_center.gap_px, strict=True)
        ):
            leads_px = by_center.lead_px[number], by_edge.lead_px[number]
            clear = all(clear_px <= lead_px < math.inf for lead_px in leads_px)
            if clear and place == by_edge.place[number] and gap_px >= clear_px:
                neighbors[number].append(found[place])
    return neighbors


def _nearest_question(
    given: LabeledInstance, nearest: LabeledInstance, image: LabeledImage, recipe: Recipe
) -> Question:
    found = _relation(nearest, given, image, recipe)
    other = "other " if nearest.category == given.category else ""
    return Question(
        task="cross_modal_identification",
        subtask="nearest",
        key=f"{given.number}-{nearest.category}",
        variables={
            "box": given.box_text,
            "target": nearest.category,
            "wanted": f"{other}{nearest.category}",
            "nearest_box": nearest.box_text,
            "direction": DIRECTION_WORDS[found.direction],
            "distance_px": found.distance_px,
        },
        mentioned=(given, nearest),
        ground_truth=_truth(given, nearest, found=found),
    )


def _pair(
    first: LabeledInstance, second: LabeledInstance, image: LabeledImage, recipe: Recipe
) -> Question:
    found = _relation(first, second, image, recipe)
    return Question(
        task="cross_modal_identification",
        subtask="multi",
        key=f"{first.number}-{second.number}",
        variables={
            "first_box": first.box_text,
            "first": first.category,
            "second_box": second.box_text,
            "second": second.category,
            "direction": DIRECTION_WORDS[found.direction],
            "proximity": PROXIMITY_WORDS[found.proximity],
            "distance_px": found.distance_px,
        },
        mentioned=(first, second),
        ground_truth=_truth(first, second, found=found),
    )


def _relation(
    first: LabeledInstance, second: LabeledInstance, image: LabeledImage, recipe: Recipe
) -> Relation:
    centers = first.bbox.center_px, second.bbox.center_px
    return relation(*centers, image.width_px, image.height_px, recipe.words)


def _truth(
    *objects: LabeledInstance, found: Relation | None = None, options: Sequence[Category] = ()
) -> GroundTruth:
    return {
        "objects": [
            {"category": o.category, "size": o.size, "shape": o.shape, "cell": o.cell}
            for o in objects
        ],
        "direction": found and found.direction,
        "proximity": found and found.proximity,
        "distance_px": found and found.distance_px,
        "options": list(options),
    }
