"""`sarchat templates`: which phrasings there are, what they read like, and their faults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipelines import launch
from pipelines.cli.console import console
from sarchat_build.config.recipe import load_recipe
from sarchat_build.config.resources import resource_folder
from sarchat_build.dialogues.tasks import SUBTASKS
from sarchat_build.errors import ConfigurationError, InputError
from sarchat_build.phrasing.engine import FRAMES, Phrasing, load_templates, parse_id
from sarchat_build.phrasing.lint import lint
from sarchat_build.phrasing.preview import (
    count_wordings,
    find_sample,
    parse_place,
    preview_text,
    sample_text,
)

templates = typer.Typer(help="Phrasings: list, show, lint and preview.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Option("--templates", help="Folder of phrasings; default: the built-in ones."),
]
RecipeName = Annotated[str, typer.Option(help="Recipe, which says how many are held out.")]
CategoryName = Annotated[str, typer.Option(help="Category of the sample.")]
Count = Annotated[int, typer.Option(min=0, help="Number of objects of the sample: 0, 1, 2, 3, 12.")]


@templates.command("list")
def list_templates(folder: Folder = None, recipe: RecipeName = "sarchat_2m") -> None:
    """List how many phrasings each subtask has."""
    table = Table()
    for column in ("task", "subtask"):
        table.add_column(column)
    for column in ("questions", "held out", "frames", "question wordings", "answers"):
        table.add_column(column, justify="right")
    for row in count_wordings(_phrasing(folder, recipe)):
        wordings = f"{row.questions * row.frames:,}"
        numbers = (row.questions, row.held_out, row.frames, wordings, row.answers)
        table.add_row(row.task, row.subtask, *map(str, numbers))
    console.print(table)


@templates.command(epilog="Example: sarchat templates show referring/single/question/where_is")
def show(
    template_id: Annotated[str, typer.Argument(metavar="ID")],
    folder: Folder = None,
    recipe: RecipeName = "sarchat_2m",
) -> None:
    """Show one phrasing: its text, and what it reads like on samples."""
    phrasing = _phrasing(folder, recipe)
    if template_id not in phrasing.templates:
        raise InputError(f"{template_id!r} is no phrasing; 'sarchat templates preview' names them")
    console.print(phrasing.templates[template_id].strip(), markup=False, soft_wrap=True)
    task, subtask, side, _ = parse_id(template_id)
    if task == FRAMES:
        return
    if phrasing.is_held_out(template_id):
        console.print("held out: used in the test split only", style="dim")
    asked, answers = (phrasing.choices(task, subtask, s) for s in ("question", "answer"))
    for category, count in (("ship", 1), ("aircraft", 3), ("harbor", 0)):
        question = find_sample(parse_place(f"{task}/{subtask}"), category, count)
        core, answer = (template_id, answers[0]) if side == "question" else (asked[0], template_id)
        text = phrasing.render_ids((core, next(iter(phrasing.frames)), answer), question.variables)
        console.print(f"\n{sample_text(question)}", style="dim", markup=False, soft_wrap=True)
        console.print(text.question if side == "question" else text.answer, markup=False,
                      soft_wrap=True)  # fmt: skip


@templates.command("lint")
def lint_templates(folder: Folder = None) -> None:
    """Try every phrasing on every sample and in every frame; exit code 2 on any fault."""
    where = folder or resource_folder("templates")
    loaded = load_templates(where)
    issues = list(lint(loaded, where, thorough=True))
    if issues:
        raise ConfigurationError(issues)
    console.print(f"{len(loaded):,} phrasings, no fault")


@templates.command(epilog="Example: sarchat templates preview referring/unique --count 3")
def preview(
    subtask: Annotated[
        list[str] | None, typer.Argument(metavar="TASK/SUBTASK", help="Default: every subtask.")
    ] = None,
    category: CategoryName = "ship",
    count: Count = 2,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write Markdown.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write to this file instead.")
    ] = None,
    folder: Folder = None,
    recipe: RecipeName = "sarchat_2m",
) -> None:
    """Render every phrasing of a subtask on a labeled sample, for a reviewer to read."""
    phrasing = _phrasing(folder, recipe)
    names = subtask or [f"{task}/{s}" for task, subtasks in SUBTASKS.items() for s in subtasks]
    pages = []
    for name in names:
        place = parse_place(name)
        sample = find_sample(place, category, count)
        pages.append(preview_text(phrasing, place, sample, markdown=markdown))
    text = "\n".join(pages)
    if output is None:
        console.print(text, markup=False, soft_wrap=True, highlight=False)
    else:
        output.write_text(text, encoding="utf-8")
        console.print(f"{output}: {len(names)} subtasks")


def _phrasing(folder: Path | None, recipe: str) -> Phrasing:
    loaded = load_templates(folder or resource_folder("templates"))
    return Phrasing(loaded, load_recipe(launch.recipe_path(recipe)).phrasing.held_out_percent)
