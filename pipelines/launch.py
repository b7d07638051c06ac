"""The launcher: reads all settings, checks all inputs, refuses what cannot work; no workers yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from pipelines.context import BuildContext
from pipelines.settings import Settings, load_settings
from sarchat_build.archives import join
from sarchat_build.config.manifest import Manifest
from sarchat_build.dataset.fingerprint import digest_code
from sarchat_build.dataset.folder import prepare_folder, refuse_folder
from sarchat_build.dataset.output import WORK_FOLDER
from sarchat_build.errors import InputError
from sarchat_build.progress import ProgressBar, no_progress
from sarchat_build.sources.choose import refuse_mixed_releases
from sarchat_build.sources.index import index_source
from sarchat_build.sources.inputs import describe_archives, repack_archives

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
        progress: shows the bytes of archives that have been digested or repacked.

    Raises:
        ConfigurationError: sources that hold the same pictures (`refuse_mixed_releases`).
        InputError: an input is broken or not what was recorded, or the output folder cannot be
            written or holds something that is not a dataset of ours.
    """
    refuse_mixed_releases(chosen, settings.recipe)
    refuse_folder(out)
    failed: dict[str, str] = {}

    def each(read: Callable[[Manifest], T]) -> dict[str, T]:
        results = {}
        for source_id in [s for s in chosen if s not in failed]:
            try:
                results[source_id] = read(chosen[source_id])
            except InputError as error:
                failed[source_id] = str(error)
                if not keep_going:
                    raise
        if not results:
            raise InputError("\n".join(failed.values()))
        return results

    indexes = each(lambda manifest: index_source(manifest, raw))
    inputs = each(lambda manifest: describe_archives(manifest, raw, progress=progress))
    prepare_folder(out)
    folder = repacked or join(out, WORK_FOLDER, "repacked")
    zips = each(
        lambda manifest: repack_archives(
            join(raw, manifest.id), folder, progress, encodings=manifest.annotations.encodings
        )
    )
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
        failed=failed,
        prove=prove,
    )
