"""Receipts of finished shards, beside the dataset: a build that is run again resumes from them.

There is one per shard and fingerprint, so that what two builds say never mixes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from sarchat_build.dataset.output import (
    STAGE,
    OutputFolder,
    WrittenFile,
    open_output,
)
from sarchat_build.dataset.shards import ShardBuilder, ShardReceipt
from sarchat_build.published.layout import WORK_FOLDER, parse_table_path
from sarchat_build.types import PlannedImage

RECEIPTS = f"{WORK_FOLDER}/receipts"
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
    path = receipt_path(receipt.name, receipt.fingerprint)
    open_output(out).write_json(path, asdict(receipt))


def load_receipt(out: str, name: str, fingerprint: str) -> ShardReceipt | None:
    """Read the receipt of a shard if it was made from the same inputs and is still intact.

    Its files are in the stage, left there by a run that did not end, or are lent to it by the
    dataset that was published.
    """
    folder = open_output(out)
    receipt = _read_receipt(folder, receipt_path(name, fingerprint))
    if receipt is None or (receipt.name, receipt.fingerprint) != (name, fingerprint):
        return None
    return receipt if all(_bring_to_stage(folder, file) for file in receipt.files) else None


def remove_receipts(out: str, keep: Mapping[str, str]) -> None:
    """Delete the receipts of shards that a finished dataset does not have.

    Args:
        out: the output folder.
        keep: the fingerprints of its shards, by name.
    """
    folder = open_output(out)
    kept = {receipt_path(name, fingerprint) for name, fingerprint in keep.items()}
    found = {f"{RECEIPTS}/{name}" for name in folder.names(RECEIPTS) if name.endswith(".json")}
    folder.each(folder.delete, filter(folder.is_file, sorted(found - kept)))


def receipt_path(name: str, fingerprint: str) -> str:
    """Give the path of a receipt below the output folder.

    >>> receipt_path("train-00000-of-00002", "5f0c")
    '.sarchat/receipts/train-00000-of-00002-5f0c.json'
    """
    return f"{RECEIPTS}/{name}-{fingerprint}.json"


def _read_receipt(folder: OutputFolder, path: str) -> ShardReceipt | None:
    """Read a receipt; None where it is not there, not whole, or names files of something else."""
    try:
        receipt = _RECEIPT.validate_json(folder.read(path) or b"")
    except (OSError, ValidationError):
        return None
    for file in receipt.files:
        table = parse_table_path(file.path)
        if table is None or table.shard is None or table.name != receipt.name:
            return None
    return receipt


def _bring_to_stage(folder: OutputFolder, file: WrittenFile) -> bool:
    staged = f"{STAGE}/{file.path}"
    if folder.is_intact(staged, file):
        return True
    if not folder.is_intact(file.path, file):
        return False
    folder.lend(file.path, staged)
    return True
