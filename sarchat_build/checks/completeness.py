"""Which questions a picture must have, and which of those it has are one too many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sarchat_build.checks.phrases import askable
from sarchat_build.checks.rules import Rules
from sarchat_build.checks.scene import Scene, Thing
from sarchat_build.checks.stable import is_kept
from sarchat_build.checks.truth import is_describable
from sarchat_build.checks.vocabulary import CATEGORIES, CELLS


@dataclass(slots=True)
class Census:
    """The questions that were asked: by task, subtask and image, key → how often."""

    asked: dict[tuple[str, str, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )

    def add(self, task: str, subtask: str, image_id: str, key: str) -> None:
        """Count one question."""
        self.asked[task, subtask, image_id][key] += 1

    def keys(self, task: str, subtask: str, image_id: str) -> Counter[str]:
        """Give the keys of one kind that were asked about an image."""
        return self.asked.get((task, subtask, image_id)) or Counter()


class Gap(NamedTuple):
    """What an image must have and has otherwise; `key` is the dialogue or the kind of dialogue."""

    check: str
    task: str
    key: str
    expected: object
    found: object


def gaps(scenes: Iterable[Scene], census: Census, rules: Rules) -> Iterator[Gap]:
    """Yield what is missing, asked twice, or asked more often than the recipe allows."""
    for scene in scenes:
        if not scene.things:
            continue
        for (task, subtask), wanted in _demanded(scene, rules).items():
            if task in rules.tasks:
                asked = census.keys(task, subtask, scene.image_id)
                for key in wanted:
                    if key not in asked and _kept(rules, scene, task, subtask, key):
                        name = f"{scene.image_id}/{task}/{subtask}/{key}"
                        yield Gap("missing_dialogue", task, name, 1, 0)
        yield from _counted_gaps(scene, census, rules)
    for (task, subtask, image_id), keys in census.asked.items():
        for key, times in keys.items():
            if times > 1:
                name = f"{image_id}/{task}/{subtask}/{key}"
                yield Gap("repeated_dialogue", task, name, 1, times)


def _demanded(scene: Scene, rules: Rules) -> dict[tuple[str, str], list[str]]:
    """Give the keys of every question that the boxes decide alone."""
    identify = "cross_modal_identification"
    n = len(scene.things)
    demanded: dict[tuple[str, str], list[str]] = defaultdict(list)
    demanded["classification", "all"].append("all")
    if min(scene.width, scene.height) >= rules.min_image_px and any(
        is_describable(thing, rules) for thing in scene.things
    ):
        demanded["fine_grained_description", "all"].append("all")
    if n <= rules.grounding_cap:
        demanded["spatial_grounding", "single" if n == 1 else "multi"].append("all")
    # Two objects with the same corners cannot both be asked about: same question, two answers.
    demanded[identify, "single"] = [thing.index for thing in _distinct(scene)]
    for category, things in scene.by_category.items():
        if category in scene.rejected:
            continue
        if len(things) <= rules.counting_cap or not rules.skip_over_cap:
            demanded["instance_counting", "all"].append(category)
        if len(things) <= rules.referring_cap:
            demanded["referring", "single" if len(things) == 1 else "multi"].append(category)
    return demanded


def _counted_gaps(scene: Scene, census: Census, rules: Rules) -> Iterator[Gap]:
    """Yield kinds of which the recipe chooses some: too many, or too few."""
    identify, image_id = "cross_modal_identification", scene.image_id

    def asked(task: str, subtask: str) -> Counter[str]:
        return census.keys(task, subtask, image_id)

    def gap(task: str, subtask: str, least: int, most: float, found: int) -> Iterator[Gap]:
        if task in rules.tasks and not least <= found <= most:
            check = "missing_dialogue" if found < least else "surplus_dialogue"
            wanted = f"{least}" if least == most else f"{least} to {most:g}"
            yield Gap(check, task, f"{image_id}/{task}/{subtask}/", wanted, found)

    def full(task: str, *subtasks: str) -> bool:
        return all(rules.share(task, subtask) == 100 for subtask in subtasks)

    distinct = _distinct(scene)
    negatives = len([c for c in asked("instance_counting", "all") if c not in scene.by_category])
    yield from gap("instance_counting", "all", 0, rules.negatives_cap, negatives)
    n = len(scene.things)
    pairs = min(n * (n - 1), int(rules.pairs_cap))
    least = pairs if full(identify, "multi") and len(distinct) == n else 0
    yield from gap(identify, "multi", least, pairs, sum(asked(identify, "multi").values()))
    either = asked(identify, "category") + asked(identify, "choice")
    for thing in distinct if full(identify, "category", "choice") else ():
        if either[thing.index] != 1:
            name = f"{image_id}/{identify}/category or choice/{thing.index}"
            check = "surplus_dialogue" if either[thing.index] else "missing_dialogue"
            yield Gap(check, identify, name, 1, either[thing.index])
    yield from _unique_gaps(scene, census, rules)
    yield from _presence_gaps(scene, census, rules)


def _unique_gaps(scene: Scene, census: Census, rules: Rules) -> Iterator[Gap]:
    found = sum(census.keys("referring", "unique", scene.image_id).values())
    share = rules.share("referring", "unique")
    if "referring" not in rules.tasks or (not found and not share):
        return
    most = min(len(askable(scene, rules)), int(rules.unique_cap))
    if found > most or (share == 100 and found < most):
        check = "missing_dialogue" if found < most else "surplus_dialogue"
        name = f"{scene.image_id}/referring/unique/"
        yield Gap(check, "referring", name, most, found)


def _presence_gaps(scene: Scene, census: Census, rules: Rules) -> Iterator[Gap]:
    """Yes and no come together, about one category where cells are asked about."""
    listed = [c for c in CATEGORIES if c in scene.by_category and c not in scene.rejected]
    keys = census.keys("classification", "presence", scene.image_id)
    verdicts = sorted("yes" if key in scene.by_category else "no" for key in keys)
    possible = len(scene.annotated) > 1 and bool(listed) and bool(scene.absent)
    yield from _pair_gap(scene, "classification", verdicts, possible, rules)
    keys = census.keys("spatial_grounding", "presence", scene.image_id)
    verdicts, asked = [], set()
    for key in keys:
        category, _, cell = key.partition("-")
        asked.add(category)
        filled = _cells(scene, category)
        verdicts.append("yes" if cell.replace("_", " ") in filled else "no")
    sure = [c for c in listed if c not in scene.cut]
    possible = any(len(_cells(scene, category)) < len(CELLS) for category in sure)
    yield from _pair_gap(scene, "spatial_grounding", sorted(verdicts), possible, rules)
    if len(asked) > 1:
        name = f"{scene.image_id}/spatial_grounding/presence/"
        yield Gap("presence_pair", "spatial_grounding", name, "one category", sorted(asked))


def _pair_gap(
    scene: Scene, task: str, verdicts: list[str], possible: bool, rules: Rules
) -> Iterator[Gap]:
    if task not in rules.tasks:
        return
    wanted = possible and is_kept(
        rules.share(task, "presence"), scene.image_id, task, "presence", "pair"
    )
    expected = ["no", "yes"] if wanted else []
    if verdicts != expected:
        check = "presence_pair" if verdicts else "missing_dialogue"
        yield Gap(check, task, f"{scene.image_id}/{task}/presence/", expected, verdicts)


def _cells(scene: Scene, category: str) -> set[str]:
    return {thing.cell for thing in scene.by_category.get(category, ())}


def _distinct(scene: Scene) -> list[Thing]:
    return [thing for thing in scene.things if scene.by_text[thing.text] is not None]


def _kept(rules: Rules, scene: Scene, task: str, subtask: str, key: str) -> bool:
    return is_kept(rules.share(task, subtask), scene.image_id, task, subtask, key)
