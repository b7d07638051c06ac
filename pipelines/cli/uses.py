"""Commands for those who use a finished dataset; `main` puts them beside the others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import options
from pipelines.cli.arguments import (
    check_choices,
    check_dataset,
    check_output_file,
    check_output_folder,
)
from sarchat_build.exports import FORMATS
from sarchat_build.published.layout import SPLITS, TASKS
from sarchat_build.scoring.frames import Frame


def export(
    dataset: options.FinishedDataset,
    format_name: Annotated[
        str, typer.Option("--format", metavar="F", help=f"One of {', '.join(FORMATS)}.")
    ],
    output: Annotated[
        str, typer.Option("--output", metavar="DIR", help="Folder (path or URL) for the export.")
    ],
    task: Annotated[
        list[str] | None,
        typer.Option("--task", metavar="TASK", help="A task; may be given several times."),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(
            "--split",
            metavar="SPLIT",
            help="train, validation or test; may be given several times.  [default: all; test for "
            "harnesses]",
        ),
    ] = None,
    source: options.SourceIds = None,
    boxes: Annotated[
        str,
        typer.Option(
            "--boxes",
            metavar="FORM",
            help="Boxes as text: native, norm1000, norm100, shikra, qwen-vl, qwen2-vl, qwen2.5-vl, "
            "qwen3-vl, internvl, deepseek-vl2 … (docs/training.md).  [default: the format's own]",
            show_default=False,
        ),
    ] = "",
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=1, help="The first N pictures of each split."),
    ] = None,
    accept_license: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-license",
            metavar="ID",
            help="License, or source, whose pictures may not be passed on and which you keep to "
            "yourself; may be given several times.",
        ),
    ] = None,
    max_words: Annotated[
        int,
        typer.Option("--max-words", metavar="N", min=1, help="Words of a row of finevision."),
    ] = 1500,
    model: Annotated[
        str,
        typer.Option("--model", metavar="NAME", help="The model that requests name."),
    ] = "MODEL",
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete another export that lies in DIR first.")
    ] = False,
) -> None:
    """Write a finished dataset in the format of a trainer, a harness or a detector.

    Run the same command again to go on after an interruption. docs/training.md has the formats and
    the commands that read them.
    """
    check_choices("--format", [format_name], FORMATS)
    check_choices("--task", task or [], TASKS)
    check_choices("--split", split or [], SPLITS)
    check_dataset(dataset)
    check_output_folder(output)
    from pipelines.cli.commands.export import export_dataset
    from sarchat_build.exports.export import ExportRequest
    from sarchat_build.exports.reading import Selection

    export_dataset(
        ExportRequest(
            dataset,
            format_name,
            output,
            Selection(tuple(task or ()), tuple(split or ()), tuple(source or ()), limit),
            boxes=boxes,
            accepted=tuple(accept_license or ()),
            max_words=max_words,
            model=model,
            replace=replace,
        )
    )


def score(
    dataset: options.FinishedDataset,
    predictions: options.Predictions,
    boxes: options.BoxFrame = "",
    split: options.PredictedSplit = "test",
    task: options.Tasks = None,
    export: options.ExportFolder = None,
    details: options.DetailsFile = None,
    overwrite: options.OverwriteDetails = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="One JSON document; its keys are in docs/scoring.md."),
    ] = False,
) -> None:
    """Score a model's answers against a finished dataset; see docs/scoring.md.

    The form of the files is known by their fields. A dialogue without a prediction is wrong.
    """
    check_choices("--task", task or [], TASKS)
    if boxes:
        Frame.parse(boxes)
    check_dataset(dataset)
    if details is not None:
        check_output_file("--details", details)
    from pipelines.cli.commands.score import print_score

    print_score(
        dataset,
        predictions,
        boxes=boxes,
        split=split,
        tasks=task or [],
        export=export,
        details=details,
        overwrite=overwrite,
        as_json=as_json,
    )


def explore(
    dataset: options.FinishedDataset,
    details: Annotated[
        Path | None,
        typer.Option(
            "--details",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Answers of a model to show beside the truth, as 'sarchat score --details' writes "
            "them (JSONL or Parquet).",
        ),
    ] = None,
    port: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=65535, help="Port of the page; 0: one that is free."),
    ] = 0,
    browse: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser, too.")
    ] = False,
) -> None:
    """Look at a dataset in the browser: pictures with boxes, dialogues, rejects, duplicates.

    The page is served to this machine alone until Ctrl-C; nothing is written or sent.
    """
    check_dataset(dataset)
    from pipelines.cli.commands.explore import serve_page

    serve_page(dataset, details, port=port, browse=browse)
