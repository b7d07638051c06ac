"""Counts of pictures and their dialogues: everything that the quality report is computed from.

Kinds of a (split, task, subtask, source):
    rows            rows, negatives, wrong_negatives, duplicates, conflicts, grammar_faults, words,
                    sentences, facts, facts_in_prompt, solvable, half_solvable
    answers         meaning of the question and of the answer, joined by `BETWEEN`
    phrasings       template id
    question_chars, question_words, answer_chars, answer_words     histograms of lengths
    first_option    choice questions: "first", "second"
Kinds of a (split, task, "", source), and with "" as task for all of them together:
    rows_per_image  histogram: rows of one picture
Kinds of a (split, table, "", ""):
    table           arrow_bytes: what all its columns take in Arrow
Kinds of a (split, "", "", source):
    images          images, chips, objects, invalid_boxes, degenerate_texts, statements,
                    contradictions
    iou/<format>    see `boxes`
    aspect_ratios, areas_px2       classes of boxes, see `boxes`
    objects_of, pictures_of        category: its objects, and the pictures that show any
    vocabulary      word in lower case: questions and answers that hold it; without the words of
                    sizes, shapes and cells
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sarchat_build.dialogues.attributes import cell
from sarchat_build.geometry.boxes import round_half_up
from sarchat_build.report.statistics.boxes import box_classes, iou_histograms
from sarchat_build.report.statistics.meaning import meaning
from sarchat_build.report.statistics.statements import contradictions
from sarchat_build.report.statistics.tallies import Group, Tallies
from sarchat_build.report.statistics.texts import TextCounts
from sarchat_build.types import Box

Row: TypeAlias = Mapping[str, Any]
BETWEEN = " => "


@dataclass(slots=True)
class _Boxes:
    """Boxes of a split and source; counted all at once they cost a fraction."""

    boxes_xyxy_px: list[Sequence[float]] = field(default_factory=list)
    sides_px: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Rows:
    """What was found in the dialogues of a group; counted all at once, too.

    `numbers` are of one dialogue each, in the order of `_NUMBERS`.
    """

    numbers: list[tuple[int, ...]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    phrasings: list[str] = field(default_factory=list)
    first_option: list[str] = field(default_factory=list)

    def add_to(self, kinds: Mapping[str, Counter[str]]) -> None:
        """Add all to the counters of the group."""
        totals = [sum(column) for column in zip(*self.numbers, strict=True)]
        kinds["rows"].update(dict(zip(_NUMBERS, totals, strict=True)))
        kinds["answers"].update(self.answers)
        kinds["phrasings"].update(self.phrasings)
        if self.first_option:
            kinds["first_option"].update(self.first_option)


_NUMBERS = (
    "rows", "negatives", "wrong_negatives", "facts", "facts_in_prompt", "solvable",
    "half_solvable", "duplicates", "conflicts",
)  # fmt: skip


def count_pictures(
    pictures: Iterable[tuple[Row, Sequence[Row]]], candidates: Sequence[str]
) -> Tallies:
    """Count the pictures of one shard and their dialogues.

    Args:
        pictures: each picture's row, without the picture, and the rows of all its dialogues.
        candidates: the categories that a classification question offers.
    """
    counter = _Counter(candidates)
    for image, dialogues in pictures:
        counter.add(image, dialogues)
    return counter.finish()


class _Counter:
    def __init__(self, candidates: Sequence[str]) -> None:
        self._candidates = candidates
        self._tallies = Tallies()
        self._texts = TextCounts(self._tallies)
        self._boxes: dict[tuple[str, str], _Boxes] = defaultdict(_Boxes)
        self._rows: dict[Group, _Rows] = defaultdict(_Rows)

    def finish(self) -> Tallies:
        """Give all that has been counted; to be called once."""
        for group, rows in self._rows.items():
            rows.add_to(self._tallies.counters(group))
        for (split, source), boxes in self._boxes.items():
            group = Group(split, source=source)
            histograms = iou_histograms(boxes.boxes_xyxy_px, boxes.sides_px)
            for name, histogram in histograms.items():
                self._tallies.counter(group, f"iou/{name}").update(histogram)
            for kind, classes in box_classes(boxes.boxes_xyxy_px).items():
                self._tallies.counter(group, kind).update(classes)
        for (split, source), words in self._texts.finish().items():
            self._tallies.counter(Group(split, source=source), "vocabulary").update(words)
        return self._tallies

    def add(self, image: Row, dialogues: Sequence[Row]) -> None:
        """Count one picture's row and the rows of all its dialogues."""
        split, source = image["split"], image["source"]
        self._count_image(image, dialogues, Group(split, source=source))
        cells = _cells(image)
        asked: dict[str, set[str]] = defaultdict(set)
        per_task: Counter[str] = Counter()
        for row in dialogues:
            per_task[row["task"]] += 1
            self._count_dialogue(image, row, cells, asked)
        for task, rows in [("", len(dialogues)), *per_task.items()]:
            self._tallies.count(Group(split, task, "", source), "rows_per_image", str(rows))

    def _count_image(self, image: Row, dialogues: Sequence[Row], group: Group) -> None:
        boxes, side_px = image["objects"]["bbox"], (image["width"], image["height"])
        stated, contradicted = contradictions(dialogues)
        self._tallies.counter(group, "images").update(
            images=1,
            chips=int(bool(image["window_xyxy_px"])),
            objects=len(boxes),
            invalid_boxes=sum(not _is_valid(box, *side_px) for box in boxes),
            degenerate_texts=sum(_is_flat(box) for box in boxes),
            statements=stated,
            contradictions=contradicted,
        )
        categories = image["objects"]["category"]
        self._tallies.counter(group, "objects_of").update(categories)
        self._tallies.counter(group, "pictures_of").update(set(categories))
        kept = self._boxes[group.split, group.source]
        kept.boxes_xyxy_px.extend(boxes)
        kept.sides_px.extend([side_px] * len(boxes))

    def _count_dialogue(
        self, image: Row, row: Row, cells: Mapping[str, str], asked: dict[str, set[str]]
    ) -> None:
        group = Group(row["split"], row["task"], row["subtask"], row["source"])
        rows = self._rows[group]
        found = meaning(row, [cells[instance_id] for instance_id in row["instance_ids"]])
        whole, answer = (message["content"] for message in row["messages"])
        self._texts.add(group, whole, answer)
        known = asked[whole]
        rows.numbers.append((
            1, found.negative, found.negative and self._is_wrong(image, row, cells),
            found.facts, found.facts_in_prompt, found.facts_in_prompt == found.facts,
            2 * found.facts_in_prompt >= found.facts, answer in known, bool(known - {answer}),
        ))  # fmt: skip
        known.add(answer)
        rows.answers.append(f"{found.asked}{BETWEEN}{found.answered}")
        rows.phrasings.extend(row["template_ids"])
        options = row["ground_truth"].get("options")
        if options:
            rows.first_option.append("first" if options[0] == found.answered else "second")

    def _is_wrong(self, image: Row, row: Row, cells: Mapping[str, str]) -> bool:
        """Tell whether something is denied that is there, or that nobody looked for."""
        truth, objects = row["ground_truth"], image["objects"]
        denied = truth.get("asked") or truth.get("category")
        categories = [denied] if denied else self._candidates
        if set(categories) & {*image["rejected_categories"], *image["cut_categories"]}:
            return True
        if set(categories) - set(image["categories_annotated"]):
            return True
        where = truth.get("cell")
        return any(
            category in categories and where in (None, cells[instance_id])
            for category, instance_id in zip(
                objects["category"], objects["instance_id"], strict=True
            )
        )


def _cells(image: Row) -> dict[str, str]:
    objects = image["objects"]
    return {
        instance_id: cell(Box(*box), image["width"], image["height"])
        for instance_id, box in zip(objects["instance_id"], objects["bbox"], strict=True)
    }


def _is_valid(box: Sequence[float], width_px: int, height_px: int) -> bool:
    return 0 <= box[0] < box[2] <= width_px and 0 <= box[1] < box[3] <= height_px


def _is_flat(box: Sequence[float]) -> bool:
    """Tell whether a box has no area once it is written in whole pixels."""
    x0, y0, x1, y1 = map(round_half_up, box)
    return x0 == x1 or y0 == y1
