"""Scenes that names speak of: front parts that repeat, folders, and scenes beside their chips."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sarchat_build.onboarding.survey.listing import FileGroup, split_in, stem_of
from sarchat_build.onboarding.survey.matching import Candidate, Chosen

# Of the names of scenes, how many must be front parts of the names of chips.
_ENOUGH = 0.5
_SEPARATORS = ("_", "-")


@dataclass(frozen=True, slots=True)
class SceneProposal:
    """A pattern for `[scene]`, and what it does to the names it was made for.

    `is_evident` says that more than the names speaks for it: folders, or scenes that lie there.
    """

    pattern: str
    scenes: int
    largest: int
    is_evident: bool = False


def propose_scenes(names: Sequence[str], scene_names: Iterable[str] = ()) -> SceneProposal | None:
    """Find how names may say which scene an image was cut from.

    Args:
        names: of the images, as the manifest will call them, with folders where these belong to it.
        scene_names: names of scenes that lie beside them.

    Returns:
        The pattern, applied to the names to count what it gives; None if no folder, and no front
        part with a number in it, is shared by several images.

    >>> propose_scenes([f"P{s:04d}_{x}" for s in range(3) for x in (0, 600, 1200)])
    SceneProposal(pattern='^(?P<scene_id>[^_]+)_', scenes=3, largest=3, is_evident=False)
    >>> propose_scenes(["000001", "000002"]) is None
    True
    """
    if names and all("/" in name for name in names):
        folders = {name.rpartition("/")[0] for name in names}
        tops = {folder.partition("/")[0] for folder in folders}
        front = "[^/]+" if len(tops) > 1 else ".+"
        if not all(split_in(folder)[1] for folder in folders):
            proposal = _applied(f"^(?P<scene_id>{front})/", names, is_evident=True)
            if proposal is not None:
                return proposal
    wanted = set(scene_names)
    for separator in _SEPARATORS:
        split = [name.split(separator) for name in names if separator in name]
        if 2 * len(split) < len(names):
            continue
        end = separator if len(split) == len(names) else f"(?:{separator}|$)"
        for count in range(1, min(map(len, split), default=0)):
            fronts = {separator.join(parts[:count]) for parts in split}
            if not all(re.search(r"\d", front) for front in fronts):
                continue
            if wanted and len(wanted & fronts) < _ENOUGH * len(wanted):
                continue
            part = separator.join([f"[^{separator}]+"] * count)
            pattern = f"^(?P<scene_id>{part}){end}"
            proposal = _applied(pattern, names, is_evident=bool(wanted))
            if proposal is not None:
                return proposal
    return None


def are_cut_from(chips: Iterable[str], scenes: Iterable[str]) -> bool:
    """Whether names of chips begin with names of scenes: `04_1_1` is cut from `04`.

    >>> are_cut_from(["04_1_1", "04_1_2", "05_1_1"], ["04", "05"])
    True
    >>> are_cut_from(["04", "05"], ["04", "05"])
    False
    """
    fronts: Counter[str] = Counter()
    for chip in set(chips):
        ends = [match.start() for match in re.finditer(f"[{''.join(_SEPARATORS)}]", chip)]
        fronts.update(chip[:end] for end in ends)
    wanted = set(scenes)
    several = sum(fronts[scene] > 0 for scene in wanted)
    return bool(wanted) and several > _ENOUGH * len(wanted)


@dataclass(frozen=True, slots=True)
class ScenesBeside:
    """Large scenes that lie beside the chips cut from them; one of the two is left out."""

    group: FileGroup
    chips: str
    documents: tuple[Candidate, ...]


def without_scenes(chosen: Chosen) -> tuple[Chosen, tuple[ScenesBeside, ...]]:
    """Leave out scenes whose chips are there too: both would show each object twice.

    The chips stay, as they have the official split where there is one.
    """
    stems = {t: {stem_of(f.path) for f in group.files} for t, group in chosen.images.items()}
    found = []
    for template, group in chosen.images.items():
        chips = next(
            (t for t in stems if t != template and are_cut_from(stems[t], stems[template])), None
        )
        if chips is not None:
            spoken = tuple(
                candidate
                for candidate in chosen.documents
                if candidate.tally.stems and not candidate.tally.stems - stems[template]
            )
            found.append(ScenesBeside(group, chips, spoken))
    left = {scenes.group.template for scenes in found}
    unread = [candidate for scenes in found for candidate in scenes.documents]
    documents = [candidate for candidate in chosen.documents if candidate not in unread]
    if not documents:
        return chosen, ()
    images = {t: group for t, group in chosen.images.items() if t not in left}
    return Chosen(documents, images), tuple(found)


def _applied(pattern: str, names: Sequence[str], *, is_evident: bool) -> SceneProposal | None:
    found = (re.search(pattern, name) for name in names)
    scenes = Counter(m["scene_id"] if m else n for m, n in zip(found, names, strict=True))
    if not 1 < len(scenes) <= len(names) / 2:
        return None
    return SceneProposal(pattern, len(scenes), max(scenes.values()), is_evident)
