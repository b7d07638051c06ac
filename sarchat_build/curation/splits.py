"""Splits: train, validation and test by lists, then by whole scenes and sets of duplicates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.curation.facts import SPLIT_OF, Codes, FactTable, ImageFact, split_of
from sarchat_build.curation.near_duplicates import UnionFind
from sarchat_build.stable_hash import stable_hash
from sarchat_build.types import SPLITS, RejectedImage, Split

# A set of duplicates with scenes on several sides goes to the most protected one.
_MOST_PROTECTED: tuple[Split, ...] = ("test", "validation", "train")

# Images per split, or any other numbers in their proportion.
Shares: TypeAlias = Mapping[Split, int]


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How one source is divided; `shares` are for scenes that no list assigns."""

    lists: Literal["official", "halved_test", "scene"]
    shares: Shares


class SplitsById(Mapping[str, Split]):
    """Splits of images by their ids, a byte each.

    Attributes:
        codes: the splits as numbers (`SPLIT_OF`), in the order of the facts, then of the rejected.
    """

    def __init__(self, ids: Callable[[], Sequence[str]], codes: Codes) -> None:
        """Take what gives the ids when they are asked for, and the splits."""
        self._ids, self.codes = ids, codes

    def __getitem__(self, image_id: str) -> Split:
        """Give the split of an image."""
        return self._by_id[image_id]

    def __iter__(self) -> Iterator[str]:
        """Go through all ids."""
        return iter(self._ids())

    def __len__(self) -> int:
        """Number of images."""
        return len(self.codes)

    @cached_property
    def _by_id(self) -> dict[str, Split]:
        return dict(zip(self._ids(), map(split_of, self.codes.tolist()), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitAssignment:
    """The split of each image, by image id, after each of the three steps of `assign_splits`.

    `by_rule` follows the source's rule alone and also holds the rejected images, `by_scene` keeps
    scenes whole, and `final` keeps duplicates together as well.
    """

    by_rule: SplitsById
    by_scene: SplitsById
    final: SplitsById


def split_rules(manifests: Mapping[str, Manifest], recipe: Recipe) -> dict[str, SplitRule]:
    """Say how each source is divided under the recipe's `split`.

    "sardet" follows [sardet] of the manifest, and the authors' lists where it has none; "official"
    follows the lists, and "scene" none.
    """
    rules = {}
    for source_id, manifest in manifests.items():
        sardet = manifest.sardet
        shares = sardet.images if sardet else recipe.split_shares_percent
        lists: Literal["official", "halved_test", "scene"] = "official"
        if recipe.split == "scene":
            lists = "scene"
        elif recipe.split == "sardet" and sardet:
            lists = sardet.split
        rules[source_id] = SplitRule(lists, {split: getattr(shares, split) for split in SPLITS})
    return rules


def assign_splits(
    facts: Sequence[ImageFact],
    rejected_images: Sequence[RejectedImage],
    connected: Iterable[Sequence[str]],
    rules: Mapping[str, SplitRule],
) -> SplitAssignment:
    """Assign every image to a split so that no scene and no set of duplicates is on two sides.

    1. Lists: the official split, or for "halved_test" validation and test by turns, by name, over
       the official test list. Rejected images keep their rank in that list.
    2. Scenes: images that are listed alike take the others of their scene along. A scene without
       lists is assigned by stable hash, to the source's shares. So is one that the lists cut apart,
       to the shares of the lists: HRSID's lists cut 136 of 137 scenes apart, so that the most
       protected side would get everything, and the side of most images would leave no test.
    3. Duplicates: connected images go to the most protected side on which a scene of them lies. No
       image that a whole scene holds in test is ever trained on.

    Args:
        facts: the images that are left.
        rejected_images: the images that are not.
        connected: sets of scenes that must not be divided (`duplicates.Resolution`).
        rules: how each source is divided, by its id.
    """
    table = FactTable.of(facts)
    images = _Images.of(table, rejected_images)
    listed = _listed_splits(images, rules)
    of_scene = _scene_splits(images, listed, rules)
    by_rule = np.where(listed > 0, listed, of_scene[images.scene])
    by_scene = of_scene[images.scene[: len(table)]]

    def ids() -> list[str]:
        return table.texts("image_id")

    return SplitAssignment(
        by_rule=SplitsById(lambda: images.ids.to_pylist(), by_rule),
        by_scene=SplitsById(ids, by_scene),
        final=SplitsById(ids, _connected_splits(images, len(table), by_scene, connected)),
    )


class _Images(NamedTuple):
    """Columns of all images, those that are left first: ids, official splits, sources, scenes."""

    ids: pa.Array
    official: Codes
    source: NDArray[np.int64]
    scene: NDArray[np.int64]
    sources: list[str]
    scenes: pa.Array

    @classmethod
    def of(cls, table: FactTable, rejected: Sequence[RejectedImage]) -> _Images:
        def column(name: str) -> pa.ChunkedArray:
            more = pa.array([getattr(image, name) for image in rejected], pa.large_string())
            return pa.chunked_array([*table.strings(name).chunks, more])

        source = column("source_id").dictionary_encode().combine_chunks()
        scene = column("scene_id").dictionary_encode().combine_chunks()
        more = [SPLIT_OF.index(image.official_split) for image in rejected]
        return cls(
            ids=column("image_id").combine_chunks(),
            official=np.concatenate([table.numbers("official_split"), np.array(more, np.uint8)]),
            source=source.indices.to_numpy().astype(np.int64),
            scene=scene.indices.to_numpy().astype(np.int64),
            sources=source.dictionary.to_pylist(),
            scenes=scene.dictionary,
        )


def _listed_splits(images: _Images, rules: Mapping[str, SplitRule]) -> Codes:
    listed = images.official.copy()
    test, validation = SPLIT_OF.index("test"), SPLIT_OF.index("validation")
    for number, source_id in enumerate(images.sources):
        rule = rules[source_id].lists
        if rule == "scene":
            listed[images.source == number] = 0
        if rule == "halved_test":
            rows = np.flatnonzero((images.source == number) & (images.official == test))
            rows = rows[pc.sort_indices(images.ids.take(pa.array(rows))).to_numpy()]
            listed[rows[0::2]], listed[rows[1::2]] = validation, test
    return listed


def _scene_splits(images: _Images, listed: Codes, rules: Mapping[str, SplitRule]) -> Codes:
    """Give the split of each scene that the lists, or the shares of its source, say."""
    stated = np.zeros(len(images.scenes), np.uint8)  # a bit for each split that a list says
    known = listed > 0
    np.bitwise_or.at(stated, images.scene[known], np.left_shift(1, listed[known]).astype(np.uint8))
    source_of = np.zeros(len(images.scenes), np.int64)
    source_of[images.scene] = images.source
    totals = np.zeros((len(images.sources), len(SPLIT_OF)), np.int64)
    np.add.at(totals, (images.source[known], listed[known]), 1)
    found = np.zeros(len(images.scenes), np.uint8)
    for code in range(1, len(SPLIT_OF)):
        found[stated == 1 << code] = code
    of_lists = [{split: int(row[SPLIT_OF.index(split)]) for split in SPLITS} for row in totals]
    for scene in np.flatnonzero(found == 0).tolist():
        source = int(source_of[scene])
        shares = of_lists[source] if stated[scene] else rules[images.sources[source]].shares
        found[scene] = SPLIT_OF.index(by_share(images.scenes[scene].as_py(), shares))
    return found


def by_share(scene_id: str, shares: Shares) -> Split:
    """Choose a scene's split by stable hash, so that each gets about its share of many scenes.

    >>> by_share("ssdd/000001", {"train": 1, "validation": 0, "test": 0})
    'train'
    """
    ticket = stable_hash("split", scene_id) % sum(shares.values())
    for split in _MOST_PROTECTED:
        if ticket < shares[split]:
            return split
        ticket -= shares[split]
    raise ValueError("shares must be counts")


def _connected_splits(
    images: _Images, count: int, by_scene: Codes, connected: Iterable[Sequence[str]]
) -> Codes:
    """Give the most protected side of each image's scene and those that are connected with it."""
    sets = list(connected)
    flat = pa.array([scene for scenes in sets for scene in scenes], images.scenes.type)
    numbers = iter(pc.index_in(flat, images.scenes).to_pylist())
    union = UnionFind(len(images.scenes))
    for scenes in sets:
        first, *others = (next(numbers) for _ in scenes)
        for other in others:
            union.join(first, other)
    root = union.roots()[images.scene[:count]]
    rank = np.array([0, *(_MOST_PROTECTED.index(split) for split in SPLITS)], np.uint8)
    best = np.full(len(images.scenes), len(_MOST_PROTECTED), np.uint8)
    np.minimum.at(best, root, rank[by_scene])
    code = np.array([SPLIT_OF.index(split) for split in _MOST_PROTECTED], np.uint8)
    return code[best[root]]
