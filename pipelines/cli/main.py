"""The command line: `sarchat build`, `validate`, `report`, `synthesize`, `sources`, `templates`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines import launch
from pipelines.build_dataset import build_dataset
from pipelines.cli.console import (
    build_progress,
    build_table,
    byte_progress,
    comparison_lines,
    console,
    counting_progress,
    quality_table,
    say_error,
    say_unverified,
    task_table,
)
from pipelines.cli.report import print_report
from pipelines.cli.sources_inspect import sources
from pipelines.cli.templates import templates as templates_app
from pipelines.runners import run
from pipelines.validate_dataset import validate_folder
from sarchat_build.errors import ConfigurationError, InputError
from sarchat_build.publishing.publish import read_outcome
from sarchat_build.publishing.recompute import read_quality
from sarchat_build.sources.choose import choose_sources
from sarchat_build.synthetic import RAW_SOURCES, SYNTHESIZERS, synthesize

EXIT_CHECK_FAILED, EXIT_USAGE, EXIT_INPUT, EXIT_INTERRUPTED = 1, 2, 3, 130

app = typer.Typer(
    help="Build image-text dialogues over radar pictures from the source archives, and prove them."
    "\n\nRAW holds one folder per source id (see 'sarchat sources list'), and each folder the "
    "source's archives (zip, tar, 7z or rar) under any name, or their unpacked folders.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(sources, name="sources")
app.add_typer(templates_app, name="templates")

Raw = Annotated[
    str, typer.Option("--raw", help="Folder (path or URL) with one folder per source id.")
]
Sources = Annotated[
    list[str] | None, typer.Option("--source", help="Source id; may be given several times.")
]
Stated = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SOURCE.KEY=VALUE",
        help="State a manifest's key otherwise, the value as TOML; may be given several times.",
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", min=0, help="Processes of the local engine; 0: one per core.")
]


@app.command(epilog="Example: sarchat build --raw raw --output dataset --source ssdd")
def build(
    raw: Raw,
    output: Annotated[Path, typer.Option("--output", help="Folder for the dataset.")],
    recipe: Annotated[
        str, typer.Option(help="Name of a recipe, or a path that ends in .toml.")
    ] = "sarchat_2m",
    source: Sources = None,
    runner: Annotated[
        str, typer.Option(help="'local', or a Beam runner: DirectRunner, FlinkRunner …")
    ] = "local",
    workers: Workers = 0,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop when counts differ from the published ones.")
    ] = False,
    keep_going: Annotated[
        bool,
        typer.Option(
            "--keep-going",
            help="Leave out sources that cannot be read and build the others; the exit code is "
            "then 3, and build.json names them under left_out.",
        ),
    ] = False,
    repacked: Annotated[
        str,
        typer.Option(
            help="Folder (path or URL) for 7z, rar and compressed tar archives in a form that is "
            "read at random; kept for the next build.  [default: OUT/.sarchat/repacked]",
            show_default=False,
        ),
    ] = "",
    prove: Annotated[
        bool,
        typer.Option(
            "--prove/--no-prove", help="Read every row back and check it before publishing."
        ),
    ] = True,
    manifests: Annotated[
        Path | None, typer.Option(help="Folder of manifests beside, or over, the built-in ones.")
    ] = None,
    templates: Annotated[
        Path | None, typer.Option(help="Folder of phrasings instead of the built-in ones.")
    ] = None,
    stated: Stated = None,
    beam_options: Annotated[
        list[str] | None, typer.Argument(help="After '--': options for Beam itself.")
    ] = None,
) -> None:
    """Build a dataset. Run the same command again to resume after an interruption.

    Without --source, every source found under RAW is built; those not found are listed.
    """
    settings = launch.load_settings(recipe, manifests, templates, stated or [])
    chosen, absent = choose_sources(settings.manifests, raw, source or [])
    if absent and not source:
        console.print(f"not found under {raw}, left out: {', '.join(absent)}", style="dim")
    say_unverified(chosen.values())
    context = launch.prepare(
        settings,
        chosen,
        raw=raw,
        out=str(output),
        strict=strict,
        keep_going=keep_going,
        repacked=repacked,
        prove=prove,
        progress=byte_progress,
    )
    for reason in context.failed.values():
        say_error(InputError(reason))
    blocks = sum(context.index(source_id).image_blocks for source_id in context.manifests)
    with build_progress(str(output), blocks, prove):
        run(
            lambda pipeline: build_dataset(pipeline, context),
            runner,
            workers or os.cpu_count() or 1,
            beam_options or [],
        )
    record = read_outcome(str(output))
    console.print(build_table(record))
    for line in comparison_lines(record.comparison):
        console.print(line, highlight=False, markup=False)
    console.print(task_table(record))
    console.print(quality_table(read_quality(str(output))))
    console.print(f"Dataset: {output}   card: {output / 'README.md'}")
    console.print(f"Next: sarchat validate {output}")
    if context.failed:
        say_error(InputError(f"left out, see above: {', '.join(context.failed)} (--keep-going)"))
        raise typer.Exit(EXIT_INPUT)


@app.command(epilog="Example: sarchat validate dataset")
def validate(
    output: Annotated[
        str, typer.Argument(metavar="OUT", help="A finished dataset: a folder, or its URL.")
    ],
    workers: Workers = 0,
) -> None:
    """Prove a dataset from its files alone; exit code 1 and named rows on any fault.

    Every file is hashed, every picture decoded, and every answer parsed and recomputed from the
    boxes, by code that shares nothing with the build.
    """
    if not validate_folder(output, workers or os.cpu_count() or 1):
        raise typer.Exit(EXIT_CHECK_FAILED)


@app.command(epilog="Example: sarchat report dataset --output quality.json")
def report(
    dataset: Annotated[
        str, typer.Argument(metavar="OUT", help="A finished dataset, as a path or a URL.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", help="File for the figures.  [default: standard output]"),
    ] = None,
    prove: Annotated[
        bool,
        typer.Option(
            "--prove/--no-prove",
            help="Check every row first, as a build does; without it the figures claim no proof.",
        ),
    ] = True,
    workers: Workers = 0,
) -> None:
    """Compute the figures of report/quality.json anew, from the rows of a finished dataset.

    The result is that of the build byte for byte if both ran with --prove, or both without.
    """
    print_report(dataset, output, prove=prove, workers=workers or os.cpu_count() or 1)


@app.command("synthesize", epilog="Example: sarchat synthesize --output raw --images 200")
def synthesize_command(
    output: Annotated[Path, typer.Option("--output", help="Raw folder to fill.")],
    source: Sources = None,
    images: Annotated[
        str, typer.Option(help="Images of each source: a number, or 'published' for its own.")
    ] = "100",
    workers: Workers = 0,
) -> None:
    """Make raw archives in a source's own layout, with plausible radar pictures.

    Equal arguments give equal bytes, and every oddity of an archive is listed beside it, in
    <source>.planted.json. Without --source: the ten raw sources, none larger than published. For
    demos, tests and load; never for training.
    """
    if images != "published" and not (images.isdecimal() and int(images) > 0):
        raise typer.BadParameter(
            f"{images!r} is neither a number from 1 nor 'published'", param_hint="--images"
        )
    unknown = sorted(set(source or []) - set(SYNTHESIZERS))
    if unknown:
        raise typer.BadParameter(
            f"cannot make {', '.join(unknown)}; known: {', '.join(SYNTHESIZERS)}",
            param_hint="--source",
        )
    for source_id in source or RAW_SOURCES:
        published = SYNTHESIZERS[source_id].published_images
        number = published if images == "published" else int(images)
        number = number if source else min(number, published)
        with counting_progress(source_id, number) as show:
            made = synthesize(
                source_id, output, number, workers=workers or os.cpu_count() or 1, progress=show
            )
        console.print(f"{made.path}: {made.images:,} images, {made.instances:,} objects")


def main() -> None:
    """Run the command line; every foreseen error is one line and an exit code of its kind."""
    try:
        code: Any = app(standalone_mode=False)
    except ConfigurationError as error:
        say_error(error)
        sys.exit(EXIT_USAGE)
    except InputError as error:
        say_error(error)
        sys.exit(EXIT_INPUT)
    except typer.TyperException as error:
        say_error(InputError(error.format_message()))
        sys.exit(EXIT_USAGE)
    except (typer.Abort, KeyboardInterrupt):
        code = EXIT_INTERRUPTED
    if code == EXIT_INTERRUPTED:  # Typer makes this of Ctrl-C and says nothing
        say_error(InputError("interrupted; run the same command again to resume"))
    sys.exit(code if isinstance(code, int) else 0)
