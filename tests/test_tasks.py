"""What may be asked and what is true: properties over pictures that nobody thought of."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from benchmarks import yields
from pipelines.launch import RECIPES
from sarchat_build.labels import LabeledImage, label_image, mean_center_px
from sarchat_build.phrasing import Phrasing, load_templates
from sarchat_build.recipe import Recipe, load_recipe
from sarchat_build.resources import resource_folder
from sarchat_build.tasks import SUBTASKS, Question, questions
from sarchat_build.toml_model import tomllib
from sarchat_build.types import CATEGORIES, TASKS, Box, Category, Chip, Instance

settings.register_profile("tasks", deadline=None, max_examples=50)
settings.load_profile("tasks")

RECIPE = load_recipe(RECIPES / "sarchat_2m.toml")
PAPER = load_recipe(RECIPES / "paper.toml")
PHRASING = Phrasing(load_templates(resource_folder("templates")))


def with_shares(**shares: dict[str, int]) -> Recipe:
    """The default recipe with other shares: `task={"subtask": percent}`."""
    tree = RECIPE.model_dump()
    for task, changes in shares.items():
        tree["tasks"][task]["share_percent"].update(changes)
    return Recipe.model_validate(tree)


EVERYTHING = with_shares(classification={"presence": 100}, spatial_grounding={"presence": 100})


@st.composite
def pictures(draw: st.DrawFn, most: int = 14) -> tuple[Chip, tuple[Category, ...], Any]:
    width, height = draw(st.integers(64, 1500)), draw(st.integers(64, 1500))
    annotated = tuple(c for c in CATEGORIES if draw(st.booleans())) or ("ship",)
    # A coarse grid makes ties and near-ties common.
    step = draw(st.sampled_from([1, 7, 20]))
    objects = []
    for i in range(draw(st.integers(0, most))):
        w, h = (draw(st.integers(1, max(1, side // 3 // step))) * step for side in (width, height))
        x = draw(st.integers(0, max(0, (width - w) // step))) * step
        y = draw(st.integers(0, max(0, (height - h) // step))) * step
        box = Box(x, y, min(x + w, width), min(y + h, height))
        category = draw(st.sampled_from(annotated))
        hard = draw(st.booleans())
        objects.append(Instance(f"s/1#{i}", category, category, box, difficult=hard))
    cut = draw(st.sets(st.sampled_from(annotated), max_size=1))
    rejected = draw(st.sets(st.sampled_from(annotated), max_size=1))
    chip = Chip("s/1", None, width, height, tuple(objects), tuple(sorted(cut)))
    return chip, annotated, tuple(sorted(rejected))


def ask(picture: tuple[Chip, Any, Any], recipe: Recipe = EVERYTHING) -> list[Question]:
    return list(questions(label_image(*picture, recipe.words), recipe))


def of(asked: list[Question], task: str, subtask: str) -> Iterator[Question]:
    return (q for q in asked if (q.task, q.subtask) == (task, subtask))


def center(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


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


# The phrase as a reader takes it apart, and what each part demands of a box: nothing here is
# shared with the code that makes the phrases.
_PHRASE = re.compile(
    r"(?:(?P<rank>second|third) )?"
    r"(?P<order>leftmost|rightmost|topmost|bottommost|largest|smallest)?"
    r" ?(?P<size>very large|large|medium-sized|small|very small)?,? ?"
    r"(?P<shape>wide|tall|roughly square)? ?(?P<category>ship|aircraft|car|tank|bridge|harbor)"
    r"(?: from the (?P<side>left|right|top|bottom))?(?: in the (?P<cell>\w+ \w+))?"
    r"(?: (?P<relation>nearest to|above|below|to the (?:upper |lower )?(?:left|right) of) the "
    r"(?P<anchor>\w+))?"
)
_SIZE_FROM = {"very large": 0.4, "large": 0.25, "medium-sized": 0.1, "small": 0.03, "very small": 0}
_AXIS = {"left": (0, 1), "right": (0, -1), "top": (1, 1), "bottom": (1, -1)}
_SECTORS = (
    "to the right of", "to the lower right of", "below", "to the lower left of",
    "to the left of", "to the upper left of", "above", "to the upper right of",
)  # fmt: skip


def fits(phrase: str, chip: Chip) -> list[Instance]:
    """The objects that a phrase fits, by brute force over the boxes."""
    found = _PHRASE.fullmatch(phrase)
    assert found, phrase
    said = found.groupdict()
    kind = [i for i in chip.instances if i.category == said["category"]]
    if said["size"]:
        kind = [i for i in kind if _size(i.bbox, chip) == said["size"]]
    if said["shape"]:
        kind = [i for i in kind if _shape(i.bbox) == said["shape"]]
    if said["cell"]:
        kind = [i for i in kind if _cell(i.bbox, chip) == said["cell"]]
    if said["order"] in ("largest", "smallest"):
        areas = [(i.bbox[2] - i.bbox[0]) * (i.bbox[3] - i.bbox[1]) for i in kind]
        wanted = (max if said["order"] == "largest" else min)(areas)
        kind = [i for i, area in zip(kind, areas, strict=True) if area == wanted]
    elif said["order"] or said["side"]:
        axis, sign = _AXIS[said["side"] or said["order"].removesuffix("most")]
        at = sorted(sign * center(i.bbox)[axis] for i in kind)
        rank = {None: 0, "second": 1, "third": 2}[said["rank"]]
        kind = [i for i in kind if sign * center(i.bbox)[axis] == at[rank]]
    if said["relation"]:
        (anchor,) = (i for i in chip.instances if i.category == said["anchor"])
        if said["relation"] == "nearest to":
            away = [math.dist(center(i.bbox), center(anchor.bbox)) for i in kind]
            kind = [i for i, d in zip(kind, away, strict=True) if d == min(away)]
        else:
            kind = [i for i in kind if _direction(i.bbox, anchor.bbox) == said["relation"]]
    return kind


def _size(box: Box, chip: Chip) -> str:
    ratio = (box[2] - box[0]) * (box[3] - box[1]) / (chip.width_px * chip.height_px)
    return next(word for word, bound in _SIZE_FROM.items() if ratio >= bound)


def _shape(box: Box) -> str:
    ratio = (box[2] - box[0]) / (box[3] - box[1])
    return "wide" if ratio > 1.5 else "tall" if ratio < 0.67 else "roughly square"


def _cell(box: Box, chip: Chip) -> str:
    x, y = center(box)
    column = sum(3 * x > k * chip.width_px for k in (1, 2))
    row = sum(3 * y > k * chip.height_px for k in (1, 2))
    return f"{('top', 'middle', 'bottom')[row]} {('left', 'center', 'right')[column]}"


def _direction(box: Box, anchor: Box) -> str:
    (x, y), (ax, ay) = center(box), center(anchor)
    angle = math.degrees(math.atan2(y - ay, x - ax)) % 360
    return _SECTORS[round(angle / 45) % 8]


@given(pictures())
def test_unique_phrase_fits_exactly_one_object(picture: Any) -> None:
    chip, _, rejected = picture
    for question in of(ask(picture), "referring", "unique"):
        (target,) = question.mentioned
        assert fits(str(question.variables["phrase"]), chip) == [target.instance]
        assert target.category not in (*rejected, *chip.cut_categories)


def shift(seed: int, place: int) -> float:
    return ((seed >> place) % 3 - 1) / 2


@given(pictures(most=6), st.integers(0, 2**32))
def test_unique_phrase_still_fits_when_boxes_are_read_less_exactly(picture: Any, seed: int) -> None:
    chip = picture[0]
    asked = list(of(ask(picture), "referring", "unique"))
    # Another annotator's boxes: each edge up to half a pixel off.
    moved = tuple(
        replace(i, bbox=Box(*(edge + shift(seed, 4 * n + k) for k, edge in enumerate(i.bbox))))
        for n, i in enumerate(chip.instances)
    )
    if any(i.bbox[2] - i.bbox[0] < 60 or i.bbox[3] - i.bbox[1] < 60 for i in moved):
        return  # half a pixel is more than the tolerance in size or shape of a tiny box
    other = replace(chip, instances=moved)
    for question in asked:
        (target,) = question.mentioned
        fitting = [i.instance_id for i in fits(str(question.variables["phrase"]), other)]
        assert set(fitting) <= {target.instance.instance_id}, question.variables["phrase"]


@given(pictures())
def test_an_order_is_that_of_centers_and_of_edges(picture: Any) -> None:
    chip = picture[0]
    edges = {"leftmost": (0, 1), "topmost": (1, 1), "rightmost": (2, -1), "bottommost": (3, -1)}
    for question in of(ask(picture), "referring", "unique"):
        truth = question.ground_truth
        if truth["order"] in edges:
            side, sign = edges[str(truth["order"])]
            own = sign * question.mentioned[0].bbox[side]
            others = [
                sign * i.bbox[side] for i in chip.instances
                if i.category == truth["category"] and i is not question.mentioned[0].instance
            ]  # fmt: skip
            assert sum(edge < own for edge in others) == truth["rank"] - 1  # type: ignore[operator]
            assert min(abs(edge - own) for edge in others) >= 1


@given(pictures())
def test_a_size_alone_is_that_of_the_smallest_or_largest(picture: Any) -> None:
    chip = picture[0]
    for question in of(ask(picture), "referring", "unique"):
        truth = question.ground_truth
        if truth["size"] is None or truth["shape"] or truth["cell"]:
            continue
        areas = {
            i.instance_id: i.bbox.area_px2 for i in chip.instances
            if i.category == truth["category"]
        }  # fmt: skip
        extreme = min if "small" in str(truth["size"]) else max
        assert truth["size"] != "medium"
        own = question.mentioned[0].instance.instance_id
        assert own == extreme(areas, key=lambda one: areas[one])


def test_unique_phrases_are_of_every_kind() -> None:
    kinds: Counter[str] = Counter()
    for source in yields.SOURCES:
        for n in range(2, 16):
            for image in yields.layouts(source, n):
                for question in of(list(questions(image, EVERYTHING)), "referring", "unique"):
                    truth = question.ground_truth
                    kinds["order"] += truth["order"] is not None
                    kinds["relation"] += truth["relation"] is not None
                    kinds["attribute"] += any(truth[k] for k in ("size", "shape", "cell"))
    assert all(kinds[kind] > 5 for kind in ("order", "relation", "attribute")), kinds


@given(pictures())
def test_ground_truth_of_a_phrase_says_the_same(picture: Any) -> None:
    for question in of(ask(picture), "referring", "unique"):
        found = _PHRASE.fullmatch(str(question.variables["phrase"]))
        assert found
        truth, said = question.ground_truth, found.groupdict()
        assert truth["category"] == said["category"]
        assert truth["cell"] == said["cell"]
        assert truth["shape"] == said["shape"]
        assert truth["size"] == (said["size"] and said["size"].removesuffix("-sized"))
        assert truth["anchor"] == said["anchor"]
        order = said["order"] or (f"{said['side']}most" if said["side"] else None)
        assert truth["order"] == order
        assert truth["rank"] == (order and {None: 1, "second": 2, "third": 3}[said["rank"]])


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
        assert question.variables["direction"] == _direction(nearest.bbox, given_box.bbox)
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
                and (task == "classification" or _cell(i.bbox, chip) == question.variables["cell"])
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
        centered = [i for i in kind if _cell(i.bbox, chip) == place]
        assert len(centered) == question.variables["n"]
        assert all(i in centered for i in reaching)
    possible = False
    for category in {*annotated} - {*rejected, *chip.cut_categories}:
        kind = [i for i in chip.instances if i.category == category]
        seen = {i.instance_id: entered(i.bbox, chip) | {_cell(i.bbox, chip)} for i in kind}
        sure = [
            c for c in {_cell(i.bbox, chip) for i in kind}
            if all(_cell(i.bbox, chip) == c for i in kind if c in seen[i.instance_id])
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
    kinds = {(i.category, _cell(i.bbox, chip)) for i, _ in described}
    doubtful = [
        i for i, percent in left_out
        if percent > 0.8 or (i.category, _cell(i.bbox, chip)) in kinds
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


def crowd(n: int) -> LabeledImage:
    corners = [(13 * (i % 37), 17 * (i // 37)) for i in range(n)]
    boxes = [Box(x, y, x + 9, y + 11) for x, y in corners]
    objects = tuple(Instance(f"s/1#{i}", "tank", "tank", box) for i, box in enumerate(boxes))
    return label_image(Chip("s/1", None, 512, 512, objects), ("tank",), ())


@pytest.mark.parametrize("n", [80, 81, 100, 101, 1000])
def test_crowds_are_capped(n: int) -> None:
    asked = list(questions(crowd(n), RECIPE))
    counts = Counter((q.task, q.subtask) for q in asked)
    rule = RECIPE.tasks
    assert counts["cross_modal_identification", "multi"] == min(
        n * (n - 1), rule.cross_modal_identification.pairs_cap
    )
    assert counts["referring", "unique"] <= rule.referring.unique_cap
    assert counts["referring", "multi"] == (n <= rule.referring.box_cap)
    assert counts["spatial_grounding", "multi"] == (n <= rule.spatial_grounding.box_cap)
    (counted,) = of(asked, "instance_counting", "all")
    assert counted.ground_truth["count"] == n
    assert counted.ground_truth["listed"] == len(counted.mentioned) == min(n, 100)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 11, 12, 40])
def test_pairs_are_distinct_and_as_many_as_allowed(n: int) -> None:
    pairs = list(of(list(questions(crowd(n), RECIPE)), "cross_modal_identification", "multi"))
    keys = {q.key for q in pairs}
    assert (
        len(keys)
        == len(pairs)
        == min(n * (n - 1), RECIPE.tasks.cross_modal_identification.pairs_cap)
    )
    assert all(len({o.number for o in q.mentioned}) == 2 for q in pairs)
    assert all(q.key == "-".join(o.number for o in q.mentioned) for q in pairs)


@pytest.mark.parametrize("percent", [0, 25, 100])
def test_shares_are_kept(percent: int) -> None:
    recipe = with_shares(referring={"single": percent}, spatial_grounding={"presence": percent})
    counts: Counter[str] = Counter()
    for i in range(1000):
        box = Box(40, 40, 80, 90)
        chip = Chip(f"s/{i}", None, 512, 512, (Instance(f"s/{i}#0", "ship", "ship", box),))
        asked = list(questions(label_image(chip, ("ship",), ()), recipe))
        counts["single"] += len(list(of(asked, "referring", "single")))
        here = [q.ground_truth["answer"] for q in of(asked, "spatial_grounding", "presence")]
        assert here in ([], ["yes", "no"])
        counts["presence"] += len(here)
    assert counts["single"] == pytest.approx(10 * percent, abs=40)
    assert counts["presence"] == pytest.approx(20 * percent, abs=80)
    assert percent not in (0, 100) or counts["single"] == 10 * percent


def test_default_recipe_gives_two_million_dialogues() -> None:
    found = yields.estimate(RECIPE)
    assert found.images == 94_493 + 10_492 + 11_613
    assert 2_000_000 < found.total < 2_100_000
    assert min(found.of(task) for task in TASKS) > 40_000
    assert found.most_of_one_image / found.total < 0.0005


def test_paper_recipe_gives_what_the_paper_counts() -> None:
    found = yields.estimate(PAPER, yields.PAPER_SPLITS, shown_twice=0)
    assert found.of("cross_modal_identification") == pytest.approx(
        yields.PAPER_IDENTIFICATIONS, rel=0.01
    )
    assert found.of("spatial_grounding") == pytest.approx(94_456 + 11_608, rel=0.01)
    assert set(found.rows) == {
        (task, s) for task, subtasks in SUBTASKS.items() for s in subtasks
        if s in ("all", "single", "multi")
    }  # fmt: skip


@given(pictures())
def test_paper_recipe_has_its_two_scales(picture: Any) -> None:
    chip = picture[0]
    area = chip.width_px * chip.height_px
    for question in of(ask(picture, PAPER), "fine_grained_description", "all"):
        for o, said in zip(question.mentioned, question.ground_truth["objects"], strict=True):  # type: ignore[call-overload]
            ratio = o.bbox.area_px2 / area
            wanted = "large" if ratio > 0.3 else "small" if ratio < 0.05 else "medium"
            assert said["size"] == wanted


@pytest.mark.parametrize("name", ["sarchat_2m", "paper"])
def test_recipe_file_shows_every_field(name: str) -> None:
    document = tomllib.loads((RECIPES / f"{name}.toml").read_text(encoding="utf-8"))
    missing = list(_missing(Recipe, document, ""))
    # A table whose absence is its value.
    assert missing == (["words.description_size"] if name == "sarchat_2m" else [])


def test_default_values_are_those_of_the_default_recipe() -> None:
    assert Recipe(schema_version=1, name=RECIPE.name, title=RECIPE.title) == RECIPE


def _missing(model: type[BaseModel], document: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name not in document:
            yield f"{prefix}{name}"
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _missing(field.annotation, document[name], f"{prefix}{name}.")
