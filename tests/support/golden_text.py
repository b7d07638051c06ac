"""Dialogues of a few small pictures, one file a task, for people to read in review.

`make golden` writes them anew; `test_language.py` compares.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sarchat_build.config.recipe import Recipe, load_recipe
from sarchat_build.config.resources import recipe_path, resource_folder
from sarchat_build.dialogues.labels import LabeledImage, label_image
from sarchat_build.dialogues.tasks import ASK, TAGS
from sarchat_build.phrasing.engine import Phrasing, load_templates
from sarchat_build.types import CATEGORIES, TASKS, Box, Category, Chip, Instance, Split, TaskName

GOLDEN = Path(__file__).parents[1] / "golden"
# So many dialogues of one picture and subtask are enough to read.
_PER_SUBTASK = 2

Objects = tuple[tuple[Category, tuple[float, float, float, float]], ...]


class Picture(NamedTuple):
    """Objects, annotated classes, and those with an object that is refused or cut off."""

    objects: Objects
    annotated: tuple[Category, ...]
    rejected: tuple[Category, ...] = ()
    cut: tuple[Category, ...] = ()


_FARM: Objects = tuple(
    ("tank", (20 + 75 * column, 40 + 200 * row, 60 + 75 * column, 80 + 200 * row))
    for row in range(2)
    for column in range(6)
)
PICTURES: dict[str, Picture] = {
    "one ship": Picture((("ship", (393, 426, 469.5, 494.2)),), ("ship",)),
    "two aircraft": Picture(
        (("aircraft", (30, 40, 200, 190)), ("aircraft", (300, 320, 340, 350))), ("aircraft",)
    ),
    "three ships and a bridge": Picture(
        (
            ("ship", (40, 300, 80, 330)),
            ("ship", (90, 60, 130, 180)),
            ("ship", (420, 400, 460, 420)),
            ("bridge", (100, 200, 400, 260)),
        ),
        ("ship", "tank", "bridge", "aircraft"),
    ),
    "twelve tanks and a harbor": Picture(
        (*_FARM, ("harbor", (150, 330, 450, 500))), ("bridge", "harbor", "tank")
    ),
    "two cars, a third one cut off": Picture(
        (("car", (10, 10, 40, 30)), ("car", (200, 210, 250, 240))), ("car",), cut=("car",)
    ),
    "a tank, and a bridge whose box was refused": Picture(
        (("tank", (240, 240, 300, 300)),), ("tank", "bridge"), rejected=("bridge",)
    ),
    "nothing at all": Picture((), CATEGORIES),
}


def pictures() -> Iterator[LabeledImage]:
    """Label the pictures above."""
    for name, picture in PICTURES.items():
        instances = tuple(
            Instance(f"golden/{name}#{i}", category, category, Box(*box))
            for i, (category, box) in enumerate(picture.objects)
        )
        chip = Chip(f"golden/{name}", None, 512, 512, instances, picture.cut)
        yield label_image(chip, picture.annotated, picture.rejected)


def golden_lines(task: TaskName) -> list[str]:
    """Give the dialogues of one task as lines of JSON, those of train before those of test."""
    recipe = load_recipe(recipe_path("sarchat_2m"))
    phrasing = Phrasing(
        load_templates(resource_folder("templates")), recipe.phrasing.held_out_percent
    )
    splits: tuple[Split, ...] = ("train", "test")
    return [
        json.dumps(line, ensure_ascii=False)
        for split in splits
        for image in pictures()
        for line in _lines(image, task, recipe, phrasing, split)
    ]


def _lines(
    image: LabeledImage, task: TaskName, recipe: Recipe, phrasing: Phrasing, split: Split
) -> Iterator[dict[str, object]]:
    shown: Counter[str] = Counter()
    for question in ASK[task](image, recipe):
        shown[question.subtask] += 1
        if shown[question.subtask] > _PER_SUBTASK:
            continue
        dialogue_id = f"{image.image_id}/{task}/{question.subtask}/{question.key}"
        text = phrasing.render(question, dialogue_id, split)
        yield {
            "image": image.image_id.removeprefix("golden/"),
            "split": split,
            "subtask": question.subtask,
            "key": question.key,
            "question": TAGS[task] + text.question,
            "answer": text.answer,
            "ground_truth": {k: v for k, v in question.ground_truth.items() if v not in (None, [])},
            "template_ids": text.template_ids,
        }


def main() -> None:
    """Write all files."""
    for task in TASKS:
        path = GOLDEN / f"{task}.jsonl"
        path.write_text("".join(f"{line}\n" for line in golden_lines(task)), encoding="utf-8")
        print(f"{path}: {len(path.read_text(encoding='utf-8').splitlines())} dialogues")


if __name__ == "__main__":
    main()
