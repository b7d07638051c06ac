"""Named collections of small records to one element, where a decision needs all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import apache_beam as beam

Named: TypeAlias = "dict[str, beam.PCollection | tuple[beam.PCollection, ...]]"


@dataclass
class GatherByName(beam.PTransform):
    """{name: collection, or several} -> one {name: list of records}, without names that have none.

    Nothing comes out if every collection is empty.
    """

    def expand(self, collections: Named) -> Any:
        """Wire the step."""
        # All that is done to a record is done before they flow together: many engines end a stage
        # there, and would begin another one for it.
        named = [
            records | f"Name {name} {number}" >> beam.Map(_keyed, name)
            for name, found in sorted(collections.items())
            for number, records in enumerate(found if isinstance(found, tuple) else (found,))
        ]
        return (
            named
            | "AllRecords" >> beam.Flatten()
            | "GatherAll" >> beam.GroupByKey()  # ("dataset", [(name, record)])
            | "SortByName" >> beam.Map(_by_name)
        )


def _keyed(record: Any, name: str) -> tuple[str, tuple[str, Any]]:
    return "dataset", (name, record)


def _by_name(element: tuple[str, Iterable[tuple[str, Any]]]) -> dict[str, list[Any]]:
    records: dict[str, list[Any]] = defaultdict(list)
    for name, record in element[1]:
        records[name].append(record)
    return dict(records)
