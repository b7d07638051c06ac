"""`sarchat sources list`, `check`, `record`: what can be read, and whether it is what it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipelines.cli.console import byte_progress, console, say_unverified
from sarchat_build.archives import is_there, join
from sarchat_build.archives.checksums import read_recorded, write_recorded
from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import InputError
from sarchat_build.sources.choose import choose_sources
from sarchat_build.sources.index import index_source, layout_hint
from sarchat_build.sources.inputs import describe_archives

sources = typer.Typer(
    help="Sources: list, check, record; describe a new one, see what it reads.",
    no_args_is_help=True,
)

Raw = Annotated[
    str, typer.Option("--raw", help="Folder (path or URL) with one folder per source id.")
]
SourceId = Annotated[str, typer.Option("--source", help="Source id.")]
Stated = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="SOURCE.KEY=VALUE", help="State a manifest's key otherwise, as TOML."
    ),
]

Manifests = Annotated[
    Path | None,
    typer.Option("--manifests", help="Folder of manifests beside, or over, the built-in ones."),
]


@sources.command("list")
def list_sources(manifests: Manifests = None) -> None:
    """List the sources that can be read, and where to get them."""
    table = Table()
    for column in ("source", "title", "format", "license", "images", "instances"):
        table.add_column(column, justify="right" if column[:1] == "i" else "left")
    known = load_known(manifests).values()
    for manifest in known:
        expected = manifest.expected
        numbers = (f"{expected.images:,}", f"{expected.instances:,}") if expected else ("", "")
        facts = (manifest.id, manifest.title, manifest.annotations.format, manifest.license)
        table.add_row(*facts, *numbers)
    console.print(table)
    for manifest in known:
        console.print(f"{manifest.id}: {layout_hint(manifest)}", style="dim", soft_wrap=True)
    say_unverified(known)


@sources.command()
def check(raw: Raw, stated: Stated = None, manifests: Manifests = None) -> None:
    """Say which sources lie under RAW, and whether their checksums hold; exit code 3 if not."""
    table = Table()
    for column in ("source", "archives", "images", "documents", "published images", "checksums"):
        table.add_column(column, justify="right" if "im" in column or "doc" in column else "left")
    faults = []
    for manifest in load_known(manifests, stated or []).values():
        if not is_there(join(raw, manifest.id)):
            table.add_row(manifest.id, "not found", "", "", "", "", style="dim")
            continue
        try:
            table.add_row(*_checked(manifest, raw))
        except InputError as error:
            faults.append(str(error))
            table.add_row(manifest.id, "[red]fault[/]", "", "", "", "")
    console.print(table)
    if faults:
        raise InputError("\n".join(faults))


@sources.command()
def record(raw: Raw, source: SourceId, manifests: Manifests = None) -> None:
    """Record the checksums of a source's archives beside its folder, as RAW/<id>.sha256.

    From then on every build compares; for archives the record is one that 'sha256sum -c' reads.
    """
    chosen, _ = choose_sources(load_known(manifests), raw, [source])
    archives = describe_archives(chosen[source], raw, recorded={}, progress=byte_progress)
    digests = {archive.name: archive.sha256 for archive in archives}
    place = write_recorded(raw, source, digests)
    console.print(f"{place}: {len(digests)} checksums")


def _checked(manifest: Manifest, raw: str) -> tuple[str, ...]:
    index = index_source(manifest, raw)
    archives = describe_archives(manifest, raw, progress=byte_progress)
    recorded = read_recorded(raw, manifest.id)
    return (
        manifest.id,
        ", ".join(archive.name for archive in archives),
        f"{len(index.images):,}",
        f"{len(index.documents):,}",
        f"{manifest.expected.images:,}" if manifest.expected else "",
        "as recorded" if recorded else "not recorded",
    )


def load_known(added: Path | None, stated: Sequence[str] = ()) -> dict[str, Manifest]:
    """Read the built-in manifests and those of a folder of the user's own."""
    return load_manifests(resource_folder("source_manifests"), stated, added)
