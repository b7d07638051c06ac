"""The command `sarchat`: what can be asked for. What is then done lies in `commands`.

The modules of this folder that declare commands import nothing but Typer; a command imports what it
needs when it runs. So help and errors of usage come at once.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli import options, uses
from pipelines.cli.arguments import (
    check_dataset,
    check_output_folder,
    check_report_file,
    check_runner,
    check_source_ids,
    images_of,
    names_file,
    workers_of,
)
from pipelines.cli.sources import sources
from pipelines.cli.templates import templates
from pipelines.console import print_error, write_json_lines
from pipelines.faults import EngineError, FaultLog
from pipelines.garbage import search_rarely
from pipelines.interrupts import end_interrupted, interruption_first, listen
from sarchat_build.config.resources import recipe_path
from sarchat_build.errors import ConfigurationError, InputError

EXIT_CHECK_FAILED, EXIT_USAGE, EXIT_INPUT, EXIT_ENGINE, EXIT_INTERRUPTED = 1, 2, 3, 4, 130
EXIT_PIPE_CLOSED = 141

app = typer.Typer(
    help="Build image-text dialogues over radar pictures from the source archives, and prove them."
    "\n\nRAW holds one folder per source id (see 'sarchat sources list'), and each folder the "
    "source's archives (zip, tar, 7z or rar) under any name, or their unpacked folders.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(sources, name="sources")
app.add_typer(templates, name="templates")


@app.command(epilog="Example: sarchat build --raw raw --output dataset --source ssdd")
def build(
    *,
    raw: options.Raw,
    output: Annotated[
        str, typer.Option("--output", metavar="OUT", help="Folder (path or URL) for the dataset.")
    ],
    recipe: options.Recipe = "sarchat_2m",
    source: options.SourceIds = None,
    runner: Annotated[
        str,
        typer.Option(metavar="NAME", help="'local', or a Beam runner: DirectRunner, FlinkRunner …"),
    ] = "local",
    workers: options.Workers = 0,
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
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Build over a finished dataset of something else; it stays until the new one is "
            "proven.",
        ),
    ] = False,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over",
            help="Take the lock of a build on another machine that was cut off.",
        ),
    ] = False,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait/--no-wait",
            help="Stay until the build has ended; --no-wait submits it to a --runner that goes on "
            "by itself, and 'sarchat status OUT' says how far it is.",
        ),
    ] = True,
    repacked: Annotated[
        str,
        typer.Option(
            metavar="FOLDER",
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
    manifests: options.Manifests = None,
    templates: options.Templates = None,
    settings: options.Settings = None,
    log_format: options.LogFormat = "text",
    beam_options: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- BEAM OPTIONS", help="After '--': options for Beam itself."),
    ] = None,
) -> None:
    """Build a dataset. Run the same command again to resume after an interruption.

    Everything is built and proven in OUT/.sarchat first; a dataset that lies in OUT stays whole
    until then. Without --source, every source found under RAW is built; those not found are listed.
    """
    if log_format == "json":
        write_json_lines()
    processes = workers_of(workers)
    check_runner(runner)
    check_output_folder(output)
    recipe_path(recipe)
    check_source_ids(source or [], manifests)
    from pipelines.cli.commands.build import build_sources

    complete = build_sources(
        raw,
        output,
        recipe=recipe,
        sources=source or [],
        runner=runner,
        workers=processes,
        strict=strict,
        keep_going=keep_going,
        replace=replace,
        take_over=take_over,
        wait=wait,
        repacked=repacked,
        prove=prove,
        manifests=manifests,
        templates=templates,
        settings=settings or [],
        beam_options=beam_options or [],
    )
    if not complete:
        raise typer.Exit(EXIT_INPUT)


@app.command(
    short_help="Say how far the build of a folder is, or how it ended.",
    epilog="Example: sarchat status dataset",
)
def status(
    output: Annotated[
        str, typer.Argument(metavar="OUT", help="A build's --output: a folder, or its URL.")
    ],
    as_json: Annotated[
        bool,
        typer.Option("--json", help="One JSON document, its keys are in docs/progress.md."),
    ] = False,
) -> None:
    """Say how far the build of a folder is, or how it ended, from what lies in that folder.

    Exit code 0: finished; 5: under way; 6: nothing was built there; 1: the last build stopped, or
    was cut off.
    """
    check_output_folder(output)
    from pipelines.cli.commands.status import print_status

    raise typer.Exit(print_status(output, as_json=as_json))


@app.command(
    short_help="Prove a dataset from its files alone.",
    epilog="Example: sarchat validate dataset",
)
def validate(
    output: Annotated[
        str, typer.Argument(metavar="OUT", help="A finished dataset: a folder, or its URL.")
    ],
    workers: options.Workers = 0,
    figures: Annotated[
        bool,
        typer.Option(
            "--figures/--no-figures",
            help="Compute report/quality.json and the sample anew from the rows, too: "
            "half as long again.",
        ),
    ] = True,
) -> None:
    """Prove a dataset from its files alone; exit code 1 and named rows on any fault.

    Every file is hashed, every picture decoded, and every answer parsed and recomputed from the
    boxes, by code that shares nothing with the build. docs/validation.md lists each check by its
    name, and what none can see.
    """
    processes = workers_of(workers)
    check_dataset(output)
    from pipelines.lean_beam import import_beam

    import_beam("local")
    from pipelines.validate_dataset import validate_folder

    if not validate_folder(output, processes, figures=figures):
        raise typer.Exit(EXIT_CHECK_FAILED)


@app.command(
    short_help="Compute the figures of a dataset anew, from its rows.",
    epilog="Example: sarchat report dataset --output figures",
)
def report(
    dataset: options.FinishedDataset,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            metavar="WHERE",
            help="FILE.json for data, FILE.md for tables, or a folder for both and for pictures "
            "(path or URL); missing folders are made.  [default: standard output]",
        ),
    ] = None,
    prove: Annotated[
        bool,
        typer.Option(
            "--prove/--no-prove",
            help="Check every row first, as a build does; without it the figures claim no proof.",
        ),
    ] = True,
    workers: options.Workers = 0,
) -> None:
    """Compute the figures of a finished dataset anew, from its rows: data, tables and pictures.

    Words, sentences, lengths, aspect ratios, categories, phrasings, what must be zero, and at its
    size the paper's tables: what report/quality.json and quality.md have. They are those of the
    build byte for byte if both ran with --prove, or both without.
    """
    processes = workers_of(workers)
    check_dataset(dataset)
    if output is not None and names_file(output):
        check_report_file(output)
    elif output is not None:
        check_output_folder(output)
    from pipelines.cli.commands.report import print_report

    print_report(dataset, output, prove=prove, workers=processes)


app.command(
    short_help="Write a dataset in the format of a trainer, a harness or a detector.",
    epilog="Example: sarchat export dataset --format ms-swift --output swift",
)(uses.export)


app.command(
    short_help="Score a model's answers against a dataset.",
    epilog="Example: sarchat score dataset --predictions predictions.jsonl",
)(uses.score)


app.command(
    short_help="Look at a dataset in the browser.",
    epilog="Example: sarchat explore dataset --open",
)(uses.explore)


@app.command(
    short_help="Make raw archives in a source's own layout.",
    epilog="Example: sarchat synthesize --output raw --source ssdd --images 40",
)
def synthesize(
    output: Annotated[Path, typer.Option("--output", metavar="RAW", help="Raw folder to fill.")],
    source: options.SourceIds = None,
    images: Annotated[
        str,
        typer.Option(
            metavar="N", help="Images of each source: a number, or 'published' for its own."
        ),
    ] = "100",
    workers: options.Workers = 0,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Write over files of the same names that were not made here."
        ),
    ] = False,
) -> None:
    """Make raw archives in a source's own layout, with plausible radar pictures.

    Equal arguments give equal bytes, and every oddity of an archive is listed beside it, in
    <source>.planted.json. Without --source: the ten raw sources, none larger than published. For
    demos, tests and load; never for training.
    """
    number, processes = images_of(images), workers_of(workers)
    check_output_folder(output)
    check_source_ids(source or [])
    from pipelines.cli.commands.synthesize import synthesize_sources

    synthesize_sources(
        output,
        source or [],
        images=number,
        workers=processes,
        overwrite=overwrite,
    )


def main() -> None:
    """Run the command line; every foreseen error is one line and an exit code of its kind."""
    listen()
    search_rarely()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names that no terminal can show are no fault
            stream.reconfigure(errors="backslashreplace")
    try:
        foreseen = (typer.TyperException, typer.Abort, typer.Exit, OSError)
        with interruption_first(), FaultLog(foreseen=foreseen):
            code: Any = app(prog_name="sarchat", standalone_mode=False)
            sys.stdout.flush()
    except ConfigurationError as error:
        print_error(error)
        sys.exit(EXIT_USAGE)
    except InputError as error:
        print_error(error)
        sys.exit(EXIT_INPUT)
    except EngineError as error:
        print_error(error)
        sys.exit(EXIT_ENGINE)
    except typer.TyperException as error:
        print_error(InputError(error.format_message()))
        sys.exit(EXIT_USAGE)
    except BrokenPipeError:  # who reads has read enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_PIPE_CLOSED)
    except (typer.Abort, KeyboardInterrupt):
        code = EXIT_INTERRUPTED
    except OSError as error:
        # A full disk is told where it is met, with what to do; this is every other fault of it.
        print_error(InputError(f"{error.filename or 'the system'}: {error.strerror or error}"))
        sys.exit(EXIT_INPUT)
    if code == EXIT_INTERRUPTED:  # Typer makes this of Ctrl-C and says nothing
        end_interrupted()
    sys.exit(code if isinstance(code, int) else 0)
