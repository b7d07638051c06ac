"""Which dialogue each prediction answers: by id, by its texts, or by checked order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sarchat_build.errors import InputError
from sarchat_build.scoring.answers import Prediction
from sarchat_build.scoring.frames import NATIVE, Frame
from sarchat_build.scoring.predictions.files import read_records
from sarchat_build.scoring.predictions.forms import Answered, plain_question, recognize
from sarchat_build.scoring.predictions.placing import (
    NO_KEY,
    NO_LABEL,
    NOT_ASKED,
    Placing,
    Unplaced,
)
from sarchat_build.scoring.predictions.texts import Questions
from sarchat_build.scoring.truth import Dataset

# Share of a file's rows that may be of dialogues that cannot be told apart, and are left out.
_UNCLEAR_SHARE = 0.01
# More labels that are none of their question's are of another split; fewer may be faults.
_OTHER_SPLIT_SHARE = 0.1
_EXAMPLES = 3
_WRITE_KEY = "write dialogue_id into each row"
_KEEP_KEY: Mapping[str, str] = {
    "ms-swift": "run swift infer with --result_path on an export, whose pictures it writes beside "
    "the questions",
    "LLaMA-Factory": "predict on one GPU, in the order of the export, with a --cutoff_len that "
    "cuts no label",
    "lmms-eval": "use the task folder of sarchat export, whose results hold the dialogue_id",
    "EvalScope": "use the export of sarchat, whose files of pictures are in the messages",
    "VLMEvalKit": "use the export of sarchat, whose tables have the dialogue_id",
}


@dataclass(slots=True)
class Joined:
    """Predictions by dialogue, and what became of every row.

    Attributes:
        predictions: by dialogue id.
        rows: of all files.
        forms: rows by harness.
        joined_by: rows by "id", "picture and question", "question and label", "question" or
            "order".
        shared: of these, rows whose question and label are those of several dialogues.
        repeated: rows that say again what another row of their dialogue says.
        unknown: rows of no dialogue of the dataset's split and tasks.
        unknown_examples: where some of them stand.
        failed: rows without an answer: the harness reports an error.
        several: rows with more than one answer, of which the first counts.
    """

    predictions: dict[str, Prediction] = field(default_factory=dict)
    rows: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    joined_by: Counter[str] = field(default_factory=Counter)
    shared: int = 0
    repeated: int = 0
    unknown: int = 0
    unknown_examples: list[str] = field(default_factory=list)
    failed: int = 0
    several: int = 0


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
        before = joining.joined.rows
        joining.begin_file()
        with closing(read_records(path)) as records:
            for record in records:
                joining.add(recognize(record))
                if joining.joined.rows % 1000 == 0:
                    progress(joining.joined.rows)
        if joining.joined.rows == before:
            raise InputError(f"{path}: holds no rows; give the predictions of a harness")
    return joining.finish()


class _Joining:
    def __init__(self, dataset: Dataset, frame: Frame) -> None:
        self.dataset = dataset
        self._frame = frame
        self.joined = Joined()
        self._known = {i for t in dataset.tasks for p in dataset.shards(t) for i in dataset.ids(p)}
        # Rows of which no id is known, by file.
        self._without_id: list[list[Answered]] = []
        self._first_where: dict[str, str] = {}
        self._conflicts: list[str] = []
        self._conflict_count = 0

    def begin_file(self) -> None:
        self._without_id.append([])

    def add(self, row: Answered) -> None:
        """Join one row, or keep it until all are read."""
        self.joined.rows += 1
        self.joined.forms[row.form] += 1
        for own in row.ids:
            if own in self._known:
                self._take(own, row, "id")
                return
        is_named = any(not own.isdigit() for own in row.ids)
        if not is_named or (row.picture and row.question):
            # What stands for a picture may be long.
            question = plain_question(row.question) if row.question else None
            self._without_id[-1].append(row._replace(question=question))
        else:
            self._unknown(row)

    def finish(self) -> Joined:
        joined = self.joined
        if any(self._without_id):
            placing = Placing(Questions(self.dataset), self._frame, self.dataset.box_form)
            for rows in self._without_id:
                self._place(placing, rows)
        if self._conflict_count:
            count = self._conflict_count
            what = "1 dialogue is" if count == 1 else f"{count:,} dialogues are"
            raise InputError(
                f"{what} answered twice, and differently: "
                f"{'; '.join(self._conflicts)}; give each run's predictions alone"
            )
        if not joined.joined_by:
            raise InputError(self._none_joined())
        return joined

    def _place(self, placing: Placing, rows: Sequence[Answered]) -> None:
        unclear: Counter[str] = Counter()
        for placed in placing.place(rows):
            if isinstance(placed, Unplaced):
                self._unknown(placed.row, placed.why)
                unclear[placed.why] += not placed.row.picture and placed.why != NOT_ASKED
            else:
                self.joined.shared += placed.shared
                self._take(placed.dialogue_id, placed.row, placed.by)
        if self.joined.joined_by:
            del unclear[NO_KEY]  # as any other row of no dialogue
        why, count = max(unclear.items(), key=lambda entry: entry[1], default=("", 0))
        if unclear.total() > _UNCLEAR_SHARE * len(rows):
            advice = f"to keep the key, {_KEEP_KEY.get(rows[0].form, _WRITE_KEY)}"
            if why == NO_LABEL and placing.asks_in_order(rows):
                advice = (
                    "their questions come in the order of the export, so these labels were changed "
                    "or are of another build of the dataset: export and predict again, or, to keep "
                    f"the key, {_WRITE_KEY}"
                )
            elif why == NO_LABEL and count > _OTHER_SPLIT_SHARE * len(rows):
                advice = (
                    f"are they of another split than {self.dataset.split}? Then say which by "
                    f"--split; if not, {advice}"
                )
            raise InputError(
                f"{rows[0].where}: rows of {rows[0].form} without a key, and their order cannot be "
                f"trusted: {count:,} of {len(rows):,} have {why}; {advice}"
            )

    def _take(self, dialogue_id: str, row: Answered, by: str) -> None:
        joined = self.joined
        held = joined.predictions.get(dialogue_id)
        if held is not None and held.text is None and row.text is not None:
            joined.failed -= 1  # asked again
        elif held is not None:
            if row.text is None or held.text == row.text:
                joined.repeated += 1
                return
            self._conflict_count += 1
            if len(self._conflicts) < _EXAMPLES:
                where = self._first_where[dialogue_id]
                self._conflicts.append(f"{dialogue_id} at {where} and {row.where}")
            return
        joined.repeated += held is not None
        joined.joined_by[by] += held is None
        self._first_where[dialogue_id] = row.where
        joined.predictions[dialogue_id] = Prediction(row.text, row.stopped)
        joined.failed += row.text is None
        joined.several += row.several

    def _unknown(self, row: Answered, why: str = "") -> None:
        self.joined.unknown += 1
        if len(self.joined.unknown_examples) < _EXAMPLES:
            said = row.ids[0] if row.ids else row.picture or why
            self.joined.unknown_examples.append(f"{row.where} ({said})")

    def _none_joined(self) -> str:
        joined = self.joined
        there = f"split {self.dataset.split} ({', '.join(self.dataset.tasks)})"
        return (
            f"none of {joined.rows:,} predictions is of a dialogue of {there}: "
            f"{'; '.join(joined.unknown_examples)}; are they of another --split, --task or dataset?"
        )
