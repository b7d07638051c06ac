"""Answers of a model beside the truth, from the file that `sarchat score --details` writes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from sarchat_build.errors import InputError
from sarchat_build.explorer.catalog import Catalog, Outcomes
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import TASKS, table_path
from sarchat_build.published.reader import UNREADABLE

_COLUMNS = ("dialogue_id", "outcome", "boxes", "text")
_ADVICE = "; give the file that 'sarchat score --details' writes"


class Prediction(NamedTuple):
    """What became of one question: the scorer's word for it, boxes in pixels, and the answer."""

    outcome: str
    boxes: tuple[tuple[float, float, float, float], ...]
    text: str


class Predictions:
    """Predictions by dialogue, and outcomes by picture.

    A dialogue's id is its picture's id and three parts more, so no shard is read to join them.
    """

    def __init__(self, by_dialogue: Mapping[str, Prediction]) -> None:
        self._by_dialogue = by_dialogue

    def outcomes(self, positions: Mapping[str, int]) -> Outcomes:
        """Give, for the page's filter, the outcomes of each picture that has any, by subtask."""
        found: dict[int, dict[str, set[str]]] = {}
        for dialogue_id, prediction in self._by_dialogue.items():
            picture, *subtask = parts_of(dialogue_id)
            position = positions.get(picture)
            if position is not None:
                kinds = found.setdefault(position, {})
                kinds.setdefault("/".join(subtask), set()).add(prediction.outcome)
        return found

    def foreign_to(self, catalog: Catalog) -> list[str]:
        """List the dialogues that the dataset does not have, in the order of the file.

        A scorer writes no such row: it has read another dataset, or another build of this one.
        Read are the ids of those shards and tasks that the file speaks of.

        Raises:
            InputError: the dataset has none of the dialogues, or a shard cannot be read.
        """
        shards = catalog.index["shard"]
        files: dict[str, None] = {}
        for dialogue_id in self._by_dialogue:
            picture, task, _ = parts_of(dialogue_id)
            position = catalog.positions.get(picture)
            if position is not None and task in TASKS:
                files[table_path(task, shards[position].as_py())] = None
        known: set[str] = set()
        for path in files.keys() & catalog.build["files"].keys():
            known.update(_dialogues_of(catalog.location, path))
        foreign = [name for name in self._by_dialogue if name not in known]
        if len(foreign) == len(self._by_dialogue):
            raise InputError(
                f"--details: none of its {len(foreign):,} dialogues is of this dataset (the first: "
                f"{foreign[0]}); give the dataset that 'sarchat score' was run with"
            )
        return foreign

    def without(self, dialogues: Iterable[str]) -> Predictions:
        """Give the predictions of all other dialogues."""
        left_out = set(dialogues)
        return Predictions({k: v for k, v in self._by_dialogue.items() if k not in left_out})

    def __len__(self) -> int:
        return len(self._by_dialogue)

    def add_to(self, picture: dict[str, Any]) -> dict[str, Any]:
        """Give a picture whose dialogues have their `prediction`, where there is one."""
        dialogues = []
        for dialogue in picture["dialogues"]:
            prediction = self._by_dialogue.get(dialogue["dialogue_id"])
            more = {} if prediction is None else {"prediction": prediction._asdict()}
            dialogues.append({**dialogue, **more})
        return {**picture, "dialogues": dialogues}


def parts_of(dialogue_id: str) -> tuple[str, str, str]:
    """Give picture, task and subtask of a dialogue; what is no id of one has no picture.

    >>> parts_of("ssdd/000058/referring/single/ship")
    ('ssdd/000058', 'referring', 'single')
    """
    picture, task, subtask, _ = ["", "", "", "", *dialogue_id.rsplit("/", 3)][-4:]
    return picture, task, subtask


def _dialogues_of(location: str, path: str) -> list[str]:
    try:
        with DatasetFolder(location).open(path) as stream:
            column = pq.read_table(stream, columns=["dialogue_id"])["dialogue_id"]
            names: list[str] = column.to_pylist()
            return names
    except (*UNREADABLE, KeyError) as error:
        raise InputError(f"{location}/{path}: cannot be read ({error})") from error


def read_predictions(path: Path) -> Predictions:
    """Read predictions from JSONL, or from Parquet if the name ends in .parquet.

    Of each row `dialogue_id`, `outcome`, `boxes` (x_min, y_min, x_max, y_max in pixels of the
    picture) and `text` are used; the last two may be missing.

    Raises:
        InputError: the file cannot be read, or a row is none of a scorer's; its line is named.
    """
    rows = _parquet_rows(path) if path.suffix.lower() == ".parquet" else _json_rows(path)
    found: dict[str, Prediction] = {}
    for place, row in rows:
        name = row.get("dialogue_id")
        if not isinstance(name, str) or not isinstance(row.get("outcome"), str):
            raise InputError(f"{path} {place}: has no dialogue_id and outcome as texts{_ADVICE}")
        if name in found:
            raise InputError(f"{path} {place}: dialogue {name!r} stands there twice")
        found[name] = _prediction(row, f"{path} {place}")
    if not found:
        raise InputError(f"{path}: holds no prediction{_ADVICE}")
    return Predictions(found)


def _prediction(row: Mapping[str, Any], place: str) -> Prediction:
    column: Any = row.get("boxes") or []
    try:
        boxes = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in column)
    except (TypeError, ValueError) as error:
        raise InputError(f"{place}: boxes are not lists of 4 numbers: {column!r:.80}") from error
    if not all(math.isfinite(value) for box in boxes for value in box):
        raise InputError(f"{place}: a box has a value that is no number: {column!r:.80}")
    return Prediction(row["outcome"], boxes, str(row.get("text") or ""))


def _json_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        with path.open(encoding="utf-8") as stream:
            yield from _parsed(path, stream)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error


def _parsed(path: Path, lines: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path} line {number}: no JSON ({error}){_ADVICE}") from error
        if not isinstance(row, dict):
            raise InputError(f"{path} line {number}: not a JSON object{_ADVICE}")
        yield f"line {number}", row


def _parquet_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        with pq.ParquetFile(path) as parquet:
            wanted = [name for name in _COLUMNS if name in parquet.schema_arrow.names]
            number = 0
            for batch in parquet.iter_batches(columns=wanted):
                for row in batch.to_pylist():
                    yield f"row {number}", row
                    number += 1
    except UNREADABLE as error:
        raise InputError(f"{path}: cannot be read as Parquet ({error}){_ADVICE}") from error
