"""Checks of the table in build.json that holds a build against SARDet-100K."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sarchat_build.published.layout import BUILD_FILE
from sarchat_build.validation.dataset.duplicates import LocatedImage
from sarchat_build.validation.dataset.splits import lists_of
from sarchat_build.validation.findings import FindingLog, Plain, shorten
from sarchat_build.validation.rules import mapping_at
from sarchat_build.validation.vocabulary import SPLITS

_UNITS = ("images", "objects")
# Counted image by image; what these do not explain stands under one cause.
_MOVED = ("moved_with_duplicates", "moved_with_scene")
_COUNTED = ("duplicates", "rejected", *_MOVED)


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
        entry = mapping_at(sources, key[0])
        known = (*_COUNTED, _cause(entry, mapping_at(build, "recipe")))
        for name, expected, stated in _row_faults(row, here[key], wanted[key], known):
            log.add("comparison", BUILD_FILE, expected, stated, key=f"{key[0]} {key[1]} {name}")
    for source in dict.fromkeys(source for source, _ in wanted):
        of = [mapping_at(row, "reasons") for row in found if row.get("source") == source]
        for name, expected, stated in _sum_faults(of, mapping_at(sources, source)):
            log.add("comparison", BUILD_FILE, expected, stated, key=f"{source} {name}")


def _cause(entry: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """Name the cause under which everything stands that no counted reason explains."""
    counts, expected = mapping_at(entry, "counts"), mapping_at(entry, "expected")
    lists = lists_of(entry, recipe)
    if expected and expected.get("images") != mapping_at(counts, "read").get("images"):
        return "archive"
    if lists != mapping_at(entry, "sardet").get("split"):
        return "rule"
    if lists == "scene":
        return "hash"
    if mapping_at(entry, "tiling"):
        return "tiling"
    return "rejected" if mapping_at(counts, "rejected").get("instances") else "lists"


def _sum_faults(
    reasons: Sequence[Mapping[str, Any]], entry: Mapping[str, Any]
) -> Iterator[tuple[str, object, object]]:
    """Compare what a reason adds up to over all splits: duplicates are gone, moved ones are not."""
    gone = mapping_at(entry, "counts", "deduplicated")
    wanted: dict[str, tuple[Any, ...]] = dict.fromkeys(_MOVED, (0, 0))
    if not mapping_at(entry, "tiling"):
        wanted["duplicates"] = (gone.get("images"), gone.get("instances"))
    for name, numbers in wanted.items():
        for unit, number in zip(_UNITS, numbers, strict=True):
            parts = [mapping_at(of, name).get(unit, 0) for of in reasons]
            if all(isinstance(part, int) for part in parts) and number != -sum(parts):
                yield f"{name} {unit}", Plain(f"{number} less over all splits"), parts


def _row_faults(
    row: Mapping[str, Any],
    here: Mapping[str, int],
    published: tuple[Any, ...],
    known: Sequence[str],
) -> Iterator[tuple[str, object, object]]:
    reasons = mapping_at(row, "reasons")
    unknown = sorted(set(reasons) - set(known))
    if unknown:
        yield "reasons", Plain(f"some of {shorten(known)}"), unknown
    for unit, number in zip(_UNITS, published, strict=True):
        stated = mapping_at(row, "here").get(unit), mapping_at(row, "published").get(unit)
        if stated != (here[unit], number):
            texts = [
                f"here {one}, published {other}" for one, other in ((here[unit], number), stated)
            ]
            yield unit, Plain(texts[0]), Plain(texts[1])
            continue
        rest = [mapping_at(reasons, reason).get(unit) for reason in reasons]
        numbers = [part for part in rest if isinstance(part, int)]
        difference = here[unit] - number if isinstance(number, int) else None
        if len(numbers) != len(rest) or sum(numbers) != difference:
            yield unit, Plain(f"reasons that add up to {difference}"), rest
