"""Defects to plant in rows of a dataset, and figures to falsify in its report."""

from __future__ import annotations

import copy
from typing import Any

from report_figures import Row, is_no


def deny_what_is_there(image: Row, rows: list[Row]) -> None:
    row = next(row for row in rows if is_no(row) and row["task"] == "spatial_grounding")
    yes = next(
        r for r in rows if r["task"] == row["task"] and r["subtask"] == "presence" and r != row
    )
    row["ground_truth"]["cell"] = yes["ground_truth"]["cell"]


def deny_what_nobody_annotated(image: Row, rows: list[Row]) -> None:
    row = next(row for row in rows if is_no(row))
    image["categories_annotated"] = []
    assert row["ground_truth"]["asked"]


def answer_twice(image: Row, rows: list[Row]) -> None:
    rows.append(copy.deepcopy(rows[0]))


def answer_otherwise(image: Row, rows: list[Row]) -> None:
    rows.append(copy.deepcopy(rows[0]))
    rows[-1]["messages"][1]["content"] = "Something else lies there."


def call_it_otherwise(image: Row, rows: list[Row]) -> None:
    row = next(row for row in rows if row["subtask"] in ("category", "choice"))
    row["ground_truth"]["objects"][0]["size"] = "enormous"


def draw_outside(image: Row, rows: list[Row]) -> None:
    image["objects"]["bbox"][0][2] = image["width"] + 1.0


def draw_thin(image: Row, rows: list[Row]) -> None:
    box = image["objects"]["bbox"][0]
    box[2] = box[0] + 0.25


def say_it_badly(image: Row, rows: list[Row]) -> None:
    rows[0]["messages"][1]["content"] = "There is 4 ship in the image."


def change_rows(told: Any) -> None:
    told["dialogues"][-1]["rows"] += 1


def change_longest(told: Any) -> None:
    told["dialogues"][-1]["lengths"]["answer_chars"]["max"] = 3


def change_negatives(told: Any) -> None:
    entry = next(e for e in told["dialogues"] if e["negatives"])
    entry["negatives"] = 0


def change_words(told: Any) -> None:
    told["dialogues"][0]["words"] -= 1


def drop_a_group(told: Any) -> None:
    told["dialogues"].pop()


def change_objects(told: Any) -> None:
    told["pictures"][0]["objects"] += 1


def call_dead(told: Any) -> None:
    used = next(e for e in told["phrasings"] if e["task"] == "frames")
    used["dead"].append("frames/question/bare")


def prove_too_much(told: Any) -> None:
    told["proofs"][0]["of"] += 10
