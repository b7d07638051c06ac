"""Damage to the tables of rejects and duplicates, and to the order of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from damage import Damage, Target, in_row, in_rows, put, swap_first_two

_REJECT = {
    **{"stage": "normalize", "source": "hrsid", "file": "a", "line": None, "key": "hrsid/a#1"},
    **{"reason": "degenerate", "detail": "x", "images": 0, "instances": 1},
}


def _reject_more(**other: Any) -> Callable[[Target], object]:
    def damage(target: Target) -> None:
        path = "rejects/hrsid.parquet"
        target.write(path, [*target.rows(path), _REJECT | other])

    return damage


def _hidden_object(target: Target) -> None:
    """Refuse an object of a picture that is published as if all of them were there."""
    path = "rejects/ssdd.parquet"
    shown = next(
        row
        for file in target.paths("images")
        for row in target.rows(file)
        if row["source"] == "ssdd" and not row["rejected_categories"]
    )
    other = {"source": "ssdd", "key": f"{shown['image_id']}#9", "reason": "contradicts_itself"}
    target.write(path, [*target.rows(path), _REJECT | other])


TABLES = {
    "an object that is hidden": Damage(_hidden_object, ("rejected_categories",)),
    "a reject of nothing": Damage(_reject_more(instances=0), ("reject",)),
    "a reject with which no build ends": Damage(
        _reject_more(reason="split_conflict", stage="read_annotations"), ("reject",)
    ),
    "a name that the recipe does not let pass": Damage(
        _reject_more(reason="unknown_category"), ("recipe",)
    ),
    "an unknown reason": Damage(in_row("rejects", put("reason", "bad luck")), ("reject",)),
    "an unknown stage": Damage(in_row("rejects", put("stage", "later")), ("reject_stage",)),
    "another source": Damage(in_row("rejects", put("source", "ssdd")), ("reject_source",)),
    "another key": Damage(in_row("rejects", put("key", "x")), ("reject_key",)),
    "two images": Damage(in_row("rejects", put("images", 2)), ("reject",)),
    "a reject more": Damage(_reject_more(), ("conservation",)),
    "rejects out of order": Damage(_reject_more(stage="a", file=""), ("row_order",)),
    "two best": Damage(
        in_row("duplicates", put("reason", "kept"), lambda row: not row["kept"]),
        ("duplicate_kept",),
    ),
    "a group of one": Damage(
        in_row("duplicates", put("group_id", "zzz"), lambda row: not row["kept"]),
        ("duplicate_group",),
    ),
    "a group's name": Damage(
        in_rows("duplicates", lambda rows: [row.update(group_id="zzz") for row in rows[:2]]),
        ("duplicate_group",),
    ),
    "objects of a duplicate": Damage(
        in_row("duplicates", put("instances", 77), lambda row: row["kept"]),
        ("duplicate_instances",),
    ),
    "file of a duplicate": Damage(
        in_row("duplicates", put("file", "other.jpg"), lambda row: row["kept"]),
        ("duplicate_file",),
    ),
    "source of a duplicate": Damage(
        in_row("duplicates", put("source", "hrsid"), lambda row: row["source"] != "hrsid"),
        ("duplicate_source",),
    ),
    "official split of a duplicate": Damage(
        in_row(
            "duplicates",
            put("official_split", lambda old: "test" if old != "test" else "train"),
            lambda row: row["kept"],
        ),
        ("official_split",),
    ),
    "a duplicate published": Damage(
        in_row("duplicates", put("kept", True), lambda row: not row["kept"]), ("duplicate_kept",)
    ),
    "order of a group": Damage(in_rows("duplicates", swap_first_two), ("row_order",)),
    "images out of order": Damage(in_rows("images", swap_first_two), ("row_order",)),
    "dialogues out of order": Damage(
        in_rows("dialogues/cross_modal_identification", swap_first_two), ("row_order",)
    ),
}
