"""Checks of the tables of rejects: their rows, and what they say of pictures that are published."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from sarchat_build.published.layout import BUILD_FILE, parse_table_path, table_path
from sarchat_build.validation.dataset.duplicates import LocatedImage
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.pictures.provenance import may_be_file_of
from sarchat_build.validation.pictures.source_rules import SourceRules, source_rules
from sarchat_build.validation.rules import mapping_at
from sarchat_build.validation.shard_report import CutUnexplained
from sarchat_build.validation.vocabulary import (
    CATEGORIES,
    REJECT_REASONS,
    REJECT_STAGES,
    SHOWN_REASONS,
    SOURCE_ID,
)

_LOST_AT_EDGE = "lost_at_edge"
_INSPECT, _NORMALIZE, _CUT = REJECT_STAGES[1:]
# Details of a document that cannot be parsed begin with the place, which is the line, too.
_LINE_OF_DETAIL = re.compile(r"line ([0-9]{1,18}):[0-9]+: ")
# For these only objects are refused.
_OF_OBJECTS = ("duplicate_object", _LOST_AT_EDGE)
# With these no build ends, and with those only where the recipe says "reject".
_STOPPING = ("unreadable_document", "duplicate_id", "split_conflict")
_DECIDED_BY = {"unknown_category": "unknown_category", "contradiction": "contradicts_manifest"}


class RejectRow(NamedTuple):
    """One row of `rejects`; the fields are the columns in the order of `schema.REJECTS`."""

    stage: str
    source: str
    file: str
    line: int | None
    key: str
    reason: str
    detail: str
    images: int
    instances: int

    @property
    def sort_key(self) -> tuple[str, str, int, str, str, str]:
        """What the rows of a file ascend by."""
        return self.stage, self.file, self.line or 0, self.key, self.reason, self.detail


class LocatedReject(NamedTuple):
    """A row with its file and number."""

    row: RejectRow
    path: str
    number: int


def check_rejects(
    rejects: Sequence[LocatedReject],
    images: Sequence[LocatedImage],
    duplicates: Set[str],
    cuts: Sequence[CutUnexplained],
    build: Mapping[str, Any],
    log: FindingLog,
) -> None:
    """Check every row by itself, then against the pictures that are published.

    `duplicates` are the ids of the images in the table of duplicates.
    """
    sources = mapping_at(build, "sources")
    for listed in mapping_at(build, "files"):
        file = parse_table_path(listed)
        if file and file.table == "rejects" and file.name not in sources:
            of_sources = Plain(f"rejects of a source of build.json: {', '.join(sorted(sources))}")
            log.add("source_known", listed, of_sources, file.name)
    for source in sources:
        path = table_path("rejects", source)
        if SOURCE_ID.fullmatch(source) and path not in mapping_at(build, "files"):
            log.add("missing_file", path, Plain("rejects of every source"), Plain("not listed"))
    before: LocatedReject | None = None
    known = duplicates | {image.source_image_id for image in images}
    known |= {reject.row.key for reject in rejects if reject.row.images}
    rules = source_rules(build)
    for reject in rejects:
        faults = [*_row_faults(reject), *_origin_faults(reject.row, rules, known)]
        for check, expected, found in faults:
            log.add(check, reject.path, expected, found, row=reject.number, key=reject.row.key)
        if before and before.path == reject.path and before.row.sort_key > reject.row.sort_key:
            order = Plain("rows by stage, file, line, key, reason")
            log.add("row_order", reject.path, order, reject.row.file, row=reject.number)
        before = reject
    for check, expected, found, key in _recipe_faults(rejects, build):
        log.add(check, BUILD_FILE, expected, found, key=key)
    _check_published(rejects, images, _with_ignored_names(build), log)
    lost = {r.row.key.rpartition("#")[0] for r in rejects if r.row.reason == _LOST_AT_EDGE}
    for cut in cuts:
        if cut.scene not in lost:
            expected = Plain(f"an object of its scene to cut, no {cut.category} is")
            log.add("cut_categories", cut.file, expected, cut.category, row=cut.row, key=cut.key)


def _with_ignored_names(build: Mapping[str, Any]) -> frozenset[str]:
    """Give the sources that list names of things that are none of our categories."""
    sources = mapping_at(build, "sources")
    return frozenset(
        source
        for source in sources
        if not set(map(str, mapping_at(sources, source, "categories", "names").values()))
        <= set(CATEGORIES)
    )


def _recipe_faults(
    rejects: Sequence[LocatedReject], build: Mapping[str, Any]
) -> Iterator[tuple[str, object, object, str]]:
    """Find rejects with which the recipe lets no dataset be published."""
    settings = mapping_at(build, "recipe", "rejects")
    for name, reason in _DECIDED_BY.items():
        stopping = [reject.row.key for reject in rejects if reject.row.reason == reason]
        if stopping and settings.get(name) != "reject":
            found = Plain(f"{len(stopping)} rejects: {reason}")
            yield "recipe", Plain('"reject"'), found, f"recipe.rejects.{name}"
    ratio = settings.get("max_image_ratio")
    refused = Counter(r.row.source for r in rejects if r.row.images and r.row.reason != "no_object")
    for source, images in refused.items():
        counts = mapping_at(build, "sources", source, "counts")
        read = mapping_at(counts, "read").get("images")
        if not isinstance(ratio, int | float) or not isinstance(read, int):
            continue
        rows = sum(r.row.images for r in rejects if r.row.source == source)
        if mapping_at(counts, "rejected").get("images") != rows:
            continue  # rows too many or too few, which is said of them
        if images > ratio * read:
            expected = Plain(f"at least {images} of {read} ({source})")
            yield "recipe", expected, ratio, "recipe.rejects.max_image_ratio"


def _row_faults(reject: LocatedReject) -> Iterator[tuple[str, object, object]]:
    row = reject.row
    if not SOURCE_ID.fullmatch(row.source):
        yield "source_form", Plain("a-z, 0-9 and _"), row.source
    if table_path("rejects", row.source) != reject.path:
        yield "reject_source", Plain(f"rows of {reject.path}"), row.source
    if row.stage not in REJECT_STAGES:
        yield "reject_stage", REJECT_STAGES, row.stage
    if row.reason not in REJECT_REASONS:
        yield "reject", Plain("a reason of docs/reasons.md"), row.reason
    if row.reason in _STOPPING:
        yield "reject", Plain("a reason with which a dataset is published"), row.reason
    if row.images not in (0, 1) or row.instances < 0:
        found = Plain(f"images {row.images}, instances {row.instances}")
        yield "reject", Plain("images 0 or 1, instances 0 or more"), found
    elif not (row.images or row.instances) and not _may_count_nothing(row):
        expected = Plain(f"an image or an object: {row.stage} refuses no less")
        yield "reject", expected, Plain("images 0, instances 0")
    for column, text in (("file", row.file), ("detail", row.detail)):
        if not text:
            yield "reject", Plain(f"a {column}"), text
    if row.line is not None and row.line < 0:
        yield "reject", Plain("the number of a line, or null"), row.line
    if not row.key.startswith(f"{row.source}/"):
        yield "reject_key", Plain(f"{row.source}/<image>"), row.key
    of_object = "#" in row.key and row.stage in (_NORMALIZE, _CUT)
    if row.images and (of_object or row.reason in _OF_OBJECTS):
        yield "reject", Plain("an object, which is no image"), row.images


def _origin_faults(
    row: RejectRow, rules: Mapping[str, SourceRules], known: Set[str]
) -> Iterator[tuple[str, object, object]]:
    """Compare file, line and key of a row with each other, and with the images that are known."""
    source = rules.get(row.source)
    # What is cut is named by its member alone.
    if source is not None and row.stage != _CUT and not source.may_hold(row.file):
        archives = ", ".join(name.rstrip("/") for name in source.archives)
        yield "reject_file", Plain(f"a file of an archive of build.json: {archives}"), row.file
    name = row.key.removeprefix(f"{row.source}/")
    if row.stage == _INSPECT and row.images and not may_be_file_of(name, row.file):
        yield "reject_file", Plain(f"a file whose name gives {name!r}"), row.file
    stated = _LINE_OF_DETAIL.match(row.detail)
    if stated and row.line != int(stated[1]):
        yield "reject_line", Plain(f"{stated[1]}, as the detail says"), row.line
    image_id, mark, _ = row.key.rpartition("#")
    if mark and not row.images and row.stage in (_NORMALIZE, _CUT) and image_id not in known:
        expected = Plain("an object of an image that is published, a duplicate, or refused")
        yield "reject_key", expected, row.key


def _may_count_nothing(row: RejectRow) -> bool:
    """Tell whether a reject may be of no image and no object: an annotation without either is."""
    return row.stage not in (_NORMALIZE, _CUT)


def _check_published(
    rejects: Sequence[LocatedReject],
    images: Sequence[LocatedImage],
    ignoring: frozenset[str],
    log: FindingLog,
) -> None:
    """Compare what was refused of a picture with what its rows say, both ways.

    A refused object of a source that is `ignoring` names may be of a category that is not ours.
    """
    published = {image.source_image_id: image for image in images}
    instances = {one for image in images if image.fact.is_chip for one in image.fact.instance_ids}
    refused: set[str] = set()
    for reject in rejects:
        row = reject.row
        image_id = row.key.rpartition("#")[0]
        said: LocatedImage | None = None
        if row.images and row.key in published and row.stage != "read_annotations":
            said = published[row.key]
        elif row.reason == _LOST_AT_EDGE and row.key in instances:
            said = published.get(image_id)
        if said is not None:
            expected = Plain(f"not in {said}")
            log.add(
                "reject_published", reject.path, expected, row.key, row=reject.number, key=row.key
            )
        if row.stage == _NORMALIZE and not row.images:
            if row.reason in SHOWN_REASONS:
                continue
            refused.add(image_id)
            image = published.get(image_id)
            if image and row.source not in ignoring and not image.fact.is_incomplete:
                log.add(
                    "rejected_categories",
                    image.file,
                    Plain(f"that of {row.key} ({row.reason})"),
                    Plain("none"),
                    row=image.fact.row,
                    key=image.fact.image_id,
                )
    for image in images:
        if image.fact.is_incomplete and image.source_image_id not in refused:
            log.add(
                "rejected_categories",
                image.file,
                Plain("none: no object of it that rejects lists hides one"),
                Plain("some"),
                row=image.fact.row,
                key=image.fact.image_id,
            )
