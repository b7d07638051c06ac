"""`sarchat status`: how far a build is, or how it ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from pipelines.cli.build_tables import duration_text, stages_text
from pipelines.console import console, print_line
from pipelines.progress_display import made_text
from pipelines.status import Status, read_status

# By state; 0 is for a script that waits until it may use the dataset.
EXIT_CODES = {"finished": 0, "stopped": 1, "cut off": 1, "under way": 5, "unbuilt": 6}


def print_status(output: str, *, as_json: bool) -> int:
    """Print the status of an output folder, and give the exit code that says it."""
    status = read_status(output)
    if as_json:
        console.out(json.dumps(asdict(status), indent=2), highlight=False)
    else:
        for line in status_lines(status):
            print_line(line)
    return EXIT_CODES[status.state]


def status_lines(status: Status) -> Iterator[str]:
    """Say it in lines, the state first and last what to do."""
    yield f"{status.output}: {status.state}"
    if status.dataset is not None:
        found = status.dataset
        yield (
            f"Dataset:  {found.pictures:,} pictures and {found.dialogues:,} dialogues, "
            f"{found.files:,} files, {found.bytes / 1e6:,.1f} MB"
        )
        if found.left_out:
            yield f"Left out: {', '.join(found.left_out)} (--keep-going)"
    if status.holder is not None:
        yield f"Lock:     {status.holder}"
    if status.job:
        yield f"Job:      {status.job} on {status.runner}"
    if status.stage:
        yield f"Stage:    {status.stage}"
        yield from _progress_lines(status)
    if status.stage_seconds:
        yield f"Took:     {stages_text(status.stage_seconds)}"
    for reason in status.reasons:
        yield f"Reason:   {reason}"
    yield f"Next:     {_next(status)}"


def _progress_lines(status: Status) -> Iterator[str]:
    done = status.done
    if done.shards_planned:
        again = f", {done.shards_reused:,} of an earlier run" if done.shards_reused else ""
        yield f"Shards:   {done.shards:,} of {done.shards_planned:,}{again}"
        made = {
            "pictures": done.pictures,
            "dialogues": done.dialogues,
            "rejected images": done.rejected_images,
            "rejected objects": done.rejected_objects,
        }
        yield f"Made:     {made_text(made)}"
    elif status.images_listed:
        yield f"Images:   {status.images_listed:,} listed; which of them stay is not planned yet"
    if status.pictures_per_second is not None and status.seconds_left is not None:
        yield (
            f"Speed:    {status.pictures_per_second:,} pictures a second, "
            f"{duration_text(status.seconds_left)} left for the shards"
        )


def _next(status: Status) -> str:
    again = "run the same command again to resume"
    if status.state == "finished":
        return f"sarchat validate {status.output}"
    if status.state == "unbuilt":
        return f"sarchat build --raw RAW --output {status.output}"
    if status.state == "under way":
        if status.holder is not None and status.holder.has_ended is None:
            return (
                "wait; whether it still runs is seen where it runs, and not in this folder. If it "
                "failed or was cancelled, run the same command again with --take-over"
            )
        return "wait; Ctrl-C there ends it, and the same command resumes"
    if status.state == "stopped":
        return f"see to the reasons (docs/reasons.md), then {again}"
    return again
