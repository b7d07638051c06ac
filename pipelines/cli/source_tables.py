"""Tables and lines of `sarchat sources`: what was found, read, corrected and rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, TypeVar

from rich.markup import escape
from rich.table import Table

from pipelines.console import print_line
from sarchat_build.names import display_line, display_name, printable
from sarchat_build.reasons import sentence
from sarchat_build.types import SPLITS, Reject

if TYPE_CHECKING:
    # What reads pixels takes half a second to import; these are only shown.
    from sarchat_build.config.manifest import Manifest
    from sarchat_build.onboarding.inspection import ReasonCounts, SourceSummary
    from sarchat_build.onboarding.survey.findings import Survey

_SHOWN_KINDS = 6
KeyT = TypeVar("KeyT", bound=Hashable)


def survey_table(found: Survey) -> Table:
    """Show what was found, and what will not be read."""
    table = Table(title="Found")
    for column in ("what", "where", "how much"):
        justify: Literal["left", "right"] = "right" if column == "how much" else "left"
        table.add_column(column, justify=justify, overflow="fold")
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
    return table


def split_table(manifest: Manifest, summary: SourceSummary) -> Table:
    """Show images and objects per official split, beside the published totals."""
    table = Table(title=escape(f"{manifest.id}: {display_name(manifest.title)}"))
    for column in ("", "images", "objects"):
        table.add_column(column, justify="right" if column else "left")
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
    return table


def category_table(summary: SourceSummary) -> Table:
    """Show every name of the source, what it means, and how large its boxes are."""
    table = Table(title=f"Categories (longer side in pixels, {summary.chosen:,} pictures decoded)")
    for column in ("source", "ours", "objects", "p5", "p50", "p95"):
        table.add_column(column, justify="left" if column in ("source", "ours") else "right")
    ordered = sorted(summary.categories.items(), key=lambda item: (-item[1].objects, item[0]))
    for name, entry in ordered:
        sides = [entry.side_px(percent) for percent in (5, 50, 95)]
        ours = entry.category or "[red]not listed[/]"
        cells = ["" if side is None else f"{side:.0f}" for side in sides]
        table.add_row(escape(display_name(printable(name))), ours, f"{entry.objects:,}", *cells)
    return table


def picture_table(summary: SourceSummary) -> Table:
    """Show sizes and kinds of the decoded pictures, the most frequent first."""
    table = Table(title=f"PictureSummary ({summary.chosen:,} of {summary.images:,} decoded)")
    table.add_column("size or kind")
    table.add_column("pictures", justify="right")
    for (width_px, height_px), count in _most(summary.sizes):
        table.add_row(f"{width_px} × {height_px} px", f"{count:,}")
    table.add_section()
    for kind, count in _most(summary.kinds):
        table.add_row(escape(kind), f"{count:,}")
    return table


def loss_table(title: str, losses: ReasonCounts) -> Table:
    """Show how many records have each reason, what that means and what to do."""
    table = Table(title=title)
    table.add_column("reason", no_wrap=True)
    table.add_column("records", justify="right")
    table.add_column("what it means, and what to do")
    for reason, count in sorted(losses.counts.items(), key=lambda item: (-item[1], item[0])):
        text = f"{sentence(reason.meaning)} {sentence(reason.advice)}"
        table.add_row(str(reason), f"{count:,}", escape(text))
    return table


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


def print_unverified(manifests: Iterable[Manifest]) -> None:
    """Print, one line per source, what nobody could verify and how to state it otherwise."""
    for manifest in manifests:
        doubts = "; ".join(
            f"{key}: {display_name(doubt, 1000)}" for key, doubt in manifest.unverified.items()
        )
        if doubts:
            text = f"{manifest.id}, unverified (--set {manifest.id}.KEY=VALUE): {doubts}"
            print_line(text, style="dim")
