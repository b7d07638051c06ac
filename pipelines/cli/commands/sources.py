"""`sarchat sources list`, `check` and `record`: known sources, and checksums of their archives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from pipelines.cli.source_tables import print_doubts, print_part_matches, print_unverified
from pipelines.cli.tables import plain_table, print_text, titled
from pipelines.console import console, errors, print_line
from pipelines.progress_display import byte_progress
from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import InputError, Issue
from sarchat_build.names import display_name
from sarchat_build.sources.choose import choose_sources, refuse_idle_settings

if TYPE_CHECKING:
    from sarchat_build.sources.index import SourceIndex
    from sarchat_build.sources.matching.part_matches import PartMatch


def list_sources(manifests: Path | None, *, unverified: bool) -> None:
    """Print the sources, what belongs into their folders, and where to get it.

    With `unverified`: instead, what their manifests state and nobody could verify.
    """
    known = load_known(manifests)
    if unverified:
        for manifest in known.values():
            print_doubts(manifest.id, manifest.unverified)
        return
    table = plain_table("source", "format", "license", ">images", ">objects")
    for manifest in known.values():
        expected = manifest.expected
        numbers = (f"{expected.images:,}", f"{expected.instances:,}") if expected else ("", "")
        facts = (manifest.id, manifest.annotations.format, escape(display_name(manifest.license)))
        table.add_row(*facts, *numbers)
    console.print(titled("Sources, and how much of each is published", table))
    for manifest in known.values():
        console.print()
        print_text(f"{manifest.id}: {display_name(manifest.title)}")
        print_text(f"RAW/{manifest.id}/: {manifest.layout_text}", indent=2, style="dim")
        print_line(f"get it from {manifest.homepage}", indent=2, style="dim")
    console.print()
    print_unverified({manifest.id: manifest.unverified for manifest in known.values()})


def check_sources(raw: str, settings: Sequence[str], manifests: Path | None) -> None:
    """Print which sources lie under a raw folder, and whether their checksums hold.

    Raises:
        InputError: no source lies there, or one cannot be read or is not what was recorded; every
            one is named.
    """
    chosen, absent = choose_sources(load_known(manifests, settings), raw, [])
    table = plain_table("source", "archives", ">images", ">documents", ">published", "checksums")
    faults: list[str] = []
    refuse_idle_settings(chosen, settings)
    # What reads archives takes a moment to import: nothing above needs it.
    from sarchat_build.sources.index import index_source

    part_matches: dict[str, Sequence[PartMatch]] = {}
    for manifest in chosen.values():
        try:
            index = index_source(manifest, raw)
            part_matches[manifest.id] = index.part_matches
            table.add_row(*_checked_row(manifest, raw, index))
        except InputError as error:
            faults.extend(error.args)
            table.add_row(manifest.id, "[red]fault, see below[/]", "", "", "", "")
    note = "published: images of the whole source; checksums: 'sarchat sources record' records them"
    console.print(titled(f"Sources under {raw}", table, note))
    print_part_matches(part_matches)
    if absent:
        print_text(f"not found: {', '.join(absent)}", style="dim")
    if faults:
        raise InputError(*faults)


def record_checksums(raw: str, source_id: str, manifests: Path | None) -> None:
    """Write the checksums of a source's archives beside its folder."""
    chosen = choose_known(manifests, raw, source_id)
    from sarchat_build.archives.checksums import write_recorded
    from sarchat_build.sources.inputs import describe_archives

    archives = describe_archives(chosen[source_id], raw, recorded={}, progress=byte_progress)
    digests = {archive.name: archive.sha256 for archive in archives}
    file = write_recorded(raw, source_id, digests)
    print_line(f"{file}: {len(digests)} checksum{'' if len(digests) == 1 else 's'}")


def load_known(added: Path | None, settings: Sequence[str] = ()) -> dict[str, Manifest]:
    """Read the built-in manifests and those of a folder of the user's own."""
    return load_manifests(resource_folder("source_manifests"), settings, added)


def choose_known(
    added: Path | None, raw: str, source_id: str, settings: Sequence[str] = ()
) -> dict[str, Manifest]:
    """Choose one source of all that are known; the manifests of others may be broken."""
    faulty: dict[str, tuple[Issue, ...]] = {}
    known = load_manifests(resource_folder("source_manifests"), settings, added, faulty)
    chosen, _ = choose_sources(known, raw, [source_id], faulty)
    print_faulty(faulty)
    return chosen


def print_faulty(faulty: Mapping[str, tuple[Issue, ...]]) -> None:
    """Print the faults of manifests by which nothing is read."""
    for source_id, issues in faulty.items():
        for issue in issues:
            errors.print(f"not read, {source_id}: {issue}", style="yellow", markup=False)


def _checked_row(manifest: Manifest, raw: str, index: SourceIndex) -> tuple[str, ...]:
    from sarchat_build.archives.checksums import read_recorded
    from sarchat_build.sources.inputs import describe_archives

    archives = describe_archives(manifest, raw, progress=byte_progress)
    recorded = read_recorded(raw, manifest.id)
    return (
        manifest.id,
        escape(", ".join(display_name(archive.name) for archive in archives)),
        f"{len(index.images):,}",
        f"{len(index.documents):,}",
        f"{manifest.expected.images:,}" if manifest.expected else "",
        "as recorded" if recorded else "not recorded",
    )
