"""Checks of one shard: its images file and the dialogues about these images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import INDEX_FILE, dialogues_path, images_path
from sarchat_build.validation.answers.check_dialogues import ShardState, check_dialogues
from sarchat_build.validation.answers.completeness import AskedQuestions, coverage_faults
from sarchat_build.validation.answers.measures import measure
from sarchat_build.validation.dataset.documents.picture_index import (
    check_index_rows,
    rows_by_picture,
)
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.pictures.check_images import check_images
from sarchat_build.validation.rules import mapping_at, rules_of
from sarchat_build.validation.shard_report import DialogueCount, DialogueMeasure, ShardReport
from sarchat_build.validation.tables import Tables
from sarchat_build.validation.texts.choice import ConstantText, PhrasingRules
from sarchat_build.validation.texts.wording import PhrasingCounts
from sarchat_build.validation.vocabulary import TASKS


def check_shard(
    out_dir: str,
    split: str,
    shard: int,
    shard_count: int,
    build: Mapping[str, Any],
    constant_text: ConstantText = MappingProxyType({}),
) -> ShardReport:
    """Check one shard from its files alone: every fault that shows within it.

    Memory holds the box columns and the questions of the shard, and a few pictures at a time.

    Args:
        out_dir: the dataset, as a path or a URL.
        split: "train", "validation" or "test".
        shard: number of the shard, from 0.
        shard_count: how many shards the split has.
        build: the content of build.json; only its recipe, sources and file list are used.
        constant_text: the text of each phrasing around what it fills in, in parts; without it
            nobody can tell whether a text is that of its phrasings.

    Returns:
        All findings, and the facts that `check_dataset` needs. Nothing is raised for bad data.
    """
    log, rules = FindingLog(), rules_of(build)
    pictures = images_path(split, shard, shard_count)
    paths = {task: dialogues_path(task, split, shard, shard_count) for task in TASKS}
    with DatasetFolder(out_dir).nearby([pictures, *paths.values()]) as folder:
        tables = Tables(folder, build, log)
        found = check_images(tables, pictures, split, rules)
        images = found.images
        state = ShardState(
            split=split,
            images=images,
            rules=rules,
            wording=PhrasingRules(rules, constant_text),
            questions=AskedQuestions(),
            phrasings=PhrasingCounts(),
            answered={},
            counts={},
        )
        measures = tuple(_check_tasks(tables, paths, state))
        if INDEX_FILE in mapping_at(build, "files") and not log.totals["error"]:
            listed = {task: path for task, path in paths.items() if path in build["files"]}
            rows = rows_by_picture(folder, listed)
            check_index_rows(out_dir, (split, shard, shard_count), images, rows, log)
    sound = [image for image in images.values() if image is not None]
    for fault in coverage_faults(sound, state.questions, rules):
        # "2 of bridge" is words of ours.
        expected = Plain(fault.expected) if isinstance(fault.expected, str) else fault.expected
        log.add(fault.check, paths[fault.task], expected, fault.found, key=fault.key)
    return ShardReport(
        split=split,
        shard=shard,
        shard_count=shard_count,
        findings=log.findings,
        errors=log.totals["error"],
        warnings=log.totals["warning"],
        images=found.facts,
        dialogues=tuple(
            DialogueCount(task, subtask, source, count)
            for (task, subtask, source), count in sorted(state.counts.items())
        ),
        uses=tuple(sorted(state.phrasings.uses.items())),
        answers=tuple(sorted(state.phrasings.answers.items())),
        unknown_words=state.phrasings.unknown,
        measures=measures,
        cuts=found.cuts,
    )


def _check_tasks(
    tables: Tables, paths: Mapping[str, str], state: ShardState
) -> Iterator[DialogueMeasure]:
    """Check the dialogues of every task, and measure the files that are free of errors."""
    for task, path in paths.items():
        if task in state.rules.tasks or path in mapping_at(tables.build, "files"):
            errors = tables.log.totals["error"]
            check_dialogues(tables, path, task, state)
            if tables.log.totals["error"] == errors:
                yield from measure(tables.folder, path, task, state.split)
