"""Receipts of finished shards, on disk beside them: a build that is run again resumes from them."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sarchat_build.dataset.output import (
    WORK_FOLDER,
    WrittenFile,
    is_intact,
    is_regular,
    lend,
    stage_of,
    write_json,
)
from sarchat_build.dataset.shards import ShardBuilder, ShardReceipt
from sarchat_build.published.layout import parse_table_path
from sarchat_build.regular_files import MAX_RECORD_BYTES, read_regular
from sarchat_build.types import PlannedImage

_FOLDER = f"{WORK_FOLDER}/receipts"
_RECEIPT = TypeAdapter(ShardReceipt)


def build_or_reuse(
    builder: ShardBuilder, out: str, name: str, planned: Iterable[PlannedImage], fingerprint: str
) -> tuple[ShardReceipt, bool]:
    """Build a shard and leave its receipt, unless it is finished and made from the same inputs.

    Either way its files lie in the stage of `out` afterwards.

    Returns:
        The receipt, and whether it is one of an earlier run.
    """
    receipt = load_receipt(out, name, fingerprint)
    if receipt is not None:
        return receipt, True
    receipt = builder.build(name, planned, fingerprint)
    save_receipt(out, receipt)
    return receipt, False


def save_receipt(out: str, receipt: ShardReceipt) -> None:
    """Write a receipt, once all files of its shard have their final names."""
    write_json(out, f"{_FOLDER}/{receipt.name}.json", asdict(receipt))


def load_receipt(out: str, name: str, fingerprint: str) -> ShardReceipt | None:
    """Read the receipt of a shard if it was made from the same inputs and is still intact.

    Its files are in the stage, left there by a run that did not end, or are lent to it by the
    dataset that was published.
    """
    receipt = _read_receipt(Path(out, _FOLDER, f"{name}.json"))
    if receipt is None or (receipt.name, receipt.fingerprint) != (name, fingerprint):
        return None
    return receipt if all(_bring_to_stage(out, file) for file in receipt.files) else None


def remove_receipts(out: str, keep: Container[str]) -> None:
    """Delete the receipts of shards that a finished dataset does not have."""
    for path in sorted(Path(out, _FOLDER).glob("*.json")):
        if is_regular(path) and path.stem not in keep:
            path.unlink()


def _read_receipt(path: Path) -> ShardReceipt | None:
    """Read a receipt; None where it is not there, not whole, or names files of something else."""
    if not is_regular(path):
        return None
    try:
        receipt = _RECEIPT.validate_json(read_regular(path, MAX_RECORD_BYTES))
    except (OSError, ValidationError):
        return None
    for file in receipt.files:
        table = parse_table_path(file.path)
        if table is None or table.shard is None or table.name != receipt.name:
            return None
    return receipt


def _bring_to_stage(out: str, file: WrittenFile) -> bool:
    stage = stage_of(out)
    if is_intact(stage, file):
        return True
    if not is_intact(out, file):
        return False
    lend(out, stage, file.path)
    return True
