"""The output folder: refused before anything is read, prepared before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sarchat_build.archives.location import filesystem, is_chained, join, local_path
from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.dataset.output import STAGE, open_output
from sarchat_build.dataset.record import BuildRecord, SourceFacts, manifest_digest, parse_record
from sarchat_build.dataset.switch import published_names, refuse_links
from sarchat_build.errors import InputError
from sarchat_build.published.layout import BUILD_FILE, WORK_FOLDER
from sarchat_build.sources.inputs import ArchiveEntry

# Why a build stopped before publishing: a list of sentences.
STOPPED = f"{WORK_FOLDER}/stopped.json"
_REPLACE = (
    "give another --output, or say --replace: the new dataset is then built beside this one and "
    "takes its place once it is proven"
)
_SHOWN = 6


def refuse_folder(out: str) -> None:
    """Refuse what cannot become a dataset's folder; creates nothing.

    Raises:
        InputError: a folder that cannot be written to or reached, or one that is neither empty nor
            an earlier build.
    """
    if is_chained(out):
        raise InputError(
            f"{out}: a chain of URLs is read, not written to; give the URL of a folder as --output"
        )
    folder, path = open_output(out), local_path(out)
    try:
        if path is not None:
            nearest = next(p for p in (path, *path.absolute().parents) if p.exists())
            if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
                raise InputError(f"{out}: {nearest} cannot be written to; give another --output")
        refuse_links(out)
        inside = folder.names("")
        ours = WORK_FOLDER in inside or any("/" in name for name in published_names(out))
        if inside and not ours:
            raise InputError(f"{out}: not empty and not an earlier build; give another --output")
    except OSError as error:
        raise _unwritable(out, error) from error


def refuse_overlap(out: str, raw: str, repacked: str = "") -> None:
    """Refuse an output folder that lies in what is read, or in which that lies; links are followed.

    Raises:
        InputError: which two.
    """
    root, folder = local_path(raw), local_path(out)
    if root is None or folder is None:
        if root is folder and _overlap(raw, out):
            raise InputError(
                f"{out}: --output and the raw archives lie in each other ({raw}); give an --output "
                "outside of --raw"
            )
        return
    output = _led_to(folder)
    for source in _inputs(root):
        place = _led_to(source)
        if output == place or place in output.parents or output in place.parents:
            raise InputError(
                f"{out}: --output and the raw archives lie in each other ({source}); give an "
                "--output outside of --raw"
            )
    made = local_path(repacked) if repacked else None
    kept = None if made is None else _led_to(made)
    if kept is not None and kept != _led_to(root):
        for source in _inputs(root):
            if source != root and _led_to(source) in (kept, *kept.parents):
                raise InputError(
                    f"{repacked}: --repacked lies in a source's folder ({source}), where it would "
                    "be read as part of it; give a folder outside of --raw"
                )


def _overlap(one: str, two: str) -> bool:
    """Tell whether one URL leads into what the other leads to."""
    (first, above), (second, below) = sorted(map(filesystem, (one, two)), key=lambda f: len(f[1]))
    return first == second and f"{below}/".startswith(f"{above.rstrip('/')}/")


def _led_to(path: Path) -> Path:
    """Follow links; one that leads in a circle is itself, where `Path.resolve` raises."""
    return Path(os.path.realpath(path))


def _inputs(raw: Path) -> Iterator[Path]:
    """Yield the raw folder, what lies in it, and the links one level below."""
    yield raw
    for source in sorted(raw.iterdir()) if raw.is_dir() else ():
        yield source
        if source.is_dir():
            yield from (path for path in sorted(source.iterdir()) if path.is_symlink())


def earlier_dataset(out: str, *, replace: bool = False) -> BuildRecord | None:
    """Give the record of the dataset that lies in an output folder; None where there is none.

    Args:
        out: the output folder, with no switch under way.
        replace: whether a dataset whose record cannot be read may be replaced: it counts as none.

    Raises:
        InputError: there are files of a dataset, and no record that says which.
    """
    folder = open_output(out)
    found = sorted(published_names(out))
    if folder.has(BUILD_FILE):
        try:
            text = folder.read(BUILD_FILE) if folder.is_file(BUILD_FILE) else None
            if text is not None:
                return parse_record(text, join(out, BUILD_FILE))
            fault = "is no file"
        except (OSError, InputError) as error:
            fault = f"cannot be read ({str(error).splitlines()[0]})"
    elif all(name.startswith("rejects/") for name in found):  # left by a build that stopped
        return None
    else:
        fault = "is missing"
    if replace:
        return None
    raise InputError(
        f"{out}: holds {len(found)} files of a dataset ({', '.join(found[:2])} …) and its "
        f"{BUILD_FILE} {fault}; {_REPLACE}"
    )


def refuse_other_dataset(
    out: str,
    earlier: BuildRecord,
    *,
    recipe: Recipe,
    manifests: Mapping[str, Manifest],
    phrasing_digest: str,
    archives: Mapping[str, Sequence[ArchiveEntry]] | None = None,
) -> None:
    """Refuse to build into a folder that holds a finished dataset of something else.

    Another version of the code or of a library makes no other dataset: then this is an update.

    Args:
        out: the output folder.
        earlier: the record of what lies there.
        recipe: the recipe that is asked for.
        manifests: the sources that are asked for, by id.
        phrasing_digest: digest of the phrasings that would be used.
        archives: their inputs; None while they have not been read.

    Raises:
        InputError: what lies there, and every difference.
    """
    before = set(earlier.sources)
    differences = []
    # A source that could not be read then was asked for, too: with it the dataset is completed.
    if not before <= set(manifests) <= before | set(earlier.left_out):
        differences.append(
            f"sources: {', '.join(sorted(before))} there, {', '.join(sorted(manifests))} now"
        )
    differences += _changed("recipe", earlier.recipe, recipe)
    if earlier.templates.sha256 != phrasing_digest:
        differences.append("phrasings: other texts")
    for source_id in sorted(set(earlier.sources) & set(manifests)):
        source, manifest = earlier.sources[source_id], manifests[source_id]
        if source.manifest_sha256 != manifest_digest(manifest):
            facts = SourceFacts(**{n: getattr(manifest, n) for n in SourceFacts.model_fields})
            there = SourceFacts(**{n: getattr(source, n) for n in SourceFacts.model_fields})
            changed = _changed(f"manifest of {source_id}", there, facts)
            differences += changed or [f"manifest of {source_id}: another text"]
        if archives is not None:
            differences += _changed_inputs(source_id, source.archives, archives[source_id])
    if not differences:
        return
    more = len(differences) - _SHOWN
    pictures = sum(source.counts.written.images for source in earlier.sources.values())
    raise InputError(
        f"{out}: holds a finished dataset ({pictures:,} pictures of "
        f"{', '.join(sorted(earlier.sources))}, recipe {earlier.recipe.name}) of something "
        f"else than what is asked for; {_REPLACE}. What differs:",
        *(f"  {difference}" for difference in differences[:_SHOWN]),
        *([f"  … and {more} more"] if more > 0 else []),
    )


def _changed(what: str, before: Any, now: Any) -> list[str]:
    """Name every key in which two documents of one model differ."""
    old, new = (dict(_leaves(document.model_dump(mode="json"))) for document in (before, now))
    return [
        f"{what}: {key} = {_shortened(old.get(key))} there, {_shortened(new.get(key))} now"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]


def _leaves(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _leaves(item, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


def _shortened(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _changed_inputs(
    source_id: str, before: Iterable[ArchiveEntry], now: Iterable[ArchiveEntry]
) -> list[str]:
    old, new = ({entry.name: entry for entry in entries} for entries in (before, now))
    return [
        *(f"{source_id}: input {name} is no longer there" for name in sorted(set(old) - set(new))),
        *(f"{source_id}: input {name} is new" for name in sorted(set(new) - set(old))),
        *(
            f"{source_id}: input {name} is another file (sha256 {old[name].sha256[:12]}… there, "
            f"{new[name].sha256[:12]}… now)"
            for name in sorted(set(old) & set(new))
            if old[name].sha256 != new[name].sha256
        ),
    ]


def prepare_folder(out: str) -> None:
    """Create the folder, and remove what an earlier run that did not end left of its own.

    Finished shards and the dataset that was published stay as they are.

    Raises:
        InputError: it cannot be written to.
    """
    folder = open_output(out)
    try:
        folder.prepare()
        for path in (f"{STAGE}/{BUILD_FILE}", STOPPED):
            folder.delete(path)
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: str, error: OSError) -> InputError:
    return InputError(f"{out}: cannot be written ({error.strerror}); give another --output")
