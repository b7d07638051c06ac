"""A finished dataset as the page knows it: what was built, and the index of its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sarchat_build.archives.location import join
from sarchat_build.config.recipe import LabelThresholds
from sarchat_build.dataset.record import parse_record
from sarchat_build.dialogues.attributes import SIZE_ORDER
from sarchat_build.errors import InputError
from sarchat_build.explorer.index import index_of_shard
from sarchat_build.exports.licenses import may_be_passed_on
from sarchat_build.progress import ProgressBar, no_progress
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import (
    BUILD_FILE,
    INDEX_FILE,
    SPLITS,
    TASKS,
    parse_table_path,
    table_path,
)
from sarchat_build.published.reader import UNREADABLE
from sarchat_build.published.schema import PICTURE_INDEX, column_faults
from sarchat_build.report.origin import said_of_synthetic, synthetic_entries, titled

# By position of a picture and "task/subtask": outcomes of the answers to its dialogues.
Outcomes: TypeAlias = Mapping[int, Mapping[str, Iterable[str]]]

# No part of any id or name.
_SEPARATOR = "\x1f"
_FIRST = ord("0")


@dataclass(frozen=True)
class Catalog:
    """A dataset that can be looked at.

    Attributes:
        location: path or URL.
        build: the content of `build.json`.
        index: the rows of `report/index.parquet`; a picture's place in it is its position.
    """

    location: str
    build: Mapping[str, Any]
    index: pa.Table

    @cached_property
    def positions(self) -> dict[str, int]:
        """Position of each picture by its id."""
        return {name: place for place, name in enumerate(self.index["image_id"].to_pylist())}

    def facts(self) -> dict[str, Any]:
        """Say what was built: title, sources with their licenses, splits, tasks, counts."""
        return dataset_facts(self.build)

    def columns(self, outcomes: Outcomes | None = None) -> dict[str, Any]:
        """Give the index as the page filters it: columns, with repeated values named once.

        Args:
            outcomes: what became of a model's answers, where the page filters by that too.
        """
        counts = [pc.struct_field(self.index["dialogues"], [task, "count"]) for task in TASKS]
        total = counts[0]
        for more in counts[1:]:
            total = pc.add(total, more)
        return {
            "image_id": self.index["image_id"].to_pylist(),
            "objects": self.index["objects"].to_pylist(),
            "dialogues": total.to_pylist(),
            **{name: _coded(self.index[name]) for name in ("source", "split")},
            **{name: coded_lists(self.index[name]) for name in _LISTS},
            "answers": _coded_answers(self.index["answer_forms"], outcomes or {}),
        }


_LISTS = ("categories", "sizes")


def open_catalog(
    location: str,
    progress: ProgressBar = no_progress,
    build: Mapping[str, Any] | None = None,
) -> Catalog:
    """Open a finished dataset; where it has no index, one is made in memory from its shards.

    Args:
        location: the dataset, as a path or a URL.
        progress: shows how many shards are read where the index has to be made.
        build: the content of `build.json`, where that does not lie there yet.

    Raises:
        InputError: there is no sound `build.json`, or a shard cannot be read.
    """
    folder = DatasetFolder(location)
    if build is None:
        build = _read_build(location, folder)
    index = _read_index(folder)
    if index is None:
        index = _make_index(location, build, progress)
    return Catalog(location, build, index)


def _read_build(location: str, folder: DatasetFolder) -> dict[str, Any]:
    where = join(location, BUILD_FILE)
    try:
        text = folder.read(BUILD_FILE)
    except OSError as error:
        message = f"{where}: cannot be read ({error}); is this a finished dataset?"
        raise InputError(message) from error
    return parse_record(text, where).model_dump(mode="json")


def _read_index(folder: DatasetFolder) -> pa.Table | None:
    """Read the index; None where there is none, or not one that this version writes."""
    try:
        with folder.open(INDEX_FILE) as stream, pq.ParquetFile(stream) as parquet:
            if any(column_faults(parquet.schema_arrow, PICTURE_INDEX)):
                return None
            return parquet.read().combine_chunks()
    except UNREADABLE:
        return None


def _make_index(location: str, build: Mapping[str, Any], progress: ProgressBar) -> pa.Table:
    names = shard_names(build)
    words = LabelThresholds.model_validate(build["recipe"]["words"])
    tables = [PICTURE_INDEX.empty_table()]
    with progress("index pictures", len(names)) as show:
        for done, name in enumerate(names, 1):
            tasks = [task for task in TASKS if table_path(task, name) in build["files"]]
            tables.append(index_of_shard(location, name, tasks=tasks, words=words))
            show(done)
    return pa.concat_tables(tables).combine_chunks()


def shard_names(build: Mapping[str, Any]) -> list[str]:
    """List the shards that a record speaks of, sorted.

    >>> shard_names({"files": {"images/test-00000-of-00001.parquet": {}, "README.md": {}}})
    ['test-00000-of-00001']
    """
    files = map(parse_table_path, build["files"])
    return sorted(file.name for file in files if file and file.table == "images")


def dataset_facts(build: Mapping[str, Any]) -> dict[str, Any]:
    """Say in a few keys what a record says of the whole, for the page."""
    recipe, sources, counts = build["recipe"], build["sources"], build["counts"]
    synthetic = synthetic_entries(sources)
    return {
        "title": titled(recipe["title"], synthetic),
        "synthetic": said_of_synthetic(synthetic, sources),
        "recipe": recipe["name"],
        "version": build["dataset_version"],
        "splits": [split for split in SPLITS if split in counts],
        "tasks": list(TASKS),
        "sizes": list(SIZE_ORDER),
        "pictures": sum(split.get("images", 0) for split in counts.values()),
        "objects": sum(split.get("objects", 0) for split in counts.values()),
        "dialogues": sum(split.get(t, 0) for split in counts.values() for t in TASKS),
        "sources": [
            {
                "id": source_id,
                **{key: source[key] for key in ("title", "license", "homepage", "citation")},
                "may_be_published": may_be_passed_on(source["license"]),
                "synthetic": source_id in synthetic,
            }
            for source_id, source in sorted(sources.items())
        ],
    }


def _coded(column: pa.ChunkedArray) -> dict[str, Any]:
    """Name each value once: the values, and for each row which it is.

    >>> _coded(pa.chunked_array([["b", "a", "b"]]))
    {'values': ['b', 'a'], 'codes': [0, 1, 0]}
    """
    encoded = pa.chunked_array(column.chunks, column.type).combine_chunks().dictionary_encode()
    return {"values": encoded.dictionary.to_pylist(), "codes": encoded.indices.to_pylist()}


def coded_lists(column: pa.ChunkedArray) -> dict[str, Any]:
    """Name each list of texts once: the lists, and for each row which it is.

    >>> coded_lists(pa.chunked_array([[["a", "b"], [], ["a", "b"]]], pa.list_(pa.string())))
    {'values': [['a', 'b'], []], 'codes': [0, 1, 0]}
    """
    coded = _coded(pc.binary_join(column, _SEPARATOR))
    coded["values"] = [text.split(_SEPARATOR) if text else [] for text in coded["values"]]
    return coded


def _coded_answers(column: pa.ChunkedArray, outcomes: Outcomes) -> dict[str, Any]:
    """Name each kind of dialogue once, and for each row the kinds of its dialogues.

    A kind is "task/subtask/form", and "/outcome" behind it where a model answered. A list of kinds
    is a text with a character for each, from "0" on: two million dialogues are a few megabytes.

    >>> column = pa.chunked_array([[["a/b/words"], ["a/b/words", "a/c/boxes"]]])
    >>> _coded_answers(column, {1: {"a/c": ["wrong"]}})
    {'names': ['a/b/words', 'a/c/boxes', 'a/c/boxes/wrong'], 'codes': [0, 1], 'values': ['0', '02']}
    """
    rows = pa.chunked_array(column.chunks, column.type).combine_chunks()
    kinds = rows.flatten().dictionary_encode()
    names: list[str] = kinds.dictionary.to_pylist()
    signs = (kinds.indices.to_numpy().astype("<u4") + _FIRST).tobytes().decode("utf-32-le")
    ends = np.cumsum(rows.value_lengths().to_numpy()).tolist()
    texts = [signs[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    numbers = {name: number for number, name in enumerate(names)}
    for position, found in outcomes.items():
        told = _with_outcomes([names[ord(sign) - _FIRST] for sign in texts[position]], found)
        texts[position] = "".join(
            chr(_FIRST + numbers.setdefault(name, len(numbers))) for name in told
        )
    codes: dict[str, int] = {}
    return {
        "names": list(numbers),
        "codes": [codes.setdefault(text, len(codes)) for text in texts],
        "values": list(codes),
    }


def _with_outcomes(kinds: Sequence[str], outcomes: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for kind in kinds:
        found = sorted(outcomes.get(kind.rpartition("/")[0], ()))
        yield from (f"{kind}/{outcome}" for outcome in found) if found else (kind,)
