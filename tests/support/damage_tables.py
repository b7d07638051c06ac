"""Damage to the tables of rejects and duplicates, and to the order of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from damage import Damage, Row, Target, in_row, in_rows, put, swap_first_two

_REJECT = {
    **{"stage": "normalize", "source": "hrsid", "line": None},
    **{"reason": "degenerate", "detail": "x", "images": 0, "instances": 1},
}


def _reject_more(**other: Any) -> Callable[[Target], object]:
    def damage(target: Target) -> None:
        path = "rejects/hrsid.parquet"
        rows = target.rows(path)
        of_the_first = {"file": rows[0]["file"], "key": f"{rows[0]['key']}#1"}
        target.write(path, [*rows, _REJECT | of_the_first | other])

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
    other |= {"file": f"a.zip/{shown['source_member']}"}
    target.write(path, [*target.rows(path), _REJECT | other])


def _rejects_of_nobody(target: Target) -> None:
    target.write("rejects/nobody.parquet", [])


def _is_dropped(row: Row) -> bool:
    return not row["kept"]


TABLES = {
    "an object that is hidden": Damage(_hidden_object, ("rejected_categories",)),
    "a reject of nothing": Damage(_reject_more(instances=0), ("reject",)),
    "a reject with which no build ends": Damage(
        _reject_more(reason="split_conflict", stage="read_annotations"), ("reject",)
    ),
    "a name that the recipe does not let pass": Damage(
        _reject_more(reason="unknown_category"), ("recipe",)
    ),
    "a repeated object that is an image": Damage(
        _reject_more(reason="duplicate_object", stage="read_annotations", images=1), ("reject",)
    ),
    "an unknown reason": Damage(in_row("rejects", put("reason", "bad luck")), ("reject",)),
    "an unknown stage": Damage(in_row("rejects", put("stage", "later")), ("reject_stage",)),
    "another source": Damage(in_row("rejects", put("source", "ssdd")), ("reject_source",)),
    "another key": Damage(in_row("rejects", put("key", "x")), ("reject_key",)),
    "two images": Damage(in_row("rejects", put("images", 2)), ("reject",)),
    "a reject more": Damage(_reject_more(), ("source_counts",)),
    "an object of nobody": Damage(_reject_more(key="hrsid/P9999#1"), ("reject_key",)),
    "a file of another archive": Damage(
        in_row("rejects", put("file", lambda old: f"Other/{old}")), ("reject_file",), first=True
    ),
    "a file of another picture": Damage(
        in_row("rejects", put("file", lambda old: old.replace("P0999", "P0998"))),
        ("reject_file",),
        first=True,
    ),
    "another line than in the detail": Damage(
        _reject_more(detail="line 5:4: unclosed token", line=7), ("reject_line",)
    ),
    "rejects of a source that is not there": Damage(_rejects_of_nobody, ("source_known",)),
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
    "file of a dropped duplicate": Damage(
        in_row("duplicates", put("file", lambda old: f"{old}.txt".replace("/", "/x")), _is_dropped),
        ("duplicate_file",),
        first=True,
    ),
    "official split of a dropped duplicate": Damage(
        in_row("duplicates", put("official_split", None), _is_dropped), ("official_split",)
    ),
    "a side that no list states": Damage(
        in_rows(
            "duplicates", lambda rows: [row.update(official_split="train") for row in rows[:2]]
        ),
        ("split_rule", "official_split"),
    ),
    "equal pixels called near": Damage(
        in_row("duplicates", put("reason", "near"), lambda r: not r["kept"] and not r["distance"]),
        ("duplicate_reason",),
        first=True,
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
