"""The figures of a score: what `sarchat score --json` prints, and what its tables show."""

from __future__ import annotations

from typing import NamedTuple

from sarchat_build.config.toml import Model

PAPER_MODEL = "InternVL2.5-8B"


class Benchmark(NamedTuple):
    """One column of the paper's tables, and what its best model reached, in per cent.

    `zero_shot` is the same model without training; None where the paper says "about 0".
    """

    name: str
    task: str
    subtasks: tuple[str, ...]
    metric: str
    published: float
    zero_shot: float | None = None


# arXiv 2502.08168v5, section 4 and appendix C. At which IoU grounding is counted is not said there.
BENCHMARKS = (
    Benchmark("classification", "classification", ("all",), "classes", 97.25, 17.8),
    Benchmark("description", "fine_grained_description", ("all",), "phrases", 63.43),
    Benchmark("count", "instance_counting", ("all",), "count", 74.14, 63.71),
    Benchmark("count, boxes .25", "instance_counting", ("all",), "box@0.25", 61.37),
    Benchmark("count, boxes .5", "instance_counting", ("all",), "box@0.5", 52.17),
    Benchmark("grounding, position", "spatial_grounding", ("single", "multi"), "position", 81.25),
    Benchmark("grounding, single .5", "spatial_grounding", ("single",), "box@0.5", 87.91),
    Benchmark("grounding, multi .5", "spatial_grounding", ("multi",), "box@0.5", 62.25),
    Benchmark("identify, single", "cross_modal_identification", ("single",), "facts", 98.84),
    Benchmark("identify, multi", "cross_modal_identification", ("multi",), "facts", 98.98),
    Benchmark("refer, single .25", "referring", ("single",), "box@0.25", 74.86),
    Benchmark("refer, single .5", "referring", ("single",), "box@0.5", 60.13),
    Benchmark("refer, multi .25", "referring", ("multi",), "box@0.25", 37.49),
    Benchmark("refer, multi .5", "referring", ("multi",), "box@0.5", 23.46),
)
PUBLISHED_OVERALL = 92.79
# What the paper's formula weighs a task by: dialogues of these subtasks.
PAPER_SUBTASKS = frozenset((b.task, subtask) for b in BENCHMARKS for subtask in b.subtasks)


class Interval(Model):
    """95 % of the draws of scenes lie between these."""

    low: float
    high: float


class Coverage(Model):
    """What became of the rows of the prediction files."""

    rows: int
    forms: dict[str, int]
    joined_by: dict[str, int]
    shared: int
    repeated: int
    unknown: int
    unknown_examples: tuple[str, ...]
    failed: int
    several: int
    dialogues: int
    missing: int


class MetricFigures(Model):
    """One metric of one subtask; scores are 0 to 1.

    `score` is TP / (TP + FP + FN) over all dialogues, `mean` the mean of each dialogue's own.
    """

    task: str
    subtask: str
    metric: str
    dialogues: int
    true_positives: int
    false_positives: int
    false_negatives: int
    score: float
    interval: Interval | None
    mean: float
    baselines: dict[str, float]


class BenchmarkFigures(Model):
    """One of the paper's columns here; `published` is the paper's best."""

    name: str
    task: str
    score: float | None
    interval: Interval | None
    published: float
    published_zero_shot: float | None


class TaskFigures(Model):
    """A task: the mean of its benchmarks, and the dialogues that the paper's formula weighs by."""

    task: str
    dialogues: int
    score: float | None
    outcomes: dict[str, int]


class SizeFigures(Model):
    """How many true boxes of one size were found, by threshold of IoU."""

    size: str
    boxes: int
    found: dict[str, int]


class Overall(Model):
    """Over six tasks: by the paper's formula, and each task alike; None if one is not scored."""

    weighted: float | None
    weighted_interval: Interval | None
    unweighted: float | None
    unweighted_interval: Interval | None
    published: float


class ScoreFigures(Model):
    """Everything that is known of a file of predictions.

    `mean_iou` is that of the pairs at the lowest threshold; `rotated_iou` the mean rotated IoU of
    those `rotated_pairs` among them whose truth has a rotated box.
    """

    dataset: str
    split: str
    boxes: str
    tasks: tuple[TaskFigures, ...]
    not_predicted: tuple[str, ...]
    coverage: Coverage
    metrics: tuple[MetricFigures, ...]
    sizes: tuple[SizeFigures, ...]
    mean_iou: float | None
    rotated_iou: float | None
    rotated_pairs: int
    counted_boxes: int
    benchmarks: tuple[BenchmarkFigures, ...]
    overall: Overall
    train_rows: int
    scenes: int
    warnings: tuple[str, ...]
