"""Phrasings: Jinja files in `templates/<task>/<subtask>/{question,answer}/`, rendered in a sandbox.

A phrasing is data that anybody may contribute, so it gets nothing but the variables of its subtask
and the few filters of `grammar`: no includes, no globals, no attributes of Python objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.grammar import FILTERS
from sarchat_build.stable_hash import choose

# The longest honest answer, a hundred boxes with their cells, has about 4,000 characters.
MAX_TEXT_CHARS = 65_536
_SIDES = ("question", "answer")
# Stands between question and answer, which one compiled template renders together: a shared
# context costs a quarter of two renderings.
_SEPARATOR = "\x1e"
_BUILTIN_FILTERS = ("join", "length", "first", "last")
_BUILTIN_TESTS = (
    "defined",
    "none",
    "divisibleby",
    "equalto",
    "eq",
    "ne",
    "lt",
    "gt",
    "le",
    "ge",
    "in",
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A question and its answer in words, and the ids of the two phrasings."""

    question: str
    answer: str
    template_ids: tuple[str, str]


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja with everything taken away that a sentence does not need."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, loader=None)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _BUILTIN_FILTERS} | FILTERS
        self.tests = {name: self.tests[name] for name in _BUILTIN_TESTS}

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse arithmetic that can blow up; numbers arrive computed."""
        raise SecurityError(f"operator {operator!r} is not available in phrasings")


class Phrasing:
    """All phrasings, ready to put questions into words. Pickles as plain text."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        self.templates = dict(sorted(templates.items()))
        self._start()

    def _start(self) -> None:
        self._sandbox = Sandbox()
        self._compiled: dict[tuple[str, str], Template] = {}
        choices: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for template_id in self.templates:
            task, subtask, side, _ = template_id.split("/")
            choices[task, subtask, side].append(template_id)
        self._choices = dict(choices)

    def __getstate__(self) -> dict[str, str]:
        return self.templates

    def __setstate__(self, templates: dict[str, str]) -> None:
        self.templates = templates
        self._start()

    @property
    def digest(self) -> str:
        """Digest of every phrasing's id and text."""
        return sha256(repr(list(self.templates.items())).encode()).hexdigest()

    def choices(self, task: str, subtask: str, side: str) -> list[str]:
        """Give the ids of the phrasings of one side of a subtask, sorted."""
        return self._choices.get((task, subtask, side), [])

    def render(
        self, task: str, subtask: str, dialogue_id: str, variables: Mapping[str, object]
    ) -> Rendered:
        """Put one question and its answer into words.

        Which phrasings are used is decided by the dialogue's id alone.
        """
        questions = self._choices[task, subtask, "question"]
        answers = self._choices[task, subtask, "answer"]
        pair = (
            questions[choose(len(questions), dialogue_id, "question")],
            answers[choose(len(answers), dialogue_id, "answer")],
        )
        return self.render_pair(pair, variables)

    def render_pair(self, pair: tuple[str, str], variables: Mapping[str, object]) -> Rendered:
        """Render one question and one answer phrasing with shared variables.

        Raises:
            SecurityError: the text is longer than any honest one.
            jinja2.UndefinedError: a phrasing uses a variable that its subtask does not have.
        """
        template = self._compiled.get(pair)
        if template is None:
            source = _SEPARATOR.join(self.templates[template_id] for template_id in pair)
            template = self._compiled[pair] = self._sandbox.from_string(source)
        text = template.render(variables)
        if len(text) > MAX_TEXT_CHARS:
            raise SecurityError(f"{' + '.join(pair)} gave {len(text):,} characters")
        question, _, answer = text.partition(_SEPARATOR)
        return Rendered(" ".join(question.split()), " ".join(answer.split()), pair)


def load_templates(folder: Path) -> dict[str, str]:
    """Read every phrasing below `folder`, by id (its path without the ending).

    Raises:
        ConfigurationError: a file that is not where phrasings are, or is not UTF-8 text.
    """
    templates: dict[str, str] = {}
    issues = []
    for path in sorted(folder.rglob("*.jinja")):
        template_id = path.relative_to(folder).with_suffix("").as_posix()
        parts = template_id.split("/")
        if len(parts) != 4 or parts[2] not in _SIDES:
            place = "<task>/<subtask>/question|answer/<name>.jinja"
            issues.append(Issue(str(path), "", f"belongs to templates/{place}"))
            continue
        try:
            templates[template_id] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            issues.append(Issue(str(path), "", f"not UTF-8: {error}"))
    if not templates and not issues:
        issues.append(Issue(str(folder), "", "holds no phrasing (*.jinja)"))
    if issues:
        raise ConfigurationError(issues)
    return templates
