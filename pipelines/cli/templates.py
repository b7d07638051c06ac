"""`sarchat templates`: which phrasings there are, what they read like, and their faults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import options

templates = typer.Typer(
    help="List, show, lint and preview phrasings.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@templates.command(
    "list",
    short_help="List how many phrasings each subtask has.",
    epilog="Example: sarchat templates list --recipe paper",
)
def list_templates(folder: options.Templates = None, recipe: options.Recipe = "sarchat_2m") -> None:
    """List how many phrasings each subtask has, and how many the recipe keeps for the test."""
    from pipelines.cli.commands.templates import list_phrasings

    list_phrasings(folder, recipe)


@templates.command(
    short_help="Show one phrasing: its text, and samples.",
    epilog="Example: sarchat templates show referring/single/question/where_is",
)
def show(
    template_id: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a phrasing: its path without '.jinja'.")
    ],
    folder: options.Templates = None,
    recipe: options.Recipe = "sarchat_2m",
) -> None:
    """Show one phrasing: its text, and what it reads like on samples."""
    from pipelines.cli.commands.templates import show_phrasing

    show_phrasing(template_id, folder, recipe)


@templates.command(
    short_help="Try every phrasing on every sample.", epilog="Example: sarchat templates lint"
)
def lint(folder: options.Templates = None) -> None:
    """Try every phrasing on every sample and in every frame; exit code 2 on any fault."""
    from pipelines.cli.commands.templates import lint_phrasings

    lint_phrasings(folder)


@templates.command(
    short_help="Render every phrasing of a subtask on a sample.",
    epilog="Example: sarchat templates preview referring/unique --count 3",
)
def preview(
    subtask: Annotated[
        list[str] | None,
        typer.Argument(metavar="TASK/SUBTASK", help="Subtasks.  [default: every one]"),
    ] = None,
    category: Annotated[str, typer.Option(metavar="NAME", help="Category of the sample.")] = "ship",
    count: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, help="Objects of the sample: the nearest of 0, 1, 2, 3, 12."
        ),
    ] = 2,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write Markdown.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="File to write to.  [default: standard output]",
        ),
    ] = None,
    folder: options.Templates = None,
    recipe: options.Recipe = "sarchat_2m",
) -> None:
    """Render every phrasing of a subtask on a labeled sample, for a reviewer to read."""
    from pipelines.cli.commands.templates import preview_phrasings

    preview_phrasings(
        subtask or [],
        category=category,
        count=count,
        markdown=markdown,
        output=output,
        folder=folder,
        recipe=recipe,
    )
