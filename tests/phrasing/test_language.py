"""What the dialogues read like: phrasings, grammar, golden text."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import golden_text
import pyarrow.parquet as pq
import pytest
from conftest import needs_real_data
from typer.testing import CliRunner

from pipelines.cli.main import app
from sarchat_build.config.resources import resource_folder
from sarchat_build.dialogues.tasks import SUBTASKS
from sarchat_build.errors import ConfigurationError, InputError
from sarchat_build.phrasing.engine import Phrasing, held_out, load_templates, parse_id
from sarchat_build.phrasing.lint import check_templates, lint
from sarchat_build.phrasing.proofreading import grammar_faults
from sarchat_build.phrasing.samples import few_samples, samples
from sarchat_build.types import CATEGORIES, TASKS

TEMPLATES = resource_folder("templates")
PLACES = [(task, subtask) for task, subtasks in SUBTASKS.items() for subtask in subtasks]


@pytest.fixture(scope="module")
def templates() -> dict[str, str]:
    return load_templates(TEMPLATES)


@pytest.fixture(scope="module")
def phrasing(templates: dict[str, str]) -> Phrasing:
    return Phrasing(templates, held_out_percent=10)


@pytest.mark.parametrize("task", TASKS)
def test_golden_text_is_what_it_was(task: str) -> None:
    written = (golden_text.GOLDEN / f"{task}.jsonl").read_text(encoding="utf-8").splitlines()
    assert golden_text.golden_lines(task) == written, "read the changes, then run: make golden"


def test_golden_text_shows_every_subtask() -> None:
    lines = {task: map(json.loads, golden_text.golden_lines(task)) for task in TASKS}
    assert {(task, line["subtask"]) for task, said in lines.items() for line in said} == set(PLACES)


@pytest.mark.parametrize("place", PLACES, ids="/".join)
def test_wordings_are_many_and_distinct(phrasing: Phrasing, place: tuple[str, str]) -> None:
    # The sample with the most to say: with one object, some answers come out alike.
    question = max(samples()[place], key=lambda sample: len(repr(sample.variables)))
    asked, answers = (phrasing.choices(*place, side) for side in ("question", "answer"))
    said = {
        phrasing.render_ids((core, frame, answers[0]), question.variables).question
        for core in asked
        for frame in phrasing.frames
    }
    replies = {
        phrasing.render_ids((asked[0], next(iter(phrasing.frames)), answer), question.variables)
        for answer in answers
    }
    assert len(said) == len(asked) * len(phrasing.frames) >= 100
    assert len({reply.answer for reply in replies}) == len(answers) >= 20


def test_no_phrasing_has_a_fault_on_any_sample(templates: dict[str, str]) -> None:
    assert [str(issue) for issue in lint(templates, thorough=True)] == []


def test_samples_show_every_category_and_number() -> None:
    for place in (("instance_counting", "all"), ("referring", "multi")):
        shown = {(q.variables["category"], q.variables["n"]) for q in samples()[place]}
        least = {(c, n) for c in CATEGORIES for n in (2, 3, 12)}
        assert shown >= least | (
            {(c, n) for c in CATEGORIES for n in (0, 1)} if place[1] == "all" else set()
        )
    assert set(samples()) == set(few_samples()) == set(PLACES)
    capped = [q for q in few_samples()["instance_counting", "all"] if q.variables["n"] == 12]
    assert any(q.variables["listed"] == 10 for q in capped)


def test_start_of_a_build_is_not_held_up(templates: dict[str, str]) -> None:
    few_samples()
    start = time.process_time()
    check_templates(templates, TEMPLATES)
    assert time.process_time() - start < 3


def texts(out: Path) -> Iterator[tuple[str, str]]:
    """Every text of a built dataset, with its tag taken off, and its dialogue's id."""
    for path in sorted(out.glob("dialogues/*/*.parquet")):
        for row in pq.read_table(path, columns=["dialogue_id", "messages"]).to_pylist():
            for message in row["messages"]:
                text = message["content"].removeprefix("<image>\n")
                yield row["dialogue_id"], re.sub(r"^\[[a-z]+\] ", "", text)


def faults_of(out: Path) -> list[str]:
    return [f"{name}: {f}" for name, text in texts(out) for f in grammar_faults(text)]


def test_text_of_a_build_has_no_fault(built: Path) -> None:
    assert sum(1 for _ in texts(built)) > 2000
    assert faults_of(built) == []


@needs_real_data
def test_text_of_real_sources_has_no_fault(real_built: Path) -> None:
    assert sum(1 for _ in texts(real_built)) > 20_000
    assert faults_of(real_built) == []


def test_a_build_answers_yes_as_often_as_no_and_uses_held_out_questions_in_test(
    built: Path, phrasing: Phrasing
) -> None:
    answers: Counter[str] = Counter()
    held: Counter[tuple[str, bool]] = Counter()
    for path in sorted(built.glob("dialogues/*/*.parquet")):
        for row in pq.read_table(path).to_pylist():
            answers[row["ground_truth"].get("answer") or ""] += 1
            core, frame, answer = row["template_ids"]
            assert core.startswith(f"{row['task']}/{row['subtask']}/question/")
            assert frame.startswith("frames/question/")
            assert answer.startswith(f"{row['task']}/{row['subtask']}/answer/")
            held[row["split"], phrasing.is_held_out(core)] += 1
    assert answers["yes"] == answers["no"] > 10
    assert held["train", True] == 0 < held["test", True] < held["test", False]


# name of a phrasing, its text, part of the message.
BAD_PHRASINGS = {
    "constant fact": (
        "referring/single/answer/zz", "It lies in the top left: {{ box }} ({{ cell }}).",
        "'top' states a fact",
    ),
    "constant number": (
        "instance_counting/all/answer/zz",
        "{{ category | counted(n) | sentence }}, listed {{ listed }} of 100: {{ boxes }}.",
        "'100' states a fact",
    ),
    "missing fact": ("referring/single/answer/zz", "It is at {{ box }}.", "does not use cell"),
    "category given away": (
        "spatial_grounding/single/question/zz", "Where is the ship?", "'ship' states a fact",
    ),
    "wrong number": (
        "instance_counting/all/answer/zz",
        "There are {{ n }} {{ category }}{% if listed %}: {{ boxes }}{% endif %}.",
        "singular noun",
    ),
    "no capital": ("referring/single/question/zz", "where is the {{ category }}?", "capital"),
    "no end": ("referring/single/question/zz", "Where is the {{ category }}", "end of sentence"),
    "two sizes": (
        "cross_modal_identification/single/answer/zz",
        "A {{ size }}, {{ size }} {{ category }}, {{ shape }}, in the {{ cell }}.",
        "two sizes for one object",
    ),
    "twin": (
        "referring/single/question/zz", "Where is the {{ category }}?\n",
        "reads exactly like referring/single/question/where_is",
    ),
    "frame without its question": ("frames/question/zz", "Look here.", "constant text around one"),
    "frame with code": (
        "frames/question/zz", "{% if 1 %}Look.{% endif %} {{ ask }}", "constant text around one",
    ),
    "frame with a fact": ("frames/question/zz", "Here are ships. {{ ask }}", "states a fact"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD_PHRASINGS)
def test_bad_phrasing_is_named(templates: dict[str, str], fault: str) -> None:
    name, text, message = BAD_PHRASINGS[fault]
    place = name.rsplit("/", 2)[0]
    few = {k: v for k, v in templates.items() if k.startswith((place, "frames"))} | {name: text}
    issues = [str(issue) for issue in lint(few) if issue.file == f"templates/{name}.jinja"]
    assert any(message in issue for issue in issues), issues


def test_wrong_size_of_an_object_is_named(templates: dict[str, str]) -> None:
    name = "cross_modal_identification/single/answer/zz"
    text = (
        "{% if size == 'small' %}It is very {{ size }}{% else %}It is {{ size }}{% endif %} and "
        "{{ shape }}, {{ category | a }} in the {{ cell }}."
    )
    few = {k: v for k, v in templates.items() if k.startswith("cross_modal_identification/single")}
    issues = [str(issue) for issue in lint(few | {name: text}, thorough=True)]
    assert any("calls one object small and very small" in issue for issue in issues), issues


def test_adding_a_phrasing_is_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    shutil.copytree(TEMPLATES, folder)
    (folder / "referring/single/question/new_one.jinja").write_text("Spot the {{ category }}.\n")
    loaded = load_templates(folder)
    check_templates(loaded, folder)
    phrasing = Phrasing(loaded)
    used = {
        phrasing.render(samples()["referring", "single"][0], f"a/{i}", "test").template_ids
        for i in range(200)
    }
    assert "referring/single/question/new_one" in {ids[0] for ids in used}


def test_too_few_wordings_stop_the_build(templates: dict[str, str]) -> None:
    few = {k: v for k, v in templates.items() if not k.startswith("frames/question/s")}
    few = {k: v for k, v in few.items() if not re.match(r"referring/single/answer/[a-l]", k)}
    with pytest.raises(ConfigurationError, match=r"referring/single/answer: \d+ phrasings; at"):
        check_templates(few, TEMPLATES)


def test_held_out_questions_are_in_the_test_split_only(phrasing: Phrasing) -> None:
    question = samples()["referring", "single"][0]
    asked = phrasing.choices("referring", "single", "question")
    kept = {name for name in asked if phrasing.is_held_out(name)}
    assert len(kept) == round(len(asked) * 0.1)
    for split, expected in (
        ("train", set(asked) - kept), ("validation", set(asked) - kept), ("test", set(asked)),
    ):  # fmt: skip
        used = {
            phrasing.render(question, f"x/{i}", split).template_ids[0]  # type: ignore[arg-type]
            for i in range(600)
        }
        assert used == expected, split


def test_held_out_share_hardly_moves_when_a_phrasing_is_added() -> None:
    names = [f"referring/single/question/{i}" for i in range(30)]
    before, after = held_out(names, 10), held_out([*names, "referring/single/question/new"], 10)
    assert len(before) == len(after) == 3
    assert len(before & after) >= 2
    assert held_out(names, 0) == frozenset()


def test_phrasing_survives_a_journey_to_a_worker(phrasing: Phrasing) -> None:
    there = pickle.loads(pickle.dumps(phrasing))
    question = samples()["spatial_grounding", "multi"][0]
    for i in range(20):
        assert there.render(question, f"x/{i}", "train") == phrasing.render(
            question, f"x/{i}", "train"
        )


@pytest.mark.parametrize("name", ["a", "a/b/c/d", "frames/answer/x", "frames/a/question/x", ""])
def test_what_is_no_id_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no id of a phrasing"):
        parse_id(name)


Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["templates", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_templates_list(run: Run) -> None:
    listed = run("list")
    for _, subtask in PLACES:
        assert re.search(rf"  {subtask} +2\d +3 +2\d\d +2\d$", listed, re.MULTILINE), subtask
    assert "in each of 9 frames" in listed


def test_templates_show(run: Run) -> None:
    shown = run("show", "referring/single/question/where_is")
    assert "Where is the {{ category }}?" in shown
    assert "Where is the ship?" in shown
    assert "Here" in run("show", "frames/question/synthetic_aperture")
    with pytest.raises(InputError, match="is no phrasing"):
        run("show", "referring/single/question/nope")


def test_templates_lint(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    shutil.copytree(TEMPLATES, folder)
    bad = folder / "referring/multi/question/bad.jinja"
    bad.write_text("Locate {{ n }} {{ category }}.\n")
    with pytest.raises(ConfigurationError, match=r"bad\.jinja: singular noun: '2 ship'"):
        run("lint", "--templates", str(folder))
    bad.unlink()
    assert "phrasings, no fault" in run("lint", "--templates", str(folder))


def test_templates_preview(run: Run, tmp_path: Path) -> None:
    page = run("preview", "referring/unique", "--category", "aircraft", "--count", "3")
    assert "referring/unique" in page
    assert page.count("[refer] ") == len(list((TEMPLATES / "referring/unique/question").iterdir()))
    out = tmp_path / "all.md"
    run("preview", "--markdown", "--output", str(out))
    text = out.read_text(encoding="utf-8")
    assert all(f"## {task}/{subtask}\n" in text for task, subtask in PLACES)
    for template_id in load_templates(TEMPLATES):
        assert f"{parse_id(template_id).name}`" in text or parse_id(template_id).name in text
    with pytest.raises(InputError, match="is no subtask; known: referring/single, "):
        run("preview", "referring/nope")
    with pytest.raises(InputError, match="is no subtask; known: classification/all"):
        run("preview", "classification/nope")
