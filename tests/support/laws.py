"""The laws of the house as functions from a tree of modules to the lines that break them.

Imports are read from the text, never run: also those inside functions and under `TYPE_CHECKING`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import NamedTuple

# In the order in which the data meets them: an import goes to the same one or to an earlier one.
ROOMS = (
    "sarchat_build.version",
    "sarchat_build.reasons",
    "sarchat_build.types",
    "sarchat_build.names",
    "sarchat_build.suggestions",
    "sarchat_build.errors",
    "sarchat_build.regular_files",
    "sarchat_build.stable_hash",
    "sarchat_build.key_index",
    "sarchat_build.progress",
    "sarchat_build.config",
    "sarchat_build.archives",
    "sarchat_build.geometry",
    "sarchat_build.sources",
    "sarchat_build.images",
    "sarchat_build.chips",
    "sarchat_build.published",
    "sarchat_build.curation",
    "sarchat_build.dialogues",
    "sarchat_build.phrasing",
    "sarchat_build.dataset",
    "sarchat_build.report",
    "sarchat_build.validation",
    "sarchat_build.exports",
    "sarchat_build.explorer",
    "sarchat_build.card",
    "sarchat_build.publishing",
    "sarchat_build.scoring",
    "sarchat_build.onboarding",
    "sarchat_build.library",
    "sarchat_build",
    "sarchat_build.synthetic",
    "pipelines",
    "pipelines.progress",
    "pipelines.metrics",
    "pipelines.faults",
    "pipelines.console",
    "pipelines.progress_display",
    "pipelines.settings",
    "pipelines.shared_folders",
    "pipelines.context",
    "pipelines.garbage",
    "pipelines.interrupts",
    "pipelines.worker",
    "pipelines.lean_beam",
    "pipelines.transforms",
    "pipelines.build_dataset",
    "pipelines.runners",
    "pipelines.validate_dataset",
    "pipelines.launch",
    "pipelines.status",
    "pipelines.cli",
    "pipelines.flex_template",
)
ALONE = {
    "sarchat_build.published": ("sarchat_build.published",),
    "sarchat_build.validation": ("sarchat_build.validation", "sarchat_build.published"),
}
# What may make synthetic archives: the room itself and the command that does.
SYNTHESIZERS = ("sarchat_build.synthetic", "pipelines.cli.commands.synthesize")
PACKAGES = ("sarchat_build", "pipelines")
MAX_LINES, MAX_MEDIAN_LINES = 400, 150
MEMBERS = range(3, 11)


class Import(NamedTuple):
    """One import of a module of ours, or of a package of somebody else."""

    module: str
    line: int
    target: str


@dataclass(frozen=True)
class House:
    """Every module below the packages of a tree, by its dotted name."""

    root: Path

    @cached_property
    def modules(self) -> dict[str, Path]:
        """Path of each module; a package is its `__init__`."""
        found = {}
        for package in PACKAGES:
            for path in sorted((self.root / package).rglob("*.py")):
                parts = path.relative_to(self.root).with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return found

    @cached_property
    def imports(self) -> list[Import]:
        """Every import of every module."""
        return [
            Import(module, node.lineno, target)
            for module, path in self.modules.items()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for target in self._targets(module, path, node)
        ]

    def _targets(self, module: str, path: Path, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".")
                above = node.level - (path.name == "__init__.py")
                base = ".".join([*package[: len(package) - above], *([base] if base else [])])
            # `from package import name` may mean a module of the package, or the package itself.
            for alias in node.names:
                name = f"{base}.{alias.name}"
                yield name if name in self.modules else base

    def room_of(self, module: str) -> str | None:
        """Give the entry of `ROOMS` that a module belongs to, None if there is none."""
        fitting = [room for room in ROOMS if is_in(module, room) and (room not in PACKAGES)]
        if fitting:
            return max(fitting, key=len)
        return module if module in PACKAGES else None


def is_in(module: str, *rooms: str) -> bool:
    """Tell whether a module is one of the rooms or lies in one."""
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def homeless(house: House) -> Iterator[str]:
    """Modules that belong to no room of the list."""
    for module in house.modules:
        if house.room_of(module) is None:
            yield f"{module} is in no room; name it in ROOMS, in the order of the data"


def against_the_flow(house: House) -> Iterator[str]:
    """Imports of a later room."""
    for module, line, target in house.imports:
        here, there = house.room_of(module), house.room_of(target)
        if here and there and ROOMS.index(there) > ROOMS.index(here):
            yield f"{module}:{line} imports {target}: {there} comes after {here}"


def mutual(house: House) -> Iterator[str]:
    """Pairs of rooms that import each other."""
    pairs: dict[tuple[str, str], str] = {}
    for module, line, target in house.imports:
        here, there = house.room_of(module), house.room_of(target)
        if here and there and here != there:
            pairs.setdefault((here, there), f"{module}:{line}")
    for (here, there), where in sorted(pairs.items()):
        if here < there and (there, here) in pairs:
            yield f"{here} and {there} import each other: {where}, {pairs[there, here]}"


def not_alone(house: House) -> Iterator[str]:
    """Imports of our own modules by rooms that are to stand for themselves."""
    for module, line, target in house.imports:
        for room, allowed in ALONE.items():
            if is_in(module, room) and is_in(target, *PACKAGES) and not is_in(target, *allowed):
                only = " and ".join(allowed)
                yield f"{module}:{line} imports {target}; {room} imports only {only}"


def synthetic_in_build(house: House) -> Iterator[str]:
    """Imports of the synthetic archives by anything that builds."""
    for module, line, target in house.imports:
        if is_in(target, "sarchat_build.synthetic") and not is_in(module, *SYNTHESIZERS):
            yield f"{module}:{line} imports {target}; the build knows no synthetic archive"


def beam_in_domain(house: House) -> Iterator[str]:
    """Imports of Beam, or of the wiring, by the side that knows neither."""
    for module, line, target in house.imports:
        if is_in(module, "sarchat_build") and is_in(target, "apache_beam", "pipelines"):
            yield f"{module}:{line} imports {target}; the domain knows neither Beam nor pipelines"


def too_long(house: House) -> Iterator[str]:
    """Modules that are longer than a module may be, and a median that is."""
    lines = {m: len(p.read_text(encoding="utf-8").splitlines()) for m, p in house.modules.items()}
    for module, count in lines.items():
        if count > MAX_LINES:
            yield f"{module} has {count} lines, more than {MAX_LINES}"
    middle = median(lines.values())
    if middle > MAX_MEDIAN_LINES:
        yield f"the median module has {middle:g} lines, more than {MAX_MEDIAN_LINES}"


def badly_filled(house: House) -> Iterator[str]:
    """Rooms with too few or too many members; a room inside of a room is one member."""
    members: dict[str, set[str]] = defaultdict(set)
    for module, path in house.modules.items():
        if path.name == "__init__.py":
            members[module].update()
        if "." in module:
            members[module.rpartition(".")[0]].add(module)
    for room, inside in sorted(members.items()):
        if room not in PACKAGES and len(inside) not in MEMBERS:
            limits = f"{MEMBERS[0]} to {MEMBERS[-1]}"
            yield f"{room} has {len(inside)} members, not {limits}"


def write_tree(root: Path, files: Iterable[tuple[str, str]]) -> House:
    """Write modules and the packages above them, and give the house they make."""
    for name, text in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in path.relative_to(root).parents[:-1]:
            (root / folder / "__init__.py").touch()
        path.write_text(text, encoding="utf-8")
    return House(root)
