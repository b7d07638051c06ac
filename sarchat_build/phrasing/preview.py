"""Preview for a reviewer: every phrasing of a subtask, rendered on one labeled sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sarchat_build.dialogues.labels import LabeledInstance
from sarchat_build.dialogues.tasks import SUBTASKS, TAGS, Question
from sarchat_build.errors import InputError
from sarchat_build.phrasing.engine import Phrasing
from sarchat_build.phrasing.samples import SubtaskId, samples
from sarchat_build.suggestions import advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordings:
    """How many phrasings a subtask has; `questions` times frames is what users may read."""

    task: str
    subtask: str
    questions: int
    held_out: int
    frames: int
    answers: int


class Line(NamedTuple):
    """One phrasing in words."""

    template_id: str
    held_out: bool
    text: str


def count_wordings(phrasing: Phrasing) -> Iterator[Wordings]:
    """Count the phrasings of every subtask."""
    for task, subtasks in SUBTASKS.items():
        for subtask in subtasks:
            asked = phrasing.choices(task, subtask, "question")
            yield Wordings(
                task=task,
                subtask=subtask,
                questions=len(asked),
                held_out=sum(map(phrasing.is_held_out, asked)),
                frames=len(phrasing.frames),
                answers=len(phrasing.choices(task, subtask, "answer")),
            )


def parse_subtask(name: str) -> SubtaskId:
    """Read "<task>/<subtask>".

    Raises:
        InputError: there is no such subtask; the known ones are named.
    """
    known = {
        f"{task}/{subtask}": (task, subtask) for task in SUBTASKS for subtask in SUBTASKS[task]
    }
    if name not in known:
        of_task = [other for other in known if other.startswith(f"{name.partition('/')[0]}/")]
        hint = f"; known: {', '.join(of_task)}" if of_task else advice(name, known)
        raise InputError(f"{name!r} is no subtask{hint}")
    return known[name]


def find_sample(subtask_id: SubtaskId, category: str, count: int) -> Question:
    """Give the sample question about `count` objects of a category, or the one nearest to that."""

    def distance(question: Question) -> tuple[bool, int]:
        asked = question.variables.get("category", question.variables.get("first"))
        kinds = {asked} if asked else {o.category for o in question.mentioned}
        n = question.variables.get("n", len(question.mentioned))
        return category not in kinds, abs(int(str(n)) - count)

    return min(samples()[subtask_id], key=distance)


def preview(
    phrasing: Phrasing, subtask_id: SubtaskId, question: Question
) -> tuple[list[Line], list[Line]]:
    """Render all questions, each in the next frame, and all answers of a subtask."""
    task, subtask = subtask_id
    asked = phrasing.choices(task, subtask, "question")
    answers = phrasing.choices(task, subtask, "answer")
    frames = list(phrasing.frames)
    questions = [
        Line(
            f"{name} + {frames[i % len(frames)]}",
            phrasing.is_held_out(name),
            TAGS[task]
            + phrasing.render_ids(
                (name, frames[i % len(frames)], answers[0]), question.variables
            ).question,
        )
        for i, name in enumerate(asked)
    ]
    replies = [
        Line(
            name, False, phrasing.render_ids((asked[0], frames[0], name), question.variables).answer
        )
        for name in answers
    ]
    return questions, replies


def sample_text(question: Question) -> str:
    """Say what the sample shows: the objects that the dialogue mentions."""
    return "; ".join(map(object_text, question.mentioned)) or "no object"


def object_text(o: LabeledInstance) -> str:
    """Say what a labeled object is."""
    return f"{o.category} {o.box_text}, {o.size}, {o.shape}, {o.cell}"


def preview_text(
    phrasing: Phrasing, subtask_id: SubtaskId, question: Question, *, markdown: bool
) -> str:
    """Write the preview of a subtask as plain text or Markdown."""
    task, subtask = subtask_id
    questions, answers = preview(phrasing, subtask_id, question)
    heading, code = ("## ", "`") if markdown else ("", "")
    lines = [f"{heading}{task}/{subtask}", "", f"Sample: {sample_text(question)}", ""]
    for title, rendered in (("Questions", questions), ("Answers", answers)):
        lines += [f"{heading and '### '}{title}", ""]
        for line in rendered:
            mark = " (held out)" if line.held_out else ""
            name = line.template_id.removeprefix(f"{task}/{subtask}/")
            text = f"{code}{line.text}{code}" if markdown else line.text
            lines.append(f"* {code}{name}{code}{mark}: {text}" if markdown else f"  {text}")
            if not markdown:
                lines.append(f"      {name}{mark}")
        lines.append("")
    return "\n".join(lines)
