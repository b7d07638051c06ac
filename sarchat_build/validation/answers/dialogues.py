"""Checks one dialogues file against the scenes of its shard's images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.schema import SCHEMAS
from sarchat_build.validation.answers import identify, truth
from sarchat_build.validation.answers.answers import check_answer
from sarchat_build.validation.answers.completeness import Census
from sarchat_build.validation.answers.expect import Dialogue, Expected, Problem, Problems, Unfounded
from sarchat_build.validation.answers.parse import Reading, read
from sarchat_build.validation.answers.questions import check_question
from sarchat_build.validation.answers.wording import WordCount
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.pictures.checked_image import CheckedImage
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.stable import is_kept
from sarchat_build.validation.table_rows import table_rows
from sarchat_build.validation.vocabulary import SUBTASKS, TASK_TAGS

# Few at a time: millions of short-lived lists are what the garbage collector is slow with.
_BATCH_ROWS = 256

_ROLES = ["user", "assistant"]
_OPENINGS = {task: f"<image>\n{tag}" for task, tag in TASK_TAGS.items()}
# Without these there is no question to be read.
_UNREADABLE_LAYOUT = ("messages", "question_opening", "template_ids")


class DialogueRow(NamedTuple):
    """One row of a dialogues file; the fields are the columns, as in `tables.DIALOGUES`."""

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


class Shard(NamedTuple):
    """What the dialogues of one shard are measured against, and what they add up to."""

    split: str
    scenes: Mapping[str, CheckedImage | None]
    rules: Rules
    census: Census
    wording: WordCount
    # (image_id, question) → its answer, over all tasks.
    answered: dict[tuple[str, str], str]
    counts: dict[tuple[str, str, str], int]


def check_dialogues(
    folder: DatasetFolder,
    path: str,
    task: str,
    shard: Shard,
    build: Mapping[str, Any],
    log: FindingLog,
) -> None:
    """Check every row of one task's file, and add to the shard's sums."""
    rows = table_rows(folder, path, SCHEMAS[task], build, log, batch_rows=_BATCH_ROWS)
    ids: set[str] = set()
    for number, values in rows:
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
        answer = read(row.messages[-1][1] if row.messages else "")
        for problem in _row_problems(row, answer, task, shard):
            log.add(*problem[:1], path, *problem[1:], row=number, key=row.dialogue_id)
        shard.wording.add(row.template_ids, answer, path, number, row.dialogue_id)


def _row_problems(row: DialogueRow, said: Reading, task: str, shard: Shard) -> Problems:
    if row.task != task:
        yield Problem("task", task, row.task)
    if row.split != shard.split:
        yield Problem("split", shard.split, row.split)
    if row.subtask not in SUBTASKS[task]:
        yield Problem("subtask", SUBTASKS[task], row.subtask)
        return
    if row.image_id not in shard.scenes:
        yield Problem("image_in_shard", Plain("an image of this shard"), row.image_id)
        return
    opening = _OPENINGS[task]
    layout = list(_layout_problems(row, task, opening))
    yield from layout
    prefix = f"{row.image_id}/{task}/{row.subtask}/"
    if not row.dialogue_id.startswith(prefix) or row.dialogue_id == prefix:
        yield Problem("dialogue_id", Plain(f"{prefix}<key>"), row.dialogue_id)
        return
    if any(problem.check in _UNREADABLE_LAYOUT for problem in layout):
        return
    (_, question), (_, answer) = row.messages
    asked = row.image_id, question
    if asked in shard.answered:
        check = "duplicate_dialogue" if shard.answered[asked] == answer else "conflicting_answers"
        yield Problem(check, Plain("each question of an image once"), question)
    shard.answered[asked] = answer
    scene = shard.scenes[row.image_id]
    if scene is None:
        return
    if row.source != scene.source:
        yield Problem("source", scene.source, row.source)
    dialogue = Dialogue(
        row.dialogue_id,
        task,
        row.subtask,
        row.dialogue_id[len(prefix) :],
        question[len(opening) :],
        answer,
        *row.objects,
        row.instance_ids,
        row.ground_truth,
    )
    shard.census.add(task, row.subtask, row.image_id, dialogue.key)
    yield from _recipe_problems(row, dialogue.key, shard.rules)
    yield from dialogue_problems(scene, dialogue, said, shard.rules)


# What must follow from the boxes, by task and subtask.
EXPECTATIONS: Mapping[tuple[str, str], Callable[[CheckedImage, Dialogue, Rules], Expected]] = {
    ("classification", "all"): truth.classification,
    ("classification", "presence"): truth.presence,
    ("fine_grained_description", "all"): truth.fine_grained_description,
    ("instance_counting", "all"): truth.instance_counting,
    ("spatial_grounding", "single"): truth.spatial_grounding,
    ("spatial_grounding", "multi"): truth.spatial_grounding,
    ("spatial_grounding", "presence"): truth.grounded_presence,
    ("cross_modal_identification", "single"): identify.single,
    ("cross_modal_identification", "category"): identify.category,
    ("cross_modal_identification", "choice"): identify.choice,
    ("cross_modal_identification", "nearest"): identify.nearest,
    ("cross_modal_identification", "multi"): identify.multi,
    ("referring", "single"): identify.referring,
    ("referring", "multi"): identify.referring,
    ("referring", "unique"): identify.unique,
}


def dialogue_problems(
    scene: CheckedImage, dialogue: Dialogue, answer: Reading, rules: Rules
) -> Problems:
    """Recompute what a dialogue must say and compare columns, question and answer with it."""
    try:
        expected = EXPECTATIONS[dialogue.task, dialogue.subtask](scene, dialogue, rules)
    except Unfounded as fault:
        yield fault.problem
        return
    yield from _object_problems(dialogue, expected)
    if dialogue.truth != expected.truth:
        yield Problem("ground_truth", expected.truth, dialogue.truth)
    yield from check_question(dialogue, expected.asked)
    yield from check_answer(expected.said, dialogue, answer)


def _recipe_problems(row: DialogueRow, key: str, rules: Rules) -> Problems:
    """Find a question that the recipe leaves out, and a phrasing that this split may not show."""
    share = rules.share(row.task, row.subtask)
    together = "pair" if row.subtask == "presence" else key
    if row.task not in rules.tasks or (
        share < 100 and not is_kept(share, row.image_id, row.task, row.subtask, together)
    ):
        yield Problem("recipe_share", Plain(f"not asked (share {share} %)"), key)
    if row.split != "test" and row.template_ids[0] in rules.held_out:
        yield Problem("held_out", Plain("in the test split only"), row.template_ids[0])
    if rules.phrasings and not rules.phrasings.issuperset(row.template_ids):
        yield Problem("template_known", Plain("phrasings of build.json"), row.template_ids)


def _object_problems(dialogue: Dialogue, expected: Expected) -> Iterator[Problem]:
    ids = [thing.instance_id for thing in expected.things]
    if dialogue.instance_ids != ids:
        yield Problem("instance_ids", ids, dialogue.instance_ids)
        return
    refs = [thing.category for thing in expected.things]
    if dialogue.refs != refs:
        yield Problem("objects_ref", refs, dialogue.refs)
    boxes = [list(thing.box) for thing in expected.things]
    if dialogue.boxes != boxes:
        yield Problem("objects_bbox", boxes, dialogue.boxes)


def _layout_problems(row: DialogueRow, task: str, opening: str) -> Problems:
    """Yield what is wrong with the frame of a dialogue: turns, opening, blanks, template ids."""
    roles = [role for role, _ in row.messages]
    if roles != _ROLES:
        yield Problem("messages", _ROLES, roles)
        return
    (_, asked), (_, answer) = row.messages
    if not asked.startswith(opening):
        yield Problem("question_opening", opening, asked[: len(opening) + 20])
        return
    if asked[len(opening) :].startswith("["):
        yield Problem("question_opening", Plain(f"no tag after {opening!r}"), asked)
    for text in (asked[len(opening) :], answer):
        if not text or text[0].isspace() or text[-1].isspace():
            yield Problem("text", Plain("a text without surrounding blanks"), text)
    ids, folder = row.template_ids, f"{task}/{row.subtask}/"
    beginnings = (f"{folder}question/", "frames/question/", f"{folder}answer/")
    if len(ids) != 3 or not all(map(str.startswith, ids, beginnings)):
        yield Problem("template_ids", [f"{beginning}…" for beginning in beginnings], ids)
