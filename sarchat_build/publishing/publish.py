"""Publishing: rejects and duplicates, conservation, proof, card, record; then the switch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sarchat_build.archives.location import join
from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.curation.split_changes import SplitChange
from sarchat_build.curation.splits import split_rules
from sarchat_build.dataset.conservation import imbalances, totals_by_source
from sarchat_build.dataset.folder import STOPPED
from sarchat_build.dataset.lock import demand_lock, release_lock
from sarchat_build.dataset.output import STAGE, open_output, stage_of
from sarchat_build.dataset.record import BuildRecord, build_record, parse_record
from sarchat_build.dataset.shards import ShardReceipt
from sarchat_build.dataset.switch import finish_switch, leave_rejects, switch
from sarchat_build.errors import InputError, Stop
from sarchat_build.explorer.index import write_index
from sarchat_build.explorer.sample import render_sample
from sarchat_build.phrasing.engine import Phrasing
from sarchat_build.published.layout import BUILD_FILE, SAMPLE_FILE
from sarchat_build.publishing.presentation import presentation
from sarchat_build.publishing.shard_reading import (
    ShardReading,
    add_up_tallies,
    count_proofs,
)
from sarchat_build.publishing.tables import sort_rejects, write_duplicates, write_rejects
from sarchat_build.publishing.verdict import faults_found
from sarchat_build.report import quality
from sarchat_build.report.comparison import compare
from sarchat_build.report.proofs import ProofCounts
from sarchat_build.sources.inputs import ArchiveEntry
from sarchat_build.types import ReadCount, Reject
from sarchat_build.validation import check_dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResults:
    """What the steps of a build leave behind.

    `duplicates` and `split_changes` are in the order of the plan, everything else is in any.

    Attributes:
        stop: why nothing may be published; if there is a reason, nothing was written.
        rejects: everything that was read and is not in the shards.
        read: images and objects of documents; the images of archives are `Build.images_listed`.
        duplicates: rows of the published table.
        split_changes: why a split holds other pictures than its source's rule says.
        notices: counts of corrections and warnings, by source and reason.
        receipts: receipts of all shards.
        readings: what was found in each shard.
    """

    stop: Sequence[Stop] = ()
    rejects: Sequence[Reject] = ()
    read: Sequence[ReadCount] = ()
    duplicates: Sequence[Mapping[str, object]] = ()
    split_changes: Sequence[SplitChange] = ()
    notices: Sequence[Mapping[str, Mapping[str, int]]] = ()
    receipts: Sequence[ShardReceipt] = ()
    readings: Sequence[ShardReading] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What a build was asked for, as far as its record says so.

    Attributes:
        out: the dataset's folder.
        manifests: manifests of the sources that were built, by id.
        recipe: the recipe.
        templates: the phrasings, as text by name.
        archives: name, kind and digest of each source's archives.
        images_listed: number of image files by source.
        code_digest: digest of the code that writes shards.
        left_out: sources that were asked for and could not be read.
        prove: whether publishing depends on the proofs.
    """

    out: str
    manifests: Mapping[str, Manifest]
    recipe: Recipe
    templates: Mapping[str, str]
    archives: Mapping[str, Sequence[ArchiveEntry]]
    images_listed: Mapping[str, int]
    code_digest: str
    left_out: Sequence[str] = ()
    prove: bool = True

    @property
    def stage(self) -> str:
        """The folder in which the dataset lies until it is proven."""
        return stage_of(self.out)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a build ended: with a record, or with the reasons why nothing was published."""

    record: BuildRecord | None
    stopped: tuple[Stop, ...] = ()


def publish(results: BuildResults, build: Build) -> Outcome:
    """Write everything beside the shards, and last the record, with which a dataset is finished.

    All of it lies in the stage, where the shards are; `read_outcome` puts it in its place. Rejects
    are written in any case. Nothing else is when a step asked to stop, when the numbers do not add
    up, or when the checks found a fault in a shard; the reasons are then left in `STOPPED`.
    """
    stage = build.stage
    rejects = sort_rejects(build.manifests, results.rejects)
    files = [*write_rejects(stage, rejects)]
    if results.stop:
        return _stop(build.out, results.stop)
    files.append(write_duplicates(stage, results.duplicates))
    read = [ReadCount(s, images, 0) for s, images in build.images_listed.items()]
    totals = totals_by_source([*read, *results.read], rejects, results.duplicates, results.receipts)
    unbalanced = imbalances(totals)
    if unbalanced:
        return _stop(build.out, unbalanced)
    files += (file for receipt in results.receipts for file in receipt.files)
    phrasing = Phrasing(build.templates, build.recipe.phrasing.held_out_percent)
    record = build_record(
        recipe=build.recipe,
        manifests=build.manifests,
        archives=build.archives,
        counts=totals,
        receipts=results.receipts,
        fixes=add_up(results.notices),
        phrasing=phrasing,
        comparison=compare(
            manifests=build.manifests,
            rules=split_rules(build.manifests, build.recipe),
            counts=totals,
            receipts=results.receipts,
            changes=results.split_changes,
        ),
        files=files,
        code_digest=build.code_digest,
        left_out=build.left_out,
    )
    proven = None
    if build.prove:
        proofs = [reading.proof for reading in results.readings if reading.proof]
        whole = check_dataset(stage, record.model_dump(mode="json"), proofs)
        faults = faults_found(proofs, whole)
        if faults:
            return _stop(build.out, faults)
        proven = count_proofs(proofs, whole, build.recipe.duplicates)
    record = _write_report(record, results.readings, proven, stage)
    open_output(stage).write_json(BUILD_FILE, record.model_dump(mode="json"))
    return Outcome(record)


def read_outcome(out: str) -> BuildRecord:
    """Put the dataset that was just built and proven into its place in `out`, and give its record.

    What the build needed to run is removed. A dataset that lay in `out` before goes now, and not
    when nothing was published.

    Raises:
        InputError: nothing was published; the message says why.
    """
    folder = open_output(out)
    stopped: Any = folder.read_json(STOPPED)
    if stopped:
        reasons = [*stopped, f"rejects/ is {leave_rejects(out)}"]
        raise InputError("nothing was published:", *(f"  {reason}" for reason in reasons))
    if not folder.is_file(f"{STAGE}/{BUILD_FILE}"):
        raise InputError(f"{out}: the run ended without build.json; run the same command again")
    switch(out)
    folder.clean()
    return parse_record(folder.read(BUILD_FILE) or b"", join(out, BUILD_FILE))


def conclude(out: str, run: str) -> None:
    """Do what a launcher that waits does at its end: `read_outcome`, then release the lock.

    An attempt may be cut off anywhere and made again, also after one that did everything.

    Args:
        out: the output folder.
        run: what the lock of the output folder says of this build.

    Raises:
        InputError: nothing was published, or another build took the folder over.
    """
    folder, record = open_output(out), f"{STAGE}/{BUILD_FILE}"
    if folder.has(STOPPED):
        release_lock(out, run)
        read_outcome(out)
    elif folder.proven() or folder.is_file(record):
        demand_lock(out, run)
        finish_switch(out)
        if folder.is_file(record):
            read_outcome(out)
    folder.clean()
    release_lock(out, run)


def add_up(counts: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """Add up counts by source and reason.

    >>> add_up([{"ssdd": {"clipped": 1}}, {"ssdd": {"clipped": 2}}, {"hrsid": {}}])
    {'hrsid': {}, 'ssdd': {'clipped': 3}}
    """
    total: dict[str, Counter[str]] = defaultdict(Counter)
    for part in counts:
        for source_id, by_reason in part.items():
            total[source_id].update(by_reason)
    return {source_id: dict(sorted(c.items())) for source_id, c in sorted(total.items())}


def _stop(out: str, reasons: Sequence[Stop]) -> Outcome:
    open_output(out).write_json(STOPPED, [str(reason) for reason in reasons])
    return Outcome(None, tuple(reasons))


def _write_report(
    record: BuildRecord, readings: Sequence[ShardReading], proven: ProofCounts | None, out: str
) -> BuildRecord:
    """Write index, figures, what is read first, and the sample, and enter them into the record."""
    folder = open_output(out)
    figures = quality.quality_report(
        tallies=add_up_tallies(readings),
        recipe=record.recipe,
        template_ids=record.templates.uses,
        proven=proven,
    )
    index = write_index(out, (reading.index for reading in readings))
    return record.with_files(
        (
            folder.write_json(quality.PATH, figures.model_dump(mode="json")),
            *(folder.write_bytes(path, data) for path, data in presentation(out, record, figures)),
            index,
            folder.write_text(SAMPLE_FILE, render_sample(out, record.model_dump(mode="json"))),
        )
    )
