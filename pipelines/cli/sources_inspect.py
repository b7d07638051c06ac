"""`sarchat sources new` and `inspect`: describe a source that nobody has, and see what it reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.cli.console import byte_progress, console, counting_progress, say_unverified
from pipelines.cli.sources import Manifests, Raw, SourceId, Stated, load_known, sources
from pipelines.cli.tables import (
    category_table,
    loss_lines,
    loss_table,
    picture_table,
    split_table,
    survey_table,
)
from sarchat_build.archives import join
from sarchat_build.config.manifest import SOURCE_ID, Manifest
from sarchat_build.errors import ConfigurationError, InputError, Issue
from sarchat_build.onboarding.contact_sheet import COLUMNS, ROWS, draw_sheet
from sarchat_build.onboarding.inspection import SourceSummary, read_source
from sarchat_build.onboarding.manifest_draft.draft import draft_manifest
from sarchat_build.onboarding.survey.findings import survey
from sarchat_build.sources.choose import choose_sources
from sarchat_build.sources.index import SourceIndex, index_source
from sarchat_build.sources.inputs import repacked_archives

__all__ = ["sources"]

Repacked = Annotated[
    str,
    typer.Option(
        help="Folder (path or URL) that keeps 7z, rar and compressed tar archives in a form that "
        "is read at random.  [default: a temporary one]",
        show_default=False,
    ),
]


@sources.command(epilog="Example: sarchat sources new raw/rsar --id rsar --output mine/rsar.toml")
def new(
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help="A folder or an archive: path or URL.")
    ],
    source_id: Annotated[
        str, typer.Option("--id", help="Id of the source: lower case, digits and '_'; for good.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", help="Manifest to write; default: ID.toml here.")
    ] = None,
    images: Annotated[
        int, typer.Option(min=0, help="PictureSummary to look at, evenly from all over; 0: all.")
    ] = 500,
    repacked: Repacked = "",
) -> None:
    """Look at a new dataset and write the manifest that reads it, as far as files can tell.

    Every annotation document is read, whatever its name. Format, splits,
    categories and what the coordinates prove are filled in, with the evidence
    beside them. What only a person can know is marked 'decide:'; until that is
    done, reading the manifest names exactly what is missing.

    Next: put the folder or archive into RAW/ID, and see with 'sarchat sources
    inspect' whether the boxes lie where they should.
    """
    target = output or Path(f"{source_id}.toml")
    _check_target(target, source_id)
    with repacked_archives(place, repacked, byte_progress) as made:
        found = survey(place, picture_limit=images, bar=counting_progress, repacked=made)
    draft = draft_manifest(found, source_id)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(draft.text)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from error
    console.print(survey_table(found))
    console.print(f"Manifest: {target}", soft_wrap=True, markup=False)
    console.print(f"To decide: {', '.join(draft.decisions)}", soft_wrap=True, markup=False)
    console.print(
        f"Next: sarchat sources inspect --raw RAW --source {source_id} --manifests {target.parent} "
        f"--sheet {source_id}.png",
        soft_wrap=True,
        markup=False,
    )


@sources.command(epilog="Example: sarchat sources inspect --raw raw --source ssdd --sheet ssdd.png")
def inspect(
    raw: Raw,
    source: SourceId,
    manifests: Manifests = None,
    images: Annotated[
        int, typer.Option(min=0, help="PictureSummary to decode, chosen by stable hash; 0: all.")
    ] = 200,
    sheet: Annotated[
        Path | None, typer.Option(help="PNG to draw: pictures side by side, with their boxes.")
    ] = None,
    repacked: Repacked = "",
    stated: Stated = None,
) -> None:
    """Show what a manifest reads, by the same functions as the build, without building.

    Every annotation document is read, and --images pictures are decoded. Shown
    are counts per split, what each category means and how large its boxes are,
    what was corrected or rejected and why, and the pictures' sizes and depths.

    Look at the --sheet: boxes that are turned the wrong way, or lie in the wrong
    place, are seen and never counted.
    """
    if sheet is not None and sheet.suffix.lower() != ".png":
        raise ConfigurationError([Issue("--sheet", str(sheet), "the name must end in .png")])
    chosen, _ = choose_sources(load_known(manifests, stated or []), raw, [source])
    manifest = chosen[source]
    with repacked_archives(join(raw, source), repacked, byte_progress) as made:
        index = index_source(manifest, raw, made)
        summary = read_source(manifest, index, images, counting_progress)
        _show(manifest, summary)
        if sheet is not None:
            _write_sheet(sheet, manifest, summary, index)


def _show(manifest: Manifest, summary: SourceSummary) -> None:
    for table in (split_table(manifest, summary), category_table(summary), picture_table(summary)):
        console.print(table)
    for title, losses, shown in (
        ("Corrected", summary.notices, 1),
        ("Rejected", summary.rejects, 3),
    ):
        if losses.counts:
            console.print(loss_table(title, losses))
            for line in loss_lines(losses, shown):
                console.print(escape(line), soft_wrap=True, highlight=False)
    say_unverified([manifest])


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
        raise InputError("no picture with an object to draw; look at the rejects above")
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
    console.print(f"Sheet: {sheet}", soft_wrap=True, markup=False)
