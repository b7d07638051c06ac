"""How tables and paragraphs look: plain, for 80 columns, and for a file as for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from pipelines.console import console
from sarchat_build.names import display_line


def plain_table(*columns: str) -> Table:
    """Make a table without vertical lines; the names of its columns of numbers begin with ">"."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for column in columns:
        name = column.removeprefix(">")
        right = name != column
        table.add_column(name, justify="right" if right else "left", no_wrap=right, overflow="fold")
    return table


def titled(title: str, table: Table, *notes: str) -> Group:
    """Put a title above a table, which may be longer than the table is wide, and notes below."""
    dim = [Text(note, style="dim") for note in notes]
    return Group(Text(f"\n{title}", style="bold"), table, *dim)


def explained(words: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    """Give the words of a table with what they mean, a line each."""
    return tuple(f"{name}: {words[name]}" for name in names)


def print_text(text: str, *, indent: int = 0, style: str = "") -> None:
    """Print a paragraph: words wrapped on a terminal, one line anywhere else.

    Paths, URLs and commands are never broken.
    """
    lead = " " * indent
    text = display_line(text)
    lines = [lead + text]
    if console.is_terminal:
        lines = textwrap.wrap(
            text,
            max(console.width, 40),
            initial_indent=lead,
            subsequent_indent=" " * (indent + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
    for line in lines:
        console.print(line, style=style, soft_wrap=True, markup=False, highlight=False)
