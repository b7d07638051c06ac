"""Checks one shard: its images file and the dialogues about these images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import dialogues_path, images_path
from sarchat_build.validation.answers.completeness import Census, gaps
from sarchat_build.validation.answers.dialogues import Shard, check_dialogues
from sarchat_build.validation.answers.wording import WordCount
from sarchat_build.validation.figures import measure
from sarchat_build.validation.findings import (
    DialogueCount,
    DialogueMeasure,
    FindingLog,
    ShardReport,
)
from sarchat_build.validation.pictures.images import check_images
from sarchat_build.validation.rules import mapping_at, rules_of
from sarchat_build.validation.vocabulary import TASKS


def check_shard(
    out_dir: str, split: str, shard: int, shard_count: int, build: Mapping[str, Any]
) -> ShardReport:
    """Read a shard as a stranger would and find every fault that shows within it.

    Memory holds the box columns and the questions of the shard, and a few pictures at a time.

    Args:
        out_dir: the dataset, as a path or a URL.
        split: "train", "validation" or "test".
        shard: number of the shard, from 0.
        shard_count: how many shards the split has.
        build: the content of build.json; only its recipe, sources and file list are used.

    Returns:
        All findings, and the facts that `check_dataset` needs. Nothing is raised for bad data.
    """
    folder, log, rules = DatasetFolder(out_dir), FindingLog(), rules_of(build)
    facts, scenes = check_images(
        folder, images_path(split, shard, shard_count), split, build, rules, log
    )
    state = Shard(split, scenes, rules, Census(), WordCount(), answered={}, counts={})
    listed = mapping_at(build, "files")
    measures: list[DialogueMeasure] = []
    for task in TASKS:
        path = dialogues_path(task, split, shard, shard_count)
        if task in rules.tasks or path in listed:
            faults = log.totals["error"]
            check_dialogues(folder, path, task, state, build, log)
            if log.totals["error"] == faults:
                measures.extend(measure(folder, path, task, split))
    sound = [scene for scene in scenes.values() if scene is not None]
    for gap in gaps(sound, state.census, rules):
        path = dialogues_path(gap.task, split, shard, shard_count)
        log.add(gap.check, path, gap.expected, gap.found, key=gap.key)
    return ShardReport(
        split=split,
        shard=shard,
        shard_count=shard_count,
        findings=log.findings,
        errors=log.totals["error"],
        warnings=log.totals["warning"],
        images=facts,
        dialogues=tuple(
            DialogueCount(task, subtask, source, count)
            for (task, subtask, source), count in sorted(state.counts.items())
        ),
        uses=tuple(sorted(state.wording.uses.items())),
        answers=tuple(sorted(state.wording.answers.items())),
        unknown_words=state.wording.unknown,
        measures=tuple(measures),
    )
