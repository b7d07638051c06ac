"""Checks of the table of duplicates: of each group one member is published, in one split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sarchat_build.published.layout import BUILD_FILE
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.pictures.near_duplicates import (
    NearDuplicateRule,
    near_duplicate_rule,
)
from sarchat_build.validation.pictures.provenance import may_be_file_of
from sarchat_build.validation.pictures.source_rules import SourceRules, source_rules
from sarchat_build.validation.rules import mapping_at
from sarchat_build.validation.shard_report import ImageFact
from sarchat_build.validation.vocabulary import SOURCE_ID, SPLITS, source_image_id


class LocatedImage(NamedTuple):
    """An image with its split and file."""

    fact: ImageFact
    split: str
    file: str

    def __str__(self) -> str:
        return f"{self.file} row {self.fact.row}"

    @property
    def source_image_id(self) -> str:
        """Id of the source's own image: for a chip, of the scene it was cut from."""
        return source_image_id(self.fact.image_id) if self.fact.is_chip else self.fact.image_id


class DuplicateRow(NamedTuple):
    """One row of `duplicates`; the fields are the columns in the order of `schema.DUPLICATES`."""

    group_id: str
    image_id: str
    source: str
    kept: bool
    reason: str
    distance: int
    label_conflict: bool
    split: str
    official_split: str | None
    pixel_sha256: str
    instances: int
    file: str


class Member(NamedTuple):
    """A row of the table with its file and number."""

    row: DuplicateRow
    path: str
    number: int

    def report(self, log: FindingLog, check: str, expected: object, found: object) -> None:
        """Record a fault of this row."""
        log.add(check, self.path, expected, found, row=self.number, key=self.row.image_id)


class PublishedImages(NamedTuple):
    """The published images by the id of their source's own, and the facts of each source."""

    by_id: Mapping[str, Sequence[LocatedImage]]
    priorities: Mapping[str, int]
    sources: Mapping[str, SourceRules]


def check_duplicates(
    images: Sequence[LocatedImage],
    members: Iterable[Member],
    build: Mapping[str, Any],
    log: FindingLog,
) -> None:
    """Compare every group with the images that are published, and conflicts with their count."""
    rule = near_duplicate_rule(build)
    published: dict[str, list[LocatedImage]] = defaultdict(list)
    for image in images:
        published[image.source_image_id].append(image)
    groups: dict[str, list[Member]] = defaultdict(list)
    seen: set[str] = set()
    conflicts: Counter[str] = Counter()
    last = ""
    for member in members:
        if member.row.group_id < last:
            member.report(log, "row_order", Plain("groups by their id"), member.row.group_id)
        last = member.row.group_id
        conflicts[member.row.source] += member.row.label_conflict
        groups[member.row.group_id].append(member)
        if member.row.image_id in seen:
            member.report(log, "duplicate_member", Plain("each image in one group, once"), 2)
        seen.add(member.row.image_id)
        if not SOURCE_ID.fullmatch(member.row.source):
            member.report(log, "source_form", Plain("a-z, 0-9 and _"), member.row.source)
    sources = mapping_at(build, "sources")
    priorities = {
        source: priority
        for source in sources
        if isinstance(priority := mapping_at(sources, source).get("priority"), int)
    }
    for group in groups.values():
        _check_group(group, PublishedImages(published, priorities, source_rules(build)), rule, log)
    for source in sources:
        stated = mapping_at(sources, source, "fixes").get("label_conflict", 0)
        if stated != conflicts[source]:
            key = f"sources.{source}.fixes.label_conflict"
            log.add("duplicate_labels", BUILD_FILE, conflicts[source], stated, key=key)


def _check_group(
    group: Sequence[Member],
    published: PublishedImages,
    rule: NearDuplicateRule,
    log: FindingLog,
) -> None:
    first = group[0]
    if len(group) < 2:
        first.report(log, "duplicate_group", Plain("two members or more"), len(group))
    best = [member for member in group if member.row.reason == "kept"]
    if len(best) != 1 or not best[0].row.kept:
        names = [member.row.image_id for member in best]
        first.report(log, "duplicate_kept", Plain("one best member, which is kept"), names)
        return
    _check_best(group, best[0], published.priorities, log)
    splits = sorted({member.row.split for member in group})
    if len(splits) > 1:
        first.report(log, "duplicate_straddles", Plain("one split"), splits)
    for member in group:
        row, images = member.row, published.by_id.get(member.row.image_id, [])
        if row.kept and not images:
            member.report(log, "duplicate_kept_missing", Plain("published"), Plain("not in images"))
        if not row.kept and images:
            member.report(log, "duplicate_published", Plain("not in images"), str(images[0]))
        elsewhere = [str(image) for image in images if image.split != row.split]
        if row.kept and elsewhere:
            member.report(log, "duplicate_straddles", row.split, elsewhere)
        _check_origin(member, images, published, log)
        _check_likeness(member, best[0], images, rule, log)


def _check_best(
    group: Sequence[Member], best: Member, priorities: Mapping[str, int], log: FindingLog
) -> None:
    """Compare the group's name and first row with its best, and the best with the others."""
    if best.row.group_id != best.row.image_id:
        best.report(log, "duplicate_group", best.row.image_id, best.row.group_id)
    if group[0] is not best:
        best.report(log, "row_order", Plain("the best of its group first"), best.row.image_id)

    def preference(member: Member) -> tuple[int, str]:
        return priorities.get(member.row.source, 0), member.row.image_id

    preferred = min(group, key=preference)
    if preferred is not best:
        best.report(log, "duplicate_kept", Plain(preferred.row.image_id), best.row.image_id)


def _check_origin(
    member: Member,
    images: Sequence[LocatedImage],
    published: PublishedImages,
    log: FindingLog,
) -> None:
    """Compare what a row says of its image's source with the source, and with what is published."""
    row, priorities = member.row, published.priorities
    if not row.image_id.startswith(f"{row.source}/"):
        member.report(log, "duplicate_source", Plain(f"{row.source}/<image>"), row.image_id)
    if row.source not in priorities:
        member.report(log, "source_known", sorted(priorities), row.source)
    if row.split not in SPLITS:
        member.report(log, "split", SPLITS, row.split)
    if row.official_split not in (*SPLITS, None):
        member.report(log, "official_split", SPLITS, row.official_split)
    source = published.sources.get(row.source)
    if source is not None and row.official_split not in source.official_splits:
        stated = [split for split in (*SPLITS, None) if split in source.official_splits]
        member.report(log, "official_split", stated, row.official_split)
    if source is not None and not source.may_hold(row.file):
        archive = Plain("a file of an archive that build.json names")
        member.report(log, "duplicate_file", archive, row.file)
    name = row.image_id.removeprefix(f"{row.source}/")
    if not may_be_file_of(name, row.file):
        member.report(log, "duplicate_file", Plain(f"a file whose name gives {name!r}"), row.file)
    if row.instances < 0:
        member.report(log, "duplicate_row", Plain("0 or more objects"), row.instances)
    for image in images[:1]:
        fact = image.fact
        if row.official_split != fact.official_split:
            member.report(log, "official_split", fact.official_split, row.official_split)
        if not row.file.endswith(fact.source_member):
            member.report(log, "duplicate_file", Plain(f"…{fact.source_member}"), row.file)
        shown = {one for chip in images for one in chip.fact.instance_ids} or fact.objects
        least = len(shown) if isinstance(shown, set) else shown
        # Objects at the edge of a scene may be in no chip.
        if row.instances < least or (not fact.is_chip and row.instances != least):
            member.report(log, "duplicate_instances", least, row.instances)


def _check_likeness(
    member: Member,
    best: Member,
    images: Sequence[LocatedImage],
    rule: NearDuplicateRule,
    log: FindingLog,
) -> None:
    """Compare a member with the best of its group, and with itself where it is published."""
    row = member.row
    # The hash of a scene is not that of its chips.
    whole = [image.fact for image in images if not image.fact.is_chip]
    if {row.pixel_sha256, *(fact.pixel_sha256 for fact in whole)} != {row.pixel_sha256}:
        expected = [fact.pixel_sha256 for fact in whole]
        member.report(log, "duplicate_pixels", expected, row.pixel_sha256)
    if row.reason not in ("kept", "file", "pixels", "near"):
        member.report(log, "duplicate_reason", Plain("kept, file, pixels or near"), row.reason)
    same = row.pixel_sha256 == best.row.pixel_sha256
    if same and row.reason == "near":
        equal = Plain(f"file or pixels: its pixel_sha256 is that of {best.row.image_id!r}")
        member.report(log, "duplicate_reason", equal, row.reason)
    elif not same and row.reason != "near":
        same_as = Plain(f"{best.row.pixel_sha256!r} of {best.row.image_id!r}, by its reason")
        member.report(log, "duplicate_pixels", same_as, row.pixel_sha256)
    nearest, farthest = (0, 0) if same else (0, rule.distance)
    if not nearest <= row.distance <= farthest or (rule.near == "off" and not same):
        member.report(log, "duplicate_distance", Plain(f"at most {farthest}"), row.distance)
    if row.kept and row.reason in ("file", "pixels"):
        member.report(log, "duplicate_kept", Plain("equal pixels once"), row.reason)
    if row.kept and row.reason == "near" and rule.near != "report":
        member.report(log, "duplicate_kept", Plain("one of the near ones"), row.reason)
    if row.label_conflict and member is best:
        member.report(log, "duplicate_labels", Plain("no conflict with itself"), row.label_conflict)
