"""The quality figures of a finished dataset, computed anew from its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeAlias

from sarchat_build.dataset.record import BuildRecord, parse_document, parse_record
from sarchat_build.errors import InputError
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import BUILD_FILE
from sarchat_build.publishing.shard_reading import (
    ShardReading,
    add_up_tallies,
    count_proofs,
    read_shard,
)
from sarchat_build.report.proofs import ProofCounts
from sarchat_build.report.quality import PATH, QualityFigures, quality_report
from sarchat_build.validation import check_dataset

# As the built-in `map`, in any number of processes.
MapShards: TypeAlias = Callable[
    [Callable[[str], ShardReading], Iterable[str]], Iterator[ShardReading]
]


def read_record(location: str) -> BuildRecord:
    """Read the record of a finished dataset.

    Raises:
        InputError: it is not there, or not a record; each fault with its key path.
    """
    return parse_record(*_read(location, BUILD_FILE))


def read_quality(location: str) -> QualityFigures:
    """Read the figures that the build of a dataset wrote.

    Raises:
        InputError: they are not there, or not such figures; each fault with its key path.
    """
    text, where = _read(location, PATH)
    return parse_document(text, where, QualityFigures)


def recompute_quality(
    location: str,
    record: BuildRecord,
    *,
    prove: bool = True,
    map_shards: MapShards = map,
) -> QualityFigures:
    """Compute the figures of `report/quality.json` from the rows of a finished dataset.

    Args:
        location: the dataset, as a path or a URL.
        record: its record.
        prove: whether the independent checks are made, as a build does before it publishes. Without
            them the figures claim no proof.
        map_shards: reads shards in several processes; they may come in any order.

    Raises:
        InputError: a file cannot be read, or the checks found an error.
    """
    read = partial(read_shard, location, record=record, prove=prove)
    readings = list(map_shards(read, record.shards))
    return quality_report(
        tallies=add_up_tallies(readings),
        recipe=record.recipe,
        template_ids=record.templates.uses,
        proven=_proven(location, record, readings) if prove else None,
    )


def _read(location: str, path: str) -> tuple[bytes, str]:
    where = f"{location.rstrip('/')}/{path}"
    try:
        return DatasetFolder(location).read(path), where
    except OSError as error:
        message = f"{where}: cannot be read ({error}); is this a finished dataset?"
        raise InputError(message) from error


def _proven(location: str, record: BuildRecord, readings: list[ShardReading]) -> ProofCounts:
    proofs = [reading.proof for reading in readings if reading.proof]
    whole = check_dataset(location, record.model_dump(mode="json"), proofs)
    found = [*(finding for proof in proofs for finding in proof.findings), *whole]
    errors = [finding.message for finding in found if finding.severity == "error"]
    if errors:
        raise InputError(
            f"{location}: not proven: {errors[0]}; run `sarchat validate` for all faults"
        )
    return count_proofs(proofs, whole, record.recipe.duplicates)
