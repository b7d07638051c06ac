"""Questions that a picture must have and has not, or has and must not have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sarchat_build.validation.answers.about_images import (
    is_describable,
    undescribed_rivals,
    unlisted_candidates,
)
from sarchat_build.validation.answers.about_objects import nearest_to
from sarchat_build.validation.answers.referents import entered_cells, referable_ids
from sarchat_build.validation.pictures.checked_image import CheckedImage, CheckedObject
from sarchat_build.validation.rules import Rules
from sarchat_build.validation.stable_hash import is_asked, stable_number
from sarchat_build.validation.vocabulary import CELLS


@dataclass(slots=True)
class AskedQuestions:
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


class CoverageFault(NamedTuple):
    """What an image must have and has otherwise; `key` is the dialogue or the kind of dialogue."""

    check: str
    task: str
    key: str
    expected: object
    found: object


def coverage_faults(
    images: Iterable[CheckedImage], questions: AskedQuestions, rules: Rules
) -> Iterator[CoverageFault]:
    """Yield what is missing, asked twice, or asked more often than the recipe allows."""
    for image in images:
        if not image.objects:
            continue
        for (task, subtask), wanted in _demanded(image, rules).items():
            if task in rules.tasks:
                asked = questions.keys(task, subtask, image.image_id)
                for key in wanted:
                    if key not in asked and _is_asked(rules, image, task, subtask, key):
                        name = f"{image.image_id}/{task}/{subtask}/{key}"
                        yield CoverageFault("missing_dialogue", task, name, 1, 0)
        yield from _counted_faults(image, questions, rules)
    for (task, subtask, image_id), keys in questions.asked.items():
        for key, times in keys.items():
            if times > 1:
                name = f"{image_id}/{task}/{subtask}/{key}"
                yield CoverageFault("repeated_dialogue", task, name, 1, times)


def _demanded(image: CheckedImage, rules: Rules) -> dict[tuple[str, str], list[str]]:
    """Give the keys of every question that the boxes decide alone."""
    identify = "cross_modal_identification"
    n = len(image.objects)
    whole = not (rules.skip_cut and image.incomplete)
    demanded: dict[tuple[str, str], list[str]] = defaultdict(list)
    if not unlisted_candidates(image, rules):
        demanded["classification", "all"].append("all")
    describable = any(is_describable(obj, rules) for obj in image.objects)
    left_out = rules.skip_left_out and undescribed_rivals(image, rules)
    large = min(image.width, image.height) >= rules.min_image_px
    if whole and large and describable and not left_out:
        demanded["fine_grained_description", "all"].append("all")
    if n <= rules.grounding_cap and whole:
        demanded["spatial_grounding", "single" if n == 1 else "multi"].append("all")
    # Two objects with the same corners cannot both be asked about: same question, two answers.
    demanded[identify, "single"] = [obj.index for obj in _distinct(image)]
    for category, objects in image.by_category.items():
        if category in image.uncountable(rules):
            continue
        if len(objects) <= rules.counting_cap or not rules.skip_over_cap:
            demanded["instance_counting", "all"].append(category)
        if len(objects) <= rules.referring_cap:
            demanded["referring", "single" if len(objects) == 1 else "multi"].append(category)
    return demanded


def _counted_faults(
    image: CheckedImage, questions: AskedQuestions, rules: Rules
) -> Iterator[CoverageFault]:
    """Compare the numbers of questions of which the recipe chooses some."""
    identify, image_id = "cross_modal_identification", image.image_id

    def asked(task: str, subtask: str) -> Counter[str]:
        return questions.keys(task, subtask, image_id)

    def fault(
        task: str, subtask: str, least: int, most: float, found: int
    ) -> Iterator[CoverageFault]:
        if task in rules.tasks and not least <= found <= most:
            check = "missing_dialogue" if found < least else "surplus_dialogue"
            wanted = f"{least}" if least == most else f"{least} to {most:g}"
            yield CoverageFault(check, task, f"{image_id}/{task}/{subtask}/", wanted, found)

    def full(task: str, *subtasks: str) -> bool:
        return all(rules.share(task, subtask) == 100 for subtask in subtasks)

    distinct = _distinct(image)
    n = len(distinct)
    pairs = min(n * (n - 1), int(rules.pairs_cap))
    least = pairs if full(identify, "multi") else 0
    yield from fault(identify, "multi", least, pairs, sum(asked(identify, "multi").values()))
    either = asked(identify, "category") + asked(identify, "choice")
    starts = Counter(key.partition("-")[0] for key in asked(identify, "nearest"))
    for obj in distinct:
        least = int(full(identify, "category", "choice"))
        yield from fault(identify, "category", least, 1, either[obj.index])
        affords = full(identify, "nearest") and _has_nearest(image, obj, rules)
        yield from fault(identify, "nearest", int(affords), 1, starts[obj.index])
    yield from _negative_faults(image, questions, rules)
    yield from _unique_faults(image, questions, rules)
    yield from _presence_faults(image, questions, rules)


def _has_nearest(image: CheckedImage, obj: CheckedObject, rules: Rules) -> bool:
    """Tell whether some category that may be asked for has an object that is clearly nearest."""
    return any(
        nearest_to(image, obj, category, rules) is not None
        for category in image.by_category
        if image.is_complete(category)
    )


def _negative_faults(
    image: CheckedImage, questions: AskedQuestions, rules: Rules
) -> Iterator[CoverageFault]:
    """Compare the questions about absent categories: of a share of the images, of a few classes."""
    task, image_id = "instance_counting", image.image_id
    asked = sorted(c for c in questions.keys(task, "all", image_id) if c not in image.by_category)
    wanted: list[str] = []
    if not image.objects or stable_number(image_id, "negative") % 100 < rules.negatives_percent:
        wanted = sorted(image.absent, key=lambda c: stable_number(image_id, "negative", c))
        wanted = [
            c for c in wanted[: int(rules.negatives_cap)] if _is_asked(rules, image, task, "all", c)
        ]
    if task in rules.tasks and asked != sorted(wanted):
        yield CoverageFault("negatives", task, f"{image_id}/{task}/all/", sorted(wanted), asked)


def _unique_faults(
    image: CheckedImage, questions: AskedQuestions, rules: Rules
) -> Iterator[CoverageFault]:
    share = rules.share("referring", "unique")
    keys = questions.keys("referring", "unique", image.image_id)
    if "referring" not in rules.tasks or (not keys and not share):
        return
    found = Counter(obj.category for obj in image.objects if obj.index in keys)
    possible = Counter(image.by_id[one].category for one in referable_ids(image, rules))
    for category in image.by_category:
        most = min(possible[category], int(rules.unique_cap))
        if found[category] > most or (share == 100 and found[category] < most):
            check = "missing_dialogue" if found[category] < most else "surplus_dialogue"
            name = f"{image.image_id}/referring/unique/"
            yield CoverageFault(check, "referring", name, f"{most} of {category}", found[category])


def _presence_faults(
    image: CheckedImage, questions: AskedQuestions, rules: Rules
) -> Iterator[CoverageFault]:
    """Compare questions of presence: yes and no together; in cells about one category."""
    keys = questions.keys("classification", "presence", image.image_id)
    verdicts = sorted("yes" if key in image.by_category else "no" for key in keys)
    sure = [category for category in image.by_category if image.is_complete(category)]
    possible = len(image.annotated) > 1 and bool(sure) and bool(image.absent)
    # A yes about the source's commonest class is asked of a share of the pictures only.
    if verdicts or rules.common_percent == 100:
        yield from _pair_fault(image, "classification", verdicts, possible, rules)
    keys = questions.keys("spatial_grounding", "presence", image.image_id)
    verdicts, asked = [], set()
    for key in keys:
        category, _, cell = key.partition("-")
        asked.add(category)
        filled = _cells(image, category)
        verdicts.append("yes" if cell.replace("_", " ") in filled else "no")
    possible = any(_has_sure_cells(image, category) for category in sure)
    yield from _pair_fault(image, "spatial_grounding", sorted(verdicts), possible, rules)
    if len(asked) > 1:
        name = f"{image.image_id}/spatial_grounding/presence/"
        yield CoverageFault(
            "presence_pair", "spatial_grounding", name, "one category", sorted(asked)
        )


def _pair_fault(
    image: CheckedImage, task: str, verdicts: list[str], possible: bool, rules: Rules
) -> Iterator[CoverageFault]:
    if task not in rules.tasks:
        return
    wanted = possible and is_asked(
        rules.share(task, "presence"), image.image_id, task, "presence", "pair"
    )
    expected = ["no", "yes"] if wanted else []
    if verdicts != expected:
        check = "presence_pair" if verdicts else "missing_dialogue"
        yield CoverageFault(check, task, f"{image.image_id}/{task}/presence/", expected, verdicts)


def _cells(image: CheckedImage, category: str) -> set[str]:
    return {obj.cell for obj in image.by_category.get(category, ())}


def _has_sure_cells(image: CheckedImage, category: str) -> bool:
    """Tell whether a cell has a sure number of objects, and another surely has none."""
    reached = [(obj.cell, entered_cells(obj, image)) for obj in image.by_category[category]]
    seen = frozenset[str]().union(*(cells for _, cells in reached))
    unsure = frozenset[str]().union(*(cells - {own} for own, cells in reached))
    return len(seen) < len(CELLS) and bool(seen - unsure)


def _distinct(image: CheckedImage) -> list[CheckedObject]:
    return [obj for obj in image.objects if image.by_text[obj.text] is not None]


def _is_asked(rules: Rules, image: CheckedImage, task: str, subtask: str, key: str) -> bool:
    return is_asked(rules.share(task, subtask), image.image_id, task, subtask, key)
