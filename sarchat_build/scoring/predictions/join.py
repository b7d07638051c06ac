"""Which dialogue each prediction answers: by id, by picture and question, or by checked order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import starmap
from pathlib import Path
from typing import NamedTuple

from sarchat_build.errors import InputError
from sarchat_build.scoring.answers import Prediction
from sarchat_build.scoring.box_text import parse_boxes
from sarchat_build.scoring.frames import NATIVE, Frame
from sarchat_build.scoring.matching import iou
from sarchat_build.scoring.predictions.files import read_records
from sarchat_build.scoring.predictions.forms import Answered, plain_question, recognize
from sarchat_build.scoring.truth import Dataset
from sarchat_build.scoring.words import CATEGORY_OF

# Share of labels and questions that must be those of the dataset for the order to be believed.
ORDER_SHARE = 0.99
_EXAMPLES = 3
# Boxes of one question in two frames overlap by more.
_SAME_BOX_IOU = 0.5
_KEEP_KEY: Mapping[str, str] = {
    "ms-swift": "run swift infer with --remove_unused_columns false on an export that has ids",
    "LLaMA-Factory": "predict one --task at a time on one GPU, in the order of the export",
    "lmms-eval": "use the task folder of sarchat export, whose results hold the dialogue_id",
    "EvalScope": "use the export of sarchat, whose metadata holds the dialogue_id",
}


@dataclass(slots=True)
class Joined:
    """Predictions by dialogue, and what became of every row.

    Attributes:
        predictions: by dialogue id.
        rows: of all files.
        forms: rows by harness.
        joined_by: rows by "id", "picture and question" or "order".
        repeated: rows that say again what another row of their dialogue says.
        unknown: rows of no dialogue of the dataset's split and tasks.
        unknown_examples: where some of them stand.
        failed: rows without an answer: the harness reports an error.
    """

    predictions: dict[str, Prediction] = field(default_factory=dict)
    rows: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    joined_by: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    unknown: int = 0
    unknown_examples: list[str] = field(default_factory=list)
    failed: int = 0


def join_predictions(
    paths: Sequence[Path],
    dataset: Dataset,
    frame: Frame = NATIVE,
    progress: Callable[[int], None] = lambda done: None,
) -> Joined:
    """Read files of predictions and find the dialogue of each row.

    `frame` is that of the boxes in their questions, as of those in their answers.

    Raises:
        InputError: a file cannot be read, no row can be joined, or a dialogue has two answers.
    """
    joining = _Joining(dataset, frame)
    for path in paths:
        with closing(read_records(path)) as records:
            for record in records:
                joining.add(recognize(record))
                if joining.joined.rows % 1000 == 0:
                    progress(joining.joined.rows)
    return joining.finish()


class _Joining:
    def __init__(self, dataset: Dataset, frame: Frame) -> None:
        self.dataset = dataset
        self._frame = frame
        self.joined = Joined()
        self._known = {i for t in dataset.tasks for p in dataset.shards(t) for i in dataset.ids(p)}
        self._keys: _Keys | None = None
        self._keyless: list[Answered] = []
        self._first_where: dict[str, str] = {}
        self._conflicts: list[str] = []
        self._conflict_count = 0

    def add(self, row: Answered) -> None:
        """Join one row, or keep it until all are read."""
        self.joined.rows += 1
        self.joined.forms[row.form] += 1
        for own in row.ids:
            if own in self._known:
                self._take(own, row, "id")
                return
        if row.picture and row.question:
            found = self._by_key(row.picture, row.question)
            if found is not None:
                self._take(found, row, "picture and question")
                return
        if row.picture or any(not own.isdigit() for own in row.ids):
            self._unknown(row)
        else:
            self._keyless.append(row)

    def finish(self) -> Joined:
        joined = self.joined
        if self._keyless and not joined.joined_by:
            self._by_order()
        elif self._keyless:
            for row in self._keyless:
                self._unknown(row)
        if self._conflict_count:
            raise InputError(
                f"{self._conflict_count:,} dialogues are answered twice, and differently: "
                f"{'; '.join(self._conflicts)}; give each run's predictions alone"
            )
        if not joined.joined_by:
            raise InputError(self._none_joined())
        return joined

    def _take(self, dialogue_id: str, row: Answered, by: str) -> None:
        joined = self.joined
        held = joined.predictions.get(dialogue_id)
        if held is not None:
            if held.text == row.text:
                joined.repeated += 1
                return
            self._conflict_count += 1
            if len(self._conflicts) < _EXAMPLES:
                where = self._first_where.get(dialogue_id, "earlier")
                self._conflicts.append(f"{dialogue_id} at {where} and {row.where}")
            return
        joined.predictions[dialogue_id] = Prediction(row.text, row.stopped)
        joined.joined_by[by] += 1
        joined.failed += row.text is None

    def _unknown(self, row: Answered) -> None:
        self.joined.unknown += 1
        if len(self.joined.unknown_examples) < _EXAMPLES:
            said = row.ids[0] if row.ids else row.picture or "no key"
            self.joined.unknown_examples.append(f"{row.where} ({said})")

    def _by_key(self, picture: str, question: str) -> str | None:
        if self._keys is None:
            self._keys = _Keys(self.dataset)
        names = _picture_names(picture)
        for key in _exact_keys(names, question):
            if key in self._keys.exact:
                return self._keys.exact[key]
        for key in _loose_keys(names, question):
            asked = self._keys.loose.get(key, [])
            if len(asked) == 1:
                return asked[0].dialogue_id
            if asked:
                return self._by_boxes(asked, question)
        return None

    def _by_boxes(self, asked: Sequence[_Asked], question: str) -> str | None:
        """Tell questions apart that differ in their boxes alone, which an export may rewrite."""
        sides = self.dataset.pictures[asked[0].image_id][:2]
        given = parse_boxes(question, *sides, self._frame).boxes
        best, least_iou = None, _SAME_BOX_IOU
        for one in asked:
            own = parse_boxes(one.question, *sides).boxes
            if given and len(own) == len(given):
                worst = min(iou(a, b) for a, b in zip(own, given, strict=True))
                if worst >= least_iou:
                    best, least_iou = one.dialogue_id, worst
        return best

    def _by_order(self) -> None:
        rows = self._keyless
        counts = {
            t: sum(len(self.dataset.ids(p)) for p in self.dataset.shards(t))
            for t in self.dataset.tasks
        }
        fitting = [self.dataset.tasks] if sum(counts.values()) == len(rows) else []
        fitting += [[t] for t, n in counts.items() if n == len(rows) and len(counts) > 1]
        reasons = []
        for tasks in fitting:
            fault = _order_fault(rows, self._in_order(tasks))
            if fault is None:
                for row, (dialogue_id, _, _) in zip(rows, self._in_order(tasks), strict=True):
                    self._take(dialogue_id, row, "order")
                return
            reasons.append(fault)
        why = (
            reasons[0]
            if reasons
            else (
                f"they are {len(rows):,} and the dialogues of split {self.dataset.split} "
                f"{sum(counts.values()):,}"
            )
        )
        advice = _KEEP_KEY.get(rows[0].form, "write dialogue_id into each row")
        raise InputError(
            f"{rows[0].where}: rows of {rows[0].form} without a key, and their order cannot be "
            f"trusted: {why}; to keep the key, {advice}"
        )

    def _in_order(self, tasks: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        for task in tasks:
            for path in self.dataset.shards(task):
                yield from self.dataset.texts(path)

    def _none_joined(self) -> str:
        joined = self.joined
        there = f"split {self.dataset.split} ({', '.join(self.dataset.tasks)})"
        return (
            f"none of {joined.rows:,} predictions is of a dialogue of {there}: "
            f"{'; '.join(joined.unknown_examples)}; are they of another --split, --task or dataset?"
        )


def _order_fault(rows: Sequence[Answered], texts: Iterable[tuple[str, str, str]]) -> str | None:
    """Say why the order is not that of the dataset; None if labels and questions vouch for it."""
    labels = labels_right = questions = questions_right = 0
    for row, (_, question, answer) in zip(rows, texts, strict=True):
        if row.label:
            labels += 1
            labels_right += _begins(answer, row.label)
        if row.question:
            questions += 1
            questions_right += "".join(_plain_words(question)) in "".join(
                _plain_words(row.question)
            )
    if not labels and not questions:
        return "there is neither a label nor a question to check it by"
    for name, count, right in (
        ("labels", labels, labels_right),
        ("questions", questions, questions_right),
    ):
        if count and right < ORDER_SHARE * count:
            return f"{right:,} of {count:,} {name} are those of the dialogue in their place"
    return None


_LETTERS = re.compile(r"[^\W\d_]+")
_PICTURE_SIGNS = re.compile(r"[^\w]|_")


def _plain_words(text: str) -> list[str]:
    """Give the words of a text beside its boxes, which exports write in a model's own form.

    Categories are left out: some forms name one before each box.
    """
    rest = parse_boxes(plain_question(text), 1, 1).rest
    return [word for word in _LETTERS.findall(rest) if word.removesuffix("s") not in CATEGORY_OF]


def _begins(answer: str, label: str) -> bool:
    """Tell whether a label, which may be cut within its last word, begins an answer."""
    whole, given = _plain_words(answer), _plain_words(label)
    return whole[: len(given)] == given or whole[: len(given) - 1] == given[:-1]


def _picture_names(path: str) -> list[str]:
    """Give what a path may name, the longest first.

    >>> _picture_names("out/ssdd/000001.png")
    ['outssdd000001', 'ssdd000001', '000001']
    """
    parts = re.split(r"[\\/]", path)
    parts[-1] = re.sub(r"\.(?:png|jpe?g|bmp|tiff?|webp)$", "", parts[-1], flags=re.IGNORECASE)
    parts = [_PICTURE_SIGNS.sub("", part).lower() for part in parts if part not in ("", ".", "..")]
    return ["".join(parts[start:]) for start in range(max(0, len(parts) - 4), len(parts))]


def _key(picture: str, question: str) -> int:
    text = f"{picture}\x1f{question}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def _exact_keys(pictures: Sequence[str], question: str) -> Iterator[int]:
    plain = plain_question(question)
    return (_key(picture, plain) for picture in pictures)


def _loose_keys(pictures: Sequence[str], question: str) -> Iterator[int]:
    words = "".join(_plain_words(question))
    return (_key(picture, words) for picture in pictures)


class _Asked(NamedTuple):
    dialogue_id: str
    image_id: str
    question: str


class _Keys:
    """The dialogue of each picture and question.

    Attributes:
        exact: by the question's text.
        loose: by its words beside boxes and categories.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.exact: dict[int, str] = {}
        self.loose: dict[int, list[_Asked]] = {}
        twice: set[int] = set()
        for task in dataset.tasks:
            for path in dataset.shards(task):
                for asked in starmap(_Asked, dataset.keys(path)):
                    names = sorted({*_picture_names(asked.image_id)})
                    for key in _exact_keys(names, asked.question):
                        if self.exact.setdefault(key, asked.dialogue_id) != asked.dialogue_id:
                            twice.add(key)
                    for key in _loose_keys(names, asked.question):
                        self.loose.setdefault(key, []).append(asked)
        for key in twice:
            del self.exact[key]
