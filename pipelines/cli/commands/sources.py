"""`sarchat sources list`, `check` and `record`: known sources, and checksums of their archives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.markup import escape
from rich.table import Table

from pipelines.cli.source_tables import print_unverified
from pipelines.console import byte_progress, console, print_line
from sarchat_build.archives import is_there, join
from sarchat_build.archives.checksums import read_recorded, write_recorded
from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import InputError
from sarchat_build.names import display_name
from sarchat_build.sources.choose import choose_sources
from sarchat_build.sources.index import index_source, layout_hint
from sarchat_build.sources.inputs import describe_archives


def list_sources(manifests: Path | None) -> None:
    """Print the sources, what belongs into their folders, and where to get it."""
    table = Table()
    for column in ("source", "title", "format", "license", "images", "instances"):
        justify: Literal["left", "right"] = "right" if column[:1] == "i" else "left"
        table.add_column(column, justify=justify, no_wrap=column == "source")
    known = load_known(manifests).values()
    for manifest in known:
        expected = manifest.expected
        numbers = (f"{expected.images:,}", f"{expected.instances:,}") if expected else ("", "")
        facts = (
            manifest.id,
            *map(
                escape,
                map(display_name, (manifest.title, manifest.annotations.format, manifest.license)),
            ),
        )
        table.add_row(*facts, *numbers)
    console.print(table)
    for manifest in known:
        print_line(f"{manifest.id}: {layout_hint(manifest)}", style="dim")
    print_unverified(known)


def check_sources(raw: str, settings: Sequence[str], manifests: Path | None) -> None:
    """Print which sources lie under a raw folder, and whether their checksums hold.

    Raises:
        InputError: a source cannot be read or is not what was recorded; every one is named.
    """
    table = Table()
    for column in ("source", "archives", "images", "documents", "published images", "checksums"):
        table.add_column(column, justify="right" if "im" in column or "doc" in column else "left")
    faults: list[str] = []
    for manifest in load_known(manifests, settings).values():
        if not is_there(join(raw, manifest.id)):
            table.add_row(manifest.id, "not found", "", "", "", "", style="dim")
            continue
        try:
            table.add_row(*_checked_row(manifest, raw))
        except InputError as error:
            faults.extend(error.args)
            table.add_row(manifest.id, "[red]fault[/]", "", "", "", "")
    console.print(table)
    if faults:
        raise InputError(*faults)


def record_checksums(raw: str, source_id: str, manifests: Path | None) -> None:
    """Write the checksums of a source's archives beside its folder."""
    chosen, _ = choose_sources(load_known(manifests), raw, [source_id])
    archives = describe_archives(chosen[source_id], raw, recorded={}, progress=byte_progress)
    digests = {archive.name: archive.sha256 for archive in archives}
    file = write_recorded(raw, source_id, digests)
    print_line(f"{file}: {len(digests)} checksums")


def load_known(added: Path | None, settings: Sequence[str] = ()) -> dict[str, Manifest]:
    """Read the built-in manifests and those of a folder of the user's own."""
    return load_manifests(resource_folder("source_manifests"), settings, added)


def _checked_row(manifest: Manifest, raw: str) -> tuple[str, ...]:
    index = index_source(manifest, raw)
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
