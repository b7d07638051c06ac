"""Named records from many steps to one element, where a decision needs all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

NamedRecord: TypeAlias = "tuple[str, tuple[str, Any]]"

# Outputs that steps have beside their own: what the plan is made from, and what is published.
FACTS, RESULTS = "facts", "results"

# The one key of all named records: they meet in one element.
_KEY = "dataset"


def named(name: str, record: Any) -> NamedRecord:
    """Give a record its name, for `GatherRecords`."""
    return _KEY, (name, record)


def fact(name: str, record: Any) -> TaggedOutput:
    """Give the plan a record: a step yields it into its output `facts`."""
    return TaggedOutput(FACTS, named(name, record))


def result(name: str, record: Any) -> TaggedOutput:
    """Give the publication a record: a step yields it into its output `results`."""
    return TaggedOutput(RESULTS, named(name, record))


def records_named(element: NamedRecord, name: str) -> list[Any]:
    """Give the record in a list, if it has that name."""
    _, (found, record) = element
    return [record] if found == name else []


@dataclass
class GatherRecords(beam.PTransform):
    """Collections of named records -> one {name: list of records}, without names that have none.

    Nothing comes out if every collection is empty. Steps name their records themselves: many
    engines end a stage where collections flow together, and would begin another one to name them.
    """

    def expand(self, collections: Sequence[beam.PCollection]) -> Any:
        """Wire the step."""
        return (
            collections
            | "AllRecords" >> beam.Flatten()
            | "GatherAll" >> beam.GroupByKey()  # ("dataset", [(name, record)])
            | "SortByName" >> beam.Map(_by_name)
        )


def _by_name(element: tuple[str, Iterable[tuple[str, Any]]]) -> dict[str, list[Any]]:
    records: dict[str, list[Any]] = defaultdict(list)
    for name, record in element[1]:
        records[name].append(record)
    return dict(records)
