"""Every dialogue of a split against its prediction, and the figures that come of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sarchat_build.errors import InputError
from sarchat_build.names import display_name
from sarchat_build.published.layout import TASKS
from sarchat_build.scoring.answers import (
    OUTCOMES,
    THRESHOLDS,
    Expected,
    Prediction,
    Scored,
    read_answer,
    score_answer,
    score_read,
)
from sarchat_build.scoring.evaluation.baselines import BASELINES, Baselines
from sarchat_build.scoring.evaluation.details import Details
from sarchat_build.scoring.evaluation.figures import (
    BENCHMARKS,
    PAPER_SUBTASKS,
    PUBLISHED_OVERALL,
    BenchmarkFigures,
    Coverage,
    Interval,
    MetricFigures,
    Overall,
    ScoreFigures,
    SizeFigures,
    TaskFigures,
)
from sarchat_build.scoring.evaluation.frame_check import FrameCheck, contradiction, declared_frame
from sarchat_build.scoring.evaluation.rotated import rotated_ious
from sarchat_build.scoring.evaluation.tally import Floats, Metric, Resampled, Sums
from sarchat_build.scoring.frames import Frame
from sarchat_build.scoring.matching import Rectangle, iou_table, match
from sarchat_build.scoring.predictions.join import Joined, join_predictions
from sarchat_build.scoring.truth import Dataset, TrainRow

# A share of the picture's area from which a box has each size (paper, section 3).
_SIZES = (
    (0.40, "very large"),
    (0.25, "large"),
    (0.10, "medium"),
    (0.03, "small"),
    (0.0, "very small"),
)
_TRAIN_ROWS = 2_000
# More of what cannot be read than this is worth a warning with examples.
_UNPARSABLE_SHARE, _EXAMPLES = 0.05, 3
_MISSING = Prediction(None)


def evaluate(
    location: str,
    dataset: Dataset,
    joined: Joined,
    frame: Frame,
    *,
    details: Details | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> ScoreFigures:
    """Score every dialogue of a dataset's split and tasks.

    A task of which nothing was predicted is left out and named; any other dialogue without a
    prediction is wrong.

    Raises:
        InputError: the dataset cannot be read.
    """
    run = _Evaluation(location, dataset, joined, frame)
    done = 0
    for task in run.tasks:
        for path in dataset.shards(task):
            for row in dataset.rows(task, path):
                prediction = joined.predictions.get(row.dialogue_id, _MISSING)
                picture = dataset.pictures[row.image_id]
                scored = run.score(row.expected, prediction, picture.scene_id)
                run.add_baselines(row.question, row.expected, row.image_id)
                if details is not None:
                    details.add(row, prediction, scored)
                done += 1
                if done % 500 == 0:
                    progress(done)
    progress(done)
    return run.figures()


class _Evaluation:
    def __init__(self, location: str, dataset: Dataset, joined: Joined, frame: Frame) -> None:
        self._location, self._dataset, self._joined = location, dataset, joined
        self._frame = frame
        self.dialogues, self._missing = predicted_tasks(dataset, joined)
        self.tasks = list(self.dialogues)
        self._sums = Sums()
        self._baseline_sums = {name: Sums() for name in BASELINES}
        self._outcomes: dict[str, Counter[str]] = {task: Counter() for task in self.tasks}
        self._paper_rows: Counter[str] = Counter()
        self._sizes: Counter[str] = Counter()
        self._found: dict[str, Counter[str]] = defaultdict(Counter)
        self._iou_sum, self._iou_pairs, self._counted = 0.0, 0, 0
        self._rotated_sum, self._rotated_pairs = 0.0, 0
        self._frame_check = FrameCheck(frame)
        self._unparsable: list[str] = []
        self._baselines = Baselines(self._train())

    def _train(self) -> Iterator[TrainRow]:
        try:
            train = Dataset(self._location, "train", self.tasks)
        except InputError:
            return
        yield from train.train_rows(_TRAIN_ROWS)

    def score(self, expected: Expected, prediction: Prediction, scene_id: str) -> Scored:
        if prediction.text is None:
            scored = score_answer(prediction, expected, self._frame)
        else:
            answer = read_answer(prediction.text, expected, self._frame)
            scored = score_read(answer, prediction, expected)
            if expected.boxes:
                sides = expected.width_px, expected.height_px
                self._frame_check.add(answer.boxes.raw, expected.boxes, *sides)
        self._sums.add(expected.task, expected.subtask, scene_id, scored.tallies)
        self._outcomes[expected.task][scored.outcome] += 1
        self._paper_rows[expected.task] += (expected.task, expected.subtask) in PAPER_SUBTASKS
        self._counted += scored.counted_boxes
        if scored.outcome == "unparsable" and len(self._unparsable) < _EXAMPLES:
            self._unparsable.append(display_name(str(prediction.text), 60))
        if expected.boxes is not None:
            self._add_boxes(scored, expected)
        return scored

    def _add_boxes(self, scored: Scored, expected: Expected) -> None:
        true = expected.boxes or ()
        table = iou_table(scored.boxes, true)
        named = [_size(box, expected) for box in true]
        self._sizes.update(named)
        for threshold in THRESHOLDS:
            pairs = match(table, threshold)
            self._found[f"{threshold:g}"].update(named[pair.true] for pair in pairs)
            if threshold == THRESHOLDS[0]:
                self._iou_sum += sum(pair.iou for pair in pairs)
                self._iou_pairs += len(pairs)
                turned = rotated_ious(scored.outlines, expected, pairs)
                known = [value for value in turned if value is not None]
                self._rotated_sum += sum(known)
                self._rotated_pairs += len(known)

    def add_baselines(self, question: str, expected: Expected, image_id: str) -> None:
        picture = self._dataset.pictures[image_id]
        for name, tallies in self._baselines.score(question, expected, picture).items():
            self._baseline_sums[name].add(expected.task, expected.subtask, "", tallies)

    def figures(self) -> ScoreFigures:
        drawn = self._sums.resample()
        columns = [self._benchmark(drawn, number) for number in range(len(BENCHMARKS))]
        joined = self._joined
        return ScoreFigures(
            dataset=self._location,
            split=self._dataset.split,
            boxes=self._frame.name,
            tasks=tuple(
                TaskFigures(
                    task=task,
                    dialogues=self.dialogues[task],
                    score=_mean([c[0].score for c in columns if c[0].task == task]),
                    outcomes={name: self._outcomes[task][name] for name in OUTCOMES},
                )
                for task in self.tasks
            ),
            not_predicted=tuple(t for t in self._dataset.tasks if t not in self.tasks),
            coverage=Coverage(
                rows=joined.rows,
                forms=dict(joined.forms),
                joined_by=dict(joined.joined_by),
                shared=joined.shared,
                repeated=joined.repeated,
                unknown=joined.unknown,
                unknown_examples=tuple(joined.unknown_examples),
                failed=joined.failed,
                several=joined.several,
                dialogues=sum(self.dialogues[task] for task in self.tasks),
                missing=self._missing,
            ),
            metrics=tuple(
                self._metric(metric, drawn) for metric in sorted(self._sums.rows, key=_order)
            ),
            sizes=tuple(
                SizeFigures(
                    size=name,
                    boxes=self._sizes[name],
                    found={threshold: own[name] for threshold, own in self._found.items()},
                )
                for _, name in reversed(_SIZES)
                if self._sizes[name]
            ),
            mean_iou=self._iou_sum / self._iou_pairs if self._iou_pairs else None,
            rotated_iou=self._rotated_sum / self._rotated_pairs if self._rotated_pairs else None,
            rotated_pairs=self._rotated_pairs,
            counted_boxes=self._counted,
            benchmarks=tuple(figures for figures, _ in columns),
            overall=self._overall(columns, drawn),
            train_rows=self._baselines.learned,
            scenes=drawn.scenes,
            warnings=tuple(self._warnings()),
        )

    def _metric(self, metric: Metric, drawn: Resampled) -> MetricFigures:
        total = self._sums.total(metric)
        return MetricFigures(
            task=metric.task,
            subtask=metric.subtask,
            metric=metric.name,
            dialogues=self._sums.rows[metric],
            true_positives=total.right,
            false_positives=total.extra,
            false_negatives=total.missing,
            score=total.score,
            interval=_interval(drawn, drawn.scores(metric)),
            mean=self._sums.mean(metric) or 0.0,
            baselines={n: own.total(metric).score for n, own in self._baseline_sums.items()},
        )

    def _benchmark(self, drawn: Resampled, number: int) -> tuple[BenchmarkFigures, Floats]:
        column = BENCHMARKS[number]
        metrics = [Metric(column.task, subtask, column.metric) for subtask in column.subtasks]
        there = any(metric in self._sums.rows for metric in metrics)
        scores = drawn.scores(*metrics)
        figures = BenchmarkFigures(
            name=column.name,
            task=column.task,
            score=self._sums.total(*metrics).score if there else None,
            interval=_interval(drawn, scores),
            published=column.published / 100,
            published_zero_shot=None if column.zero_shot is None else column.zero_shot / 100,
        )
        return figures, scores

    def _overall(
        self, columns: Sequence[tuple[BenchmarkFigures, Floats]], drawn: Resampled
    ) -> Overall:
        scores: dict[str, float] = {}
        draws: dict[str, Floats] = {}
        for task in TASKS:
            own = [c for c in columns if c[0].task == task and c[0].score is not None]
            if own:
                scores[task] = sum(figures.score or 0.0 for figures, _ in own) / len(own)
                draws[task] = np.mean([values for _, values in own], axis=0)
        rows = sum(self._paper_rows[task] for task in TASKS)
        if len(scores) < len(TASKS) or not rows:
            return Overall(
                weighted=None,
                weighted_interval=None,
                unweighted=None,
                unweighted_interval=None,
                published=PUBLISHED_OVERALL / 100,
            )
        share = {task: self._paper_rows[task] / rows for task in TASKS}
        weighted = np.sum([share[task] * draws[task] for task in TASKS], axis=0)
        return Overall(
            weighted=sum(share[task] * scores[task] for task in TASKS),
            weighted_interval=_interval(drawn, weighted),
            unweighted=sum(scores.values()) / len(TASKS),
            unweighted_interval=_interval(drawn, np.mean([draws[t] for t in TASKS], axis=0)),
            published=PUBLISHED_OVERALL / 100,
        )

    def _warnings(self) -> Iterator[str]:
        yield from contradiction(self._frame, self._dataset)
        yield from self._frame_check.warnings()
        answered = sum(
            n for own in self._outcomes.values() for name, n in own.items() if name != "missing"
        )
        unparsable = sum(own["unparsable"] for own in self._outcomes.values())
        if unparsable > _UNPARSABLE_SHARE * answered:
            yield (
                f"{unparsable:,} of {answered:,} answers cannot be read, such as "
                + "; ".join(f'"{text}"' for text in self._unparsable)
            )


def predicted_tasks(dataset: Dataset, joined: Joined) -> tuple[dict[str, int], int]:
    """Give the dialogues of each task of which anything was predicted, and how many were not."""
    dialogues, missing = {}, 0
    for task in dataset.tasks:
        ids = [own for path in dataset.shards(task) for own in dataset.ids(path)]
        predicted = sum(own in joined.predictions for own in ids)
        if predicted:
            dialogues[task] = len(ids)
            missing += len(ids) - predicted
    return dialogues, missing


def _size(box: Rectangle, expected: Expected) -> str:
    share = (box[2] - box[0]) * (box[3] - box[1]) / (expected.width_px * expected.height_px)
    return next(name for bound, name in _SIZES if share >= bound)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _interval(drawn: Resampled, scores: Floats) -> Interval | None:
    found = drawn.interval(scores)
    return None if found is None else Interval(low=found[0], high=found[1])


def _order(metric: Metric) -> tuple[int, str, bool, str]:
    return TASKS.index(metric.task), metric.subtask, metric.name.startswith("box"), metric.name


def score_files(
    location: str,
    paths: Sequence[Path],
    *,
    boxes: str = "",
    split: str = "test",
    export: str | None = None,
) -> ScoreFigures:
    """Score files of predictions: what `sarchat score` does, without its tables.

    With the folder of an export, exactly the dialogues in it are scored, and without `boxes` in the
    frame that it declares; `native` is that of the dataset itself.

    Raises:
        ConfigurationError: `boxes` is no frame.
        InputError: dataset or predictions cannot be read, or do not belong together.
    """
    dataset = Dataset(location, split, export=export)
    frame, _ = declared_frame(boxes, dataset)
    return evaluate(location, dataset, join_predictions(paths, dataset, frame), frame)
