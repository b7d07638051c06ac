"""Rules of a dataset: the recipe's choices that decide what must be there, from build.json."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sarchat_build.validation.stable_hash import held_out_templates
from sarchat_build.validation.vocabulary import CATEGORIES, SUBTASKS, TASKS


class DescriptionScale(NamedTuple):
    """A second size scale for descriptions: small below, large above, medium between."""

    small_below: float = 0.05
    large_above: float = 0.30


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings of a recipe, by default of `sarchat_2m`; `NUMBERS` says where each is recorded."""

    tasks: tuple[str, ...] = TASKS
    candidates: tuple[str, ...] = CATEGORIES
    # (task, subtask) → percent; what is not named is asked always.
    shares: Mapping[tuple[str, str], int] = field(default_factory=dict)
    # Every phrasing of the build; empty where build.json does not list them.
    phrasings: frozenset[str] = frozenset()
    held_out: frozenset[str] = frozenset()
    held_out_percent: float = 10
    description: DescriptionScale | None = None
    very_large_from: float = 0.40
    large_from: float = 0.25
    medium_from: float = 0.10
    small_from: float = 0.03
    wide_above: float = 1.5
    tall_below: float = 0.67
    near_divisor: float = 8.0
    skip_cut: bool = True
    skip_left_out: bool = True
    min_image_px: float = 224
    min_area_ratio: float = 0.01
    max_aspect: float = 10.0
    counting_cap: float = 100
    skip_over_cap: bool = False
    negatives_percent: float = 50
    negatives_cap: float = 1
    grounding_cap: float = 80
    relations_cap: float = 8
    pairs_cap: float = 100
    nearest_margin_px: float = 4.0
    referring_cap: float = 80
    unique_cap: float = 6
    common_percent: float = 55
    order_margin_px: float = 4.0

    def share(self, task: str, subtask: str) -> int:
        """Give the share of a subtask's questions that is asked, in percent."""
        return self.shares.get((task, subtask), 100)


_COUNTING = ("tasks", "instance_counting")
_DESCRIPTION = ("tasks", "fine_grained_description")
_GROUNDING = ("tasks", "spatial_grounding")
_IDENTIFICATION = ("tasks", "cross_modal_identification")
_REFERRING = ("tasks", "referring")

# Field of `Rules` → where build.json's recipe records it.
NUMBERS: Mapping[str, tuple[str, ...]] = {
    **{
        name: ("words", name)
        for name in ("very_large_from", "large_from", "medium_from", "small_from")
    },
    **{name: ("words", name) for name in ("wide_above", "tall_below", "near_divisor")},
    **{name: (*_DESCRIPTION, name) for name in ("min_image_px", "min_area_ratio", "max_aspect")},
    "held_out_percent": ("phrasing", "held_out_percent"),
    "common_percent": ("tasks", "classification", "common_percent"),
    "counting_cap": (*_COUNTING, "box_cap"),
    "negatives_percent": (*_COUNTING, "negatives_percent"),
    "negatives_cap": (*_COUNTING, "negatives_cap"),
    "grounding_cap": (*_GROUNDING, "box_cap"),
    "relations_cap": (*_GROUNDING, "relations_cap"),
    "pairs_cap": (*_IDENTIFICATION, "pairs_cap"),
    "nearest_margin_px": (*_IDENTIFICATION, "tie_margin_px"),
    "referring_cap": (*_REFERRING, "box_cap"),
    "unique_cap": (*_REFERRING, "unique_cap"),
    "order_margin_px": (*_REFERRING, "tie_margin_px"),
}


_DIVISORS = ("near_divisor",)


def rules_of(build: Mapping[str, Any]) -> Rules:
    """Read the rules from `build["recipe"]`; what it does not say has its default.

    >>> rules_of({"recipe": {"tasks": {"referring": {"unique_cap": 4}}}}).unique_cap
    4
    """
    recipe = mapping_at(build, "recipe")
    tasks = mapping_at(recipe, "tasks")
    enabled, candidates = tasks.get("enabled"), recipe.get("candidates")
    numbers: dict[str, Any] = {
        name: value
        for name, path in NUMBERS.items()
        if _is_choice(name, value := mapping_at(recipe, *path[:-1]).get(path[-1]))
    }
    scale = mapping_at(recipe, "words", "description_size")
    uses = mapping_at(build, "templates", "uses")
    return Rules(
        tasks=tuple(t for t in TASKS if t in enabled) if isinstance(enabled, list) else TASKS,
        candidates=tuple(c for c in candidates if c in CATEGORIES)
        if isinstance(candidates, list)
        else CATEGORIES,
        shares=dict(_shares(tasks)),
        phrasings=frozenset(uses),
        held_out=held_out_templates(
            uses, int(numbers.get("held_out_percent", Rules().held_out_percent))
        ),
        description=DescriptionScale(**scale) if _is_scale(scale) else None,
        skip_cut=tasks.get("cut_objects") != "ignore",
        skip_left_out=mapping_at(recipe, *_DESCRIPTION).get("left_out_objects") != "ignore",
        skip_over_cap=mapping_at(tasks, "instance_counting").get("over_cap") == "skip",
        **numbers,
    )


def unrecorded(build: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of build.json that must record the recipe and do not."""
    recipe = mapping_at(build, "recipe")
    for name, path in NUMBERS.items():
        if not _is_choice(name, mapping_at(recipe, *path[:-1]).get(path[-1])):
            yield "recipe." + ".".join(path)
    recorded = dict(_shares(mapping_at(recipe, "tasks")))
    for task, subtasks in SUBTASKS.items():
        for subtask in subtasks:
            if (task, subtask) not in recorded:
                yield f"recipe.tasks.{task}.share_percent.{subtask}"
    for name in ("tasks.enabled", "candidates"):
        *above, last = name.split(".")
        if not isinstance(mapping_at(recipe, *above).get(last), list):
            yield f"recipe.{name}"
    scale = mapping_at(recipe, "words").get("description_size", ...)
    if scale is not None and not (isinstance(scale, Mapping) and _is_scale(scale)):
        yield "recipe.words.description_size"
    if mapping_at(recipe, "tasks").get("cut_objects") not in ("skip", "ignore"):
        yield "recipe.tasks.cut_objects"
    if mapping_at(recipe, *_DESCRIPTION).get("left_out_objects") not in ("skip", "ignore"):
        yield "recipe.tasks.fine_grained_description.left_out_objects"
    if mapping_at(recipe, "tasks", "instance_counting").get("over_cap") not in ("skip", "list_cap"):
        yield "recipe.tasks.instance_counting.over_cap"
    if not mapping_at(build, "templates", "uses"):
        yield "templates.uses"


def mapping_at(tree: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Follow keys down a JSON document of unknown make; what is no mapping is an empty one.

    >>> mapping_at({"a": {"b": {"c": 1}}}, "a", "b"), mapping_at({"a": 3}, "a", "b")
    ({'c': 1}, {})
    """
    found: Any = tree
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _shares(tasks: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], int]]:
    for task, subtasks in SUBTASKS.items():
        shares = mapping_at(tasks, task, "share_percent")
        for subtask in subtasks:
            share = shares.get(subtask)
            if isinstance(share, int) and 0 <= share <= 100:
                yield (task, subtask), share


def _is_scale(value: Mapping[str, Any]) -> bool:
    return set(value) == set(DescriptionScale._fields) and all(map(_is_number, value.values()))


def _is_choice(name: str, value: Any) -> bool:
    """Tell whether a field of `Rules` may have a value; one that may not has its default."""
    return _is_number(value) and value >= 0 and (value > 0 or name not in _DIVISORS)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
