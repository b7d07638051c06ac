"""How many dialogues a recipe gives on SARDet-100K's ten sources, estimated without any data.

Published are, for each source, the pictures and objects of each split (arXiv 2403.06534, table 2;
`[sardet]` of its manifest). Not published is how objects spread over pictures, which decides how
many pairs there are. Here the number of objects beyond the first is negative binomial around each
source's mean, with one dispersion for all. It is chosen so that the sum of n² over the pictures is
1,599,113, the number of identifications of the paper (arXiv 2502.08168, table 2): singles and
ordered pairs of n objects are n + n(n - 1) = n², and with no cap that is what its two numbers come
to.

Each number of objects is laid out in a few pictures, and the tasks themselves are asked.

    python -m benchmarks.yields [RECIPE]
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.recipe import Recipe, load_recipe
from sarchat_build.config.resources import recipe_path, resource_folder
from sarchat_build.dialogues.labels import LabeledImage, label_image
from sarchat_build.dialogues.tasks import questions
from sarchat_build.stable_hash import choose
from sarchat_build.types import CATEGORIES, SPLITS, Box, Category, Chip, Instance, Split

# The paper leaves the validation split out.
PAPER_SPLITS: tuple[Split, ...] = ("train", "test")
PAPER_IDENTIFICATIONS = 1_423_548 + 175_565
# Pictures of real SSDD that another one shows, too; of the other sources nobody has said.
SHOWN_TWICE = 28 / 1_160
MAX_OBJECTS = 150
_LAYOUTS, _CROWD = 4, 30


class Source(NamedTuple):
    """What a source's pictures look like; its totals are those of its manifest.

    `kinds`: shares of its classes, in percent, of which a picture mostly shows one.
    `side_px`: of an object, roughly; `picture_px` of a picture. `cut_one_in`: of its chips, so many
    cut an object in two (synthetic archives at full size), 0 where pictures are whole.
    """

    source_id: str
    kinds: dict[Category, int]
    side_px: tuple[int, int]
    picture_px: int
    cut_one_in: int = 0


SOURCES = (
    Source("air_sarship_1", {"ship": 100}, (14, 70), 512, cut_one_in=8),
    Source("air_sarship_2", {"ship": 100}, (14, 70), 1000),
    Source("hrsid", {"ship": 100}, (10, 110), 800),
    Source("msar", {"ship": 66, "tank": 20, "aircraft": 11, "bridge": 3}, (8, 40), 256),
    Source("sadd", {"aircraft": 100}, (16, 40), 224),
    Source("sar_aircraft", {"aircraft": 100}, (30, 150), 512, cut_one_in=4),
    Source("sar_ship_dataset", {"ship": 100}, (8, 44), 256),
    Source("ssdd", {"ship": 100}, (14, 100), 500),
    Source("ogsod", {"bridge": 63, "tank": 29, "harbor": 8}, (8, 50), 256),
    Source("sived", {"car": 100}, (12, 40), 512),
)


class Totals(NamedTuple):
    """Pictures and objects of a source in SARDet-100K."""

    images: int
    instances: int

    @property
    def mean(self) -> float:
        """Objects per picture."""
        return self.instances / self.images


def totals(source: Source, splits: Iterable[Split]) -> Totals:
    """Add up what SARDet-100K holds of a source in some splits."""
    sardet = _manifests()[source.source_id].sardet
    assert sardet is not None
    return Totals(
        sum(getattr(sardet.images, split) for split in splits),
        sum(getattr(sardet.instances, split) for split in splits),
    )


@cache
def _manifests() -> dict[str, Manifest]:
    return load_manifests(resource_folder("source_manifests"))


class Estimate(NamedTuple):
    """Expected rows per (task, subtask), the most rows of one picture, and rows in all."""

    rows: dict[tuple[str, str], float]
    most_of_one_image: int
    images: int

    @property
    def total(self) -> float:
        """All dialogues."""
        return sum(self.rows.values())

    def of(self, task: str) -> float:
        """Dialogues of one task."""
        return sum(n for (name, _), n in self.rows.items() if name == task)


def estimate(
    recipe: Recipe, splits: tuple[Split, ...] = SPLITS, shown_twice: float = SHOWN_TWICE
) -> Estimate:
    """Estimate what a recipe gives in some splits, without the share of pictures shown twice."""
    rows: defaultdict[tuple[str, str], float] = defaultdict(float)
    most = 0
    dispersion = fit_dispersion()
    images_in_all = 0
    for source in SOURCES:
        known = totals(source, splits)
        images_in_all += known.images
        for n, share in _laid_out(spread(known.mean, dispersion)):
            images = share * known.images
            if images < 0.01:
                continue
            asked = [
                Counter((q.task, q.subtask) for q in questions(image, recipe))
                for image in layouts(source, n)
            ]
            most = max(most, *(sum(counts.values()) for counts in asked))
            for counts in asked:
                for place, number in counts.items():
                    rows[place] += number * images * (1 - shown_twice) / len(asked)
    return Estimate(dict(rows), most, images_in_all)


def fit_dispersion() -> float:
    """Find the dispersion for which the sum of n² is the paper's, by bisection."""
    low, high = 0.05, 5.0
    for _ in range(40):
        middle = math.sqrt(low * high)
        if _sum_of_squares(middle) > PAPER_IDENTIFICATIONS:
            low = middle
        else:
            high = middle
    return low


def _sum_of_squares(dispersion: float) -> float:
    return sum(
        known.images * share * n * n
        for known in (totals(source, PAPER_SPLITS) for source in SOURCES)
        for n, share in enumerate(spread(known.mean, dispersion), start=1)
    )


@lru_cache(maxsize=1024)
def spread(mean: float, dispersion: float) -> tuple[float, ...]:
    """Give the shares of pictures with 1, 2, … objects, up to `MAX_OBJECTS`."""
    beyond = mean - 1
    p = dispersion / (dispersion + beyond)
    share, shares = p**dispersion, []
    for more in range(MAX_OBJECTS):
        shares.append(share)
        share *= (more + dispersion) / (more + 1) * (1 - p)
    return tuple(s / sum(shares) for s in shares)


def _laid_out(shares: Sequence[float]) -> Iterator[tuple[int, float]]:
    """Give numbers of objects with their shares; of large ones, some stand for their neighbors.

    Pictures of many objects are few and most of the work: questions grow with the square.
    """
    numbers = range(1, len(shares) + 1)
    while numbers:
        alike = numbers[: 1 if numbers[0] < _CROWD else numbers[0] // 6]
        share = sum(shares[n - 1] for n in alike)
        yield round(math.sqrt(sum(shares[n - 1] * n * n for n in alike) / share)), share
        numbers = numbers[len(alike) :]


def layouts(source: Source, n: int) -> Iterator[LabeledImage]:
    """Lay `n` objects out in a few pictures."""
    few = _LAYOUTS * 2 if n < 4 else _LAYOUTS if n < _CROWD else 1
    return (layout(source, n, number) for number in range(few))


def layout(source: Source, n: int, number: int) -> LabeledImage:
    """Lay `n` objects out in one picture; equal arguments give equal pictures."""
    name = f"{source.source_id}/{n}-{number}"
    main = _kind(source, choose(100, name, "kind"))
    objects = []
    for i in range(n):
        # One object in ten may be of another class than the picture's.
        other = choose(10, name, i, "own") == 0
        category = _kind(source, choose(100, name, i, "kind")) if other else main
        objects.append(Instance(f"{name}#{i}", category, category, _box(source, name, i)))
    cut = (main,) if source.cut_one_in and number % source.cut_one_in == 0 else ()
    chip = Chip(name, None, source.picture_px, source.picture_px, tuple(objects), cut)
    return label_image(chip, tuple(c for c in CATEGORIES if c in source.kinds), ())


def _kind(source: Source, percentile: int) -> Category:
    for category, share in source.kinds.items():
        percentile -= share
        if percentile < 0:
            return category
    return next(iter(source.kinds))


def _box(source: Source, name: str, i: int) -> Box:
    low, high = source.side_px
    w, h = (low + choose(high - low, name, i, side) for side in ("w", "h"))
    x, y = choose(source.picture_px - w, name, i, "x"), choose(source.picture_px - h, name, i, "y")
    return Box(x, y, x + w, y + h)


def main(recipe: str = "sarchat_2m") -> None:
    """Print the estimate of a recipe."""
    found = estimate(load_recipe(recipe_path(recipe)))
    for (task, subtask), n in sorted(found.rows.items()):
        print(f"{task + '/' + subtask:42} {n:12,.0f}")
    for task in dict.fromkeys(task for task, _ in sorted(found.rows)):
        print(f"{task:42} {found.of(task):12,.0f}")
    print(f"{'all':42} {found.total:12,.0f}")
    share = found.most_of_one_image / found.total
    print(f"most of one picture: {found.most_of_one_image}, {share:.4%} of all")


if __name__ == "__main__":
    main(*sys.argv[1:])
