"""Every published column with its type and its meaning: for the card, and as a page.

`python -m sarchat_build.card.columns` writes the page `docs/columns.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from sarchat_build.card.tables import table
from sarchat_build.published.layout import TASKS
from sarchat_build.published.meanings import meaning_of
from sarchat_build.published.schema import PICTURE_INDEX, SCHEMAS


def columns_tables() -> Iterator[str]:
    """Say what every column of every table holds; of dialogues what all tasks share first."""
    yield "### Pictures: `images`\n\n" + _columns("images", SCHEMAS["images"])
    shared = pa.schema([field for field in SCHEMAS[TASKS[0]] if field.name != "ground_truth"])
    yield "### Dialogues: one configuration per task\n\n" + _columns(TASKS[0], shared)
    rows = []
    for task in TASKS:
        truth = SCHEMAS[task].field("ground_truth")
        for path, kind in column_paths([truth]):
            if path != "ground_truth":
                rows.append((f"`{task}`", f"`{path}`", kind, meaning_of(task, path)))
    head = ("task", "column", "type", "holds (null where a subtask does not use it)")
    yield "### What answers state: `ground_truth`\n\n" + table(head, (), rows)
    for name, title in (("rejects", "What was left out"), ("duplicates", "Pictures shown twice")):
        yield f"### {title}: `{name}`\n\n" + _columns(name, SCHEMAS[name])
    yield "### Where pictures lie: `report/index.parquet`\n\n" + _columns("index", PICTURE_INDEX)


def column_paths(fields: Iterable[pa.Field], above: str = "") -> Iterator[tuple[str, str]]:
    """Give every column at any depth by its dotted path, with its type in a word.

    >>> list(column_paths(pa.schema({"a": pa.struct({"b": pa.list_(pa.int32())})})))
    [('a', 'struct'), ('a.b', 'list of int32')]
    """
    for field in fields:
        path, kind, lists = f"{above}{field.name}", field.type, ""
        while pa.types.is_list(kind):
            kind, lists = kind.value_type, f"{lists}list of "
        nested = pa.types.is_struct(kind)
        yield path, f"{lists}{'struct' if nested else kind}"
        if nested and path != "image":
            yield from column_paths(kind, f"{path}.")


def _columns(name: str, schema: pa.Schema) -> str:
    rows = [
        (f"`{path}`", kind, meaning_of(name, path))
        for path, kind in column_paths(schema)
        if not path.startswith(("image.", "dialogues."))
    ]
    return table(("column", "type", "holds"), (), rows)


def page() -> str:
    """Give the page of all columns."""
    head = (
        "# Every column\n\nThe tables of a dataset; a list has an entry for each object. Loading: "
        "[README](../README.md#load). Where files lie, and what is checked: "
        "[validation](validation.md).\n"
    )
    return "\n\n".join((head.rstrip(), *columns_tables())).replace("\n### ", "\n## ") + "\n"


if __name__ == "__main__":
    print(page(), end="")
