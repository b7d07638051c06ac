"""Checks of one dialogues file against the images of its shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from sarchat_build.published.schema import SCHEMAS
from sarchat_build.validation.answers import about_images, about_objects
from sarchat_build.validation.answers.check_answer import check_answer
from sarchat_build.validation.answers.check_question import check_question
from sarchat_build.validation.answers.completeness import AskedQuestions
from sarchat_build.validation.answers.expected import (
    Dialogue,
    Expected,
    Problem,
    Problems,
    UnsupportedQuestion,
)
from sarchat_build.validation.answers.row_order import SortKey, may_follow, sort_key
from sarchat_build.validation.findings import Plain, shorten
from sarchat_build.validation.pictures.checked_image import CheckedImage
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.stable_hash import is_asked
from sarchat_build.validation.tables import Tables
from sarchat_build.validation.texts.choice import PhrasingRules
from sarchat_build.validation.texts.parse import Reading, read
from sarchat_build.validation.texts.wording import PhrasingCounts
from sarchat_build.validation.vocabulary import SUBTASKS, TASK_TAGS

# Few at a time: millions of short-lived lists are what the garbage collector is slow with.
_BATCH_ROWS = 256

_ROLES = ["user", "assistant"]
_OPENINGS = {task: f"<image>\n{tag}" for task, tag in TASK_TAGS.items()}
# Thousands of boxes in words have a tenth of it; what is longer would be read for ever.
_LONGEST_CHARS = 1_000_000
# Without these there is no question to be read.
_UNREADABLE_LAYOUT = ("messages", "question_opening", "template_ids")


class DialogueRow(NamedTuple):
    """One row of a dialogues file; the fields are the columns, as in `schema.dialogue_schema`."""

    dialogue_id: str
    image_id: str
    source: str
    split: str
    task: str
    subtask: str
    messages: list[tuple[str, str]]
    objects: tuple[list[str], list[list[float]]]
    instance_ids: list[str]
    template_ids: list[str]
    ground_truth: tuple[Any, ...]


class ShardState(NamedTuple):
    """What the dialogues of one shard are measured against, and what they add up to."""

    split: str
    images: Mapping[str, CheckedImage | None]
    rules: Rules
    questions: AskedQuestions
    wording: PhrasingRules
    phrasings: PhrasingCounts
    # (image_id, question) → its answer, over all tasks.
    answered: dict[tuple[str, str], str]
    counts: dict[tuple[str, str, str], int]


def check_dialogues(tables: Tables, path: str, task: str, shard: ShardState) -> None:
    """Check every row of one task's file, and add to the shard's sums."""
    log, ids = tables.log, set[str]()
    positions = {image_id: position for position, image_id in enumerate(shard.images)}
    before: SortKey | None = None
    for number, values in tables.rows(task, path, batch_rows=_BATCH_ROWS):
        row = DialogueRow._make(values)
        kind = (task, row.subtask, row.source)
        shard.counts[kind] = shard.counts.get(kind, 0) + 1
        if row.dialogue_id in ids:
            log.add(
                "dialogue_id_unique",
                path,
                Plain("each id once"),
                2,
                row=number,
                key=row.dialogue_id,
            )
        ids.add(row.dialogue_id)
        answer = row.messages[-1][1] if row.messages else ""
        reading = read(answer if len(answer) <= _LONGEST_CHARS else "")
        for check, expected, found in _row_problems(row, reading, task, shard):
            log.add(check, path, expected, found, row=number, key=row.dialogue_id)
        this_key = _sort_key(row, task, positions, shard)
        if this_key and before and not may_follow(before, this_key):
            expected = Plain("rows in the order of pictures and questions")
            log.add("row_order", path, expected, row.dialogue_id, row=number, key=row.dialogue_id)
        before = this_key or before
        shard.phrasings.add(row.template_ids, reading, file=path, row=number, key=row.dialogue_id)


def _sort_key(
    row: DialogueRow, task: str, positions: Mapping[str, int], shard: ShardState
) -> SortKey | None:
    image = shard.images.get(row.image_id)
    if image is None or not row.ground_truth:
        return None
    answer = row.ground_truth[-1]
    return sort_key(
        image,
        positions[row.image_id],
        shard.rules,
        task=task,
        subtask=row.subtask,
        key=row.dialogue_id.rpartition("/")[2],
        answer=answer if isinstance(answer, str) else None,
    )


def _row_problems(row: DialogueRow, reading: Reading, task: str, shard: ShardState) -> Problems:
    if row.task != task:
        yield Problem("task", task, row.task)
    if row.split != shard.split:
        yield Problem("split", shard.split, row.split)
    if row.subtask not in SUBTASKS[task]:
        yield Problem("subtask", SUBTASKS[task], row.subtask)
        return
    if row.image_id not in shard.images:
        yield Problem("image_in_shard", Plain("an image of this shard"), row.image_id)
        return
    opening = _OPENINGS[task]
    layout = list(_layout_problems(row, task, opening))
    yield from layout
    prefix = f"{row.image_id}/{task}/{row.subtask}/"
    if not row.dialogue_id.startswith(prefix) or row.dialogue_id == prefix:
        yield Problem("dialogue_id", Plain(f"{prefix}<key>, by image_id"), row.dialogue_id)
        return
    if any(problem.check in _UNREADABLE_LAYOUT for problem in layout):
        return
    (_, question), (_, answer) = row.messages
    asked = row.image_id, question
    if asked in shard.answered:
        check = "duplicate_dialogue" if shard.answered[asked] == answer else "conflicting_answers"
        yield Problem(check, Plain("each question of an image once"), question)
    shard.answered[asked] = answer
    image = shard.images[row.image_id]
    if image is None:
        return
    if row.source != image.source:
        yield Problem("source", image.source, row.source)
    refs, boxes = row.objects
    dialogue = Dialogue(
        task=task,
        subtask=row.subtask,
        key=row.dialogue_id[len(prefix) :],
        question=question[len(opening) :],
        answer=answer,
        refs=refs,
        boxes=boxes,
        instance_ids=row.instance_ids,
        ground_truth=row.ground_truth,
    )
    shard.questions.add(task, row.subtask, row.image_id, dialogue.key)
    yield from _recipe_problems(row, dialogue.key, shard.rules)
    yield from _wording_problems(row, dialogue.question, answer, shard)
    yield from dialogue_problems(image, dialogue, reading, shard.rules)


# What must follow from the boxes, by task and subtask.
EXPECTATIONS: Mapping[tuple[str, str], Callable[[CheckedImage, Dialogue, Rules], Expected]] = {
    ("classification", "all"): about_images.classification,
    ("classification", "presence"): about_images.presence,
    ("fine_grained_description", "all"): about_images.fine_grained_description,
    ("instance_counting", "all"): about_images.instance_counting,
    ("spatial_grounding", "single"): about_images.spatial_grounding,
    ("spatial_grounding", "multi"): about_images.spatial_grounding,
    ("spatial_grounding", "presence"): about_images.grounded_presence,
    ("cross_modal_identification", "single"): about_objects.single,
    ("cross_modal_identification", "category"): about_objects.category,
    ("cross_modal_identification", "choice"): about_objects.choice,
    ("cross_modal_identification", "nearest"): about_objects.nearest,
    ("cross_modal_identification", "multi"): about_objects.multi,
    ("referring", "single"): about_objects.referring,
    ("referring", "multi"): about_objects.referring,
    ("referring", "unique"): about_objects.unique,
}


def dialogue_problems(
    image: CheckedImage, dialogue: Dialogue, reading: Reading, rules: Rules
) -> Problems:
    """Recompute what a dialogue must say and compare columns, question and answer with it."""
    try:
        expected = EXPECTATIONS[dialogue.task, dialogue.subtask](image, dialogue, rules)
    except UnsupportedQuestion as fault:
        yield fault.problem
        return
    yield from _object_problems(dialogue, expected)
    if dialogue.ground_truth != expected.ground_truth:
        kind = SCHEMAS[dialogue.task].field("ground_truth").type
        differing = list(_differences(kind, expected.ground_truth, dialogue.ground_truth))
        wanted, found = (
            Plain(", ".join(f"{field} {shorten(values[side])}" for field, values in differing))
            for side in (0, 1)
        )
        yield Problem("ground_truth", wanted, found)
    yield from check_question(dialogue, expected.question)
    yield from check_answer(expected.answer, dialogue, reading)


def _differences(
    kind: pa.DataType, expected: Any, found: Any, path: str = ""
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the path of each field in which two values differ, and what each has there."""
    parts: list[tuple[str, pa.DataType]] = []
    if pa.types.is_struct(kind):
        parts = [(f"{path}.{field.name}", field.type) for field in kind]
    elif pa.types.is_list(kind):
        parts = [(f"{path}.{number}", kind.value_type) for number, _ in enumerate(expected or ())]
    if expected == found:
        return
    if parts and found is not None and len(expected) == len(found):
        for (below, of), one, other in zip(parts, expected, found, strict=True):
            yield from _differences(of, one, other, below.lstrip("."))
    else:
        yield path, (expected, found)


def _recipe_problems(row: DialogueRow, key: str, rules: Rules) -> Problems:
    """Find a question that the recipe leaves out, and a phrasing that this split may not show."""
    share = rules.share(row.task, row.subtask)
    group = "pair" if row.subtask == "presence" else key
    if row.task not in rules.tasks or (
        share < 100 and not is_asked(share, row.image_id, row.task, row.subtask, group)
    ):
        yield Problem("recipe_share", Plain(f"not asked (share {share} %)"), key)
    if row.split != "test" and row.template_ids[0] in rules.held_out:
        yield Problem("held_out", Plain("in the test split only"), row.template_ids[0])
    if rules.phrasings and not rules.phrasings.issuperset(row.template_ids):
        unknown = sorted(set(row.template_ids) - rules.phrasings)
        yield Problem("template_known", Plain("phrasings of build.json"), unknown)


def _wording_problems(row: DialogueRow, question: str, answer: str, shard: ShardState) -> Problems:
    """Find phrasings that the dialogue's id does not choose, and text that is not theirs."""
    ids = shard.wording.chosen(row.task, row.subtask, row.dialogue_id, row.split)
    if ids is not None:
        named = zip(ids, row.template_ids, strict=True)
        expected = [name if chosen is None else chosen for chosen, name in named]
        if expected != row.template_ids:
            differing = zip(expected, row.template_ids, strict=True)
            one, other = zip(*(pair for pair in differing if len(set(pair)) > 1), strict=True)
            yield Problem(
                "template_choice",
                Plain(f"{', '.join(one)} in template_ids, by dialogue_id"),
                Plain(", ".join(other)),
            )
            return
    for name, constant, text in shard.wording.missing_text(row.template_ids, question, answer):
        yield Problem("wording", Plain(f"the text of {name} ({constant!r})"), text)


def _object_problems(dialogue: Dialogue, expected: Expected) -> Iterator[Problem]:
    ids = [obj.instance_id for obj in expected.objects]
    if dialogue.instance_ids != ids:
        yield Problem("instance_ids", ids, dialogue.instance_ids)
        return
    refs = [obj.category for obj in expected.objects]
    if dialogue.refs != refs:
        yield Problem("objects_ref", refs, dialogue.refs)
    boxes = [list(obj.box) for obj in expected.objects]
    if dialogue.boxes != boxes:
        yield Problem("objects_bbox", boxes, dialogue.boxes)


def _layout_problems(row: DialogueRow, task: str, opening: str) -> Problems:
    """Yield what is wrong with the frame of a dialogue: turns, opening, blanks, template ids."""
    roles = [role for role, _ in row.messages]
    if roles != _ROLES:
        yield Problem("messages", _ROLES, roles)
        return
    (_, question), (_, answer) = row.messages
    longest = max(len(question), len(answer))
    if longest > _LONGEST_CHARS:
        expected = Plain(f"at most {_LONGEST_CHARS:,} characters")
        yield Problem("messages", expected, Plain(f"{longest:,} characters"))
        return
    if not question.startswith(opening):
        yield Problem("question_opening", opening, question[: len(opening) + 20])
        return
    if question[len(opening) :].startswith("["):
        yield Problem("question_opening", Plain(f"no tag after {opening!r}"), question)
    for text in (question[len(opening) :], answer):
        if not text or text[0].isspace() or text[-1].isspace():
            yield Problem("text", Plain("a text without surrounding blanks"), text)
        elif "  " in text or not text.isprintable():
            yield Problem("text", Plain("single blanks, and letters that can be seen"), text)
    ids, folder = row.template_ids, f"{task}/{row.subtask}/"
    beginnings = (f"{folder}question/", "frames/question/", f"{folder}answer/")
    if len(ids) != 3 or not all(map(str.startswith, ids, beginnings)):
        yield Problem("template_ids", [f"{beginning}…" for beginning in beginnings], ids)
