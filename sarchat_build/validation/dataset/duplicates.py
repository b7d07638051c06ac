"""Checks of the table of duplicates: of each group one member is published, in one split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.pictures.near_duplicates import NearDuplicateRule
from sarchat_build.validation.shard_report import ImageFact
from sarchat_build.validation.vocabulary import SOURCE_ID, source_image_id


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


def check_duplicates(
    images: Sequence[LocatedImage],
    members: Iterable[Member],
    rule: NearDuplicateRule,
    log: FindingLog,
) -> None:
    """Compare every group with the images that are published."""
    published: dict[str, list[LocatedImage]] = defaultdict(list)
    for image in images:
        published[image.source_image_id].append(image)
    groups: dict[str, list[Member]] = defaultdict(list)
    seen: set[str] = set()
    for member in members:
        groups[member.row.group_id].append(member)
        if member.row.image_id in seen:
            member.report(log, "duplicate_member", Plain("each image in one group, once"), 2)
        seen.add(member.row.image_id)
        if not SOURCE_ID.fullmatch(member.row.source):
            member.report(log, "source_form", Plain("a-z, 0-9 and _"), member.row.source)
    for group in groups.values():
        _check_group(group, published, rule, log)


def _check_group(
    group: Sequence[Member],
    published: dict[str, list[LocatedImage]],
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
    splits = sorted({member.row.split for member in group})
    if len(splits) > 1:
        first.report(log, "duplicate_straddles", Plain("one split"), splits)
    for member in group:
        row, images = member.row, published.get(member.row.image_id, [])
        if row.kept and not images:
            member.report(log, "duplicate_kept_missing", Plain("published"), Plain("not in images"))
        if not row.kept and images:
            member.report(log, "duplicate_published", Plain("not in images"), str(images[0]))
        elsewhere = [str(image) for image in images if image.split != row.split]
        if row.kept and elsewhere:
            member.report(log, "duplicate_straddles", row.split, elsewhere)
        _check_likeness(member, best[0], images, rule, log)


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
    if same != (row.reason != "near"):
        member.report(log, "duplicate_pixels", best.row.pixel_sha256, row.pixel_sha256)
    nearest, farthest = (0, 0) if same else (0, rule.distance)
    if not nearest <= row.distance <= farthest or (rule.near == "off" and not same):
        member.report(log, "duplicate_distance", Plain(f"at most {farthest}"), row.distance)
    if row.kept and row.reason in ("file", "pixels"):
        member.report(log, "duplicate_kept", Plain("equal pixels once"), row.reason)
    if row.kept and row.reason == "near" and rule.near != "report":
        member.report(log, "duplicate_kept", Plain("one of the near ones"), row.reason)
    if row.label_conflict and member is best:
        member.report(log, "duplicate_labels", Plain("no conflict with itself"), row.label_conflict)
