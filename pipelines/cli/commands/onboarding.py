"""`sarchat sources new` and `inspect`: describe a source that nobody has, and see what it reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pipelines.cli.commands.sources import choose_known
from pipelines.cli.source_tables import (
    category_table,
    loss_lines,
    loss_table,
    picture_table,
    print_doubts,
    print_part_matches,
    split_table,
    survey_table,
)
from pipelines.cli.tables import print_text
from pipelines.console import console, print_line
from pipelines.progress_display import byte_progress, counting_progress
from sarchat_build.archives import join
from sarchat_build.archives.location import local_path
from sarchat_build.config.manifest import SOURCE_ID, Manifest
from sarchat_build.errors import ConfigurationError, InputError, Issue
from sarchat_build.names import display_name
from sarchat_build.onboarding.contact_sheet import COLUMNS, ROWS, draw_sheet
from sarchat_build.onboarding.idle_statements import idle_statements
from sarchat_build.onboarding.inspection import SourceSummary, read_source
from sarchat_build.onboarding.manifest_draft.draft import draft_manifest
from sarchat_build.onboarding.survey.findings import survey
from sarchat_build.onboarding.survey.sniffing import ENCODINGS
from sarchat_build.sources.choose import refuse_idle_settings
from sarchat_build.sources.index import SourceIndex, index_source
from sarchat_build.sources.inputs import repacked_archives


def describe_source(
    location: str, source_id: str, *, output: Path | None, images: int, repacked: str
) -> None:
    """Survey a dataset and write the manifest that reads it; every argument is an option.

    Raises:
        ConfigurationError: the id, or the name of the file, cannot be one of a manifest.
        InputError: nothing can be read there, or the manifest exists or cannot be written.
    """
    target = output or Path(f"{source_id}.toml")
    _check_target(target, source_id)
    with repacked_archives(location, repacked, byte_progress, encodings=ENCODINGS) as made:
        found = survey(location, picture_limit=images, bar=counting_progress, repacked=made)
    draft = draft_manifest(found, source_id)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(draft.text)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from error
    console.print(survey_table(found))
    console.print()
    print_line(f"Manifest: {target}")
    print_text(f"To decide: {', '.join(map(display_name, draft.decisions))}")
    path = local_path(location)
    # Only in a folder of that name is it found.
    raw = path.parent if path is not None and path.name == source_id else "RAW"
    print_line(
        f"Next: sarchat sources inspect --raw {raw} --source {source_id} "
        f"--manifests {target.parent} --sheet {source_id}.png"
    )


def inspect_source(
    raw: str,
    source_id: str,
    *,
    manifests: Path | None,
    images: int,
    sheet: Path | None,
    repacked: str,
    settings: Sequence[str],
) -> None:
    """Print what a manifest reads, and draw its boxes; every argument is an option.

    Raises:
        ConfigurationError: a manifest is wrong.
        InputError: the source cannot be read, or the sheet cannot be drawn.
    """
    chosen = choose_known(manifests, raw, source_id, settings)
    refuse_idle_settings(chosen, settings)
    manifest = chosen[source_id]
    with repacked_archives(
        join(raw, source_id), repacked, byte_progress, encodings=manifest.annotations.encodings
    ) as made:
        index = index_source(manifest, raw, made)
        summary = read_source(manifest, index, images, counting_progress)
        _print_summary(manifest, summary)
        idle = idle_statements(manifest, index.files, summary.categories)
        print_part_matches({source_id: [*index.part_matches, *idle]})
        if sheet is not None:
            _write_sheet(sheet, manifest, summary, index)


def _print_summary(manifest: Manifest, summary: SourceSummary) -> None:
    for table in (split_table(manifest, summary), category_table(summary), picture_table(summary)):
        console.print(table)
    for title, losses, shown in (
        ("Corrected", summary.notices, 1),
        ("Rejected", summary.rejects, 3),
    ):
        if losses.counts:
            console.print(loss_table(title, losses))
            for line in loss_lines(losses, shown):
                print_line(line)
    console.print()
    print_doubts(manifest.id, manifest.unverified)


def _check_target(target: Path, source_id: str) -> None:
    if re.fullmatch(SOURCE_ID, source_id) is None:
        message = "must begin with a letter and have only a-z, 0-9 and '_'"
        raise ConfigurationError([Issue("--id", source_id, message)])
    if target.name != f"{source_id}.toml":
        raise ConfigurationError(
            [Issue("--output", str(target), f"the file must be called {source_id}.toml")]
        )
    if target.exists():
        raise InputError(f"{target}: exists already; remove it, or give another --output")


def _write_sheet(
    sheet: Path, manifest: Manifest, summary: SourceSummary, index: SourceIndex
) -> None:
    if not any(image.instances for image in summary.kept):
        raise InputError("no picture with an object to draw; see the rejects above")
    title = f"{manifest.id}: {manifest.title}"
    subtitle = (
        f"{summary.images:,} pictures, {summary.documents:,} documents, {summary.objects:,} objects"
    )
    with counting_progress("draw pictures", min(COLUMNS * ROWS, len(summary.kept))) as show:
        picture = draw_sheet(summary.kept, index, title=title, subtitle=subtitle, progress=show)
    try:
        picture.save(sheet)
    except OSError as error:
        raise InputError(f"{sheet}: cannot be written ({error.strerror})") from error
    print_line(f"Sheet: {sheet}")
