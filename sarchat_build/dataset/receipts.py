"""Receipts of finished shards, on disk beside them: a build that is run again resumes from them."""

from __future__ import annotations

from collections.abc import Container, Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sarchat_build.dataset.output import WORK_FOLDER, WrittenFile, is_intact, read_json, write_json
from sarchat_build.dataset.shards import ShardBuilder, ShardReceipt
from sarchat_build.types import PlannedImage

_FOLDER = f"{WORK_FOLDER}/receipts"
_PREVIOUS = f"{WORK_FOLDER}/previous.json"


def build_or_reuse(
    builder: ShardBuilder, name: str, planned: Iterable[PlannedImage], fingerprint: str
) -> tuple[ShardReceipt, bool]:
    """Build a shard and leave its receipt, unless it is finished and made from the same inputs.

    Returns:
        The receipt, and whether it is one of an earlier run.
    """
    receipt = load_receipt(builder.out, name, fingerprint)
    if receipt is not None:
        return receipt, True
    receipt = builder.build(name, planned, fingerprint)
    save_receipt(builder.out, receipt)
    return receipt, False


def save_receipt(out: str, receipt: ShardReceipt) -> None:
    """Write a receipt, once all files of its shard have their final names."""
    write_json(out, f"{_FOLDER}/{receipt.name}.json", asdict(receipt))


def load_receipt(out: str, name: str, fingerprint: str) -> ShardReceipt | None:
    """Read the receipt of a shard if it was made from the same inputs and is still intact."""
    found: Any = read_json(out, f"{_FOLDER}/{name}.json")
    if not isinstance(found, dict) or found.get("fingerprint") != fingerprint:
        return None
    files = tuple(WrittenFile(**file) for file in found["files"])
    if not all(is_intact(out, file) for file in files):
        return None
    return ShardReceipt(
        found["name"], found["fingerprint"], files, found["counts"], found["template_uses"]
    )


def forget_record(out: str) -> None:
    """Delete the record of an earlier build, and remember which files it listed.

    Without its record a dataset counts as unfinished, which is true once a new run begins.
    """
    record: Any = read_json(out, "build.json")
    if isinstance(record, dict):
        write_json(out, _PREVIOUS, sorted(record["files"]))
    Path(out, "build.json").unlink(missing_ok=True)


def remove_leftovers(out: str, files: Container[str], shards: Container[str]) -> None:
    """Delete files and receipts of earlier runs that this build does not hold.

    Files of two builds never lie side by side; a file that no build of ours wrote is not touched.
    """
    earlier: Any = read_json(out, _PREVIOUS)
    known: set[str] = set(earlier) if isinstance(earlier, list) else set()
    for path in sorted(Path(out, _FOLDER).glob("*.json")):
        found: Any = read_json(out, f"{_FOLDER}/{path.name}")
        if isinstance(found, dict):
            known.update(file["path"] for file in found["files"])
        if path.stem not in shards:
            path.unlink()
    for name in sorted(known):
        if name not in files:
            Path(out, name).unlink(missing_ok=True)
            with suppress(OSError):
                Path(out, name).parent.rmdir()  # only an empty folder goes
    Path(out, _PREVIOUS).unlink(missing_ok=True)
