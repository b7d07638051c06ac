"""What is refused at once, before anything heavy is imported: each in one line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipelines.progress import is_url
from sarchat_build.config.resources import manifest_paths, refuse_unknown_sources, resource_folder
from sarchat_build.errors import ConfigurationError, InputError, Issue
from sarchat_build.suggestions import advice

# A processor gains nothing from more, and each costs some hundred megabytes.
_WORKERS_PER_CORE, _ALWAYS_ALLOWED_WORKERS = 4, 16
# Ten times the largest source.
_MAX_IMAGES = 1_000_000
# Those of Beam; any other engine is given by the full name of its class. A test compares.
BEAM_RUNNERS = (
    "DataflowRunner",
    "BundleBasedDirectRunner",
    "DirectRunner",
    "SwitchingDirectRunner",
    "InteractiveRunner",
    "FlinkRunner",
    "FnApiRunner",
    "KafkaStreamsRunner",
    "PortableRunner",
    "PrismRunner",
    "SparkRunner",
    "TestDirectRunner",
    "TestDataflowRunner",
)
_WORK_FOLDER, _RECORD = ".sarchat", "build.json"


def workers_of(workers: int) -> int:
    """Give the number of processes that is meant: 0 is one per core.

    Raises:
        ConfigurationError: far more than this machine has cores.
    """
    cores = os.cpu_count() or 1
    most = max(_ALWAYS_ALLOWED_WORKERS, _WORKERS_PER_CORE * cores)
    if workers > most:
        message = f"at most {most} are of use with {cores} cores; 0 is one per core"
        raise ConfigurationError([Issue("--workers", str(workers), message)])
    return workers or cores


def images_of(images: str) -> int | None:
    """Read the number of images to make; None is as many as are published.

    Raises:
        ConfigurationError: it is no such number.
    """
    if images == "published":
        return None
    # Longer numbers than Python reads are too large all the same.
    number = int(images[:20]) if images.isdecimal() and images.isascii() else 0
    if number < 1 or number > _MAX_IMAGES:
        message = f"neither a number from 1 to {_MAX_IMAGES:,} nor 'published'"
        raise ConfigurationError([Issue("--images", images[:40], message)])
    return number


def check_source_ids(wanted: Sequence[str], manifests: Path | None = None) -> None:
    """Refuse ids that neither a built-in manifest has nor one of the user's own folder.

    Raises:
        ConfigurationError: names each, with the nearest known one.
    """
    own = {} if manifests is None else manifest_paths(manifests)
    if wanted and (own or manifests is None):  # else the folder is the fault
        refuse_unknown_sources(wanted, manifest_paths(resource_folder("source_manifests")) | own)


def check_choices(option: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a word that is none of those an option knows.

    Raises:
        ConfigurationError: names each, with the nearest known one.
    """
    names = list(known)
    issues = [
        Issue(option, word, f"unknown{advice(word, names)}") for word in given if word not in names
    ]
    if issues:
        raise ConfigurationError(issues)


def check_runner(runner: str) -> None:
    """Refuse an engine that nobody knows.

    Raises:
        ConfigurationError: it is none of Beam's, and not the full name of a class.
    """
    known = {name.lower() for name in BEAM_RUNNERS}
    named = runner.lower()
    # Beam reads "flink" as "FlinkRunner".
    if runner != "local" and "." not in named and not {named, f"{named}runner"} & known:
        hint = advice(runner, ("local", *BEAM_RUNNERS))
        raise ConfigurationError([Issue("--runner", runner, f"no such engine{hint}")])


def check_output_folder(output: str | Path) -> None:
    """Refuse to write below a file; URLs are judged by what writes to them.

    Raises:
        InputError: the path, or one above it, is a file.
    """
    path = Path(output)
    if is_url(str(output)):
        return
    existing = next((p for p in (path, *path.absolute().parents) if os.path.lexists(p)), path)
    if not existing.is_dir():
        where = "" if existing == path else f"{existing} "
        raise InputError(f"{output}: {where}is a file, not a folder; give another --output")


def check_output_file(option: str, location: str | Path) -> None:
    """Refuse a file that cannot be written, before long work is done for it.

    URLs are judged by what writes to them.

    Raises:
        InputError: it is a folder, or its folder is missing or may not be written to.
    """
    if is_url(str(location)):
        return
    file = Path(location)
    if file.is_dir():
        raise InputError(f"{option} {file}: is a folder; give the name of a file")
    if not file.parent.is_dir():
        raise InputError(
            f"{option} {file}: cannot be written: no folder {file.parent}; make it first"
        )
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise InputError(f"{option} {file}: cannot be written to; give another file")


def check_report_file(output: str) -> None:
    """Refuse a file of figures that cannot be written.

    The folder that it lies in may be missing, as a folder of them may.

    Raises:
        InputError: it is a folder, or lies below a file.
    """
    if not is_url(output):
        check_output_folder(Path(output).absolute().parent)
        if Path(output).is_dir():
            raise InputError(f"--output {output}: is a folder; give the name of a file")


def names_file(output: str) -> bool:
    """Tell whether the output of a report is one file, and not a folder.

    >>> names_file("quality.json"), names_file("figures")
    (True, False)
    """
    return output.endswith((".json", ".md"))


def check_sheet(sheet: Path) -> None:
    """Refuse a contact sheet that is no PNG, or cannot be written.

    Raises:
        ConfigurationError: the name does not end in .png.
        InputError: as `check_output_file` has it.
    """
    if sheet.suffix.lower() != ".png":
        raise ConfigurationError([Issue("--sheet", str(sheet), "the name must end in .png")])
    check_output_file("--sheet", sheet)


def check_dataset(location: str) -> None:
    """Refuse what is plainly no dataset of ours; a damaged one is judged by what reads it.

    Raises:
        InputError: says what lies there instead, and what to give.
    """
    url = urlsplit(location)
    if is_url(location) and url.scheme != "file":
        return
    folder = Path(unquote(url.path) if is_url(location) else location)
    if (folder / _RECORD).exists():
        return
    if not folder.exists():
        raise InputError(f"{location}: no such folder; give a finished dataset")
    if not folder.is_dir():
        raise InputError(f"{location}: is a file; give the folder of a finished dataset")
    if (folder / "images").is_dir() and (folder / "dialogues").is_dir():
        return  # what is left of a dataset: validate says what is missing
    raise InputError(f"{location}: no dataset of sarchat (it has no {_RECORD}): {_content(folder)}")


def _content(folder: Path) -> str:
    """Say in a few words what a folder without a record is."""
    if (folder / _WORK_FOLDER).is_dir():
        return "a build that has not ended; run its command again"
    names = sorted(path.name for path in folder.iterdir())
    if not names:
        return "the folder is empty"
    inner = next((p.parent for p in sorted(folder.glob(f"*/{_RECORD}"))), None)
    if inner is not None:
        return f"did you mean {inner}?"
    archives = (".zip", ".rar", ".7z", ".tar", ".gz", ".sha256", ".planted.json")
    below = [path.name for name in names[:50] if (folder / name).is_dir()
             for path in list((folder / name).iterdir())[:50]]  # fmt: skip
    known = {path.stem for path in resource_folder("source_manifests").glob("*.toml")}
    if known & {*names} or any(n.lower().endswith(archives) for n in [*names, *below]):
        return "it looks like a raw folder; build it first with 'sarchat build --raw'"
    if any(name.endswith(".parquet") for name in [*names, *below]):
        return "it holds Parquet files of another kind"
    return f"it holds {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"
