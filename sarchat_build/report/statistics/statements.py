"""Statements of the dialogues of one picture, which must not contradict each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]
# (about what, which property), value
Statement: TypeAlias = tuple[tuple[str, str], object]


def contradictions(rows: Sequence[Row]) -> tuple[int, int]:
    """Count things stated more than once about one picture, and those stated in two ways.

    Things are an object's category, size, shape and cell, how many of a category there are in all
    or in a cell, and whether there are any; they may be stated by any two dialogues.
    """
    first: dict[tuple[str, str], object] = {}
    repeated: set[tuple[str, str]] = set()
    contradicted: set[tuple[str, str]] = set()
    for row in rows:
        for about, value in _statements(row):
            if about not in first:
                first[about] = value
            else:
                repeated.add(about)
                if first[about] != value:
                    contradicted.add(about)
    return len(repeated), len(contradicted)


def _statements(row: Row) -> Iterator[Statement]:
    truth, ids = row["ground_truth"], row["instance_ids"]
    for instance_id, category in zip(ids, row["objects"]["ref"], strict=True):
        yield (instance_id, "category"), category
    task, subtask = row["task"], row["subtask"]
    if subtask == "presence":
        subject = "/".join(filter(None, (truth["asked"], truth.get("cell"))))
        yield (subject, "present"), truth["answer"] == "yes"
        # A "no" lists nothing, a "yes" everything that it is about.
        yield (subject, "count"), len(ids)
    elif task == "classification":
        for category in truth["categories"]:
            yield (category, "present"), True
    elif task == "instance_counting":
        yield (truth["category"], "count"), truth["count"]
        yield (truth["category"], "present"), truth["count"] > 0
    elif task == "spatial_grounding":
        yield from _grounded(truth)
    elif task == "fine_grained_description":
        for described in truth["objects"]:
            yield (described["instance_id"], "size"), described["size"]
            yield (described["instance_id"], "cell"), described["cell"]
    elif task == "cross_modal_identification":
        for instance_id, described in zip(ids, truth["objects"], strict=True):
            for name, value in described.items():
                yield (instance_id, name), value
    elif subtask == "unique":
        for name in ("size", "shape", "cell"):
            if truth[name] is not None:
                yield (ids[0], name), truth[name]
    else:
        yield (truth["category"], "count"), len(ids)


def _grounded(truth: Mapping[str, Any]) -> Iterator[Statement]:
    totals: Counter[str] = Counter()
    for group in truth["groups"]:
        totals[group["category"]] += group["count"]
        yield (f"{group['category']}/{group['cell']}", "count"), group["count"]
        yield (f"{group['category']}/{group['cell']}", "present"), True
    for category, count in totals.items():
        yield (category, "count"), count
        yield (category, "present"), True
