"""Hold every phrasing against samples of every subtask before anything is built with it."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path

from jinja2 import Template, nodes
from jinja2.exceptions import TemplateError, TemplateSyntaxError

from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.labels import LabeledImage, label_image
from sarchat_build.phrasing import MAX_TEXT_CHARS, Sandbox
from sarchat_build.recipe import Recipe
from sarchat_build.tasks import Question, questions
from sarchat_build.types import CATEGORIES, Box, Category, Chip, Instance

MIN_PHRASINGS = {"question": 12, "answer": 6}
_SAMPLE_COUNTS = (0, 1, 2, 3, 12)
_SAMPLE_PX = 512
_MAX_SAMPLES = 60

# Each pattern is a fault that has been published somewhere in this field.
_GRAMMAR = {
    r"\b1 (?:\w[\w-]* ){0,2}(?:ships|cars|tanks|bridges|harbors)\b": "plural after 1",
    r"\b(?:\d*[02-9]|\d+1|no) (?:[\w-]+ ){0,2}(?:ship|car|tank|bridge|harbor)\b": "singular noun",
    r"\baircrafts\b": "the plural of aircraft is aircraft",
    r"\b[Aa] [aeiou]": "'a' before a vowel",
    r"\b[Aa]n [^aeiou\W]": "'an' before a consonant",
    r"\b1 (?:\w+ )?are\b|\bare 1\b": "plural verb after 1",
    r"\b(?:is|lies) (?:[2-9]|\d\d+)\b(?! px)": "singular verb before a number",
    r"\b(\w+) \1\b": "doubled word",
    r" [.,;:?!]": "space before punctuation",
    r"[.,;:?!]{2}": "doubled punctuation",
    r"[a-z)}][.?!][A-Za-z]": "no space after the sentence",
    r"[.?!] [a-z]": "sentence begins without a capital",
    r"[a-z] (?:There|This is|It is) ": "missing sentence break",
    r"\{\{|\{%|%\}|\bNone\b(?! of)|\b(?:True|False|Undefined)\b": "something that is no text",
    r"<image>": "an image mark, which belongs to the frame of the message",
    r" {2}|^ | $": "surplus space",
}
_FAULTS = [(re.compile(pattern), message) for pattern, message in _GRAMMAR.items()]
_START = re.compile(r"[A-Z0-9{]")
_END = {"question": re.compile(r"[.?!]$"), "answer": re.compile(r"[.)}]$")}
# All that a sentence needs. Without calls, assignments and macros nothing can run away unseen.
_AVAILABLE = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.List, nodes.Tuple),
    *(nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Test, nodes.Concat),
    *(nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    nodes.For,
)
_MAX_NESTED_LOOPS = 2
# What rendering a foreign text can raise, each of them a fault of that text.
_FAILURES = (
    *(TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError),
    *(RecursionError, MemoryError, SyntaxError),
)


def check_templates(templates: Mapping[str, str], folder: Path) -> None:
    """Lint all phrasings.

    Raises:
        ConfigurationError: every fault of every file, with its line where there is one.
    """
    issues = list(lint(templates, folder))
    if issues:
        raise ConfigurationError(issues)


def lint(templates: Mapping[str, str], folder: Path = Path("templates")) -> Iterator[Issue]:
    """Find every fault: what does not compile, does not render, or does not read as English."""
    sandbox = Sandbox()
    seen: dict[tuple[str, ...], str] = {}
    for template_id, source in sorted(templates.items()):
        file = str(folder / f"{template_id}.jinja")
        task, subtask, side, _ = template_id.split("/")
        asked = samples().get((task, subtask))
        if asked is None:
            yield Issue(file, "", f"no task asks {task}/{subtask}; check the folder's name")
            continue
        try:
            template = _compile(sandbox, source)
            texts = tuple(_render(template, question) for question in asked)
        except _FAILURES as error:
            yield Issue(file, f"line {_line(error)}", f"{type(error).__name__}: {error}")
            continue
        yield from (Issue(file, "", fault) for fault in sorted(set(_faults(texts, side))))
        twin = seen.setdefault((task, subtask, side, *texts), template_id)
        if twin != template_id:
            yield Issue(file, "", f"reads exactly like {twin}")
    yield from _too_few(templates, folder)


def grammar_faults(text: str) -> Iterator[str]:
    """Name the faults of one rendered text, and quote the place.

    >>> list(grammar_faults("Identify 4 ship in the image."))
    ["singular noun: '4 ship'"]
    """
    for pattern, message in _FAULTS:
        match = pattern.search(text)
        if match:
            yield f"{message}: {match[0].strip()!r}"


@lru_cache(maxsize=1)
def samples() -> dict[tuple[str, str], tuple[Question, ...]]:
    """Give sample questions of every subtask, asked by the tasks themselves.

    Every category with 0, 1, 2, 3 and 12 objects, alone and beside another one: what a phrasing is
    rendered on is exactly what a build will hand it.
    """
    recipe = Recipe(schema_version=1, name="samples", title="samples")
    found: dict[tuple[str, str], list[Question]] = {}
    for category, n in product(CATEGORIES, _SAMPLE_COUNTS):
        other = CATEGORIES[(CATEGORIES.index(category) + 1) % len(CATEGORIES)]
        for image in (_sample(category, n, other, 0), _sample(category, n, other, 2)):
            for question in questions(image, recipe):
                found.setdefault((question.task, question.subtask), []).append(question)
    # Evenly spread, a few dozen say as much as all of them.
    return {
        place: tuple(asked[:: -(-len(asked) // _MAX_SAMPLES)]) for place, asked in found.items()
    }


def _sample(category: Category, n: int, other: Category, others: int) -> LabeledImage:
    kinds = [category] * n + [other] * others
    instances = tuple(
        Instance(f"sample/0#{i}", kind, kind, _sample_box(i)) for i, kind in enumerate(kinds)
    )
    chip = Chip("sample/0", None, _SAMPLE_PX, _SAMPLE_PX, instances)
    return label_image(chip, CATEGORIES, ())


def _sample_box(i: int) -> Box:
    # Sizes and places vary enough that every size, shape and several cells occur.
    x0, y0 = 8 + 37 * i % 300, 8 + 61 * i % 300
    return Box(x0, y0, x0 + 24 + 53 * (i % 4), y0 + 24 + 31 * (i % 5))


def _compile(sandbox: Sandbox, source: str) -> Template:
    _refuse_unavailable(sandbox.parse(source), 0)
    return sandbox.from_string(source)


def _refuse_unavailable(node: nodes.Node, loops: int) -> None:
    name = type(node).__name__.lower()
    if not isinstance(node, _AVAILABLE):
        raise TemplateSyntaxError(f"{name} is not available in phrasings", node.lineno)
    loops += isinstance(node, nodes.For)
    if loops > _MAX_NESTED_LOOPS:
        raise TemplateSyntaxError("too many loops inside each other", node.lineno)
    for child in node.iter_child_nodes():
        _refuse_unavailable(child, loops)


def _render(template: Template, question: Question) -> str:
    pieces: list[str] = []
    size = 0
    for piece in template.generate(question.variables):
        size += len(piece)
        if size > MAX_TEXT_CHARS:
            raise ValueError(f"gives more than {MAX_TEXT_CHARS:,} characters")
        pieces.append(piece)
    return " ".join("".join(pieces).split())


def _faults(texts: tuple[str, ...], side: str) -> Iterator[str]:
    for text in texts:
        yield from grammar_faults(text)
        if not _START.match(text):
            yield f"begins without a capital: {text[:40]!r}"
        if not _END[side].search(text):
            yield f"has no end of sentence: {text[-40:]!r}"


def _line(error: BaseException) -> int:
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 1 for f in reversed(frames) if f.filename == "<template>"), 1)


def _too_few(templates: Mapping[str, str], folder: Path) -> Iterator[Issue]:
    for (task, subtask), (side, least) in product(sorted(samples()), MIN_PHRASINGS.items()):
        there = sum(1 for name in templates if name.startswith(f"{task}/{subtask}/{side}/"))
        if there < least:
            where = folder / task / subtask / side
            yield Issue(str(where), "", f"{there} phrasings; at least {least} are needed")
