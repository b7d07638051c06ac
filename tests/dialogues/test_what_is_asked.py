"""What the tasks ask is what the proof demands, over pictures that nobody thought of.

The two sides share no code: `tasks` decides what may be asked, `checks` what must be there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from asked_pictures import EVERYTHING, pictures
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sarchat_build.config.recipe import Recipe
from sarchat_build.dialogues.labels import label_image
from sarchat_build.dialogues.tasks import Question, questions
from sarchat_build.published.schema import GROUND_TRUTH
from sarchat_build.types import Box, Chip, Instance
from sarchat_build.validation.answers.check_dialogues import EXPECTATIONS
from sarchat_build.validation.answers.completeness import AskedQuestions, coverage_faults
from sarchat_build.validation.answers.expected import Dialogue
from sarchat_build.validation.pictures.checked_image import (
    CheckedImage,
    make_checked_image,
    make_checked_object,
)
from sarchat_build.validation.rules import Rules, rules_of


def recipe(rule: str) -> Recipe:
    tree = EVERYTHING.model_dump()
    tree["tasks"]["cut_objects"] = rule
    tree["tasks"]["fine_grained_description"]["left_out_objects"] = rule
    tree["tasks"]["classification"]["common_percent"] = 100
    return Recipe.model_validate(tree)


def checked_image(picture: Any, rules: Rules) -> CheckedImage:
    chip, annotated, rejected = picture
    size = chip.width_px, chip.height_px
    return make_checked_image(
        chip.image_id,
        "s",
        size,
        [
            make_checked_object(i.instance_id, i.category, i.bbox, size, rules)
            for i in chip.instances
        ],
        annotated=annotated,
        rejected=rejected,
        cut=chip.cut_categories,
    )


def dialogue_of(question: Question) -> Dialogue:
    truth = question.ground_truth
    fields = [field.name for field in GROUND_TRUTH[question.task]]
    return Dialogue(
        task=question.task,
        subtask=question.subtask,
        key=question.key,
        question=f"Where is the {question.variables.get('phrase')}?",
        answer="",
        refs=[],
        boxes=[],
        instance_ids=[o.instance.instance_id for o in question.mentioned],
        ground_truth=tuple(truth[name] for name in fields),
    )


def plain(value: Any) -> Any:
    """Structs of the table are tuples for the proof."""
    if isinstance(value, dict):
        return tuple(map(plain, value.values()))
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def faults(picture: Any, rule: str) -> Iterator[object]:
    made = recipe(rule)
    rules = rules_of({"recipe": made.model_dump()})
    image, asked = checked_image(picture, rules), AskedQuestions()
    for question in questions(label_image(*picture, made.words), made):
        dialogue = dialogue_of(question)
        asked.add(question.task, question.subtask, image.image_id, question.key)
        expected = EXPECTATIONS[question.task, question.subtask](image, dialogue, rules)
        if [obj.instance_id for obj in expected.objects] != dialogue.instance_ids:
            yield dialogue, expected.objects
        if plain(list(expected.ground_truth)) != [plain(value) for value in dialogue.ground_truth]:
            yield dialogue.ground_truth, expected.ground_truth
    yield from coverage_faults([image], asked, rules)


def _on_one_spot() -> Any:
    """One bridge lies below the harbor, and another is so near to it that it may seem to."""
    boxes = ("bridge", (0, 1, 1, 2)), ("bridge", (0, 0, 1, 1)), ("harbor", (0, 0, 1, 1))
    objects = tuple(
        Instance(f"s/1#{n}", kind, kind, Box(*box))  # type: ignore[arg-type]
        for n, (kind, box) in enumerate(boxes)
    )
    return Chip("s/1", None, 64, 64, objects), ("bridge", "harbor"), ()


@pytest.mark.parametrize("rule", ["skip", "ignore"])
@settings(deadline=None, max_examples=150)
@example(picture=_on_one_spot(), unsure=False)
@given(picture=pictures(), unsure=st.booleans())
def test_what_is_asked_is_what_is_demanded(rule: str, picture: Any, unsure: bool) -> None:
    chip, annotated, rejected = picture
    # A source may annotate a class here and there, and promise nothing of it.
    promised = annotated[1:] if unsure else annotated
    assert list(faults((chip, promised, rejected), rule)) == []
