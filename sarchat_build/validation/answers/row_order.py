"""The order of dialogues: as their pictures, and about one picture as the tasks ask."""

from __future__ import annotations

from typing import TypeAlias

from sarchat_build.validation.pictures.checked_image import CheckedImage
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.stable_hash import stable_number
from sarchat_build.validation.vocabulary import CATEGORY_RANK

SortKey: TypeAlias = tuple[int, int, int, int]

_LAST = 1 << 30
_ABOUT_OBJECT = {"single": 0, "category": 1, "choice": 1, "nearest": 2}


def sort_key(
    image: CheckedImage,
    position: int,
    rules: Rules,
    *,
    task: str,
    subtask: str,
    key: str,
    answer: str | None,
) -> SortKey:
    """Give what the rows of a file ascend by, strictly unless pairs were drawn.

    Args:
        image: the picture, the `position`th of its shard.
        position: see `image`.
        rules: the recipe's choices.
        task: the task of the file.
        subtask: the kind of the question.
        key: what stands after the subtask in the dialogue's id.
        answer: "yes" or "no" where the ground truth has one.
    """
    first, _, second = key.partition("-")
    there = image.positions.get(first, _LAST - 1)
    if task == "cross_modal_identification":
        if subtask != "multi":
            return position, there, _ABOUT_OBJECT.get(subtask, 0), 0
        if image.askable * (image.askable - 1) > rules.pairs_cap:
            return position, _LAST, 0, 0
        return position, _LAST, there, image.positions.get(second, _LAST)
    if task == "instance_counting":
        return position, CATEGORY_RANK.get(key, _LAST), 0, 0
    if task == "referring" and subtask == "unique" and there < len(image.objects):
        category = image.objects[there].category
        return position, CATEGORY_RANK[category], 1, stable_number(image.image_id, "unique", key)
    if task == "referring":
        return position, CATEGORY_RANK.get(key, _LAST), 0, 0
    return position, int(subtask == "presence"), int(answer == "no"), 0


def may_follow(before: SortKey, this: SortKey) -> bool:
    """Tell whether a row may stand behind another.

    >>> may_follow((0, 1, 0, 0), (0, 2, 0, 0)), may_follow((1, 0, 0, 0), (0, 0, 0, 0))
    (True, False)
    """
    return before < this or (before == this and this[1] == _LAST)
