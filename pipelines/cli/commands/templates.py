"""`sarchat templates`: count, show, lint and preview phrasings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.cli.arguments import check_output_file
from pipelines.cli.tables import plain_table, titled
from pipelines.console import console, print_line
from sarchat_build.config.recipe import load_recipe
from sarchat_build.config.resources import recipe_path, resource_folder
from sarchat_build.dialogues.tasks import SUBTASKS
from sarchat_build.errors import ConfigurationError, InputError, Issue
from sarchat_build.phrasing.engine import FRAMES, Phrasing, load_templates, parse_id
from sarchat_build.phrasing.lint import check_templates, lint
from sarchat_build.phrasing.preview import (
    count_wordings,
    find_sample,
    parse_subtask,
    preview_text,
    sample_text,
)
from sarchat_build.suggestions import advice
from sarchat_build.types import CATEGORIES

_SEE = "; 'sarchat templates preview TASK/SUBTASK' names those of a subtask"


def list_phrasings(folder: Path | None, recipe: str) -> None:
    """Print how many phrasings each subtask has."""
    table = plain_table("task", "subtask", ">questions", ">held out", ">wordings", ">answers")
    phrasing = _load_phrasing(folder, recipe)
    for row in count_wordings(phrasing):
        wordings = row.questions * row.frames
        numbers = (row.questions, row.held_out, wordings, row.answers)
        table.add_row(row.task, row.subtask, *(f"{number:,}" for number in numbers))
    console.print(
        titled(
            "Phrasings",
            table,
            "held out: of the questions, those that only the test split has",
            f"wordings: each question in each of {len(phrasing.frames)} frames, the sentences "
            "around it",
        )
    )


def show_phrasing(template_id: str, folder: Path | None, recipe: str) -> None:
    """Print one phrasing, and what it reads like on samples.

    Raises:
        InputError: there is no such phrasing.
    """
    phrasing = _load_phrasing(folder, recipe)
    if template_id not in phrasing.templates:
        hint = advice(template_id, phrasing.templates)
        raise InputError(f"{template_id!r} is no phrasing{hint or _SEE}")
    console.print(phrasing.templates[template_id].strip(), markup=False, soft_wrap=True)
    check_templates(phrasing.templates, folder or resource_folder("templates"))
    task, subtask, side, _ = parse_id(template_id)
    if task == FRAMES:
        return
    if phrasing.is_held_out(template_id):
        console.print("held out: used in the test split only", style="dim")
    asked, answers = (phrasing.choices(task, subtask, s) for s in ("question", "answer"))
    for category, count in (("ship", 1), ("aircraft", 3), ("harbor", 0)):
        question = find_sample(parse_subtask(f"{task}/{subtask}"), category, count)
        core, answer = (template_id, answers[0]) if side == "question" else (asked[0], template_id)
        text = phrasing.render_ids((core, next(iter(phrasing.frames)), answer), question.variables)
        console.print(f"\n{sample_text(question)}", style="dim", markup=False, soft_wrap=True)
        console.print(text.question if side == "question" else text.answer, markup=False,
                      soft_wrap=True)  # fmt: skip


def lint_phrasings(folder: Path | None) -> None:
    """Try every phrasing on every sample and in every frame.

    Raises:
        ConfigurationError: every fault.
    """
    folder = folder or resource_folder("templates")
    loaded = load_templates(folder)
    issues = list(lint(loaded, folder, thorough=True))
    if issues:
        raise ConfigurationError(issues)
    console.print(f"{len(loaded):,} phrasings, no fault")


def preview_phrasings(
    subtasks: Sequence[str],
    *,
    category: str,
    count: int,
    markdown: bool,
    output: Path | None,
    folder: Path | None,
    recipe: str,
) -> None:
    """Render every phrasing of the subtasks on a sample, on the console or into a file."""
    if category not in CATEGORIES:
        message = f"no such category{advice(category, CATEGORIES)}"
        raise ConfigurationError([Issue("--category", category, message)])
    if output is not None:
        check_output_file("--output", output)
    names = subtasks or [f"{task}/{s}" for task in SUBTASKS for s in SUBTASKS[task]]
    asked = [parse_subtask(name) for name in names]
    phrasing = _load_phrasing(folder, recipe)
    check_templates(phrasing.templates, folder or resource_folder("templates"))
    pages = []
    for subtask_id in asked:
        sample = find_sample(subtask_id, category, count)
        pages.append(preview_text(phrasing, subtask_id, sample, markdown=markdown))
    text = "\n".join(pages)
    if output is None:
        console.print(text, markup=False, soft_wrap=True, highlight=False)
    else:
        output.write_text(text, encoding="utf-8", newline="\n")
        print_line(f"{output}: {len(names)} subtasks")


def _load_phrasing(folder: Path | None, recipe: str) -> Phrasing:
    loaded = load_templates(folder or resource_folder("templates"))
    return Phrasing(loaded, load_recipe(recipe_path(recipe)).phrasing.held_out_percent)
