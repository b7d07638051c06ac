"""Checks of the table in build.json that holds a build against SARDet-100K."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sarchat_build.published.layout import BUILD_FILE
from sarchat_build.validation.dataset.duplicates import LocatedImage
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.rules import mapping_at
from sarchat_build.validation.vocabulary import SPLITS

_UNITS = ("images", "objects")
_REASONS = (
    *("duplicates", "moved_with_duplicates", "moved_with_scene", "rejected", "archive", "rule"),
    *("hash", "tiling", "lists"),
)


def check_comparison(
    images: Sequence[LocatedImage], build: Mapping[str, Any], log: FindingLog
) -> None:
    """Compare every row with the shards, with the published totals, and with its own reasons."""
    rows = build.get("comparison")
    if rows is None:
        return  # a build proves its shards before the record is whole
    here: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for image in images:
        here[image.fact.source, image.split].update(images=1, objects=image.fact.objects)
    wanted: dict[tuple[str, str], tuple[Any, ...]] = {}
    sources = mapping_at(build, "sources")
    for source in sources:
        published = mapping_at(sources, source, "sardet")
        for split in SPLITS if published else ():
            counts = (mapping_at(published, "images"), mapping_at(published, "instances"))
            wanted[source, split] = tuple(count.get(split) for count in counts)
    found = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    keys = [(row.get("source"), row.get("split")) for row in found]
    if keys != list(wanted):
        log.add("comparison", BUILD_FILE, list(wanted), keys, key="comparison")
        return
    for key, row in zip(wanted, found, strict=True):
        for name, expected, stated in _row_faults(row, here[key], wanted[key]):
            log.add("comparison", BUILD_FILE, expected, stated, key=f"{key[0]} {key[1]} {name}")


def _row_faults(
    row: Mapping[str, Any], here: Mapping[str, int], published: tuple[Any, ...]
) -> Iterator[tuple[str, object, object]]:
    reasons = mapping_at(row, "reasons")
    unknown = sorted(set(reasons) - set(_REASONS))
    if unknown:
        yield "reasons", _REASONS, unknown
    for unit, number in zip(_UNITS, published, strict=True):
        stated = mapping_at(row, "here").get(unit), mapping_at(row, "published").get(unit)
        if stated != (here[unit], number):
            yield unit, (here[unit], number), stated
            continue
        rest = [mapping_at(reasons, reason).get(unit) for reason in reasons]
        numbers = [part for part in rest if isinstance(part, int)]
        difference = here[unit] - number if isinstance(number, int) else None
        if len(numbers) != len(rest) or sum(numbers) != difference:
            yield unit, Plain(f"reasons that add up to {difference}"), rest
