"""How much is asked: caps, shares, the default recipe's two million, the paper's counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from asked_pictures import RECIPE, ask, of, pictures, with_shares
from hypothesis import given, settings
from pydantic import BaseModel

from benchmarks import yields
from sarchat_build.config.recipe import Recipe, load_recipe
from sarchat_build.config.resources import recipe_path
from sarchat_build.config.toml import tomllib
from sarchat_build.dialogues.labels import LabeledImage, label_image
from sarchat_build.dialogues.tasks import SUBTASKS, questions
from sarchat_build.types import TASKS, Box, Chip, Instance

settings.register_profile("tasks", deadline=None, max_examples=50)
settings.load_profile("tasks")

PAPER = load_recipe(recipe_path("paper"))


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
    document = tomllib.loads(recipe_path(name).read_text(encoding="utf-8"))
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
