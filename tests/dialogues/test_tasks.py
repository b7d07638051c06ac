"""What may be asked and what is true: properties over pictures that nobody thought of."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from asked_pictures import EVERYTHING, RECIPE, ask, cell_of, center, direction_of, of, pictures
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import yields
from sarchat_build.config.recipe import Recipe
from sarchat_build.config.resources import resource_folder
from sarchat_build.dialogues.labels import label_image
from sarchat_build.dialogues.relations import mean_center_px
from sarchat_build.dialogues.tasks import SUBTASKS, Question, questions
from sarchat_build.phrasing.engine import Phrasing, load_templates
from sarchat_build.types import Box, Chip, Instance

settings.register_profile("tasks", deadline=None, max_examples=50)
settings.load_profile("tasks")

PHRASING = Phrasing(load_templates(resource_folder("templates")))


def plain(question: Question) -> Any:
    """All that reaches a row."""
    return (
        question.task, question.subtask, question.key, dict(question.variables),
        [o.instance for o in question.mentioned], dict(question.ground_truth),
    )  # fmt: skip


@given(pictures(), st.randoms())
def test_order_of_the_objects_makes_no_difference(picture: Any, random: Any) -> None:
    chip, *rest = picture
    shuffled = list(chip.instances)
    random.shuffle(shuffled)
    again = (replace(chip, instances=tuple(shuffled)), *rest)
    assert [plain(q) for q in ask(again)] == [plain(q) for q in ask(picture)]


@given(pictures())
def test_keys_tell_questions_apart(picture: Any) -> None:
    keys = [(q.task, q.subtask, q.key) for q in ask(picture)]
    assert len(keys) == len(set(keys))
    assert all(subtask in SUBTASKS[task] for task, subtask, _ in keys)


def gap(first: Box, second: Box) -> float:
    """The shortest way between two boxes, along each axis what lies between their projections."""
    between = []
    for axis in (0, 1):
        (_, end), (start, _) = sorted((box[axis], box[axis + 2]) for box in (first, second))
        between.append(max(0, start - end))
    return math.hypot(*between)


@given(pictures())
def test_nearest_is_nearest_and_clearly_so(picture: Any) -> None:
    chip, _, rejected = picture
    for question in of(ask(picture), "cross_modal_identification", "nearest"):
        given_box, nearest = (o.instance for o in question.mentioned)
        away = sorted(
            (math.dist(center(i.bbox), center(given_box.bbox)), i.instance_id)
            for i in chip.instances
            if i.category == nearest.category and i is not given_box
        )
        assert away[0][1] == nearest.instance_id
        assert len(away) == 1 or away[1][0] - away[0][0] >= 4
        assert question.ground_truth["distance_px"] == math.floor(away[0][0] + 0.5) >= 4
        assert question.variables["direction"] == direction_of(nearest.bbox, given_box.bbox)
        assert nearest.category not in (*rejected, *chip.cut_categories)
        gaps = sorted(
            (gap(i.bbox, given_box.bbox), i.instance_id)
            for i in chip.instances
            if i.category == nearest.category and i is not given_box
        )
        assert gaps[0][1] == nearest.instance_id
        assert len(gaps) == 1 or gaps[1][0] - gaps[0][0] >= 4
        other = "other " if nearest.category == given_box.category else ""
        assert question.variables["wanted"] == f"{other}{nearest.category}"


@given(pictures())
def test_yes_and_no_come_in_pairs_and_are_true(picture: Any) -> None:
    chip, annotated, rejected = picture
    asked = ask(picture)
    for task in ("classification", "spatial_grounding"):
        pair = list(of(asked, task, "presence"))
        assert [q.ground_truth["answer"] for q in pair] in ([], ["yes", "no"])
        for question in pair:
            category = question.ground_truth["asked"]
            assert category in annotated
            assert category not in (*rejected, *chip.cut_categories)
            inside = [
                i for i in chip.instances
                if i.category == category
                and (
                    task == "classification"
                    or cell_of(i.bbox, chip) == question.variables["cell"]
                )
            ]  # fmt: skip
            assert len(inside) == question.variables["n"]
            assert bool(inside) == (question.ground_truth["answer"] == "yes")
            assert {o.instance for o in question.mentioned} == set(inside)
    if len(annotated) == 1:
        assert not list(of(asked, "classification", "presence"))


def entered(box: Box, chip: Chip) -> set[str]:
    """The cells in which more than 2 px of a box lie, by cutting it up."""
    cells = set()
    for i, row in enumerate(("top", "middle", "bottom")):
        for j, column in enumerate(("left", "center", "right")):
            x0, x1 = (Fraction(k * chip.width_px, 3) for k in (j, j + 1))
            y0, y1 = (Fraction(k * chip.height_px, 3) for k in (i, i + 1))
            wide = min(x1, Fraction(box[2])) - max(x0, Fraction(box[0]))
            high = min(y1, Fraction(box[3])) - max(y0, Fraction(box[1]))
            if wide > 2 and high > 2:
                cells.add(f"{row} {column}")
    return cells


@given(pictures())
def test_a_cell_is_asked_about_where_only_one_number_can_be_counted(picture: Any) -> None:
    chip, annotated, rejected = picture
    asked = list(of(ask(picture), "spatial_grounding", "presence"))
    for question in asked:
        place = question.variables["cell"]
        kind = [i for i in chip.instances if i.category == question.ground_truth["asked"]]
        reaching = [i for i in kind if place in entered(i.bbox, chip)]
        centered = [i for i in kind if cell_of(i.bbox, chip) == place]
        assert len(centered) == question.variables["n"]
        assert all(i in centered for i in reaching)
    possible = False
    for category in {*annotated} - {*rejected, *chip.cut_categories}:
        kind = [i for i in chip.instances if i.category == category]
        seen = {i.instance_id: entered(i.bbox, chip) | {cell_of(i.bbox, chip)} for i in kind}
        sure = [
            c for c in {cell_of(i.bbox, chip) for i in kind}
            if all(cell_of(i.bbox, chip) == c for i in kind if c in seen[i.instance_id])
        ]  # fmt: skip
        possible |= bool(sure) and len(set().union(*seen.values())) < 9
    assert len(asked) == 2 * possible


@pytest.mark.parametrize("name", ["msar", "ogsod"])
def test_class_in_the_question_does_not_tell_the_answer(name: str) -> None:
    (source,) = (s for s in yields.SOURCES if s.source_id == name)
    asked: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for i in range(3000):
        n = 1 + i % 2
        for question in questions(yields.layout(source, n, i), RECIPE):
            truth = question.ground_truth
            if question.subtask == "presence" and question.task == "classification":
                asked["presence", str(truth["asked"])][str(truth["answer"])] += 1
            if question.subtask == "choice":
                options = sorted(truth["options"])  # type: ignore[call-overload]
                asked[("choice", *options)][question.mentioned[0].category] += 1
    for kind in ("presence", "choice"):
        counts = [c for key, c in asked.items() if key[0] == kind]
        guessed = sum(max(c.values()) for c in counts) / sum(c.total() for c in counts)
        assert guessed < 0.66, (kind, guessed, asked)


@given(pictures())
def test_counts_hold_difficult_objects_and_no_guesses(picture: Any) -> None:
    chip, annotated, rejected = picture
    for question in of(ask(picture), "instance_counting", "all"):
        category = question.ground_truth["category"]
        n = sum(i.category == category for i in chip.instances)
        assert question.ground_truth["count"] == n
        assert category not in rejected
        if n == 0:
            assert category in annotated
            assert category not in chip.cut_categories


EXHAUSTIVE = (
    ("instance_counting", "all"), ("referring", "single"), ("referring", "multi"),
    ("spatial_grounding", "single"), ("spatial_grounding", "multi"),
)  # fmt: skip


@given(pictures(), st.booleans())
def test_all_of_a_kind_are_listed_only_where_all_are_known(picture: Any, skip: bool) -> None:
    chip, _, rejected = picture
    tree = EVERYTHING.model_dump()
    tree["tasks"]["cut_objects"] = "skip" if skip else "ignore"
    asked = ask(picture, Recipe.model_validate(tree))
    known = {(q.task, q.key): q for place in EXHAUSTIVE for q in of(asked, *place)}
    unlisted = {*rejected, *chip.cut_categories} if skip else set(rejected)
    for category in {i.category for i in chip.instances}:
        for task in ("instance_counting", "referring"):
            assert ((task, category) in known) == (category not in unlisted)
    grounded = bool(chip.instances) and not (skip and unlisted)
    assert (("spatial_grounding", "all") in known) == grounded


@given(pictures())
def test_a_description_leaves_nothing_out_that_it_could_mean(picture: Any) -> None:
    chip, _, rejected = picture
    asked = list(of(ask(picture), "fine_grained_description", "all"))
    described, left_out = [], []
    for i in chip.instances:
        w, h = i.bbox[2] - i.bbox[0], i.bbox[3] - i.bbox[1]
        percent = 100 * w * h / (chip.width_px * chip.height_px)
        (described if percent >= 1 and max(w / h, h / w) <= 10 else left_out).append((i, percent))
    kinds = {(i.category, cell_of(i.bbox, chip)) for i, _ in described}
    doubtful = [
        i for i, percent in left_out
        if percent > 0.8 or (i.category, cell_of(i.bbox, chip)) in kinds
    ]  # fmt: skip
    known = not (rejected or chip.cut_categories or doubtful)
    wanted = min(chip.width_px, chip.height_px) >= 224 and bool(described) and known
    assert len(asked) == wanted
    for question in asked:
        assert {o.instance for o in question.mentioned} == {i for i, _ in described}
        assert question.variables["min_percent"] == "1"


@given(pictures())
def test_groups_are_near_where_both_ways_to_see_it_agree(picture: Any) -> None:
    chip = picture[0]
    for question in of(ask(picture), "spatial_grounding", "multi"):
        groups: defaultdict[tuple[str, str], list[Box]] = defaultdict(list)
        for o in question.mentioned:
            groups[o.cell, o.category].append(o.bbox)
        relations = question.ground_truth["relations"]
        assert len(relations) == min(8, len(groups) - 1)  # type: ignore[arg-type]
        for before, group, said in zip(
            groups.values(),
            list(groups.values())[1:],
            relations,
            strict=False,  # type: ignore[call-overload]
        ):
            closest = min(math.dist(center(a), center(b)) for a in before for b in group)
            middles = math.dist(mean_center_px(before), mean_center_px(group))
            near = {way < (chip.width_px + chip.height_px) / 8 for way in (closest, middles)}
            sure = ("near" if near.pop() else "far") if len(near) == 1 else None
            assert said["proximity"] == sure


@given(pictures())
def test_choices_name_the_class_and_an_annotated_one(picture: Any) -> None:
    _, annotated, _ = picture
    asked = ask(picture)
    for question in of(asked, "cross_modal_identification", "choice"):
        options = question.variables["options"]
        assert question.mentioned[0].category in options  # type: ignore[operator]
        assert len(set(options)) == 2  # type: ignore[arg-type, call-overload]
        assert set(options) <= set(annotated)  # type: ignore[arg-type, call-overload]
    kinds = Counter(
        q.key for s in ("category", "choice") for q in of(asked, "cross_modal_identification", s)
    )
    singles = [q.key for q in of(asked, "cross_modal_identification", "single")]
    assert kinds == dict.fromkeys(singles, 1)


@given(pictures(most=6))
def test_no_question_is_asked_twice(picture: Any) -> None:
    asked = ask(picture)
    said = Counter(PHRASING.render(q, f"s/1/{q.task}/{q.subtask}/{q.key}", "test") for q in asked)
    texts = Counter(rendered.question for rendered in said)
    assert all(times == 1 for times in texts.values()), texts.most_common(1)


def test_objects_with_the_same_box_text_are_not_asked_about() -> None:
    boxes = [Box(10, 10, 50, 50), Box(10.2, 10, 50, 50), Box(100, 100, 140, 150)]
    objects = tuple(Instance(f"s/1#{i}", "ship", "ship", box) for i, box in enumerate(boxes))
    asked = list(
        questions(label_image(Chip("s/1", None, 512, 512, objects), ("ship",), ()), RECIPE)
    )
    assert {q.key for q in asked if q.task == "cross_modal_identification"} == {"2"}


@given(pictures())
def test_one_object_has_the_same_words_in_every_task(picture: Any) -> None:
    words: defaultdict[str, set[Any]] = defaultdict(set)
    for question in ask(picture):
        truth = question.ground_truth
        for o, said in zip(question.mentioned, truth.get("objects", ()), strict=False):  # type: ignore[call-overload]
            words[f"{o.instance.instance_id} size"].add(said["size"])
            words[f"{o.instance.instance_id} cell"].add(said["cell"])
        if question.task == "referring" and question.subtask == "unique":
            (o,) = question.mentioned
            for name in ("size", "cell"):
                words[f"{o.instance.instance_id} {name}"].update({truth[name]} - {None})
    assert all(len(said) <= 1 for said in words.values())
