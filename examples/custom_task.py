"""Ask a question of your own: which side of the picture holds more ships?

    python examples/custom_task.py raw ssdd

A task is one function from a labeled picture to questions with their truth; phrasings are text. In
the project itself the function becomes a module of `sarchat_build/dialogues/tasks/` and each
phrasing a file of `templates/` (see CONTRIBUTING.md).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from sarchat_build import Question, ask, open_source, read_images, render
from sarchat_build.config.recipe import Recipe
from sarchat_build.dialogues.labels import LabeledImage

TEMPLATES = {
    "instance_counting/side/question/which_side": "Which side of the image holds more ships?",
    "instance_counting/side/question/left_or_right": "More ships on the left or on the right?",
    "instance_counting/side/answer/plain": "The {{ side }} side, {{ more }} to {{ fewer }}.",
}


def ask_side(image: LabeledImage, recipe: Recipe) -> Iterator[Question]:
    """Ask where every ship is listed and one side has more of them."""
    ships = image.of("ship")
    left = sum(ship.bbox.center_px[0] < image.width_px / 2 for ship in ships)
    right = len(ships) - left
    if left == right or not image.is_complete("ship"):
        return
    side = "left" if left > right else "right"
    yield Question(
        task="instance_counting",
        subtask="side",
        key="ship",
        variables={"side": side, "more": max(left, right), "fewer": min(left, right)},
        mentioned=ships,
        ground_truth={"side": side, "left": left, "right": right},
    )


def main(raw: str, source_id: str) -> None:
    """Print the question and its answer for every picture that affords it."""
    source = open_source(source_id, raw, templates=TEMPLATES)
    for picture in read_images(source):
        for question in ask(picture, ask_side):
            user, assistant = render(picture, question).messages
            print(f"{picture.chip.image_id}: {user['content']!r} → {assistant['content']!r}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
