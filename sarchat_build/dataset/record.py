"""`build.json`: everything a dataset came from and holds, with a digest of every file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.dataset.conservation import Counts
from sarchat_build.dataset.output import WrittenFile
from sarchat_build.dataset.shards import ShardReceipt
from sarchat_build.phrasing.engine import Phrasing
from sarchat_build.types import SPLITS
from sarchat_build.version import __version__

# The libraries whose version can change a published byte.
_DECISIVE = ("pyarrow", "pillow", "numpy", "rasterio", "jinja2")


def versions() -> dict[str, str]:
    """Give the version of this package and of every library that can change a published byte."""
    return {"sarchat_build": __version__, **{name: version(name) for name in _DECISIVE}}


def build_record(
    recipe: Recipe,
    manifests: Mapping[str, Manifest],
    inputs: Mapping[str, list[dict[str, object]]],
    books: Mapping[str, Counts],
    receipts: Iterable[ShardReceipt],
    fixes: Mapping[str, Mapping[str, int]],
    phrasing: Phrasing,
    comparison: list[dict[str, Any]],
    files: Iterable[WrittenFile],
    left_out: Iterable[str] = (),
) -> dict[str, Any]:
    """Make the record; it holds no clock, no path of a machine and nothing about the runner.

    `left_out` are sources that were asked for and could not be read (`--keep-going`).
    """
    receipts = sorted(receipts, key=lambda receipt: receipt.name)
    shell = record_shell(recipe, manifests, phrasing.templates, files)
    return {
        **shell,
        "sources": {
            source_id: {
                **facts,
                "archives": inputs[source_id],
                "counts": books[source_id],
                "fixes": dict(fixes.get(source_id, {})),
            }
            for source_id, facts in shell["sources"].items()
        },
        "templates": {
            "sha256": phrasing.digest,
            "uses": shell["templates"]["uses"]
            | dict(_sum(receipt.template_uses for receipt in receipts)),
        },
        "versions": versions(),
        "counts": _counts_by_split(receipts, recipe),
        "comparison": comparison,
        "left_out": sorted(left_out),
        "shards": {receipt.name: receipt.fingerprint for receipt in receipts},
    }


def record_shell(
    recipe: Recipe,
    manifests: Mapping[str, Manifest],
    template_ids: Iterable[str],
    files: Iterable[WrittenFile],
) -> dict[str, Any]:
    """Make the part of the record that is known before a build ends: enough to prove a shard.

    Every phrasing is named, also one that nothing used: which are held out depends on all of them.
    """
    return {
        "schema_version": 1,
        "dataset_version": __version__,
        "recipe": recipe.model_dump(mode="json"),
        "sources": {
            source_id: manifest.model_dump(mode="json", include=_SOURCE_FACTS)
            for source_id, manifest in sorted(manifests.items())
        },
        "templates": {"uses": dict.fromkeys(sorted(template_ids), 0)},
        "files": {
            file.path: file_entry(file) for file in sorted(files, key=lambda file: file.path)
        },
    }


def file_entry(file: WrittenFile) -> dict[str, Any]:
    """Make the entry of one file in the record."""
    return {"bytes": file.bytes, "sha256": file.sha256, "rows": file.rows}


_SOURCE_FACTS = {
    *("title", "homepage", "license", "citation", "annotations"),
    *("categories", "expected", "pixels", "tiling", "unverified"),
}


def _counts_by_split(receipts: list[ShardReceipt], recipe: Recipe) -> dict[str, dict[str, int]]:
    wanted = ("images", "objects", *recipe.tasks.enabled)
    totals = {
        split: _sum(
            counts
            for receipt in receipts
            if receipt.name.startswith(f"{split}-")
            for counts in receipt.counts.values()
        )
        for split in SPLITS
    }
    return {
        split: {name: total[name] for name in wanted}
        for split, total in totals.items()
        if total["images"]
    }


def _sum(tallies: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for tally in tallies:
        total.update(tally)
    return Counter(dict(sorted(total.items())))
