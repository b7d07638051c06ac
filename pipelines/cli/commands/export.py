"""`sarchat export`: a finished dataset in the format of a trainer, a harness or a detector."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.console import print_line
from pipelines.progress_display import counting_progress
from sarchat_build.exports.export import ExportRequest, ExportResult, Format, run_export
from sarchat_build.exports.formats import BY_NAME


def export_dataset(request: ExportRequest) -> None:
    """Write an export, and say what it holds, whose pictures are in it, and how to go on.

    Raises:
        ConfigurationError: an option does not fit, or a license is not accepted.
        InputError: the dataset cannot be read, or the folder holds something else.
    """
    form = BY_NAME[request.format]
    result = run_export(request, form, counting_progress)
    for line in _lines(request, form, result):
        print_line(line)


def _lines(request: ExportRequest, form: Format, result: ExportResult) -> list[str]:
    again = f" ({result.reused:,} files were there)" if result.reused else ""
    rows = f"{result.rows:,} rows, " if result.rows else ""
    lines = [f"Export:   {request.output}: {form.name}, {rows}{result.pictures:,} pictures{again}"]
    if result.boxes:
        loss = ""
        if result.loss.boxes:
            mean = result.loss.iou_sum / result.loss.boxes
            loss = f"; IoU with the exact boxes {mean:.4f}, at least {result.loss.iou_min:.4f}"
        lines.append(f"Boxes:    {result.boxes}, frame {result.frame}{loss}")
    if result.restricted:
        which = ", ".join(result.restricted)
        lines.append(f"Licenses: pictures of {which} are for your own use; do not pass them on")
    lines += [
        f"Next:     {step.format(dir=request.output)}"
        for step in form.next_steps
        if _is_there(step, request.selection.splits)
    ]
    return lines


def _is_there(step: str, splits: Sequence[str]) -> bool:
    """Tell whether the split that a command reads was exported; none named: all were."""
    return not splits or all(split in splits for split in ("train", "test") if split in step)
