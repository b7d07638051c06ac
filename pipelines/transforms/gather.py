"""Named collections of small records to one element, where a decision needs all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam


@dataclass
class GatherByName(beam.PTransform):
    """{name: collection} -> one {name: list of records}; a name without records is left out.

    Nothing comes out if every collection is empty.
    """

    def expand(self, collections: dict[str, beam.PCollection]) -> Any:
        """Wire the step."""
        named = [
            records | f"Name {name}" >> beam.WithKeys(name)
            for name, records in sorted(collections.items())
        ]
        return (
            named
            | "AllRecords" >> beam.Flatten()
            | "KeyAll" >> beam.WithKeys("dataset")
            | "GatherAll" >> beam.GroupByKey()  # ("dataset", [(name, record)])
            | "SortByName" >> beam.Map(_by_name)
        )


def _by_name(element: tuple[str, Iterable[tuple[str, Any]]]) -> dict[str, list[Any]]:
    records: dict[str, list[Any]] = defaultdict(list)
    for name, record in element[1]:
        records[name].append(record)
    return dict(records)
