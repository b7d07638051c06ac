"""Damage to questions and answers whose facts stay right."""

from __future__ import annotations

from damage import Damage, Row, Target, in_row

_TABLE = "dialogues/referring"


def _exchange_phrasings(target: Target) -> None:
    """Let two rows of one kind say that they have the phrasings of each other."""
    path = target.paths(_TABLE)[0]
    rows = target.rows(path)
    one = rows[0]
    other = next(
        row
        for row in rows
        if row["subtask"] == one["subtask"] and row["template_ids"] != one["template_ids"]
    )
    one["template_ids"], other["template_ids"] = other["template_ids"], one["template_ids"]
    target.write(path, rows)


def _say_more(row: Row) -> None:
    row["messages"][0]["content"] += " Thank you."


def _frame_more(row: Row) -> None:
    tag, _, question = row["messages"][0]["content"].partition("] ")
    row["messages"][0]["content"] = f"{tag}] Look closely. {question}"


def _invisible(row: Row) -> None:
    row["messages"][1]["content"] = row["messages"][1]["content"].replace(" ", " \u200b", 1)


TEXTS = {
    "a letter that nobody sees": Damage(in_row(_TABLE, _invisible), ("text",), first=True),
    "phrasings exchanged": Damage(_exchange_phrasings, ("template_choice",), first=True),
    "a sentence more": Damage(in_row(_TABLE, _say_more), ("wording",), first=True),
    "a sentence before": Damage(in_row(_TABLE, _frame_more), ("wording",), first=True),
}
