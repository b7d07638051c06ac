"""A file with one row per dialogue: what came of it, which boxes were read, which were matched."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sarchat_build.errors import ConfigurationError, InputError, Issue
from sarchat_build.scoring.answers import Prediction, Scored
from sarchat_build.scoring.evaluation.rotated import rotated_ious
from sarchat_build.scoring.truth import Row

_ROWS = 4096
_SCHEMA = pa.schema(
    {
        "dialogue_id": pa.string(),
        "image_id": pa.string(),
        "task": pa.string(),
        "subtask": pa.string(),
        "outcome": pa.string(),
        "score": pa.float64(),
        "mean_iou": pa.float64(),
        "matches": pa.list_(
            pa.struct(
                {
                    "predicted": pa.int32(),
                    "true": pa.int32(),
                    "iou": pa.float64(),
                    "rotated_iou": pa.float64(),
                }
            )
        ),
        "boxes": pa.list_(pa.list_(pa.float64())),
        "text": pa.string(),
    }
)


class Details:
    """The file, written beside its name and given it when all is written.

    `boxes` are in pixels of the chip, x_min, y_min, x_max, y_max; `matches` are the pairs at IoU
    0.5, by positions in `boxes` and in the dialogue's own boxes; their `rotated_iou` is null where
    the truth has no rotated box.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        """Begin the file.

        Raises:
            ConfigurationError: its name ends neither in .jsonl nor in .parquet.
            InputError: it is there already, or cannot be written.
        """
        check_details(path, overwrite=overwrite)
        self._path, self._overwrite = path, overwrite
        self._unfinished = path.with_name(path.name + ".unfinished")
        self._rows: list[dict[str, Any]] = []
        try:
            self._stream = open(self._unfinished, "wb")  # noqa: SIM115  # closed on leaving
        except OSError as error:
            raise InputError(f"--details {path}: cannot be written ({error.strerror})") from error
        is_table = path.suffix.lower() == ".parquet"
        self._table = pq.ParquetWriter(self._stream, _SCHEMA) if is_table else None

    def __enter__(self) -> Details:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._write()
                if self._table is not None:
                    self._table.close()
        finally:
            self._stream.close()
            if error is not None:
                self._unfinished.unlink(missing_ok=True)
        if error is None:
            if not self._overwrite and os.path.lexists(self._path):
                raise InputError(_there(self._path))
            os.replace(self._unfinished, self._path)

    def add(self, row: Row, prediction: Prediction, scored: Scored) -> None:
        """Write one dialogue."""
        turned = rotated_ious(scored.outlines, row.expected, scored.matches)
        self._rows.append(
            {
                "dialogue_id": row.dialogue_id,
                "image_id": row.image_id,
                "task": row.expected.task,
                "subtask": row.expected.subtask,
                "outcome": scored.outcome,
                "score": round(scored.score, 6),
                "mean_iou": None if scored.mean_iou is None else round(scored.mean_iou, 6),
                "matches": [
                    {
                        "predicted": pair.predicted,
                        "true": pair.true,
                        "iou": round(pair.iou, 6),
                        "rotated_iou": None if value is None else round(value, 6),
                    }
                    for pair, value in zip(scored.matches, turned, strict=True)
                ],
                "boxes": [[round(value, 3) for value in box] for box in scored.boxes],
                "text": prediction.text,
            }
        )
        if len(self._rows) >= _ROWS:
            self._write()

    def _write(self) -> None:
        if self._table is not None:
            self._table.write_table(pa.Table.from_pylist(self._rows, _SCHEMA))
        else:
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in self._rows)
            self._stream.write("".join(lines).encode("utf-8", "backslashreplace"))
        self._rows.clear()


def check_details(path: Path, *, overwrite: bool) -> None:
    """Refuse a file before long work is done for it; see `Details`."""
    if path.suffix.lower() not in (".jsonl", ".parquet"):
        raise ConfigurationError(
            [Issue("--details", str(path), "the name must end in .jsonl or .parquet")]
        )
    if os.path.lexists(path) and not overwrite:
        raise InputError(_there(path))


def _there(path: Path) -> str:
    return f"--details {path}: is there already; give another name, or --overwrite"
