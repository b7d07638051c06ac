"""A source's archives before they are read: their digests, and a form that is read at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from tempfile import TemporaryDirectory

from sarchat_build.archives import (
    Archive,
    join,
    list_archives,
    needs_repacking,
    open_archive,
    repack,
)
from sarchat_build.archives.checksums import read_recorded
from sarchat_build.config.manifest import Manifest
from sarchat_build.config.toml import Model
from sarchat_build.errors import InputError
from sarchat_build.progress import ProgressBar, no_progress

# A member of this name says that the pictures around it were drawn by `sarchat synthesize`. No
# pattern of a manifest takes it for a picture or a document, and it stays where it is when an
# archive is unpacked, or packed in another format.
SYNTHETIC_MARK = "SARCHAT-SYNTHETIC.md"


class ArchiveEntry(Model):
    """One input archive by its name in the raw folder, its kind (zip, folder, …) and its digest.

    `synthetic` tells whether it says of itself that its pictures were drawn by a program.
    """

    name: str
    kind: str
    sha256: str
    synthetic: bool = False


def describe_archives(
    manifest: Manifest,
    raw: str,
    *,
    recorded: Mapping[str, str] | None = None,
    listed: Mapping[str, Archive] | None = None,
    progress: ProgressBar = no_progress,
) -> list[ArchiveEntry]:
    """Name and digest a source's archives, and hold them against what was published or recorded.

    Args:
        manifest: the source's manifest.
        raw: path or URL of the raw folder.
        recorded: digests by name; None: those that lie beside the source's folder.
        listed: the archives by name, where their members have been listed; of others it is not
            asked what they say of themselves.
        progress: shows the bytes that have been digested.

    Raises:
        InputError: a digest differs; both are named.
    """
    published = {archive.name: archive.sha256 for archive in manifest.archives if archive.sha256}
    known = read_recorded(raw, manifest.id) if recorded is None else recorded
    expected = {**published, **known}
    described = []
    for name, location in list_archives(join(raw, manifest.id)).items():
        archive = open_archive(location, encodings=manifest.annotations.encodings)
        members = listed[name].members() if listed and name in listed else None
        with progress(f"hash {name}", archive.digested_bytes()) as show:
            digest = archive.sha256(show)
        if name in expected and expected[name] != digest:
            raise InputError(
                f"{location}: sha256 is {digest}, expected {expected[name]}; "
                f"fetch it again, or run 'sarchat sources record' if the change is meant"
            )
        synthetic = members is not None and bool(members.called(SYNTHETIC_MARK))
        described.append(
            ArchiveEntry(name=name, kind=archive.kind, sha256=digest, synthetic=synthetic)
        )
    _demand_compared(manifest, published, described)
    return described


def _demand_compared(
    manifest: Manifest, published: Mapping[str, str], described: Sequence[ArchiveEntry]
) -> None:
    # Archives may be renamed, but a digest that is compared with nothing protects nobody.
    files = [entry for entry in described if entry.kind != "folder"]
    names, digests = {e.name for e in files}, {e.sha256 for e in files}
    if not published or not files or digests & set(published.values()):
        return
    name, digest = next(iter(published.items()))
    if name not in names:
        listed = ", ".join(f"{entry.name} ({entry.sha256})" for entry in files)
        number = [archive.name for archive in manifest.archives].index(name)
        raise InputError(
            f"{manifest.id}: archives.{number}.sha256 is that of {name} ({digest}), and no archive "
            f"here is called so or has it: {listed}. Fetch that one, or, if the change is meant, "
            f"say --set '{manifest.id}.archives.{number}.sha256=\"\"'"
        )


@contextmanager
def repacked_archives(
    source: str,
    folder: str = "",
    progress: ProgressBar = no_progress,
    *,
    encodings: Sequence[str] = (),
) -> Iterator[dict[str, str]]:
    """Repack what needs it; without a folder, for as long as the context lasts.

    Yields:
        As `repack_archives`.
    """
    with nullcontext(folder) if folder else TemporaryDirectory(prefix="sarchat-") as target:
        yield repack_archives(source, target, progress, encodings=encodings)


def repack_archives(
    source: str,
    folder: str,
    progress: ProgressBar = no_progress,
    *,
    encodings: Sequence[str] = (),
) -> dict[str, str]:
    """Repack the archives of a source whose members cannot be read at random.

    Args:
        source: path or URL of the source's folder, or of a single archive.
        folder: path or URL of the folder for what is made.
        progress: shows the bytes that have been repacked.
        encodings: as for `open_archive`.

    Returns:
        Where each now lies, by its own location.

    Raises:
        InputError: an archive cannot be opened, or there is no room.
    """
    made = {}
    for name, location in list_archives(source).items():
        archive = open_archive(location, encodings=encodings)
        if needs_repacking(archive):
            total = sum(member.size_bytes for member in archive.members())
            with progress(f"repack {name}", total) as show:
                made[archive.location] = repack(archive, folder, show)
    return made
