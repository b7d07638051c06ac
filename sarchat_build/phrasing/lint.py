"""Linter of phrasings: each is rendered on samples of its subtask before anything is built."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from jinja2 import Template, nodes
from jinja2.exceptions import TemplateError, TemplateSyntaxError

from sarchat_build.dialogues.attributes import SIZE_WORDS
from sarchat_build.dialogues.grammar import noun
from sarchat_build.dialogues.tasks import SUBTASKS, Question
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.phrasing.engine import (
    ASK,
    FRAMES,
    MAX_TEXT_CHARS,
    SANDBOX,
    compiled,
    parse_id,
    split_frame,
)
from sarchat_build.phrasing.proofreading import grammar_faults
from sarchat_build.phrasing.samples import SubtaskId, few_samples, samples
from sarchat_build.types import CATEGORIES

# With the frames, questions come to more than a hundred wordings of each subtask.
MIN_PHRASINGS = {"question": 16, "answer": 20}
MIN_QUESTION_WORDINGS = 100


class Required(NamedTuple):
    """The variables without which a question or an answer of a subtask says too little."""

    question: frozenset[str]
    answer: frozenset[str]


def _required(question: str, answer: str) -> Required:
    return Required(frozenset(question.split()), frozenset(answer.split()))


REQUIRED: dict[SubtaskId, Required] = {
    ("classification", "all"): _required("candidates", "present"),
    ("classification", "presence"): _required("category", "verdict category n"),
    ("fine_grained_description", "all"): _required("", "cells"),
    ("instance_counting", "all"): _required("category", "category n listed boxes"),
    ("spatial_grounding", "single"): _required("", "category cell box"),
    ("spatial_grounding", "multi"): _required("", "groups relations"),
    ("spatial_grounding", "presence"): _required("category cell", "verdict category n cell"),
    ("cross_modal_identification", "single"): _required("box", "category size shape cell"),
    ("cross_modal_identification", "category"): _required("box", "category"),
    ("cross_modal_identification", "choice"): _required("box options", "category"),
    ("cross_modal_identification", "nearest"): _required(
        "box", "nearest_box direction distance_px"
    ),
    ("cross_modal_identification", "multi"): _required(
        "first_box second_box", "first second direction proximity distance_px"
    ),
    ("referring", "single"): _required("category", "box cell"),
    ("referring", "multi"): _required("category", "objects"),
    ("referring", "unique"): _required("phrase", "box cell"),
}

_START = re.compile(r"[A-Z0-9{]")
_END = {"question": re.compile(r"[.?!]$"), "answer": re.compile(r"[.)}]$")}
# Words that state a fact: in answers they come from variables, which the proof can rely on.
_NOUNS = "|".join({*CATEGORIES, *(noun(category, 2) for category in CATEGORIES)})
_FACT = re.compile(
    rf"\b(?:{_NOUNS}|top|bottom|left|right|middle|center|upper|lower|near|far|above|below|wide|tall|"
    r"square|(?:very )?(?:small|large)|medium(?:-sized)?|two|three|four|five|six|seven|eight|nine|"
    r"ten|eleven|twelve|yes|\d+)\b",
    re.IGNORECASE,
)
_NOUN = re.compile(rf"\b(?:{_NOUNS})\b", re.IGNORECASE)
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
    """Lint all phrasings on a few samples: what every build does before it starts.

    Raises:
        ConfigurationError: every fault of every file, with its line where there is one.
    """
    issues = list(lint(templates, folder))
    if issues:
        raise ConfigurationError(issues)


def lint(
    templates: Mapping[str, str], folder: Path = Path("templates"), *, thorough: bool = False
) -> Iterator[Issue]:
    """Find every fault: what does not compile, does not render, or does not read as English.

    Args:
        templates: phrasings by id.
        folder: where they lie, for the messages.
        thorough: render each phrasing on every sample, and each question in every frame.
    """
    asked = samples() if thorough else few_samples()
    seen: dict[tuple[str, ...], str] = {}
    questions: dict[str, str] = {}
    for template_id, source in sorted(templates.items()):
        file = str(folder / f"{template_id}.jinja")
        task, subtask, side, _ = parse_id(template_id)
        if task == FRAMES:
            yield from (Issue(file, "", fault) for fault in _frame_faults(source))
            continue
        subtask_id = next((known for known in asked if known == (task, subtask)), None)
        if subtask_id is None:
            yield Issue(file, "", f"no task asks {task}/{subtask}; check the folder's name")
            continue
        try:
            tree = SANDBOX.parse(source)
            _refuse_unavailable(tree, 0)
            content = tuple(_content_faults(tree, subtask_id, side))
            template = compiled(source)
            texts = [_render(template, question) for question in asked[subtask_id]]
        except _FAILURES as error:
            yield Issue(file, f"line {_line(error)}", f"{type(error).__name__}: {error}")
            continue
        faults = (*content, *_faults(texts, asked[subtask_id], side))
        # The same fault on every sample is one fault.
        first = {fault.partition(":")[0]: fault for fault in reversed(faults)}
        yield from (Issue(file, "", first[kind]) for kind in sorted(first))
        twin = seen.setdefault((task, subtask, side, *texts), template_id)
        if twin != template_id:
            yield Issue(file, "", f"reads exactly like {twin}")
        if side == "question":
            questions[template_id] = texts[0]
    yield from _too_few(templates, folder)
    if thorough:
        yield from _faults_in_frames(templates, questions, folder)


def _frame_faults(source: str) -> Iterator[str]:
    """Name what is wrong with a frame: it is the mark of the question and whole sentences."""
    if source.count(ASK) != 1 or re.search(r"\{[{%#]", source.replace(ASK, "")):
        yield f"a frame is constant text around one {ASK}"
        return
    for text in map(str.strip, split_frame(source)):
        if text:
            yield from _text_faults(text, "question")
            if _FACT.search(text):
                yield f"states a fact: {text!r}"


def _faults_in_frames(
    templates: Mapping[str, str], questions: Mapping[str, str], folder: Path
) -> Iterator[Issue]:
    frames = {name: split_frame(t) for name, t in templates.items() if name.startswith(FRAMES)}
    for (name, (before, after)), (core, ask) in product(frames.items(), questions.items()):
        for fault in grammar_faults(f"{before}{ask}{after}"):
            yield Issue(str(folder / f"{core}.jinja"), "", f"in {name}: {fault}")


def _content_faults(tree: nodes.Template, subtask_id: SubtaskId, side: str) -> Iterator[str]:
    """Name variables that are not used, and facts that stand there as constant text."""
    parts = list(tree.find_all(nodes.Node))
    used = {part.name for part in parts if isinstance(part, nodes.Name)}
    missing = getattr(REQUIRED[subtask_id], side) - used
    if missing:
        yield f"does not use {', '.join(sorted(missing))}"
    fact = _FACT if side == "answer" else _NOUN
    compared = {
        id(const)
        for part in parts
        if isinstance(part, nodes.Compare)
        for const in part.find_all(nodes.Const)
    }
    for part in parts:
        if isinstance(part, nodes.TemplateData):
            text: object = part.data
        elif isinstance(part, nodes.Const) and id(part) not in compared:
            text = part.value
        else:
            continue
        match = fact.search(text) if isinstance(text, str) else None
        if match:
            yield f"{match[0]!r} states a fact and must come from a variable"


def _faults(texts: Sequence[str], asked: Sequence[Question], side: str) -> Iterator[str]:
    for text, question in zip(texts, asked, strict=True):
        yield from _text_faults(text, side)
        if side == "answer" and len(question.mentioned) == 1:
            yield from _size_faults(text, question)


def _text_faults(text: str, side: str) -> Iterator[str]:
    yield from grammar_faults(text)
    if not _START.match(text):
        yield f"begins without a capital: {text[:40]!r}"
    if not _END[side].search(text):
        yield f"has no end of sentence: {text[-40:]!r}"


_SIZES = re.compile("|".join(sorted(SIZE_WORDS.values(), key=len, reverse=True)))


def _size_faults(text: str, question: Question) -> Iterator[str]:
    (only,) = question.mentioned
    others = set(_SIZES.findall(text)) - {SIZE_WORDS[only.size]}
    if others:
        yield f"calls one object {SIZE_WORDS[only.size]} and {', '.join(sorted(others))}"


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


def _line(error: BaseException) -> int:
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 1 for f in reversed(frames) if f.filename == "<template>"), 1)


def _too_few(templates: Mapping[str, str], folder: Path) -> Iterator[Issue]:
    frames = sum(1 for name in templates if parse_id(name).task == FRAMES)
    for task, subtasks in SUBTASKS.items():
        for subtask, (side, least) in product(subtasks, MIN_PHRASINGS.items()):
            there = sum(1 for name in templates if name.startswith(f"{task}/{subtask}/{side}/"))
            directory = str(folder / task / subtask / side)
            if there < least:
                yield Issue(directory, "", f"{there} phrasings; at least {least} are needed")
            elif side == "question" and there * frames < MIN_QUESTION_WORDINGS:
                message = f"{there} questions in {frames} frames are too few wordings"
                yield Issue(
                    directory, "", f"{message}; at least {MIN_QUESTION_WORDINGS} are needed"
                )
