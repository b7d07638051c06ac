"""The order of dialogues: as their pictures, and about one picture as the tasks ask."""

from __future__ import annotations

from typing import TypeAlias

from sarchat_build.validation.pictures.checked_image import CheckedImage
from sarchat_build.validation.vocabulary import CATEGORY_RANK

SortKey: TypeAlias = tuple[int, int, int, int]

_LAST = 1 << 30
_ABOUT_OBJECT = {"single": 0, "category": 1, "choice": 1, "nearest": 2}
_PAIR = "multi"


def sort_key(
    image: CheckedImage, position: int, *, task: str, subtask: str, key: str, answer: str | None
) -> SortKey:
    """Give what the rows of a file ascend by, strictly but for pairs, which are drawn.

    Args:
        image: the picture, the `position`th of its shard.
        task: the task of the file.
        subtask: the kind of the question.
        key: what stands after the subtask in the dialogue's id.
        answer: "yes" or "no" where the ground truth has one.
    """
    first = key.partition("-")[0]
    if task == "cross_modal_identification":
        if subtask == _PAIR:
            return position, _LAST, 0, 0
        return position, _reading_position(image, first), _ABOUT_OBJECT.get(subtask, 0), 0
    if task == "instance_counting":
        return position, CATEGORY_RANK.get(key, _LAST), 0, 0
    if task == "referring":
        unique = subtask == "unique"
        found = _reading_position(image, first) if unique else 0
        category = image.objects[found].category if unique and found < len(image.objects) else key
        return position, CATEGORY_RANK.get(category, _LAST), int(unique), found
    return position, int(subtask == "presence"), int(answer == "no"), 0


def may_follow(before: SortKey, this: SortKey) -> bool:
    """Tell whether a row may stand behind another.

    >>> may_follow((0, 1, 0, 0), (0, 2, 0, 0)), may_follow((1, 0, 0, 0), (0, 0, 0, 0))
    (True, False)
    """
    return before < this or (before == this and this[1] == _LAST)


def _reading_position(image: CheckedImage, index: str) -> int:
    return image.positions.get(index, _LAST - 1)
