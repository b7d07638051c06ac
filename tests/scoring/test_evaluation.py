"""Whole files of predictions: our own answers, planted errors, frames, figures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from box_forms import COARSENESS, FORMS
from small_exports import Exporter

from sarchat_build.config.annotation_options import AngleParts
from sarchat_build.errors import InputError
from sarchat_build.exports.box_text import form_of
from sarchat_build.geometry.rotated import from_corners
from sarchat_build.scoring import score_files
from sarchat_build.scoring.answers import Prediction, Tally
from sarchat_build.scoring.evaluation.details import Details
from sarchat_build.scoring.evaluation.evaluate import evaluate
from sarchat_build.scoring.evaluation.figures import MetricFigures, ScoreFigures
from sarchat_build.scoring.evaluation.tally import Metric, Sums
from sarchat_build.scoring.frames import Frame
from sarchat_build.scoring.matching import Outline, turned
from sarchat_build.scoring.predictions.join import Joined
from sarchat_build.scoring.truth import Dataset, Row

CLOCKWISE = AngleParts(unit="degrees", turn="clockwise", along="w")


@pytest.fixture(scope="module")
def dataset(built: Path) -> Dataset:
    return Dataset(str(built), "test")


@pytest.fixture(scope="module")
def rows(dataset: Dataset) -> list[Row]:
    return [row for t in dataset.tasks for p in dataset.shards(t) for row in dataset.rows(t, p)]


Answers = dict[str, str | None]


def scored(built: Path, dataset: Dataset, answers: Answers, boxes: str = "native") -> ScoreFigures:
    joined = Joined(predictions={own: Prediction(text) for own, text in answers.items()})
    return evaluate(str(built), dataset, joined, Frame.parse(boxes))


def metric(figures: ScoreFigures, task: str, subtask: str, name: str) -> MetricFigures:
    (found,) = (
        m for m in figures.metrics if (m.task, m.subtask, m.metric) == (task, subtask, name)
    )
    return found


def own_answers(rows: list[Row]) -> Answers:
    return {row.dialogue_id: row.answer for row in rows}


def test_our_own_answers_are_right(built: Path, dataset: Dataset, rows: list[Row]) -> None:
    figures = scored(built, dataset, own_answers(rows))
    assert len(rows) > 100
    assert all(m.score == m.mean == 1.0 for m in figures.metrics)
    assert all(task.outcomes["right"] == task.dialogues for task in figures.tasks)
    assert figures.overall.weighted == figures.overall.unweighted == 1.0
    assert figures.mean_iou is not None
    assert figures.mean_iou > 0.98  # boxes of the source have fractions, box text has not
    assert not figures.warnings


def test_every_subtask_expects_what_its_answers_state(rows: list[Row]) -> None:
    """Of no subtask is a fact or a box left unread in some answers and read in others."""
    stated: dict[tuple[str, str], set[tuple[frozenset[str], bool]]] = {}
    for row in rows:
        own = row.expected
        names = frozenset(name for name, _ in own.facts)
        stated.setdefault((own.task, own.subtask), set()).add((names, own.boxes is not None))
    assert len(stated) > 10
    assert all(len(kinds) == 1 for kinds in stated.values()), stated
    ((names, has_boxes),) = stated["cross_modal_identification", "single"]
    assert names == {"class", "size", "shape", "cell"}
    assert not has_boxes


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_box_scores_as_well(
    form: str, built: Path, dataset: Dataset, rows: list[Row]
) -> None:
    """Half a unit of the frame on each side is all that a form may cost."""
    frame, write = FORMS[form]
    answers: Answers = {}
    large = 0
    for row in rows:
        own = row.expected
        if own.task != "referring" or not own.boxes:
            continue
        answers[row.dialogue_id] = write(own.boxes, own.width_px, own.height_px)
        large += 1
    figures = scored(built, dataset, answers, frame)
    assert large > 10
    found = [m for m in figures.metrics if m.task == "referring" and m.metric == "box@0.25"]
    least = 0.5 if form in COARSENESS else 1.0
    assert all(m.score >= least for m in found), [(m.subtask, m.score) for m in found]
    assert not [w for w in figures.warnings if "cannot be read" in w]


def every(count: int, rows: list[Row], task: str, subtask: str) -> list[Row]:
    own = [row for row in rows if (row.expected.task, row.expected.subtask) == (task, subtask)]
    assert len(own) > count
    return own[:count]


def test_planted_errors_cost_what_they_should(
    built: Path, dataset: Dataset, rows: list[Row]
) -> None:
    answers = own_answers(rows)
    counting = [r for r in rows if r.expected.task == "instance_counting"]
    wrong, silent = every(3, rows, "instance_counting", "all"), counting[3:5]
    for row in wrong:  # another number beside the same boxes
        head = row.answer.index("{")
        answers[row.dialogue_id] = "There are 97 ships and 97 aircraft: " + row.answer[head:]
    for row in silent:
        del answers[row.dialogue_id]
    single = every(2, rows, "referring", "single")
    for row in single:
        answers[row.dialogue_id] = "I'm sorry, I cannot locate it."
    unique = every(4, rows, "referring", "unique")
    for row in unique:  # once more: one of two is right
        answers[row.dialogue_id] = row.answer + row.answer
    figures = scored(built, dataset, answers)
    n = len(counting)
    count = metric(figures, "instance_counting", "all", "count")
    assert (count.true_positives, count.false_positives, count.false_negatives) == (n - 5, 3, 2)
    assert count.score == count.mean == pytest.approx((n - 5) / n)
    boxes = metric(figures, "instance_counting", "all", "box@0.5")
    lost = sum(len(row.expected.boxes or ()) for row in silent)
    assert (boxes.false_positives, boxes.false_negatives) == (0, lost)
    refer = metric(figures, "referring", "single", "box@0.5")
    assert (refer.false_positives, refer.false_negatives) == (0, 2)
    again = metric(figures, "referring", "unique", "box@0.75")
    assert (again.false_positives, again.false_negatives) == (4, 0)
    assert again.mean == pytest.approx((again.dialogues - 4 + 4 * 0.5) / again.dialogues)
    outcomes = {task.task: task.outcomes for task in figures.tasks}
    assert outcomes["instance_counting"]["missing"] == 2
    assert outcomes["instance_counting"]["wrong"] == 3
    assert outcomes["referring"]["refusal"] == 2
    assert outcomes["referring"]["wrong"] == 4
    assert figures.coverage.missing == 2
    weighed = sum(_paper_rows(rows, t.task) * (t.score or 0) for t in figures.tasks)
    total = sum(_paper_rows(rows, t.task) for t in figures.tasks)
    assert figures.overall.weighted == pytest.approx(weighed / total)
    assert figures.overall.unweighted == pytest.approx(sum(t.score or 0 for t in figures.tasks) / 6)


def _paper_rows(rows: list[Row], task: str) -> int:
    beyond = ("presence", "category", "choice", "nearest", "unique")
    return sum(r.expected.task == task and r.expected.subtask not in beyond for r in rows)


def in_thousandths(row: Row) -> str:
    own = row.expected
    return FORMS["qwen3"][1](own.boxes or (), own.width_px, own.height_px)


def test_a_wrong_frame_is_warned_of_and_changes_nothing(
    built: Path, dataset: Dataset, rows: list[Row]
) -> None:
    answers: Answers = {
        row.dialogue_id: in_thousandths(row) for row in rows if row.expected.task == "referring"
    }
    declared = scored(built, dataset, answers, "norm1000")
    assert not declared.warnings
    wrong = scored(built, dataset, answers, "native")
    assert any("under norm1000 these boxes fit" in warning for warning in wrong.warnings)
    assert metric(wrong, "referring", "single", "box@0.5").score < 0.5
    beyond = scored(built, dataset, answers, "norm100")
    assert any("have numbers beyond frame norm100" in warning for warning in beyond.warnings)


@pytest.mark.parametrize("form", ["input:504x504", "qwen2.5-vl,max_pixels=100352"])
def test_pixels_of_a_resized_picture_are_warned_of(
    form: str, built: Path, dataset: Dataset, rows: list[Row]
) -> None:
    """No common frame fits them, and of 512 pixels 504 are nearly all."""
    answers: Answers = {}
    for row in rows:
        own = row.expected
        sides = own.width_px, own.height_px
        if own.task == "referring" and own.boxes:
            texts = [form_of(form).write(box, sides).text for box in own.boxes]
            answers[row.dialogue_id] = " ".join(texts)
    assert not scored(built, dataset, answers, form).warnings
    *_, warning = scored(built, dataset, answers, "native").warnings
    found = re.search(r"of (\d+) × (\d+) px .* is about (\d+) × (\d+) of", warning)
    assert found
    width, height, across, down = map(int, found.groups())
    assert (across, down) == pytest.approx(Frame.parse(form).input_size(width, height), rel=0.01)


def test_the_export_declares_the_frame(
    built: Path, dataset: Dataset, rows: list[Row], exported: Exporter, tmp_path: Path
) -> None:
    export = exported("evalscope", limit=None, boxes="qwen3-vl")
    path = tmp_path / "a.jsonl"
    lines = [{"dialogue_id": row.dialogue_id, "prediction": in_thousandths(row)} for row in rows
             if row.expected.task == "referring"]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    own = score_files(str(built), [path], export=str(export))
    assert (own.boxes, own.warnings) == ("norm1000", ())
    told = score_files(str(built), [path], boxes="native", export=str(export))
    assert told.boxes == "native"
    assert "--boxes is native, but the boxes of the export are norm1000" in told.warnings[0]
    alike = score_files(str(built), [path], boxes="qwen3-vl", export=str(export))
    assert alike == own
    assert score_files(str(built), [path]).boxes == "native"


def test_what_cannot_be_read_is_warned_of_with_examples(
    built: Path, dataset: Dataset, rows: list[Row]
) -> None:
    answers: Answers = dict.fromkeys(own_answers(rows), "[x1, y1, x2, y2]")
    (warning,) = scored(built, dataset, answers).warnings
    assert warning.count("[x1, y1, x2, y2]") == 3


def test_a_task_without_predictions_is_left_out_and_named(
    built: Path, dataset: Dataset, rows: list[Row]
) -> None:
    answers = {r.dialogue_id: r.answer for r in rows if r.expected.task == "referring"}
    figures = scored(built, dataset, dict(answers))
    assert [task.task for task in figures.tasks] == ["referring"]
    assert len(figures.not_predicted) == 5
    assert figures.overall.weighted is None
    assert figures.coverage.missing == 0


def test_baselines_are_far_below_and_all_boxes_is_not(
    built: Path, dataset: Dataset, rows: list[Row]
) -> None:
    figures = scored(built, dataset, own_answers(rows))
    assert figures.train_rows > 100
    boxes = metric(figures, "referring", "single", "box@0.5").baselines
    assert boxes["empty"] == 0.0
    assert boxes["majority"] < 0.2
    assert boxes["all boxes"] == 1.0  # a single object of a kind, mostly the only object
    computed = metric(figures, "cross_modal_identification", "multi", "facts").baselines
    assert computed["question"] > 0.9  # direction and distance follow from the boxes asked about
    assert computed["question"] > computed["majority"]


def test_intervals_hold_the_score_and_are_the_same_each_time(
    built: Path, dataset: Dataset, rows: list[Row]
) -> None:
    answers = own_answers(rows)
    for row in rows[::3]:
        answers[row.dialogue_id] = "nothing"
    figures = scored(built, dataset, answers)
    assert figures == scored(built, dataset, dict(reversed(answers.items())))
    for own in figures.metrics:
        assert own.interval is not None
        assert own.interval.low <= own.score <= own.interval.high


def test_an_interval_is_that_of_scenes_by_hand() -> None:
    """A hundred scenes, half of them all right, half all wrong: as a coin tossed so often."""
    sums = Sums()
    for scene in range(100):
        for _ in range(10):
            right = scene % 2
            sums.add("referring", "single", f"scene {scene}", {"x": Tally(right, 1 - right, 0)})
    own = Metric("referring", "single", "x")
    drawn = sums.resample()
    low, high = drawn.interval(drawn.scores(own)) or (0.0, 0.0)
    assert low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.02)
    assert high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.02)
    alone = Sums()
    alone.add("referring", "single", "one", {"x": Tally(1, 1, 0)})
    assert alone.resample().interval(alone.resample().scores(own)) is None


def details_rows(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_details_say_what_came_of_each_dialogue(
    ending: str, built: Path, dataset: Dataset, rows: list[Row], tmp_path: Path
) -> None:
    answers = own_answers(rows)
    first = next(r for r in rows if r.expected.task == "referring")
    del answers[rows[0].dialogue_id]
    path = tmp_path / f"details{ending}"
    joined = Joined(predictions={own: Prediction(text) for own, text in answers.items()})
    with Details(path) as details:
        evaluate(str(built), dataset, joined, Frame.parse("native"), details=details)
    found = {str(row["dialogue_id"]): row for row in details_rows(path)}
    assert list(found) == [row.dialogue_id for row in rows]
    assert found[rows[0].dialogue_id]["outcome"] == "missing"
    assert found[rows[0].dialogue_id]["text"] is None
    own = found[first.dialogue_id]
    assert own["outcome"] == "right"
    assert own["text"] == first.answer
    assert [list(map(float, box)) for box in own["boxes"]] == [  # type: ignore[attr-defined]
        pytest.approx(box, abs=0.51) for box in first.expected.boxes or ()
    ]
    assert [m["true"] for m in own["matches"]] == list(range(len(first.expected.boxes or ())))  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == [path]


def as_quad(outline: Outline) -> str:
    return str([list(outline[i : i + 2]) for i in range(0, 8, 2)])


def as_turned(outline: Outline, *, mirrored: bool = False) -> str:
    """Write corners as GeoChat does, in pixels."""
    cx, cy, w, h, degrees = from_corners(outline, CLOCKWISE)
    values = (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
    angle = -degrees if mirrored else degrees
    return "{" + "".join(f"<{v:.3f}>" for v in values) + f"|<{angle:.2f}>}}"


def test_rotated_boxes_are_measured_where_the_truth_has_them(
    built: Path, dataset: Dataset, rows: list[Row], tmp_path: Path
) -> None:
    """SSDD's ships have rotated boxes, the aircraft of SAR-AIRcraft-1.0 none."""
    own = [row for row in rows if row.expected.task == "referring" and row.expected.boxes]
    assert {bool(o) for row in own for o in row.expected.outlines} == {True, False}

    def answered(write: Callable[[Outline], str]) -> Answers:
        return {
            row.dialogue_id: "".join(
                write(outline) if outline else as_quad(turned(box))
                for box, outline in zip(
                    row.expected.boxes or (), row.expected.outlines, strict=True
                )
            )
            for row in own
        }

    quads = answered(as_quad)
    figures = scored(built, dataset, quads)
    assert figures.rotated_pairs == sum(bool(o) for row in own for o in row.expected.outlines)
    assert figures.rotated_iou == pytest.approx(1.0)
    # The source rounds corners to whole pixels, which leaves no exact rectangle.
    right = scored(built, dataset, answered(as_turned)).rotated_iou or 0.0
    mirrored = scored(built, dataset, answered(partial(as_turned, mirrored=True))).rotated_iou
    upright = scored(built, dataset, {row.dialogue_id: row.answer for row in own}).rotated_iou
    assert right > 0.95
    assert mirrored is not None
    assert mirrored < 0.6
    assert upright is not None
    assert upright < 0.8
    path = tmp_path / "details.jsonl"
    joined = Joined(predictions={name: Prediction(text) for name, text in quads.items()})
    with Details(path) as details:
        evaluate(str(built), dataset, joined, Frame.parse("native"), details=details)
    found = {str(row["dialogue_id"]): row for row in details_rows(path)}
    for row in own:
        matches: Any = found[row.dialogue_id]["matches"]
        assert [m["rotated_iou"] for m in matches] == [
            1.0 if row.expected.outlines[m["true"]] else None for m in matches
        ]


def test_details_that_are_not_finished_or_not_wanted_are_not_left(
    rows: list[Row], tmp_path: Path
) -> None:
    path = tmp_path / "details.jsonl"
    with pytest.raises(KeyboardInterrupt), Details(path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="give another name, or --overwrite"), Details(path):
        path.write_text("of another run", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "of another run"
    with Details(path, overwrite=True):
        pass
    assert path.read_bytes() == b""
    (tmp_path / "folder.parquet.unfinished").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        Details(tmp_path / "folder.parquet")


def test_files_are_scored_in_one_call(built: Path, rows: list[Row], tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = ({"dialogue_id": r.dialogue_id, "prediction": r.answer} for r in rows)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    figures = score_files(str(built), [path])
    assert figures.overall.weighted == 1.0
    assert figures.coverage.joined_by == {"id": len(rows)}


def changes() -> Iterator[Callable[[str], str]]:
    yield str.upper
    yield lambda text: f"<think>Is it [1, 2, 3, 4]?</think>\n\n<answer>{text}</answer>"
    yield lambda text: f"\n\n  {text}  \n"


@pytest.mark.parametrize("change", list(changes()), ids=["upper case", "thinking", "blanks"])
def test_dress_costs_nothing(
    change: Callable[[str], str], built: Path, dataset: Dataset, rows: list[Row]
) -> None:
    figures = scored(built, dataset, {r.dialogue_id: change(r.answer) for r in rows})
    assert all(own.score == 1.0 for own in figures.metrics)
