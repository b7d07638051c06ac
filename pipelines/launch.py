"""The launcher: reads all settings, checks all inputs, refuses what cannot work; no workers yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from pipelines.context import BuildContext
from pipelines.settings import Settings, load_settings
from sarchat_build.archives.location import absolute, join
from sarchat_build.config.manifest import Manifest
from sarchat_build.dataset.fingerprint import digest_code
from sarchat_build.dataset.folder import (
    earlier_dataset,
    prepare_folder,
    refuse_folder,
    refuse_other_dataset,
    refuse_overlap,
)
from sarchat_build.dataset.output import INDEXES, open_output
from sarchat_build.dataset.record import BuildRecord
from sarchat_build.dataset.switch import finish_switch
from sarchat_build.errors import InputError
from sarchat_build.phrasing.engine import Phrasing
from sarchat_build.progress import ProgressBar, no_progress
from sarchat_build.published.layout import WORK_FOLDER
from sarchat_build.sources.choose import refuse_mixed_releases
from sarchat_build.sources.index import SourceIndex, index_source
from sarchat_build.sources.inputs import ArchiveEntry, describe_archives, repack_archives
from sarchat_build.sources.matching.stored_index import store_index

__all__ = ["Settings", "load_settings", "prepare"]

T = TypeVar("T")


def prepare(
    settings: Settings,
    chosen: Mapping[str, Manifest],
    *,
    raw: str,
    out: str,
    strict: bool = False,
    keep_going: bool = False,
    repacked: str = "",
    prove: bool = True,
    replace: bool = False,
    run: str = "",
    detached: bool = False,
    progress: ProgressBar = no_progress,
) -> BuildContext:
    """Index and digest the inputs, make the output folder ready, and repack what needs it.

    Args:
        settings: manifests, recipe and phrasings.
        chosen: manifests of the sources to build.
        raw: path or URL of the raw folder.
        out: folder for the dataset.
        strict: whether other counts than the published ones stop the build.
        keep_going: whether a source that cannot be read is left out instead of stopping the
            build; the context's `failed` names it.
        repacked: path or URL of the folder for repacked archives; "": inside `out`.
        prove: whether what was written is read back and checked before it is published.
        replace: whether a finished dataset of something else may be replaced.
        run: what tells this build from others, where it holds the lock of the output folder.
        detached: whether the launcher does not wait for the build to end.
        progress: shows the bytes of archives that have been digested or repacked.

    Raises:
        ConfigurationError: sources that hold the same pictures (`refuse_mixed_releases`).
        InputError: an input is broken or not what was recorded, or the output folder cannot be
            written, lies among the inputs, or holds something else than this dataset.
    """
    # Workers have working directories of their own: they are told nothing that depends on one.
    raw, out, repacked = absolute(raw), absolute(out), repacked and absolute(repacked)
    refuse_mixed_releases(chosen, settings.recipe)
    refuse_folder(out)
    refuse_overlap(out, raw, repacked)
    finish_switch(out)
    earlier = earlier_dataset(out, replace=replace)
    refuse_other = partial(_refuse_other, settings, out, None if replace else earlier)
    refuse_other(chosen)
    failed: dict[str, InputError] = {}

    def each(read: Callable[[Manifest], T]) -> dict[str, T]:
        results = {}
        for source_id in [s for s in chosen if s not in failed]:
            try:
                results[source_id] = read(chosen[source_id])
            except InputError as error:
                failed[source_id] = error
                if not keep_going:
                    raise
        if not results:
            raise InputError(*(line for error in failed.values() for line in error.args))
        return results

    indexes = each(lambda manifest: index_source(manifest, raw))
    inputs = each(
        lambda manifest: describe_archives(
            manifest, raw, listed=indexes[manifest.id].files.archives, progress=progress
        )
    )
    refuse_other({s: chosen[s] for s in inputs}, inputs)
    prepare_folder(out)
    folder = repacked or join(out, WORK_FOLDER, "repacked")
    zips = each(
        lambda manifest: repack_archives(
            join(raw, manifest.id), folder, progress, encodings=manifest.annotations.encodings
        )
    )
    # Members are read, and so listed, where they were repacked.
    indexes |= {s: index_source(chosen[s], raw, made) for s, made in zips.items() if made}
    stored = {s: _store(indexes[s], out) for s in zips}
    return BuildContext(
        raw=raw,
        out=out,
        manifests={s: chosen[s] for s in zips},
        recipe=settings.recipe,
        templates=settings.templates,
        inputs={s: inputs[s] for s in zips},
        images_listed={s: len(indexes[s].images) for s in zips},
        part_matches={s: indexes[s].part_matches for s in zips},
        strict=strict,
        code_digest=digest_code(),
        repacked={location: made for found in zips.values() for location, made in found.items()},
        failed={source_id: str(error) for source_id, error in failed.items()},
        prove=prove,
        run=run,
        detached=detached,
        indexes=stored,
    )


def _store(index: SourceIndex, out: str) -> str:
    path = f"{INDEXES}/{index.source_id}.arrow"
    return open_output(out).write(path, lambda name: store_index(index, name)).path


def _refuse_other(
    settings: Settings,
    out: str,
    earlier: BuildRecord | None,
    chosen: Mapping[str, Manifest],
    archives: Mapping[str, Sequence[ArchiveEntry]] | None = None,
) -> None:
    if earlier is not None:
        phrasing = Phrasing(settings.templates, settings.recipe.phrasing.held_out_percent)
        refuse_other_dataset(
            out,
            earlier,
            recipe=settings.recipe,
            manifests=chosen,
            phrasing_digest=phrasing.digest,
            archives=archives,
        )
