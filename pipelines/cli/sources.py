"""`sarchat sources`: what can be read, whether it is what it was, and how to describe a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import options
from pipelines.cli.arguments import check_sheet, check_source_ids

sources = typer.Typer(
    help="List, check, record, describe and inspect sources.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Repacked = Annotated[
    str,
    typer.Option(
        metavar="FOLDER",
        help="Folder (path or URL) that keeps 7z, rar and compressed tar archives in a form that "
        "is read at random.  [default: a temporary one]",
        show_default=False,
    ),
]


@sources.command(
    "list",
    short_help="List the sources that can be read.",
    epilog="Example: sarchat sources list --unverified",
)
def list_sources(
    manifests: options.Manifests = None,
    unverified: Annotated[
        bool,
        typer.Option("--unverified", help="List what manifests state and nobody could verify."),
    ] = False,
) -> None:
    """List the sources that can be read, what belongs into their folders, and where to get it."""
    from pipelines.cli.commands.sources import list_sources

    list_sources(manifests, unverified=unverified)


@sources.command(
    short_help="Say which sources lie under RAW, and whether they are whole.",
    epilog="Example: sarchat sources check --raw raw",
)
def check(
    raw: options.Raw, settings: options.Settings = None, manifests: options.Manifests = None
) -> None:
    """Say which sources lie under RAW, and whether their checksums hold; exit code 3 if not."""
    from pipelines.cli.commands.sources import check_sources

    check_sources(raw, settings or [], manifests)


@sources.command(
    short_help="Record the checksums of a source's archives.",
    epilog="Example: sarchat sources record --raw raw --source ssdd",
)
def record(raw: options.Raw, source: options.SourceId, manifests: options.Manifests = None) -> None:
    """Record the checksums of a source's archives beside its folder, as RAW/<id>.sha256.

    From then on every build compares; for archives the record is one that 'sha256sum -c' reads.
    """
    check_source_ids([source], manifests)
    from pipelines.cli.commands.sources import record_checksums

    record_checksums(raw, source, manifests)


@sources.command(
    short_help="Survey a new dataset and write its manifest.",
    epilog="Example: sarchat sources new raw/rsar --id rsar --output mine/rsar.toml",
)
def new(
    location: Annotated[
        str, typer.Argument(metavar="LOCATION", help="A folder or an archive: path or URL.")
    ],
    source_id: Annotated[
        str,
        typer.Option(
            "--id", metavar="ID", help="Id of the source: lower case, digits and '_'; for good."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="Manifest to write.  [default: ID.toml in this folder]",
        ),
    ] = None,
    images: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Pictures to decode, evenly from all over; 0: all."),
    ] = 500,
    repacked: Repacked = "",
) -> None:
    """Survey a new dataset and write the manifest that reads it, as far as files can tell.

    Every annotation document is read, whatever its name. Format, splits,
    categories and what the coordinates prove are filled in, with the evidence
    beside them. What only a person can know is marked 'decide:'; until that is
    done, reading the manifest names exactly what is missing.

    Next: put the folder or archive into RAW/ID, and see with 'sarchat sources
    inspect' whether the boxes lie where they should.
    """
    from pipelines.cli.commands.onboarding import describe_source

    describe_source(location, source_id, output=output, images=images, repacked=repacked)


@sources.command(
    short_help="Show what a manifest reads, without building.",
    epilog="Example: sarchat sources inspect --raw raw --source ssdd --sheet ssdd.png",
)
def inspect(
    raw: options.Raw,
    source: options.SourceId,
    manifests: options.Manifests = None,
    images: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Pictures to decode, chosen by stable hash; 0: all."),
    ] = 200,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="PNG to draw: pictures side by side, with their boxes.  [default: none]",
        ),
    ] = None,
    repacked: Repacked = "",
    settings: options.Settings = None,
) -> None:
    """Show what a manifest reads, by the same functions as the build, without building.

    Every annotation document is read, and --images pictures are decoded. Shown
    are counts per split, what each category means and how large its boxes are,
    what was corrected or rejected and why, and the pictures' sizes and depths.

    Open the --sheet: boxes that are turned the wrong way, or lie in the wrong
    position, are seen and never counted.
    """
    if sheet is not None:
        check_sheet(sheet)
    check_source_ids([source], manifests)
    from pipelines.cli.commands.onboarding import inspect_source

    inspect_source(
        raw,
        source,
        manifests=manifests,
        images=images,
        sheet=sheet,
        repacked=repacked,
        settings=settings or [],
    )
