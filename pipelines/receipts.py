"""Receipts of finished shards, on disk beside them: what makes "run it again" mean "resume"."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from sarchat_build.shards import ShardReceipt
from sarchat_build.storage import WORK_FOLDER, WrittenFile, is_intact, read_json, write_json

_FOLDER = f"{WORK_FOLDER}/receipts"


def save_receipt(out: str, receipt: ShardReceipt) -> None:
    """Leave a receipt once all files of a shard have their final names."""
    write_json(out, f"{_FOLDER}/{receipt.name}.json", asdict(receipt))


def load_receipt(out: str, name: str, fingerprint: str) -> ShardReceipt | None:
    """Give the receipt of a shard that was made from the same inputs and is still intact."""
    found: Any = read_json(out, f"{_FOLDER}/{name}.json")
    if not isinstance(found, dict) or found.get("fingerprint") != fingerprint:
        return None
    files = tuple(WrittenFile(**file) for file in found["files"])
    if not all(is_intact(out, file) for file in files):
        return None
    return ShardReceipt(
        found["name"], found["fingerprint"], files, found["counts"], found["template_uses"]
    )


def known_files(out: str) -> set[str]:
    """List the files that receipts of this or an earlier run speak of."""
    files: set[str] = set()
    for path in sorted(Path(out, _FOLDER).glob("*.json")):
        found: Any = read_json(out, f"{_FOLDER}/{path.name}")
        if isinstance(found, dict):
            files.update(file["path"] for file in found["files"])
    return files
