"""How far the build of an output folder is, or how it ended: from that folder alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from pipelines.progress import STAGES, SUBMITTED, MarkedProgress, Progress, now, read_milestones
from pipelines.progress import stage_seconds as seconds_of_stages
from sarchat_build.archives.location import join
from sarchat_build.dataset.folder import STOPPED
from sarchat_build.dataset.lock import LOCK, Holder, read_holder
from sarchat_build.dataset.output import OutputFolder, open_output
from sarchat_build.dataset.record import BuildRecord, parse_record
from sarchat_build.published.layout import BUILD_FILE, WORK_FOLDER
from sarchat_build.report.summary import totals

State: TypeAlias = Literal["unbuilt", "under way", "finished", "stopped", "cut off"]


@dataclass(frozen=True, slots=True)
class PublishedDataset:
    """The finished dataset of a folder, also while another one is built beside it."""

    pictures: int
    dialogues: int
    files: int
    bytes: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a folder tells of the last build that wrote to it.

    Attributes:
        output: the folder.
        state: `unbuilt`: no build was here; `under way`: one holds the lock; `finished`: the last
            one was published; `stopped`: it found that nothing may be published; `cut off`: it
            ended in any other way.
        dataset: what is published here, whatever came after it.
        holder: who holds the lock.
        job: what the engine calls the job that goes on without its launcher; "": none does.
        began: when the last build began; "" where nothing says it.
        runner: its engine.
        stage: what it does, or did when it ended; "" if it is finished.
        stage_seconds: how long each stage took that has ended.
        images_listed: images of the archives.
        done: how far it is.
        pictures_per_second: how fast it writes; None before the first shard.
        seconds_left: until all shards are written, at this speed.
        reasons: why it stopped.
    """

    output: str
    state: State
    dataset: PublishedDataset | None = None
    holder: Holder | None = None
    job: str = ""
    began: str = ""
    runner: str = ""
    stage: str = ""
    stage_seconds: dict[str, float] = field(default_factory=dict)
    images_listed: int = 0
    done: Progress = field(default_factory=Progress)
    pictures_per_second: float | None = None
    seconds_left: int | None = None
    reasons: tuple[str, ...] = ()


def read_status(out: str, *, at: str = "") -> Status:
    """Read the status of an output folder; nothing is written.

    Args:
        out: path or URL of the folder.
        at: the time to compare with, as `pipelines.progress.now` gives it; "": now.

    Raises:
        InputError: the folder cannot be reached, or its build.json is none.
    """
    folder = open_output(out)
    record = _read_record(folder)
    dataset = None if record is None else _describe(record)
    if not folder.names(WORK_FOLDER):
        return Status(output=out, state="finished" if dataset else "unbuilt", dataset=dataset)
    holder = read_holder(out)
    milestones = read_milestones(out, holder.run if holder else "")
    marked = MarkedProgress(out, "").read() if milestones else Progress()
    reasons = _reasons(folder)
    state = _state(folder, holder, dataset is not None, reasons, milestones)
    begun, submitted = milestones.get("begun", {}), milestones.get(SUBMITTED, {})
    rate, left = _speed(marked, milestones, at or now()) if state == "under way" else (None, None)
    return Status(
        output=out,
        state=state,
        dataset=dataset,
        holder=holder,
        job=str(submitted.get("id") or submitted.get("name") or submitted.get("template") or ""),
        began=str(begun.get("at") or (holder.since if holder else "")),
        runner=str(begun.get("runner", "")),
        stage="" if state == "finished" else _stage(milestones),
        stage_seconds=seconds_of_stages(milestones),
        images_listed=int(milestones.get("prepared", {}).get("images", 0)),
        done=marked,
        pictures_per_second=rate,
        seconds_left=left,
        reasons=reasons if state == "stopped" else (),
    )


def _read_record(folder: OutputFolder) -> BuildRecord | None:
    text = folder.read(BUILD_FILE)
    return None if text is None else parse_record(text, join(folder.location, BUILD_FILE))


def _describe(record: BuildRecord) -> PublishedDataset:
    pictures, dialogues = totals(record)
    size = sum(file.bytes for file in record.files.values())
    return PublishedDataset(pictures, dialogues, len(record.files), size, record.left_out)


def _reasons(folder: OutputFolder) -> tuple[str, ...]:
    found = folder.read_json(STOPPED)
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _state(
    folder: OutputFolder,
    holder: Holder | None,
    published: bool,
    reasons: tuple[str, ...],
    milestones: dict[str, dict[str, Any]],
) -> State:
    if holder is not None:
        return "cut off" if holder.has_ended else "under way"
    if folder.has(LOCK):  # it does not say whose it is
        return "cut off"
    if reasons:
        return "stopped"
    if published and ("finished" in milestones or "begun" not in milestones):
        return "finished"
    return "cut off"


def _stage(milestones: dict[str, dict[str, Any]]) -> str:
    passed = ("prepared", "planned", "written")
    return STAGES[sum(name in milestones for name in passed)]


def _speed(
    done: Progress, milestones: dict[str, dict[str, Any]], at: str
) -> tuple[float | None, int | None]:
    """Give pictures a second, and seconds until all shards are written."""
    built = done.shards - done.shards_reused
    if built < 1 or "planned" not in milestones:
        return None, None
    planned = datetime.fromisoformat(milestones["planned"]["at"])
    seconds = max((datetime.fromisoformat(at) - planned).total_seconds(), 1.0)
    left = max(done.shards_planned - done.shards, 0) * seconds / built
    share = done.pictures * built / done.shards
    return round(share / seconds, 2), round(left)
