"""Section [annotations] of a manifest draft: format, files, names and coordinates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from functools import reduce
from typing import TypeVar

from sarchat_build.config.annotation_options import RULES
from sarchat_build.onboarding.manifest_draft.toml_draft import TO_DECIDE, ManifestDraft
from sarchat_build.onboarding.manifest_draft.toml_text import quoted, quoted_list
from sarchat_build.onboarding.survey.angles import Angles
from sarchat_build.onboarding.survey.findings import Survey
from sarchat_build.onboarding.survey.listing import exact_pattern, joint_patterns, patterns
from sarchat_build.onboarding.survey.sniffing import MAX_CLASSES
from sarchat_build.onboarding.survey.tally import Tally, used_classes
from sarchat_build.sources.readers import FORMATS
from sarchat_build.types import Split

MAX_NOTES = 6
MAX_GROUPS = 20
KeyT = TypeVar("KeyT", str, int)


def draft_annotations(draft: ManifestDraft, found: Survey) -> None:
    """Write the section [annotations], with the evidence as comments."""
    _evidence(draft, found)
    draft.add("[annotations]")
    draft.add(f"format = {quoted(found.format)}")
    draft.add(f"images = {quoted_list(joint_patterns(found.images, found.source_files.files))}")
    _names(draft, found)
    _encodings(draft, found)
    _format_options(draft, found)
    if not FORMATS[found.format].relative:
        _coordinates(draft, found)
    for pattern, split in _document_patterns(found).items():
        draft.add()
        draft.add("[[annotations.files]]")
        draft.add(f"path = {quoted(pattern)}")
        if split:
            draft.add(f"split = {quoted(split)}")
    for file, split in found.split_lists:
        draft.add()
        draft.add("[[annotations.split_lists]]")
        draft.add(f"path = {quoted(exact_pattern(file))}")
        draft.add(f"split = {quoted(split)}")
    draft.add()


def _evidence(draft: ManifestDraft, found: Survey) -> None:
    for candidate in found.documents[:MAX_GROUPS]:
        total = candidate.tally
        draft.note(f"{candidate.group.template}: {candidate.evidence}")
        without = total.images - total.with_objects
        draft.note(
            f"  documents: {total.documents:,}, objects: {total.objects:,}, of them difficult: "
            f"{total.difficult:,}; images without objects: {without:,}"
        )
        _faults(draft, total)
    if len(found.documents) > MAX_GROUPS:
        draft.note(f"and {len(found.documents) - MAX_GROUPS:,} more folders of documents")
    for candidate in found.other_documents[:MAX_NOTES]:
        draft.note(
            f"not read: {candidate.group.template} ({candidate.format}, "
            f"{candidate.tally.objects:,} objects)"
        )
        _faults(draft, candidate.tally)
    _left_pictures(draft, found)


def _encodings(draft: ManifestDraft, found: Survey) -> None:
    read = [e for c in found.documents for e in c.tally.encodings if e and e != "utf-8"]
    if found.foreign_encodings:
        listed = " ".join(found.foreign_encodings)
        draft.note(f"decide: names in archives are not UTF-8 but {listed}; do they read well?")
        for reading in found.name_readings[:MAX_NOTES]:
            draft.note(f"  {reading}")
    others = dict.fromkeys([*read, *found.foreign_encodings])
    if others:
        draft.add(f"encodings = {quoted_list(['utf-8', *others])}")


def _document_patterns(found: Survey) -> dict[str, Split | None]:
    files = found.source_files.files
    listed: dict[str, Split | None] = {}
    for candidate in found.documents:
        if candidate.many_images:
            listed[exact_pattern(candidate.group.files[0])] = candidate.split
        else:
            listed.update(patterns(candidate.group, files))
    if found.documents[0].many_images or any(listed.values()):
        return listed
    groups = [candidate.group for candidate in found.documents]
    return dict.fromkeys(joint_patterns(groups, files))


def _faults(draft: ManifestDraft, total: Tally) -> None:
    for reason, count in sorted(total.faults.items()):
        draft.note(f"  unreadable, {reason}: {count:,}, first {total.first_faults[reason]}")


def _left_pictures(draft: ManifestDraft, found: Survey) -> None:
    for twin in found.twins:
        only = f"; {twin.only_here:,} of them are in this format only" if twin.only_here else ""
        draft.note(
            f"decide: {twin.template}: {twin.count:,} pictures are called as others with another "
            f"extension ({twin.kept} is read, {twin.extension} is not{only}); to read "
            f"{twin.extension}, exchange the patterns of images"
        )
    for scenes in found.scenes_of:
        draft.note(
            f"decide: the {len(scenes.group.files):,} pictures of {scenes.group.template} are "
            f"scenes that those of {scenes.chips} are cut from: one of the two is read; to read "
            "the scenes, state their folders in images and files, and cut them by [tiling]"
        )
    for group in found.other_images[:MAX_NOTES]:
        draft.note(
            f"not read: {group.template} ({len(group.files):,} pictures); a pattern in images "
            "reads them"
        )


def _names(draft: ManifestDraft, found: Survey) -> None:
    names = found.names
    if names.stem_suffix:
        draft.note("documents are called after their image, with this at the end")
        draft.add(f"stem_suffix = {quoted(names.stem_suffix)}")
    if names.stem_folders:
        draft.note("pictures in several folders have the same names: folders are part of a name")
        draft.add(f"stem_folders = {names.stem_folders}")
        draft.add(f"inner_folders = {quoted_list(names.inner_folders)}")
    if not names.is_unique:
        draft.note(
            "decide: no number of folders tells these pictures apart: leave patterns out of images"
        )
    if names.without_document:
        draft.note(
            f'decide: pictures without a document: {names.without_document:,}; "negative" if they '
            'show no object for certain, "reject" if nobody looked'
        )
        draft.add('unlabeled = "reject"')
    if names.without_image:
        draft.note(f"documents, or images in one, without a picture here: {names.without_image:,}")


def _format_options(draft: ManifestDraft, found: Survey) -> None:
    if FORMATS[found.format].relative or found.unnamed:
        used = used_classes(name for name, _ in category_counts(found))
        numbers = [n for n in (*found.classes, *used) if 0 <= n < MAX_CLASSES]
        first = min(numbers, default=0) if found.format == "coco" else 0
        listed = [
            found.classes.get(n, f"class {n}") for n in range(first, max(numbers, default=0) + 1)
        ]
        if found.classes:
            draft.note("names of the classes by index, as the archive lists them")
        else:
            draft.note("names of the classes by index: nothing states them, so these are ours")
        draft.add(f"class_names = {quoted_list(listed)}")
        if found.format == "coco":
            draft.add(f"first_class_id = {first}")
    angles = reduce(Angles.joined, (c.tally.angles for c in found.documents))
    if found.format == "voc" and angles.count:
        _angle(draft, angles)


def _angle(draft: ManifestDraft, angles: Angles) -> None:
    fraction = angles.low != int(angles.low) or angles.high != int(angles.high)
    draft.note(
        f"{angles.count:,} angles from {angles.low:g} to {angles.high:g}"
        + (", which looks like radians" if fraction and _within_half_turn(angles) else "")
        + (f"; {angles.compared:,} stand beside an upright box" if angles.compared else "")
    )
    if angles.fitting:
        names = " or ".join(f"angle = {quoted(name)}" for name in angles.fitting)
        draft.note(f"  in place of the parts a convention can be named; in range: {names}")
    _part(draft, "unit", angles.unit, '"degrees" or "radians"?')
    turn = 'on the screen "clockwise" or "counterclockwise"? look with `sarchat sources inspect`'
    _part(draft, "turn", None, turn)
    side = 'the side that lies along the angle: "w" or "h", or whichever is "long" or "short"?'
    _part(draft, "along", angles.side, side)


def _part(draft: ManifestDraft, key: str, proven: str | None, question: str) -> None:
    if proven is None:
        draft.ask(f"annotations.angle.{key}", f"angle.{key} = {TO_DECIDE}", question)
    else:
        draft.add(f"angle.{key} = {quoted(proven)}")


def _within_half_turn(angles: Angles) -> bool:
    return max(abs(angles.low), abs(angles.high)) <= math.pi + 0.06


def _coordinates(draft: ManifestDraft, found: Survey) -> None:
    evidence, options = found.coordinates, RULES[found.format].model_fields
    draft.note(f"of {evidence.pictures:,} pictures of known size, in how many does a box")
    draft.note("  pixel_origin  max_edge    leave the picture  start at border  end at border")
    for fit in evidence.fits:
        counts = f"{fit.outside:17,}  {fit.starting:15,}  {fit.ending:13,}"
        draft.note(f"  {fit.pixel_origin:<12}  {fit.max_edge:<10}  {counts}")
    likely = evidence.likely
    if likely is not None and (evidence.pixel_origin is None or evidence.max_edge is None):
        draft.note(
            f"  boxes seem to be cut to their pictures by {likely.pixel_origin} and "
            f"{likely.max_edge}, which is no proof"
        )
    if any(c.tally.fractions for c in found.documents):
        draft.note("  coordinates have fractions, which speaks for 0 and exclusive")
    if evidence.pixel_origin is not None:
        draft.add(f"pixel_origin = {evidence.pixel_origin}")
    elif options["pixel_origin"].is_required():
        question = "the boxes do not tell; is the first pixel 0 or 1? (see the authors' own code)"
        draft.ask("annotations.pixel_origin", f"pixel_origin = {TO_DECIDE}", question)
    if evidence.max_edge is not None:
        draft.add(f"max_edge = {quoted(evidence.max_edge)}")
    elif options["max_edge"].is_required():
        question = 'does the maximum still belong to the object: "inclusive", or "exclusive"?'
        draft.ask("annotations.max_edge", f"max_edge = {TO_DECIDE}", question)


def category_counts(found: Survey) -> list[tuple[str, int]]:
    """Give the names of categories with their numbers of objects, the most frequent first."""
    counts = _sum(c.tally.categories for c in found.documents)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _sum(counts: Iterable[Counter[KeyT]]) -> Counter[KeyT]:
    return sum(counts, start=Counter())
