"""The recipe's choices that decide what must be there, as build.json tells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sarchat_build.checks.vocabulary import CATEGORIES, TASKS


class Rules(NamedTuple):
    """Settings with the default of recipe `sarchat_2m`."""

    tasks: tuple[str, ...] = TASKS
    candidates: tuple[str, ...] = CATEGORIES
    box_cap: int = 100
    relations_cap: int = 8
    min_image_px: int = 224
    min_area_ratio: float = 0.01
    max_aspect: float = 10.0


def rules_of(build: Mapping[str, Any]) -> Rules:
    """Read the rules from `build["recipe"]`; what it does not say has its default.

    The tasks that are on are `tasks.enabled` where the recipe has such a list, else the keys of
    `tasks` that name a task, else all six.

    >>> rules_of({"recipe": {"tasks": {"referring": {"unique_cap": 4}}}}).tasks
    ('referring',)
    """
    recipe = mapping_at(build, "recipe")
    tasks = mapping_at(recipe, "tasks")
    enabled = tasks.get("enabled")
    named = enabled if isinstance(enabled, list | tuple) else tasks
    candidates = recipe.get("candidates")
    defaults = Rules()
    return Rules(
        tasks=tuple(task for task in TASKS if task in named) or TASKS,
        candidates=tuple(candidates) if isinstance(candidates, list | tuple) else CATEGORIES,
        box_cap=_number(tasks, "instance_counting", "box_cap", defaults.box_cap),
        relations_cap=_number(tasks, "spatial_grounding", "relations_cap", defaults.relations_cap),
        **{
            name: _number(tasks, "fine_grained_description", name, getattr(defaults, name))
            for name in ("min_image_px", "min_area_ratio", "max_aspect")
        },
    )


def mapping_at(tree: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Walk down a tree of unknown make; anything but a mapping at its end is an empty one.

    >>> mapping_at({"a": {"b": {"c": 1}}}, "a", "b"), mapping_at({"a": 3}, "a", "b")
    ({'c': 1}, {})
    """
    found: Any = tree
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _number(tasks: Mapping[str, Any], task: str, name: str, default: Any) -> Any:
    value = mapping_at(tasks, task).get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default
