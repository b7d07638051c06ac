"""A dialogue: one question about one image and its answer, in words, with the ids of both."""

from __future__ import annotations

from dataclasses import dataclass

from sarchat_build.dialogues.question import Question
from sarchat_build.dialogues.tasks import TAGS
from sarchat_build.phrasing.engine import Phrasing, Rendered
from sarchat_build.types import Split


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A question and its answer in words.

    `question` holds the boxes and the ground truth, `text` the words and the ids of the phrasings.
    """

    dialogue_id: str
    question: Question
    text: Rendered

    @property
    def messages(self) -> list[dict[str, str]]:
        """The two messages as they are published: the user's with the mark of the image."""
        user = f"<image>\n{TAGS[self.question.task]}{self.text.question}"
        return [
            {"role": "user", "content": user},
            {"role": "assistant", "content": self.text.answer},
        ]


def render_dialogue(
    question: Question, image_id: str, split: Split, phrasing: Phrasing
) -> Dialogue:
    """Put one question about one image into words; the split decides which phrasings may be used.

    The same image, question and phrasings give the same words on every machine.
    """
    dialogue_id = f"{image_id}/{question.task}/{question.subtask}/{question.key}"
    return Dialogue(dialogue_id, question, phrasing.render(question, dialogue_id, split))
