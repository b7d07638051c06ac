"""Sums over the dialogues of one file: rows, words, negative answers, longest texts."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.validation.shard_report import DialogueMeasure

_OPENING = r"^<image>\n(\[[a-z]+\] )?"
LENGTHS = ("question_chars", "question_words", "answer_chars", "answer_words")


def measure(folder: DatasetFolder, path: str, task: str, split: str) -> tuple[DialogueMeasure, ...]:
    """Measure one dialogues file that is known to be sound."""
    names = ["subtask", "source", "image_id", "messages", "ground_truth"]
    with folder.open(path) as stream:
        table = pq.read_table(stream, columns=names).combine_chunks()
    if not table.num_rows:
        return ()
    columns = {"subtask": table["subtask"], "source": table["source"], **_lengths(table)}
    columns["negatives"] = pc.cast(_negative(table["ground_truth"]), pa.int64())
    columns["words"] = pc.add(columns["question_words"], columns["answer_words"])
    sums = [("words", "sum"), ("negatives", "sum"), ("subtask", "count")]
    grouped = pa.table(columns).group_by(["subtask", "source"])
    longest: list[tuple[str, str]] = [(name, "max") for name in LENGTHS]
    return tuple(
        DialogueMeasure(
            split=split,
            task=task,
            subtask=row["subtask"],
            source=row["source"],
            rows=row["subtask_count"],
            negatives=row["negatives_sum"],
            words=row["words_sum"],
            **{name: row[f"{name}_max"] for name in LENGTHS},
        )
        for row in grouped.aggregate([*sums, *longest]).to_pylist()
    )


def _lengths(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    found = {}
    for turn, side in enumerate(("question", "answer")):
        text = pc.struct_field(pc.list_element(table["messages"], turn), "content")
        text = pc.replace_substring_regex(text, pattern=_OPENING, replacement="")
        found[f"{side}_chars"] = pc.utf8_length(text)
        found[f"{side}_words"] = pc.list_value_length(pc.utf8_split_whitespace(text))
    return found


def _negative(ground_truth: pa.ChunkedArray) -> pa.ChunkedArray:
    """Tell which answers deny something: "no", a count of none, no category."""
    names = [field.name for field in ground_truth.type]
    denied = pa.chunked_array([pa.array([False] * len(ground_truth))])
    if "answer" in names:
        no = pc.equal(pc.struct_field(ground_truth, "answer"), "no")
        denied = pc.or_(denied, pc.fill_null(no, False))
    if "count" in names:
        denied = pc.or_(denied, pc.equal(pc.struct_field(ground_truth, "count"), 0))
    if "categories" in names:
        none = pc.equal(pc.list_value_length(pc.struct_field(ground_truth, "categories")), 0)
        asked_for_all = pc.is_null(pc.struct_field(ground_truth, "asked"))
        denied = pc.or_(denied, pc.and_(none, asked_for_all))
    return denied
