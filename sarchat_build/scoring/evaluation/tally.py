"""Sums of right, extra and missing by metric and scene, and intervals resampled by scene.

Dialogues of one scene are alike, so whole scenes are drawn and not dialogues.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import exp, factorial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sarchat_build.scoring.answers import Tally
from sarchat_build.stable_hash import stable_hash

REPLICATES = 1000
_CHUNK_SCENES = 1024
_LOW, _HIGH = 2.5, 97.5
# The share of draws in which a scene appears at most 0, 1, 2 … times: Poisson's of mean one.
_CUMULATIVE = np.cumsum([exp(-1) / factorial(times) for times in range(12)])

Floats = npt.NDArray[np.float64]


class Metric(NamedTuple):
    """One figure of one subtask."""

    task: str
    subtask: str
    name: str


class Sums:
    """Sums of many answers, by metric."""

    def __init__(self) -> None:
        self.rows: dict[Metric, int] = defaultdict(int)
        self.scores: dict[Metric, float] = defaultdict(float)
        self._scenes: dict[str, int] = {}
        self._sums: dict[Metric, dict[int, list[int]]] = defaultdict(dict)

    def add(self, task: str, subtask: str, scene_id: str, tallies: Mapping[str, Tally]) -> None:
        """Add one answer."""
        scene = self._scenes.setdefault(scene_id, len(self._scenes))
        for name, tally in tallies.items():
            metric = Metric(task, subtask, name)
            self.rows[metric] += 1
            self.scores[metric] += tally.score
            own = self._sums[metric].setdefault(scene, [0, 0, 0])
            own[0] += tally.right
            own[1] += tally.extra
            own[2] += tally.missing

    def total(self, *metrics: Metric) -> Tally:
        """Give the sums of some metrics together."""
        sums = [own for metric in metrics for own in self._sums.get(metric, {}).values()]
        return Tally(*(sum(own[i] for own in sums) for i in range(3)))

    def mean(self, *metrics: Metric) -> float | None:
        """Give the mean score of a dialogue; None without any."""
        rows = sum(self.rows.get(metric, 0) for metric in metrics)
        scores = sum(self.scores.get(metric, 0.0) for metric in metrics)
        return scores / rows if rows else None

    def resample(self) -> Resampled:
        """Draw the scenes `REPLICATES` times, the same ones every time this is asked."""
        scenes = list(self._scenes)
        columns = list(self._sums)
        totals = np.zeros((REPLICATES, 3 * len(columns)))
        for start in range(0, len(scenes), _CHUNK_SCENES):
            chunk = scenes[start : start + _CHUNK_SCENES]
            values = np.zeros((len(chunk), 3 * len(columns)))
            for column, metric in enumerate(columns):
                own = self._sums[metric]
                for row in range(len(chunk)):
                    if start + row in own:
                        values[row, 3 * column : 3 * column + 3] = own[start + row]
            totals += _weights(chunk) @ values
        by_metric = {
            metric: totals[:, 3 * column : 3 * column + 3] for column, metric in enumerate(columns)
        }
        return Resampled(by_metric, len(scenes))


class Resampled:
    """Sums of each metric in each draw of scenes."""

    def __init__(self, totals: Mapping[Metric, Floats], scenes: int) -> None:
        self._totals = totals
        self.scenes = scenes

    def scores(self, *metrics: Metric) -> Floats:
        """Give the score of some metrics together in each draw."""
        found = [self._totals[metric] for metric in metrics if metric in self._totals]
        if not found:
            return np.full(REPLICATES, np.nan)
        sums = np.sum(found, axis=0)
        whole = sums.sum(axis=1)
        unknown = np.full(REPLICATES, np.nan)
        scores: Floats = np.divide(sums[:, 0], whole, out=unknown, where=whole > 0)
        return scores

    def interval(self, scores: Floats) -> tuple[float, float] | None:
        """Give the bounds that hold 95 % of some scores; None with fewer than two scenes."""
        known = scores[~np.isnan(scores)]
        if self.scenes < 2 or not len(known):
            return None
        low, high = np.percentile(known, [_LOW, _HIGH])
        return float(low), float(high)


def _weights(scenes: Sequence[str]) -> Floats:
    """Say how often each scene is in each draw: by a hash of its name, and of the draw's number."""
    seeds = np.array([stable_hash("draw", scene) for scene in scenes], np.uint64)
    steps = np.arange(1, REPLICATES + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = steps[:, None] + seeds[None, :]
    # The finalizer of splitmix64.
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    uniform = (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
    weights: Floats = np.searchsorted(_CUMULATIVE, uniform, side="right").astype(np.float64)
    return weights
