"""Which questions a picture must have, and which of those it has are one too many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sarchat_build.validation.answers.identify import nearest_to
from sarchat_build.validation.answers.phrases import askable, entered_cells
from sarchat_build.validation.answers.truth import is_describable, unsaid_rivals
from sarchat_build.validation.pictures.checked_image import CheckedImage, CheckedObject
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.stable import is_kept, number_of
from sarchat_build.validation.vocabulary import CELLS


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


def gaps(scenes: Iterable[CheckedImage], census: Census, rules: Rules) -> Iterator[Gap]:
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


def _demanded(scene: CheckedImage, rules: Rules) -> dict[tuple[str, str], list[str]]:
    """Give the keys of every question that the boxes decide alone."""
    identify = "cross_modal_identification"
    n = len(scene.things)
    whole = not (rules.skip_cut and scene.doubtful)
    demanded: dict[tuple[str, str], list[str]] = defaultdict(list)
    demanded["classification", "all"].append("all")
    describable = any(is_describable(thing, rules) for thing in scene.things)
    doubtful = rules.skip_left_out and unsaid_rivals(scene, rules)
    large = min(scene.width, scene.height) >= rules.min_image_px
    if whole and large and describable and not doubtful:
        demanded["fine_grained_description", "all"].append("all")
    if n <= rules.grounding_cap and whole:
        demanded["spatial_grounding", "single" if n == 1 else "multi"].append("all")
    # Two objects with the same corners cannot both be asked about: same question, two answers.
    demanded[identify, "single"] = [thing.index for thing in _distinct(scene)]
    for category, things in scene.by_category.items():
        if category in scene.unlisted(rules):
            continue
        if len(things) <= rules.counting_cap or not rules.skip_over_cap:
            demanded["instance_counting", "all"].append(category)
        if len(things) <= rules.referring_cap:
            demanded["referring", "single" if len(things) == 1 else "multi"].append(category)
    return demanded


def _counted_gaps(scene: CheckedImage, census: Census, rules: Rules) -> Iterator[Gap]:
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
    n = len(distinct)
    pairs = min(n * (n - 1), int(rules.pairs_cap))
    least = pairs if full(identify, "multi") else 0
    yield from gap(identify, "multi", least, pairs, sum(asked(identify, "multi").values()))
    either = asked(identify, "category") + asked(identify, "choice")
    starts = Counter(key.partition("-")[0] for key in asked(identify, "nearest"))
    for thing in distinct:
        least = int(full(identify, "category", "choice"))
        yield from gap(identify, "category", least, 1, either[thing.index])
        affords = full(identify, "nearest") and _has_nearest(scene, thing, rules)
        yield from gap(identify, "nearest", int(affords), 1, starts[thing.index])
    yield from _negative_gaps(scene, census, rules)
    yield from _unique_gaps(scene, census, rules)
    yield from _presence_gaps(scene, census, rules)


def _has_nearest(scene: CheckedImage, thing: CheckedObject, rules: Rules) -> bool:
    """Tell whether some category that may be asked for has an object that is clearly nearest."""
    return any(
        nearest_to(scene, thing, category, rules) is not None
        for category in scene.by_category
        if scene.is_sure(category)
    )


def _negative_gaps(scene: CheckedImage, census: Census, rules: Rules) -> Iterator[Gap]:
    """The recipe asks for what is not there of a share of the pictures, and of a few classes."""
    task, image_id = "instance_counting", scene.image_id
    asked = sorted(c for c in census.keys(task, "all", image_id) if c not in scene.by_category)
    wanted: list[str] = []
    if not scene.things or number_of(image_id, "negative") % 100 < rules.negatives_percent:
        wanted = sorted(scene.absent, key=lambda c: number_of(image_id, "negative", c))
        wanted = [
            c for c in wanted[: int(rules.negatives_cap)] if _kept(rules, scene, task, "all", c)
        ]
    if task in rules.tasks and asked != sorted(wanted):
        yield Gap("negatives", task, f"{image_id}/{task}/all/", sorted(wanted), asked)


def _unique_gaps(scene: CheckedImage, census: Census, rules: Rules) -> Iterator[Gap]:
    share = rules.share("referring", "unique")
    keys = census.keys("referring", "unique", scene.image_id)
    if "referring" not in rules.tasks or (not keys and not share):
        return
    found = Counter(thing.category for thing in scene.things if thing.index in keys)
    possible = Counter(scene.by_id[one].category for one in askable(scene, rules))
    for category in scene.by_category:
        most = min(possible[category], int(rules.unique_cap))
        if found[category] > most or (share == 100 and found[category] < most):
            check = "missing_dialogue" if found[category] < most else "surplus_dialogue"
            name = f"{scene.image_id}/referring/unique/"
            yield Gap(check, "referring", name, f"{most} of {category}", found[category])


def _presence_gaps(scene: CheckedImage, census: Census, rules: Rules) -> Iterator[Gap]:
    """Yes and no come together, about one category where cells are asked about."""
    keys = census.keys("classification", "presence", scene.image_id)
    verdicts = sorted("yes" if key in scene.by_category else "no" for key in keys)
    sure = [category for category in scene.by_category if scene.is_sure(category)]
    possible = len(scene.annotated) > 1 and bool(sure) and bool(scene.absent)
    # A yes about the source's commonest class is asked of a share of the pictures only.
    if verdicts or rules.common_percent == 100:
        yield from _pair_gap(scene, "classification", verdicts, possible, rules)
    keys = census.keys("spatial_grounding", "presence", scene.image_id)
    verdicts, asked = [], set()
    for key in keys:
        category, _, cell = key.partition("-")
        asked.add(category)
        filled = _cells(scene, category)
        verdicts.append("yes" if cell.replace("_", " ") in filled else "no")
    possible = any(_has_sure_cells(scene, category) for category in sure)
    yield from _pair_gap(scene, "spatial_grounding", sorted(verdicts), possible, rules)
    if len(asked) > 1:
        name = f"{scene.image_id}/spatial_grounding/presence/"
        yield Gap("presence_pair", "spatial_grounding", name, "one category", sorted(asked))


def _pair_gap(
    scene: CheckedImage, task: str, verdicts: list[str], possible: bool, rules: Rules
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


def _cells(scene: CheckedImage, category: str) -> set[str]:
    return {thing.cell for thing in scene.by_category.get(category, ())}


def _has_sure_cells(scene: CheckedImage, category: str) -> bool:
    """Tell whether a cell has a sure number of objects, and another surely has none."""
    reached = [(thing.cell, entered_cells(thing, scene)) for thing in scene.by_category[category]]
    seen = frozenset[str]().union(*(cells for _, cells in reached))
    unsure = frozenset[str]().union(*(cells - {own} for own, cells in reached))
    return len(seen) < len(CELLS) and bool(seen - unsure)


def _distinct(scene: CheckedImage) -> list[CheckedObject]:
    return [thing for thing in scene.things if scene.by_text[thing.text] is not None]


def _kept(rules: Rules, scene: CheckedImage, task: str, subtask: str, key: str) -> bool:
    return is_kept(rules.share(task, subtask), scene.image_id, task, subtask, key)
