"""What the dialogues of a split ask and answer, in the words of exports, found by these words."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from sarchat_build.exports.box_text import FORMS, OUR_BOX, form_of, in_form
from sarchat_build.exports.folder import SafeNames
from sarchat_build.published.layout import TASKS
from sarchat_build.scoring.predictions.forms import plain_question
from sarchat_build.scoring.truth import Dataset
from sarchat_build.scoring.words import CATEGORY_OF

_LETTERS = re.compile(r"[^\W\d_]+")
_TAG = re.compile(r"<[^<>]*>")
# A tag without a number holds nothing of a box; decoders leave out those that are special tokens.
_EMPTY_TAG = re.compile(r"</?[^\W\d][^<>\d]*>")
# Keys of the JSON in which some models write a box.
_JSON_KEYS = frozenset({"bbox", "d", "label"})
_PICTURE_SIGNS = re.compile(r"[^\w]|_")
_FOLDERS = re.compile(r"[\\/]|__")
# So many rows are asked what stands around the questions of a file, until some of them say it.
_SAMPLE_ROWS, _ENOUGH_ROWS = 64, 3
_LAST = chr(0x10FFFF)


class Asked(NamedTuple):
    """One dialogue: first question and its answer with boxes as published, and exact boxes."""

    dialogue_id: str
    image_id: str
    task: str
    size: tuple[int, int]
    question: str
    answer: str
    objects: list[tuple[str, list[float]]]

    def in_form(self, form: str) -> tuple[str, str]:
        """Give question and answer as an export in a form of box text writes them."""
        turns = [("user", self.question), ("assistant", self.answer)]
        if form == "native" or not any(OUR_BOX.search(text) for _, text in turns):
            return self.question, self.answer
        (_, question), (_, answer) = in_form(form_of(form), turns, self.objects, self.size)
        return question, answer

    @property
    def interchangeable(self) -> tuple[object, ...]:
        """What dialogues have in common of which each other's answers have the same score."""
        size = self.size if OUR_BOX.search(self.question + self.answer) else None
        return self.task, self.question, self.answer, size


def letters(text: str) -> str:
    r"""Give a text without blanks, capitals, chat tokens and tags that hold no number.

    >>> letters("<image>\n[refer] Where is <ref>the ship</ref>?")
    '[refer]whereistheship?'
    """
    return "".join(_EMPTY_TAG.sub("", plain_question(text)).split())


def words(text: str) -> str:
    """Give the words of a text without its boxes, in whatever form, and without categories.

    >>> words("Is <box>ship(1,2),(3,4)</box> near [0.1,0.2,0.3,0.4]?")
    'isnear'
    """
    found = _LETTERS.findall(_TAG.sub(" ", plain_question(text)))
    kept = (w for w in found if w.removesuffix("s") not in CATEGORY_OF and w not in _JSON_KEYS)
    return "".join(kept)


class Reading:
    """The dialogues of a split by question and answer, as one way of reading has these.

    Attributes:
        key: what is compared of a text.
        answers: keys of the answers, by position.
    """

    def __init__(
        self,
        key: Callable[[str], str],
        asked: Sequence[Asked],
        texts: Iterable[tuple[str, str]],
    ) -> None:
        self.key = key
        self.answers: list[str] = []
        self._of_question: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self._of_picture: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._found: dict[tuple[str, str], Sequence[int]] = {}
        self._around: tuple[str, str] = "", ""
        for position, (question, answer) in enumerate(texts):
            question, answer = key(question), key(answer)
            self.answers.append(answer)
            self._of_question[question].append((answer, position))
            self._of_picture[asked[position].image_id, question].append(position)
        for entries in self._of_question.values():
            entries.sort()

    def learn(self, questions: Sequence[str]) -> None:
        """Find what stands around the questions of a file, such as a chat template."""
        step = max(1, len(questions) // _SAMPLE_ROWS)
        given = sorted({self.key(text) for text in questions[::step]} - self._of_question.keys())
        # It is the same for all, so not more of a text than all of them have.
        start = _common_start(given)
        end = _common_start([text[::-1] for text in given])[::-1]
        around: Counter[tuple[str, str]] = Counter()
        for text in given:
            for question in filter(None, self._of_question):
                before, found, after = text.partition(question)
                if found and start.startswith(before) and end.endswith(after):
                    around[before, after] += 1
            if max(around.values(), default=0) >= _ENOUGH_ROWS:
                break
        if around:
            # Of one question that is within another one, the longer one is asked.
            self._around = min(around, key=lambda e: (-around[e], len(e[0]) + len(e[1]), e))

    def question(self, text: str) -> str | None:
        """Give the key of the question that a text is, or has within its template."""
        key = self.key(text)
        if key in self._of_question:
            return key
        before, after = self._around
        if key.startswith(before) and key.endswith(after):
            inner = key[len(before) : len(key) - len(after)]
            if inner in self._of_question:
                return inner
        return None

    def of_pictures(self, images: Iterable[str], question: str) -> list[int]:
        """Give the positions of a question about any of some pictures."""
        return [p for image in images for p in self._of_picture.get((image, question), ())]

    def of_label(self, question: str, label: str) -> Sequence[int]:
        """Give, in order, the positions of a question whose answer is the label.

        If there is none, of those that begin with it: labels may be cut.
        """
        known = self._found.get((question, label))
        if known is None:
            entries = self._of_question[question]
            start = bisect_left(entries, (label,))
            same = bisect_left(entries, (label, 1 << 62)) if label else start
            end = same if same > start else bisect_left(entries, (label + _LAST,))
            known = sorted(position for _, position in entries[start:end])
            self._found[question, label] = known
        return known

    def is_label(self, position: int, label: str) -> bool:
        """Tell whether an answer is the label, or begins with it."""
        return self.answers[position].startswith(label)


class Questions:
    """The chosen dialogues of a split in the order of exports: picture by picture."""

    def __init__(self, dataset: Dataset) -> None:
        self.asked: list[Asked] = []
        self._images: dict[str, list[str]] = defaultdict(list)
        self._readings: dict[str, Reading] = {}
        names = SafeNames()
        for picture, dialogues in dataset.items():
            for name in {
                *picture_names(picture.image_id),
                *picture_names(names.of(picture.image_id)),
            }:
                self._images[name].append(picture.image_id)
            for own in dialogues:
                (_, question), (_, answer) = own.turns[:2]
                shown = own.objects if OUR_BOX.search(question + answer) else []
                self.asked.append(
                    Asked(own.dialogue_id, picture.image_id, own.task, picture.size, question,
                          answer, shown)
                )  # fmt: skip

    def images(self, path: str) -> Iterator[list[str]]:
        """Yield pictures that a path may name, those of the longest name first."""
        return (self._images[name] for name in picture_names(path) if name in self._images)

    def in_form(self, form: str) -> Reading:
        """Give the reading of the exact text, boxes in a form."""
        if form not in self._readings:
            texts = (asked.in_form(form) for asked in self.asked)
            self._readings[form] = Reading(letters, self.asked, texts)
        return self._readings[form]

    @cached_property
    def in_words(self) -> Reading:
        """The reading of the words beside boxes and categories."""
        return Reading(words, self.asked, ((a.question, a.answer) for a in self.asked))

    @cached_property
    def orders(self) -> list[tuple[Sequence[int], list[int]]]:
        """Positions in the orders in which rows are written, and where files may begin there.

        They are written picture by picture, or task by task; each task may have its own file.
        """
        by_picture = range(len(self.asked))
        tasks = list(dict.fromkeys(sorted((a.task for a in self.asked), key=TASKS.index)))
        by_task = sorted(by_picture, key=lambda position: TASKS.index(self.asked[position].task))
        starts, counts = [0], Counter(asked.task for asked in self.asked)
        for task in tasks[:-1]:
            starts.append(starts[-1] + counts[task])
        return [(by_picture, [0]), (by_task, starts)]


def _common_start(texts: Sequence[str]) -> str:
    """Give what all texts begin with."""
    if not texts:
        return ""
    first, last = min(texts), max(texts)
    same = (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(same, min(len(first), len(last)))]


def forms_of_boxes(first: str) -> list[str]:
    """Give the forms of box text that an export may have, one that is likely first."""
    others = {form.frame + form.unlabeled + form.labeled: name for name, form in FORMS.items()}
    return list(dict.fromkeys([first, *others.values()] if first else others.values()))


def picture_names(path: str) -> list[str]:
    """Give what a path may name, the longest first.

    >>> picture_names("out/ssdd/000001.png")
    ['outssdd000001', 'ssdd000001', '000001']
    """
    parts = _FOLDERS.split(path)
    parts[-1] = re.sub(r"\.(?:png|jpe?g|bmp|tiff?|webp)$", "", parts[-1], flags=re.IGNORECASE)
    parts = [_PICTURE_SIGNS.sub("", part).lower() for part in parts if part not in ("", ".", "..")]
    return ["".join(parts[start:]) for start in range(max(0, len(parts) - 4), len(parts))]
