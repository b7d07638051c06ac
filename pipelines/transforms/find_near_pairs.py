"""Near-duplicates among more pictures than one machine looks through: by bands of their hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipelines.context import BuildContext
from pipelines.transforms.gather import NamedRecord, named, records_named
from sarchat_build.curation.facts import FactTable
from sarchat_build.curation.near_duplicates import band_keys, connect_band


@dataclass
class FindNearPairs(beam.PTransform):
    """Facts -> facts `near_pairs`: tuple of pairs of image ids (`resolve_duplicates`).

    Of equal pixels the best picture is compared. No element holds more than the pictures of one
    band, or the pairs that were found in it.
    """

    context: BuildContext

    def expand(self, facts: beam.PCollection) -> Any:
        """Wire the step."""
        distance = self.context.recipe.duplicates.near_distance
        return (
            facts
            | "ListPictures" >> beam.FlatMap(_pictures)
            | "BestOfEqualPixels" >> beam.CombinePerKey(min)
            | "CutIntoBands" >> beam.FlatMap(_cut_into_bands, distance)
            | "GatherBands" >> beam.GroupByKey()
            | "ConnectPictures" >> beam.Map(_connect, distance)
        )


def _pictures(fact: NamedRecord) -> Iterator[tuple[bytes, tuple[int, str, bytes]]]:
    tables: list[FactTable] = records_named(fact, "images")
    for table in tables:
        yield from table.pictures()


def _cut_into_bands(
    element: tuple[bytes, tuple[int, str, bytes]], distance: int
) -> Iterator[tuple[bytes, tuple[str, bytes]]]:
    _, (_, image_id, perceptual_hash) = element
    for key in band_keys(perceptual_hash, distance):
        yield key, (image_id, perceptual_hash)


def _connect(element: tuple[bytes, Iterable[tuple[str, bytes]]], distance: int) -> NamedRecord:
    return named("near_pairs", connect_band(element[1], distance))
