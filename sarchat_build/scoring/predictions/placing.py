"""The dialogue of each row without an id: by its picture, question and label, or by its order."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from string import ascii_letters
from typing import NamedTuple

from sarchat_build.scoring.box_text import parse_boxes
from sarchat_build.scoring.frames import Frame
from sarchat_build.scoring.matching import Rectangle, iou
from sarchat_build.scoring.predictions.forms import Answered
from sarchat_build.scoring.predictions.texts import Questions, Reading, forms_of_boxes

# Boxes of one text in two frames overlap by more.
_SAME_BOX_IOU = 0.5
# So many rows are looked at, each beside so many dialogues, to find the form of their boxes.
_FORM_ROWS, _FORM_DIALOGUES = 8, 300
_MOST_BOXED = 200


class Place(NamedTuple):
    """The dialogue that a row answers; `shared`: its label and question are others', too."""

    row: Answered
    dialogue_id: str
    by: str
    shared: bool = False


class Unplaced(NamedTuple):
    """A row without a dialogue: nobody asks its question, or nobody can tell which one is meant."""

    row: Answered
    why: str


NOT_ASKED = "a question of no dialogue that is scored"
NO_KEY = "no key, as there is no question"
NO_LABEL = "a label that no dialogue with their question has"
_SEVERAL = "a question of several dialogues with other answers"


class Placing:
    """Places the rows of files, one file after the other."""

    def __init__(self, questions: Questions, frame: Frame, form: str) -> None:
        """Take the dialogues, the frame of boxes, and the export's form of box text, if known."""
        self._questions, self._frame = questions, frame
        self._forms = forms_of_boxes(form)
        self._form = form or "native"
        self._taken: set[int] = set()
        self._end: tuple[int, int] | None = None

    def place(self, rows: Sequence[Answered]) -> Iterator[Place | Unplaced]:
        """Yield the place of every row of one file."""
        found = self._candidates(rows)
        pictured = [n for n, row in enumerate(rows) if row.picture]
        plain = [n for n, row in enumerate(rows) if not row.picture]
        order = self._order([rows[n] for n in plain], [found[n] for n in plain])
        if order:
            for n, position in zip(plain, order, strict=True):
                yield self._place(rows[n], position, "order")
        else:
            yield from self._by_text(rows, found, plain)
        yield from self._by_text(rows, found, pictured)

    def asks_in_order(self, rows: Sequence[Answered]) -> bool:
        """Tell whether the questions come in an order of exports, whatever the labels are."""
        reading, asked = self._questions.in_words, self._questions.asked
        keys = [
            (n if row.number is None else row.number, reading.question(row.question or ""))
            for n, row in enumerate(rows)
        ]
        return any(
            all(
                start + n < len(order) and reading.key(asked[order[start + n]].question) == key
                for n, key in keys
            )
            for order, starts in self._questions.orders
            for start in starts
        )

    def _place(self, row: Answered, position: int, by: str, *, shared: bool = False) -> Place:
        self._taken.add(position)
        return Place(row, self._questions.asked[position].dialogue_id, by, shared)

    def _by_text(
        self,
        rows: Sequence[Answered],
        found: Sequence[Sequence[int]],
        numbers: Sequence[int],
    ) -> Iterator[Place | Unplaced]:
        """Place rows of one dialogue each, then those of several that are asked and answered alike.

        Of these, the first row is that of the first dialogue: whichever it is, it has one score.
        """
        several = []
        alike: dict[int, bool] = {}
        for n in numbers:
            row, own = rows[n], found[n]
            if len(own) > 1 and id(own) not in alike:
                alike[id(own)] = self._alike(own)
            if len(own) == 1:
                yield self._place(row, own[0], _by(row))
            elif alike.get(id(own)):
                several.append(n)
            elif own:
                yield Unplaced(row, _SEVERAL)
            else:
                yield Unplaced(row, self._why(row))
        left: dict[int, Iterator[int]] = {}
        last: dict[tuple[int, str | None], int] = {}
        for n in several:
            row, own = rows[n], found[n]
            free = left.setdefault(own[0], (p for p in own if p not in self._taken))
            position = next(free, None)
            if position is None:  # one row more than dialogues: it repeats another, or contradicts
                position = last.get((own[0], row.text), own[-1])
            last[own[0], row.text] = position
            yield self._place(row, position, _by(row), shared=True)

    def _alike(self, positions: Sequence[int]) -> bool:
        asked = self._questions.asked
        first = asked[positions[0]].interchangeable
        return all(asked[p].interchangeable == first for p in positions[1:])

    def _why(self, row: Answered) -> str:
        if not row.question:
            return NO_KEY
        readings = (self._questions.in_form(self._form), self._questions.in_words)
        asked = any(reading.question(row.question) is not None for reading in readings)
        return NO_LABEL if asked and row.label and not row.picture else NOT_ASKED

    def _candidates(self, rows: Sequence[Answered]) -> list[Sequence[int]]:
        """Give the dialogues that each row may be of, read in one way after the other."""
        found: list[Sequence[int]] = [()] * len(rows)
        missed = list(range(len(rows)))

        def read(reading: Reading) -> None:
            reading.learn([q for n in missed if (q := rows[n].question)])
            for n in missed:
                found[n] = self._look_up(reading, rows[n])
            missed[:] = [n for n in missed if not found[n]]

        read(self._questions.in_form(self._form))
        if missed:
            form = self._form_of([rows[n] for n in missed])
            if form and form != self._form:
                self._form = form
                read(self._questions.in_form(form))
        if missed:
            again = missed[:]
            read(self._questions.in_words)
            for n in again:
                if len(found[n]) > 1:
                    found[n] = self._with_boxes(rows[n], found[n])
        return found

    def _look_up(self, reading: Reading, row: Answered) -> Sequence[int]:
        question = reading.question(row.question) if row.question else None
        if question is None:
            return ()
        label = reading.key(row.label or "")
        if not row.picture:
            found = reading.of_label(question, label)
            if not found and reading is self._questions.in_words and row.label:
                # A label may be cut within a word, which is then no category any more.
                label = reading.key(row.label.rstrip(ascii_letters))
                found = reading.of_label(question, label) if label else ()
            return found
        for images in self._questions.images(row.picture):
            own = reading.of_pictures(images, question)
            if own:
                # A label tells apart what is asked twice of a picture; it may be wrong, too.
                return [p for p in own if reading.is_label(p, label)] or own
        return ()

    def _form_of(self, rows: Sequence[Answered]) -> str | None:
        """Find the form of box text in which the dialogues say what rows do."""
        reading = self._questions.in_words
        reading.learn([row.question for row in rows if row.question])
        step = max(1, len(rows) // 64)
        near = [(self._look_up(reading, row), row) for row in rows[::step]]
        near = sorted((n for n in near if n[0]), key=lambda n: len(n[0]))[:_FORM_ROWS]
        exact = self._questions.in_form("native")
        said: Counter[str] = Counter()
        for positions, row in near:
            question, label = exact.key(row.question or ""), exact.key(row.label or "")
            for form in self._forms:
                texts = (
                    self._questions.asked[p].in_form(form) for p in positions[:_FORM_DIALOGUES]
                )
                said[form] += any(
                    exact.key(q) in question and exact.key(a).startswith(label) for q, a in texts
                )
        form, count = max(said.items(), key=lambda entry: entry[1], default=("", 0))
        return form if count else None

    def _with_boxes(self, row: Answered, positions: Sequence[int]) -> Sequence[int]:
        """Tell texts apart that differ in their boxes alone, which an export may rewrite."""
        if len(positions) > _MOST_BOXED:
            return positions
        best: dict[int, float] = {}
        for position in positions:
            asked = self._questions.asked[position]
            fit = 1.0
            for given, own in ((row.question, asked.question), (row.label, asked.answer)):
                fit = min(fit, self._least_iou(given, own, asked.size)) if given else fit
            if fit >= _SAME_BOX_IOU:
                best[position] = fit
        if not best:
            return () if row.picture else positions
        highest = max(best.values())
        return [position for position, fit in best.items() if fit == highest]

    def _least_iou(self, given: str, own: str, size: tuple[int, int]) -> float:
        true = parse_boxes(own, *size).boxes
        read = parse_boxes(given, *size, self._frame).boxes
        if len(true) != len(read):
            return 0.0
        pairs: list[tuple[Rectangle, Rectangle]] = list(zip(true, read, strict=True))
        return min((iou(a, b) for a, b in pairs), default=1.0)

    def _order(self, rows: Sequence[Answered], found: Sequence[Sequence[int]]) -> list[int] | None:
        """Give the positions of rows in an order in which all of them are in their place."""
        if not rows or not all(found):
            return None
        numbers = [row.number if row.number is not None else n for n, row in enumerate(rows)]
        for which, (order, starts) in enumerate(self._questions.orders):
            # A run may also be in several files, of which each goes on where another ended.
            more = [self._end[1]] if self._end and self._end[0] == which else []
            for start in (*starts, *more):
                places = _all_in_place(order, start, numbers, found)
                if places:
                    self._end = which, start + max(numbers) + 1
                    return places
        return None


def _by(row: Answered) -> str:
    if row.picture:
        return "picture and question"
    return "question and label" if row.label else "question"


def _all_in_place(
    order: Sequence[int], start: int, numbers: Sequence[int], found: Sequence[Sequence[int]]
) -> list[int] | None:
    places = []
    for number, own in zip(numbers, found, strict=True):
        if start + number >= len(order):
            return None
        position = order[start + number]
        at = bisect_left(own, position)
        if at == len(own) or own[at] != position:
            return None
        places.append(position)
    return places
