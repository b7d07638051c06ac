"""One reading of a finished shard: the independent proof, statistics, and rows of the index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sarchat_build.config.recipe import Duplicates
from sarchat_build.dataset.record import RecordShell
from sarchat_build.explorer.index import PackedRows, ShardIndex
from sarchat_build.published.layout import parse_shard_name
from sarchat_build.report.proofs import ProofCounts
from sarchat_build.report.reading import shard_statistics
from sarchat_build.report.statistics.tallies import Tallies
from sarchat_build.validation import Finding, ShardReport, check_shard


@dataclass(frozen=True, slots=True)
class ShardReading:
    """What was found in one finished shard.

    `proof` is None where nobody asked for one. `tallies` are packed, since all shards' are together
    before they are added up, and so are the rows of the index; there are none where the proof has
    an error, for then nothing is published.
    """

    proof: ShardReport | None
    tallies: bytes
    index: PackedRows


def read_shard(location: str, name: str, record: RecordShell, *, prove: bool) -> ShardReading:
    """Prove a shard, and count and list what it holds.

    The two halves know nothing of each other.

    Args:
        location: the dataset, as a path or a URL.
        name: the shard, such as "train-00000-of-00002".
        record: what the dataset is a build of; of its files those of the shard are used.
        prove: whether the independent checks are made.

    Raises:
        InputError: a file cannot be read, and was not proven first.
    """
    proof = None
    if prove:
        build = record.model_dump(mode="json")
        proof = check_shard(location, *parse_shard_name(name), build)
        if proof.errors:
            return ShardReading(proof, Tallies().pack(), PackedRows(name, b""))
    recipe = record.recipe
    index = ShardIndex(name, recipe.words)
    tallies = shard_statistics(
        location,
        name,
        tasks=recipe.tasks.enabled,
        candidates=recipe.candidates,
        watch=index.watch,
    )
    return ShardReading(proof, tallies.pack(), index.pack())


def add_up_tallies(readings: Iterable[ShardReading]) -> Tallies:
    """Add up what was counted in all shards, one at a time."""
    return add_up_packed(reading.tallies for reading in readings)


def add_up_packed(tallies: Iterable[bytes]) -> Tallies:
    """Add up packed tallies, one at a time."""
    total = Tallies()
    for packed in tallies:
        total.merge(Tallies.unpack(packed))
    return total


def count_proofs(
    proofs: Sequence[ShardReport], whole: Iterable[Finding], duplicates: Duplicates
) -> ProofCounts:
    """Say how much was proven, where no finding is an error.

    Args:
        proofs: the reports of all shards.
        whole: what was found in the dataset as a whole; of near-duplicates in one file it lists a
            hundred.
        duplicates: what the recipe does with pictures that show the same.
    """
    counted = [count for proof in proofs for count in proof.dialogues]
    facts = [fact for proof in proofs for fact in proof.images]
    alike = {(f.file, f.row) for f in whole if f.check == "leakage_near"}
    compared = sum(1 for fact in facts if fact.perceptual_hash)
    return ProofCounts(
        dialogues=sum(count.dialogues for count in counted),
        unique_phrases=sum(c.dialogues for c in counted if c.subtask == "unique"),
        scenes=len({fact.scene_id for fact in facts}),
        pictures=len({fact.pixel_sha256 for fact in facts}),
        near_compared=None if duplicates.near == "off" else compared,
        near_duplicates=len(alike),
    )
