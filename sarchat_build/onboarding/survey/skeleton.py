"""A survey as a manifest to finish: what was found is filled in, what it cannot tell is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeVar

from sarchat_build.config.manifest import Tiling, fold
from sarchat_build.geometry.rotated import ANGLES
from sarchat_build.onboarding.survey.conventions import Angles, scene_pattern
from sarchat_build.onboarding.survey.findings import Survey
from sarchat_build.onboarding.survey.listing import exact_pattern, patterns, stem_of
from sarchat_build.onboarding.survey.sniffing import MAX_CLASSES
from sarchat_build.onboarding.survey.tally import Tally, used_classes
from sarchat_build.onboarding.survey.toml_text import one_line, quoted, quoted_list
from sarchat_build.types import CATEGORIES

# Written where only certain words are allowed, so that reading the manifest names the key.
OPEN = '"decide"'
_MAX_NOTES = 6
KeyT = TypeVar("KeyT", str, int)


@dataclass
class Skeleton:
    """A manifest as text, and the keys a person must fill in before it can be read."""

    lines: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The file."""
        return "\n".join(self.lines).rstrip("\n") + "\n"

    def add(self, line: str = "") -> None:
        """Write a line of TOML."""
        self.lines.append(line)

    def note(self, text: str) -> None:
        """Write a comment on one line, whatever a file name in it holds."""
        self.lines.append(f"# {one_line(text)}")

    def ask(self, key: str, line: str, question: str) -> None:
        """Write a line that is not finished; `key` is what reading the file will complain of."""
        self.note(f"decide: {question}")
        self.lines.append(line)
        self.decisions.append(key)


def write_skeleton(found: Survey, source_id: str) -> Skeleton:
    """Write a manifest that reads what the survey saw.

    What a person has to fill in is missing, or stands as "decide": reading the file names exactly
    those keys. Everything else that deserves a thought is marked `decide:` too, with a value that
    claims nothing.
    """
    skeleton = Skeleton()
    _head(skeleton, found, source_id)
    _annotations(skeleton, found)
    _categories(skeleton, found)
    _scene(skeleton, found)
    _pixels(skeleton, found)
    _expected(skeleton, found)
    return skeleton


def _head(skeleton: Skeleton, found: Survey, source_id: str) -> None:
    skeleton.note("Every line that begins with 'decide:' wants a person; delete it when done.")
    skeleton.add("schema_version = 1")
    skeleton.add(f"id       = {quoted(source_id)}")
    skeleton.ask("title", '# title    = ""', "the dataset's name as its authors write it")
    skeleton.ask("homepage", '# homepage = ""', "where to get it")
    terms = 'an SPDX id, or "research-only", or "unknown"'
    skeleton.ask("license", '# license  = ""', f"the authors' terms: {terms}")
    skeleton.ask("citation", '# citation = ""', "a DOI, or the title of the paper")
    skeleton.note("decide: when two sources hold the same picture, the lower number is kept")
    skeleton.add("priority = 100")
    skeleton.add()
    skeleton.note("decide: what the authors state of the sensor, and nothing else")
    skeleton.add("[sar]")
    for line in ('platforms = ["Gaofen-3"]', 'frequency_bands = ["C"]', 'polarizations = ["HH"]'):
        skeleton.add(f"# {line}")
    skeleton.add("# resolutions_m = [1.0]")
    for name in found.place.names:
        skeleton.add()
        skeleton.add("[[archives]]")
        skeleton.add(f"name = {quoted(name)}")
    skeleton.add()


def _annotations(skeleton: Skeleton, found: Survey) -> None:
    first = found.documents[0]
    for candidate in found.documents:
        total = candidate.tally
        skeleton.note(f"{candidate.group.template}: {candidate.evidence}")
        without = total.images - total.with_objects
        skeleton.note(
            f"  documents: {total.documents:,}, objects: {total.objects:,}, of them difficult: "
            f"{total.difficult:,}; images without objects: {without:,}"
        )
        _faults(skeleton, total)
    for candidate in found.other_documents[:_MAX_NOTES]:
        skeleton.note(
            f"not read: {candidate.group.template} ({candidate.format}, "
            f"{candidate.tally.objects:,} objects)"
        )
        _faults(skeleton, candidate.tally)
    for group in found.other_images[:_MAX_NOTES]:
        skeleton.note(f"not read: {group.template} ({len(group.files):,} pictures)")
    skeleton.add("[annotations]")
    skeleton.add(f"format = {quoted(found.format)}")
    files = found.place.files
    images = [pattern for group in found.images for pattern in patterns(group, files)]
    skeleton.add(f"images = {quoted_list(images)}")
    _names(skeleton, found)
    encodings = [e for c in found.documents for e in c.tally.encodings if e]
    if "gbk" in encodings:
        skeleton.add('encodings = ["utf-8", "gbk"]')
    _format_options(skeleton, found)
    if found.format != "yolo":
        _coordinates(skeleton, found)
    for candidate in found.documents:
        if first.format == "coco":
            entries = {exact_pattern(candidate.group.files[0]): candidate.split}
        else:
            entries = patterns(candidate.group, files)
        for pattern, split in entries.items():
            skeleton.add()
            skeleton.add("[[annotations.files]]")
            skeleton.add(f"path = {quoted(pattern)}")
            if split:
                skeleton.add(f"split = {quoted(split)}")
    for file, split in found.split_lists:
        skeleton.add()
        skeleton.add("[[annotations.split_lists]]")
        skeleton.add(f"path = {quoted(exact_pattern(file))}")
        skeleton.add(f"split = {quoted(split)}")
    skeleton.add()


def _faults(skeleton: Skeleton, total: Tally) -> None:
    for reason, count in sorted(total.faults.items()):
        skeleton.note(f"  unreadable, {reason}: {count:,}, first {total.first_faults[reason]}")


def _names(skeleton: Skeleton, found: Survey) -> None:
    names = found.names
    if names.stem_suffix:
        skeleton.note("documents are called after their image, with this at the end")
        skeleton.add(f"stem_suffix = {quoted(names.stem_suffix)}")
    if names.stem_folders:
        skeleton.note("pictures in several folders have the same names: folders are part of a name")
        skeleton.add(f"stem_folders = {names.stem_folders}")
        skeleton.add(f"inner_folders = {quoted_list(names.inner_folders)}")
    if names.without_document:
        skeleton.note(
            f'decide: pictures without a document: {names.without_document:,}; "negative" if they '
            'show no object for certain, "reject" if nobody looked'
        )
        skeleton.add('unlabeled = "reject"')
    if names.without_image:
        skeleton.note(
            f"documents, or images in one, without a picture here: {names.without_image:,}"
        )


def _format_options(skeleton: Skeleton, found: Survey) -> None:
    if found.format == "yolo" or found.unnamed:
        used = used_classes(name for name, _ in _counts(found))
        numbers = [n for n in (*found.classes, *used) if 0 <= n < MAX_CLASSES]
        first = min(numbers, default=0) if found.format == "coco" else 0
        listed = [
            found.classes.get(n, f"class {n}") for n in range(first, max(numbers, default=0) + 1)
        ]
        if found.classes:
            skeleton.note("names of the classes by index, as the archive lists them")
        else:
            skeleton.note("names of the classes by index: nothing states them, so these are ours")
        skeleton.add(f"class_names = {quoted_list(listed)}")
        if found.format == "coco":
            skeleton.add(f"first_class_id = {first}")
    if found.format == "dota":
        counts = _sum(c.tally.header_lines for c in found.documents)
        if len(counts) <= 1:
            skeleton.add(f"header_lines = {next(iter(counts), 0)}")
        else:
            seen = ", ".join(f"{lines} in {n:,}" for lines, n in sorted(counts.items()))
            question = f"lines above the objects, of the documents {seen}; one number must hold"
            skeleton.ask("annotations.header_lines", f"header_lines = {OPEN}", question)
    angles = reduce(Angles.joined, (c.tally.angles for c in found.documents))
    if found.format == "voc" and angles.count:
        if len(angles.fitting) == 1:
            skeleton.add(f"angle = {quoted(angles.fitting[0])}")
        else:
            maybe = " or ".join(angles.fitting or ANGLES)
            question = f"angles from {angles.low:g} to {angles.high:g} may be {maybe}"
            skeleton.ask("annotations.angle", f"angle = {OPEN}", question)


def _coordinates(skeleton: Skeleton, found: Survey) -> None:
    held = found.coordinates
    skeleton.note(f"of {held.pictures:,} pictures of known size, in how many does a box")
    skeleton.note("  pixel_origin  max_edge    leave the picture  start at border  end at border")
    for fit in held.fits:
        counts = f"{fit.outside:17,}  {fit.starting:15,}  {fit.ending:13,}"
        skeleton.note(f"  {fit.pixel_origin:<12}  {fit.max_edge:<10}  {counts}")
    likely = held.likely
    if likely is not None and (held.pixel_origin is None or held.max_edge is None):
        skeleton.note(
            f"  boxes look as if they were cut to their pictures by {likely.pixel_origin} and "
            f"{likely.max_edge}, which is no proof"
        )
    if any(c.tally.fractions for c in found.documents):
        skeleton.note("  coordinates have fractions, which speaks for 0 and exclusive")
    if held.pixel_origin is not None:
        skeleton.add(f"pixel_origin = {held.pixel_origin}")
    else:
        question = "the boxes do not tell; is the first pixel 0 or 1? (see the authors' own code)"
        skeleton.ask("annotations.pixel_origin", f"pixel_origin = {OPEN}", question)
    if held.max_edge is not None:
        skeleton.add(f"max_edge = {quoted(held.max_edge)}")
    else:
        question = 'does the maximum still belong to the object: "inclusive", or "exclusive"?'
        skeleton.ask("annotations.max_edge", f"max_edge = {OPEN}", question)


def _categories(skeleton: Skeleton, found: Survey) -> None:
    skeleton.note(f"each name as it is spelled; ours are {', '.join(CATEGORIES)}")
    skeleton.note("(tank: a storage tank; car: any vehicle on land)")
    skeleton.note("decide: of which is every object in every picture listed? [] claims nothing")
    skeleton.add("[categories]")
    skeleton.add("annotated = []")
    skeleton.add("[categories.names]")
    for name, count in _counts(found):
        if fold(name) in CATEGORIES:
            skeleton.add(f"{quoted(name)} = {quoted(fold(name))}  # {_objects(count)}")
        else:
            question = f"{_objects(count)}; what are they to us?"
            skeleton.ask(f"categories.names.{name}", f"{quoted(name)} = {OPEN}", question)
    skeleton.add()


def _scene(skeleton: Skeleton, found: Survey) -> None:
    stems = [stem_of(file.path) for group in found.images for file in group.files]
    pattern = scene_pattern(stems)
    if pattern is None:
        return
    text, scenes, most = pattern
    skeleton.note(
        f"decide: do these {scenes:,} front parts of names (at most {most:,} pictures each) name "
        "the scene that a picture was cut from? Then they must stay in one split:"
    )
    skeleton.add("# [scene]")
    skeleton.add(f"# pattern = {quoted(text)}")
    skeleton.add()


def _pixels(skeleton: Skeleton, found: Survey) -> None:
    seen = found.pictures
    looked = f"{seen.looked_at:,} of {found.image_count:,} pictures looked at"
    skeleton.note(f"{looked}: {_most(seen.kinds)}")
    sizes = {f"{w} × {h}": n for (w, h), n in seen.sizes.items()}
    skeleton.note(f"sizes in pixels: {_most(sizes)}")
    for line in seen.unreadable[:_MAX_NOTES]:
        skeleton.note(f"cannot be read: {line}")
    if seen.deep:
        skeleton.note(f"decide: {seen.deep:,} are not 8-bit; how do they become so?")
        for line in ("[pixels]", 'rule = "percentile"', "low_percent = 1.0", "high_percent = 99.0"):
            skeleton.add(line)
    tiling = Tiling()
    if seen.largest_px > tiling.chip_px:
        skeleton.note(
            f"decide: sides of up to {seen.largest_px:,} px; cut into chips, as SARDet-100K does?"
        )
        for line in (
            "[tiling]",
            f"chip_px = {tiling.chip_px}",
            f"overlap_px = {tiling.overlap_px}",
            f"min_visible = {tiling.min_visible}",
        ):
            skeleton.add(f"# {line}")
    skeleton.add()


def _expected(skeleton: Skeleton, found: Survey) -> None:
    skeleton.note("decide: these are the numbers of this copy; put the published ones here")
    skeleton.add("[expected]")
    skeleton.add(f"images = {found.image_count}")
    skeleton.add(f"instances = {found.object_count}")


def _counts(found: Survey) -> list[tuple[str, int]]:
    counts = _sum(c.tally.categories for c in found.documents)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _objects(count: int) -> str:
    return f"{count:,} object{'' if count == 1 else 's'}"


def _sum(counts: Iterable[Counter[KeyT]]) -> Counter[KeyT]:
    return sum(counts, start=Counter())


def _most(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{name} ({count:,})" for name, count in ordered[:_MAX_NOTES])
    left = len(ordered) - _MAX_NOTES
    return f"{listed}, and {left:,} more" if left > 0 else listed
