"""Phrasings: small Jinja files, put together by id and rendered in a sandbox.

    templates/<task>/<subtask>/question/<name>.jinja    one way to ask
    templates/<task>/<subtask>/answer/<name>.jinja      one way to answer
    templates/frames/question/<name>.jinja              constant sentences around a question

A phrasing is data that anybody may contribute, so it gets nothing but the variables of its subtask
and the few filters of `grammar`: no includes, no globals, no attributes of Python objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import StrictUndefined, Template
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sarchat_build.dialogues.grammar import FILTERS
from sarchat_build.dialogues.question import Question
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.geometry.boxes import round_half_up
from sarchat_build.regular_files import list_settings, read_regular
from sarchat_build.stable_hash import stable_hash
from sarchat_build.types import TASKS, Split

# The longest honest answer, a hundred boxes with their cells, has about 4,000 characters.
MAX_TEXT_CHARS = 65_536
FRAMES = "frames"
ASK = "{{ ask }}"
_SIDES = ("question", "answer")
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
    """A question and its answer in words, and the ids of question, frame and answer phrasing."""

    question: str
    answer: str
    template_ids: tuple[str, str, str]


class PhrasingId(NamedTuple):
    """The parts of a phrasing's id, which is its path; frames have no task and subtask."""

    task: str
    subtask: str
    side: str
    name: str


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


SANDBOX = Sandbox()


@cache
def compiled(source: str) -> Template:
    """Give a phrasing that can be rendered, compiled once in a process and in its later forks.

    Raises:
        jinja2.TemplateSyntaxError: it is none.
    """
    return SANDBOX.from_string(source)


class Phrasing:
    """All phrasings, ready to put questions into words. Pickles as plain text."""

    def __init__(self, templates: Mapping[str, str], held_out_percent: int = 0) -> None:
        self.templates = dict(sorted(templates.items()))
        self.held_out_percent = held_out_percent
        self._start()

    def _start(self) -> None:
        self.frames: dict[str, tuple[str, str]] = {}
        choices: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for template_id, source in self.templates.items():
            task, subtask, side, _ = parse_id(template_id)
            if task == FRAMES:
                self.frames[template_id] = split_frame(source)
            else:
                choices[task, subtask, side].append(template_id)
        self._choices = dict(choices)
        self._frame_ids = list(self.frames)
        self._bare_ids = [name for name, around in self.frames.items() if not any(around)]
        self._in_training = {}
        for (task, subtask, side), ids in choices.items():
            if side == "question":
                kept_back = held_out(ids, self.held_out_percent)
                self._in_training[task, subtask] = [q for q in ids if q not in kept_back]

    def __getstate__(self) -> tuple[dict[str, str], int]:
        return self.templates, self.held_out_percent

    def __setstate__(self, state: tuple[dict[str, str], int]) -> None:
        self.templates, self.held_out_percent = state
        self._start()

    @property
    def digest(self) -> str:
        """Digest of every phrasing's id and text."""
        return sha256(repr(list(self.templates.items())).encode()).hexdigest()

    def choices(self, task: str, subtask: str, side: str) -> list[str]:
        """Give the ids of the phrasings of one side of a subtask, sorted."""
        return self._choices.get((task, subtask, side), [])

    def is_held_out(self, template_id: str) -> bool:
        """Tell whether a question phrasing is kept for the test split."""
        task, subtask, side, _ = parse_id(template_id)
        return side == "question" and task != FRAMES and (
            template_id not in self._in_training[task, subtask]
        )  # fmt: skip

    def render(self, question: Question, dialogue_id: str, split: Split) -> Rendered:
        """Put one question and its answer into words.

        Which phrasings are used is decided by the dialogue's id, and by its split where some are
        held out for the test.
        """
        task, subtask = question.task, question.subtask
        asked = (
            self._choices[task, subtask, "question"]
            if split == "test"
            else self._in_training[task, subtask]
        )
        answers = self._choices[task, subtask, "answer"]
        rest, core = divmod(stable_hash(dialogue_id, "phrasing"), len(asked))
        rest, framed = divmod(rest, 2)
        # Half of the questions come without any sentence around them, as most people ask.
        frames = self._frame_ids if framed else self._bare_ids or self._frame_ids
        rest, frame = divmod(rest, len(frames))
        ids = asked[core], frames[frame], answers[rest % len(answers)]
        return self.render_ids(ids, question.variables)

    def render_ids(
        self, template_ids: tuple[str, str, str], variables: Mapping[str, object]
    ) -> Rendered:
        """Render one question in its frame and one answer, with shared variables.

        Raises:
            SecurityError: the text is longer than any honest one.
            jinja2.UndefinedError: a phrasing uses a variable that its subtask does not have.
        """
        asked, frame, answered = template_ids
        before, after = self.frames[frame]
        question = compiled(self.templates[asked])
        answer = compiled(self.templates[answered])
        # One context for both: making it costs more than a short rendering.
        context = question.new_context(variables)  # type: ignore[arg-type]
        ask = " ".join("".join(question.root_render_func(context)).split())
        say = " ".join("".join(answer.root_render_func(context)).split())
        if len(ask) + len(say) > MAX_TEXT_CHARS:
            raise SecurityError(
                f"{' + '.join(template_ids)} gave {len(ask) + len(say):,} characters"
            )
        return Rendered(f"{before}{ask}{after}", say, template_ids)


def parse_id(template_id: str) -> PhrasingId:
    """Take an id apart.

    >>> parse_id("frames/question/bare")
    PhrasingId(task='frames', subtask='', side='question', name='bare')

    Raises:
        ValueError: the id is none of a phrasing.
    """
    parts = template_id.split("/")
    if len(parts) == 3 and parts[:2] == [FRAMES, "question"]:
        return PhrasingId(FRAMES, "", parts[1], parts[2])
    if len(parts) == 4 and parts[0] != FRAMES and parts[2] in _SIDES:
        return PhrasingId(*parts)
    raise ValueError(f"{template_id!r} is no id of a phrasing")


def split_frame(source: str) -> tuple[str, str]:
    """Give the text that a frame puts before and after a question, with the blanks between.

    >>> split_frame("Look at the image. {{ ask }}")
    ('Look at the image. ', '')
    """
    before, _, after = source.partition(ASK)
    before, after = " ".join(before.split()), " ".join(after.split())
    return f"{before} " if before else "", f" {after}" if after else ""


def held_out(question_ids: Sequence[str], percent: int) -> frozenset[str]:
    """Pick the question phrasings of one subtask that only the test split uses.

    A fixed share in the order of their hashes, so that a new phrasing moves at most one other.
    """
    ordered = sorted(question_ids, key=lambda name: (stable_hash("held_out", name), name))
    count = min(round_half_up(len(ordered) * percent / 100), len(ordered) - 1)
    return frozenset(ordered[:count])


def _no_phrasing(folder: Path, others: int) -> str:
    """Say that a folder is the wrong one, and which may be meant."""
    if not folder.is_dir():
        return "is a file, not a folder" if folder.exists() else "no such folder"
    found = f"{others:,} files *.jinja, but" if others else "holds"
    core = "<task>/<subtask>/question|answer/<name>.jinja"
    return f"{found} no phrasing ({core}){_hint(folder)}"


def _hint(folder: Path) -> str:
    """Say which folder near a wrong one holds phrasings; "" where none does."""
    right = (folder / "templates", folder.parent, folder.parent.parent)
    meant = next((path for path in right if (path / FRAMES / "question").is_dir()), None)
    return f"; did you mean {meant}?" if meant and meant != folder else ""


def load_templates(folder: Path) -> dict[str, str]:
    """Read every phrasing below `folder`, by id (its path without the ending).

    Raises:
        ConfigurationError: a file that is not where phrasings are, or is not UTF-8 text.
    """
    templates: dict[str, str] = {}
    issues = []
    try:
        paths = list_settings(folder, ".jinja", below=True)
    except OSError as error:
        message = f"{error.strerror}{_hint(folder)}"
        raise ConfigurationError([Issue(str(error.filename), "", message)]) from error
    for path in paths:
        template_id = path.relative_to(folder).with_suffix("").as_posix()
        try:
            parse_id(template_id)
            text = read_regular(path).decode()
            templates[template_id] = text.replace("\r\n", "\n").replace("\r", "\n")
        except OSError as error:
            issues.append(Issue(str(path), "", str(error.strerror)))
        except UnicodeDecodeError as error:
            issues.append(Issue(str(path), "", f"not UTF-8: {error}"))
        except ValueError:
            core = "<task>/<subtask>/question|answer/<name>.jinja"
            frame = "templates/frames/question/<name>.jinja"
            issues.append(Issue(str(path), "", f"belongs to templates/{core} or {frame}"))
    if not any(parse_id(template_id).task in (*TASKS, FRAMES) for template_id in templates):
        found = len(templates) + len(issues)
        if found != 1:  # one that lies wrong is named
            issues = [Issue(str(folder), "", _no_phrasing(folder, found))]
    if issues:
        raise ConfigurationError(issues)
    return templates
