"""Options that several commands have, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Raw = Annotated[
    str,
    typer.Option(
        "--raw", metavar="RAW", help="Folder (path or URL) with one folder per source id."
    ),
]
FinishedDataset = Annotated[
    str, typer.Argument(metavar="OUT", help="A finished dataset, as a path or a URL.")
]
SourceId = Annotated[str, typer.Option("--source", metavar="ID", help="Source id.")]
SourceIds = Annotated[
    list[str] | None,
    typer.Option("--source", metavar="ID", help="Source id; may be given several times."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SOURCE.KEY=VALUE",
        help="State a manifest's key otherwise, the value as TOML; may be given several times.",
    ),
]
Manifests = Annotated[
    Path | None,
    typer.Option(
        "--manifests",
        metavar="FOLDER",
        exists=True,
        file_okay=False,
        help="Folder of manifests beside, or over, the built-in ones.",
    ),
]
Recipe = Annotated[
    str,
    typer.Option(
        "--recipe",
        metavar="NAME",
        help="A recipe (sarchat_2m, paper), or a path that ends in .toml.",
    ),
]
Templates = Annotated[
    Path | None,
    typer.Option(
        "--templates",
        metavar="FOLDER",
        exists=True,
        file_okay=False,
        help="Folder of phrasings instead of the built-in ones.",
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        "--workers", metavar="N", min=0, help="Processes of the local engine; 0: one per core."
    ),
]
LogFormat = Annotated[
    Literal["text", "json"],
    typer.Option(
        "--log-format",
        help="'json': one JSON object a line, for machines; its keys are in docs/progress.md.",
    ),
]
Predictions = Annotated[
    list[Path],
    typer.Option(
        "--predictions",
        metavar="FILE",
        help="Output of ms-swift, LLaMA-Factory, lmms-eval, VLMEvalKit, EvalScope, vLLM or OpenAI "
        "batch, LLaVA, or rows of dialogue_id and prediction; may be given several times.",
    ),
]
BoxFrame = Annotated[
    str,
    typer.Option(
        "--boxes",
        metavar="FRAME",
        help="What the model's box numbers are measured in: native (pixels of the chip), norm1, "
        "norm100, norm999, norm1000, norm1024, input:WIDTHxHEIGHT, "
        "input:qwen2.5-vl[,max_pixels=N]; or the name of a form of box text, as sarchat export has "
        "it.  [default: that of --export; native without it]",
        show_default=False,
    ),
]
PredictedSplit = Annotated[
    Literal["train", "validation", "test"],
    typer.Option("--split", help="Split that was predicted."),
]
Tasks = Annotated[
    list[str] | None,
    typer.Option("--task", metavar="TASK", help="Task; may be given several times."),
]
ExportFolder = Annotated[
    str | None,
    typer.Option(
        "--export",
        metavar="DIR",
        help="Folder of the export that was predicted: exactly its dialogues are scored.",
    ),
]
DetailsFile = Annotated[
    Path | None,
    typer.Option(
        "--details", metavar="FILE", help="Also write a row per dialogue, as .jsonl or .parquet."
    ),
]
OverwriteDetails = Annotated[
    bool, typer.Option("--overwrite", help="Write over a file of --details.")
]
