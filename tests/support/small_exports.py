"""Exports of the first pictures of a small dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sarchat_build.exports.export import ExportRequest, ExportResult, run_export
from sarchat_build.exports.formats import BY_NAME
from sarchat_build.exports.reading import Selection

Exporter = Callable[..., Path]


def export(
    dataset: str | Path, name: str, output: str | Path, *, limit: int | None = 4, **options: Any
) -> ExportResult:
    """Export the first pictures of each split, all licenses accepted."""
    selection = {key: options.pop(key) for key in ("tasks", "splits", "sources") if key in options}
    options = {"accepted": ("research-only",), **options}
    chosen = Selection(limit=limit, **selection)
    request = ExportRequest(str(dataset), name, str(output), chosen, **options)
    return run_export(request, BY_NAME[name])
