"""Checks of the files of a dataset: those that build.json lists, all, unchanged, no other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sarchat_build.published.folder import EMPTY_FOLDER, DatasetFolder
from sarchat_build.published.layout import (
    BUILD_FILE,
    dialogues_path,
    images_path,
    is_published_path,
    parse_table_path,
)
from sarchat_build.validation.dataset.documents.build_record import check_record
from sarchat_build.validation.dataset.documents.card import check_card
from sarchat_build.validation.findings import Finding, FindingLog, Plain
from sarchat_build.validation.rules import mapping_at, rules_of
from sarchat_build.validation.vocabulary import SHA256, SPLITS, TASKS

# Missing shards that are looked for one by one; a name can speak of 99,999.
_MOST_MISSING = 1000
# Reports of a validation may lie beside the data; they are younger than build.json.
_OWN_FILES = frozenset((BUILD_FILE, "validation.json", "validation.html"))
_WORKING_FOLDER = ".sarchat/"
# State of builds, in JSON: receipts of shards and the like; what archives hold; and archives in
# another form.
_WORKING_FILE = re.compile(
    r"\.sarchat/(([a-z_-]+/)*[a-z0-9_-]+\.(json|log|lock)|index/[\w.-]+\.arrow"
    r"|repacked/[\w.-]+\.zip(\.json)?)"
)

# Hashing leaves the interpreter's lock alone, so a few threads are a few cores.
_HASHING_THREADS = 8


def read_build(out_dir: str) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Read build.json; an empty mapping and a finding where it cannot be read."""
    log = FindingLog()
    try:
        build = DatasetFolder(out_dir).json(BUILD_FILE)
    except (OSError, ValueError) as error:
        found = Plain(f"{type(error).__name__}: {error}")
        log.add("build_json", BUILD_FILE, Plain("a readable JSON object"), found)
        return {}, log.findings
    if not isinstance(build, dict):
        log.add(
            "build_json", BUILD_FILE, Plain("a readable JSON object"), Plain(type(build).__name__)
        )
        return {}, log.findings
    return build, ()


def plan_shards(build: Mapping[str, Any]) -> tuple[tuple[str, int, int], ...]:
    """List (split, shard, shard count) of every shard that the listed image files speak of.

    A shard missing from the list is planned all the same, so that its absence is found; unless so
    many are that no reading is needed to know it.

    >>> plan_shards({"files": {"images/test-00001-of-00002.parquet": {}}})
    (('test', 0, 2), ('test', 1, 2))
    >>> plan_shards({"files": {"images/test-00001-of-99999.parquet": {}}})
    (('test', 1, 99999),)
    """
    shards = tuple(_all_shards(build))
    listed = [shard for shard in shards if images_path(*shard) in mapping_at(build, "files")]
    return shards if len(shards) - len(listed) <= _MOST_MISSING else tuple(listed)


def _all_shards(build: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    counts: dict[str, int] = {}
    for path in mapping_at(build, "files"):
        file = parse_table_path(path)
        if file and file.table == "images" and file.shard:
            split, _, count = file.shard
            counts[split] = max(counts.get(split, 0), count)
    for split in SPLITS:
        for shard in range(counts.get(split, 0)):
            yield split, shard, counts[split]


def check_files(out_dir: str, build: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Compare the files below `out_dir` with those that `build` lists, by size and sha256.

    Reads every byte once. Nothing is raised for a bad dataset.
    """
    log = FindingLog()
    for finding in read_build(out_dir)[1]:
        log.add(finding.check, finding.file, Plain(finding.expected), Plain(finding.found))
    check_record(build, log)
    listed = dict(_listed(build, log))
    _check_shards(build, log)
    folder = DatasetFolder(out_dir)
    try:
        present, irregular = folder.list(), folder.irregular()
    except OSError as error:
        log.add("folder", ".", Plain("a folder that can be listed"), Plain(f"{error}"))
        return log.findings
    for path, kind in sorted(irregular.items()):
        if not path.startswith(_WORKING_FOLDER) or kind != EMPTY_FOLDER:
            log.add("irregular_file", path, Plain("files and folders of files"), Plain(kind))
    for path in sorted(set(present) - set(listed) - _OWN_FILES):
        if not _WORKING_FILE.fullmatch(path):
            log.add("foreign_file", path, Plain("listed in build.json"), Plain("not listed"))
    for path in sorted(set(listed) - set(present) - set(irregular)):
        log.add("missing_file", path, Plain("a file"), Plain("none"))
    both = sorted(set(listed) & set(present))
    with ThreadPoolExecutor(_HASHING_THREADS) as pool:
        hashes = pool.map(lambda path: _hash(folder, path), both)
        for path, found in zip(both, hashes, strict=True):
            _compare(path, listed[path], found, log)
    check_card(folder, build, log)
    _check_receipts(folder, sorted(present), log)
    return log.findings


def _hash(folder: DatasetFolder, path: str) -> tuple[int, str] | OSError:
    try:
        return folder.sha256(path)
    except OSError as error:
        return error


def _compare(
    path: str, entry: Mapping[str, Any], found: tuple[int, str] | OSError, log: FindingLog
) -> None:
    if isinstance(found, OSError):
        log.add("unreadable", path, Plain("a readable file"), Plain(f"{found}"))
        return
    size, sha256 = found
    if entry.get("bytes") != size:
        log.add("file_bytes", path, entry.get("bytes"), size)
    if entry.get("sha256") != sha256:
        log.add("file_sha256", path, entry.get("sha256"), sha256)


def _listed(build: Mapping[str, Any], log: FindingLog) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the listed files whose entries can be used."""
    for path, entry in mapping_at(build, "files").items():
        if not _is_inside(path):
            log.add("path_escape", BUILD_FILE, Plain("a path inside the dataset"), path)
        elif not is_published_path(path) or path == BUILD_FILE:
            log.add("file_name", path, Plain("a table, the card or the figures"), path)
            yield path, mapping_at(build, "files", path)
        elif not isinstance(entry, Mapping) or not SHA256.fullmatch(str(entry.get("sha256"))):
            log.add("build_json", BUILD_FILE, Plain("bytes, sha256 and rows"), entry, key=path)
            yield path, mapping_at(build, "files", path)
        else:
            yield path, entry


def _is_inside(path: object) -> bool:
    """Tell whether a path of a record stays in the dataset, on whatever machine it is read."""
    if not isinstance(path, str):
        return False
    parts = path.split("/")
    return not ({"", ".", ".."} & set(parts) or "\\" in path or ":" in parts[0])


def _check_receipts(folder: DatasetFolder, present: Iterable[str], log: FindingLog) -> None:
    """Find paths that lead out in what builds have left: the next one would trust them."""
    for path in present:
        if path.startswith(f"{_WORKING_FOLDER}receipts/") and _WORKING_FILE.fullmatch(path):
            try:
                receipt = folder.json(path)
            except (OSError, ValueError):
                continue  # a build reads such a receipt as none
            files = receipt.get("files") if isinstance(receipt, dict) else None
            for file in files if isinstance(files, list) else ():
                named = file.get("path") if isinstance(file, dict) else file
                if not _is_inside(named):
                    log.add("path_escape", path, Plain("a path inside the dataset"), named)


def _check_shards(build: Mapping[str, Any], log: FindingLog) -> None:
    """Find shards that the list leaves out, or counts in two ways."""
    listed, tasks = mapping_at(build, "files"), rules_of(build).tasks
    planned: set[str] = set()
    for plan in _all_shards(build):
        paths = [images_path(*plan), *(dialogues_path(task, *plan) for task in tasks)]
        planned.update((images_path(*plan), *(dialogues_path(task, *plan) for task in TASKS)))
        missing = [path for path in paths if path not in listed]
        if missing == paths:
            split, shard, count = plan
            expected = Plain(f"shard {shard} of {count}, by the names of others of {split}")
            log.add("missing_shard", paths[0], expected, Plain("none of its files in build.json"))
            continue
        for path in missing:
            log.add("missing_shard", path, Plain("listed in build.json"), Plain("not listed"))
    first: dict[str, str] = {}
    for path in listed:
        if path.startswith(("images/", "dialogues/")) and path not in planned:
            log.add("surplus_shard", path, Plain("a shard of its split"), path)
        entry = mapping_at(listed, path)
        if path.startswith("images/") and entry.get("rows"):
            same = first.setdefault(str(entry.get("sha256")), path)
            if same != path:
                log.add("surplus_shard", path, Plain("other content than of any shard"), same)
