"""Tables and lines of `sarchat sources`: what was found, read, corrected and rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from rich.console import Group
from rich.markup import escape

from pipelines.cli.tables import plain_table, print_text, titled
from sarchat_build.names import display_line, display_name, printable
from sarchat_build.reasons import sentence
from sarchat_build.types import SPLITS, Reject

if TYPE_CHECKING:
    # What reads pixels takes half a second to import; these are only shown.
    from sarchat_build.config.manifest import Manifest
    from sarchat_build.onboarding.inspection import ReasonCounts, SourceSummary
    from sarchat_build.onboarding.survey.findings import Survey
    from sarchat_build.sources.matching.part_matches import PartMatch

_SHOWN_KINDS = 6
KeyT = TypeVar("KeyT", bound=Hashable)


def survey_table(found: Survey) -> Group:
    """Show what was found, and what will not be read."""
    table = plain_table("what", "where", "how much")
    for candidate in found.documents:
        counts = f"{candidate.tally.documents:,} with {candidate.tally.objects:,} objects"
        table.add_row(candidate.format, escape(display_name(candidate.group.template)), counts)
    for group in found.images:
        kinds = " ".join(sorted(group.extensions))
        table.add_row(
            escape(display_name(kinds)),
            escape(display_name(group.template)),
            f"{len(group.files):,} pictures",
        )
    for file, split in found.split_lists:
        table.add_row(f"list of {split}", escape(display_name(str(file))), "")
    for candidate in found.other_documents:
        counts = f"{candidate.tally.objects:,} objects"
        pattern = escape(display_name(candidate.group.template))
        table.add_row(f"not read: {candidate.format}", pattern, counts, style="dim")
    for group in found.other_images:
        pictures = f"{len(group.files):,} pictures"
        table.add_row("not read", escape(display_name(group.template)), pictures, style="dim")
    for twin in found.twins:
        what = f"the names of {twin.kept} again, not read: {twin.extension}"
        table.add_row(
            what, escape(display_name(twin.template)), f"{twin.count:,} pictures", style="yellow"
        )
    for scenes in found.scenes_of:
        what = f"scenes that {escape(display_name(scenes.chips))} is cut from, not read"
        pictures = f"{len(scenes.group.files):,} pictures"
        table.add_row(what, escape(display_name(scenes.group.template)), pictures, style="yellow")
    for archive in found.source_files.inner_archives:
        table.add_row(
            "not read: an archive itself", escape(display_name(str(archive))), "", style="yellow"
        )
    if found.scene is not None:
        kind = "scenes" if found.scene.is_evident else "scenes, perhaps"
        most = f"at most {found.scene.largest:,} pictures"
        table.add_row(
            kind, escape(display_name(found.scene.pattern)), f"{found.scene.scenes:,}, {most}"
        )
    categories: Counter[str] = Counter()
    for candidate in found.documents:
        categories.update(candidate.tally.categories)
    for name, count in sorted(categories.items(), key=lambda item: (-item[1], item[0])):
        table.add_row("category", escape(display_name(printable(name))), f"{count:,} objects")
    if found.names.stem_folders:
        table.add_row("names", "repeat in several folders, which become part of them", "")
    if found.format != "yolo":
        evidence = found.coordinates
        facts = {"pixel_origin": evidence.pixel_origin, "max_edge": evidence.max_edge}
        texts = (f"{k} {'to decide' if v is None else f'is {v}'}" for k, v in facts.items())
        table.add_row(
            "coordinates", ", ".join(texts), f"compared with {evidence.pictures:,} pictures"
        )
    for (width_px, height_px), count in _most(found.pictures.sizes):
        size = f"{width_px} × {height_px} px"
        table.add_row("size", size, f"{count:,} of {found.pictures.inspected:,} inspected")
    if len(found.pictures.sizes) > _SHOWN_KINDS:
        table.add_row(
            "size",
            f"{len(found.pictures.sizes):,} in all",
            f"up to {found.pictures.largest_px:,} px",
        )
    for kind, count in _most(found.pictures.kinds):
        table.add_row("pixels", kind, f"{count:,} of {found.pictures.inspected:,} inspected")
    return titled("Found", table)


def split_table(manifest: Manifest, summary: SourceSummary) -> Group:
    """Show images and objects per official split, beside the published totals."""
    table = plain_table("", ">images", ">objects")
    for split in (*SPLITS, "no split"):
        if split in summary.by_split:
            counts = summary.by_split[split]
            table.add_row(f"documents: {split}", f"{counts['images']:,}", f"{counts['objects']:,}")
    images = f"{summary.images:,}"
    table.add_row(f"found: {summary.documents:,} documents", images, f"{summary.objects:,}")
    without = sum(not image.instances for image in summary.kept)
    if without:
        table.add_row("without object, of those decoded", f"{without:,}", "0")
    if manifest.expected is not None:
        expected = manifest.expected
        table.add_row("published", f"{expected.images:,}", f"{expected.instances:,}", style="dim")
    return titled(f"{manifest.id}: {manifest.title}", table)


def category_table(summary: SourceSummary) -> Group:
    """Show every name of the source, what it means, and how large its boxes are."""
    table = plain_table("source", "ours", ">objects", ">5 %", ">median", ">95 %")
    ordered = sorted(summary.categories.items(), key=lambda item: (-item[1].objects, item[0]))
    for name, entry in ordered:
        sides = [entry.side_px(percent) for percent in (5, 50, 95)]
        ours = entry.category or "[red]not listed[/]"
        cells = ["" if side is None else f"{side:.0f}" for side in sides]
        table.add_row(escape(display_name(printable(name))), ours, f"{entry.objects:,}", *cells)
    title = f"Categories (longer side of a box in pixels, {summary.chosen:,} pictures decoded)"
    return titled(title, table)


def picture_table(summary: SourceSummary) -> Group:
    """Show sizes and kinds of the decoded pictures, the most frequent first."""
    table = plain_table("size or kind", ">pictures")
    for (width_px, height_px), count in _most(summary.sizes):
        table.add_row(f"{width_px} × {height_px} px", f"{count:,}")
    if len(summary.sizes) > _SHOWN_KINDS:
        table.add_row(f"{len(summary.sizes) - _SHOWN_KINDS:,} other sizes", "", style="dim")
    for kind, count in _most(summary.kinds):
        table.add_row(escape(kind), f"{count:,}")
    return titled(f"Pictures ({summary.chosen:,} of {summary.images:,} decoded)", table)


def loss_table(title: str, losses: ReasonCounts) -> Group:
    """Show how many records have each reason, what that means and what to do."""
    table = plain_table("reason", ">records", "what it means, and what to do")
    for reason, count in sorted(losses.counts.items(), key=lambda item: (-item[1], item[0])):
        text = f"{sentence(reason.meaning)} {sentence(reason.advice)}"
        table.add_row(str(reason), f"{count:,}", escape(text))
    return titled(title, table)


def loss_lines(losses: ReasonCounts, shown: int) -> Iterator[str]:
    """Write the first records of each reason in full: file, line, key, detail."""
    for reason in sorted(losses.first):
        for loss in losses.first[reason][:shown]:
            line = f":{loss.line}" if isinstance(loss, Reject) and loss.line else ""
            detail = f": {loss.detail}" if loss.detail else ""
            yield display_line(printable(f"{reason}: {loss.file}{line} › {loss.key}{detail}"))


def _most(counts: Mapping[KeyT, int]) -> list[tuple[KeyT, int]]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return ordered[:_SHOWN_KINDS]


def print_part_matches(by_source: Mapping[str, Iterable[PartMatch]]) -> None:
    """Print, one line each, what manifests state and what fits it only in part."""
    for source_id, matches in by_source.items():
        for match in matches:
            print_text(f"{source_id}, stated but fits in part: {match}", style="yellow")


def print_unverified(doubts: Mapping[str, Mapping[str, str]]) -> None:
    """Print in one sentence how many statements nobody could verify; by source, key and why."""
    counts = {source_id: len(keys) for source_id, keys in doubts.items() if keys}
    if not counts:
        return
    total = sum(counts.values())
    subject = "1 statement" if total == 1 else f"{total:,} statements"
    sources = ", ".join(f"{source_id} {count}" for source_id, count in counts.items())
    print_text(
        f"{subject} of the manifests could not be verified ({sources}): "
        "sarchat sources list --unverified",
        style="dim",
    )


def print_doubts(source_id: str, doubts: Mapping[str, str]) -> None:
    """Print each statement of a source that nobody could verify, and how to state it otherwise."""
    if not doubts:
        return
    print_text(f"{source_id}, unverified (--set {source_id}.KEY=VALUE states it otherwise)")
    for key, doubt in doubts.items():
        print_text(f"{key}: {display_name(doubt, 1000)}", indent=2, style="dim")
