"""Checks of build.json by itself: its sections, and its statements against each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sarchat_build.published.layout import (
    BUILD_FILE,
    DOCUMENTS,
    parse_table_path,
    shard_name,
    table_path,
)
from sarchat_build.validation.dataset.splits import SPLIT_RULES
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.pictures.source_rules import unrecorded_facts
from sarchat_build.validation.rules import mapping_at, rules_of, unrecorded
from sarchat_build.validation.vocabulary import CATEGORIES, SHA256, SOURCE_ID, SPLITS

SCHEMA_VERSION = 1
_SECTIONS: Mapping[str, type | tuple[type, ...]] = {
    "schema_version": int,
    "dataset_version": str,
    "code_digest": str,
    "recipe": dict,
    "sources": dict,
    "templates": dict,
    "files": dict,
    "versions": dict,
    "counts": dict,
    "comparison": list,
    "left_out": list,
    "shards": dict,
}
_VERSIONS = ("jinja2", "numpy", "pillow", "pyarrow", "rasterio", "sarchat_build")
_STAGES = ("read", "rejected", "deduplicated", "kept")
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_VERSION = re.compile(r"[0-9]+(\.[0-9a-z]+)+([-+.][0-9a-z.]+)?")
_ARCHIVE_KEYS = {"name", "kind", "sha256", "synthetic"}
_ENTRY_KEYS = {"bytes", "sha256", "rows"}


class RecordFault(NamedTuple):
    """What is wrong with one key of build.json."""

    check: str
    key: str
    expected: object
    found: object


def check_record(build: Mapping[str, Any], log: FindingLog) -> None:
    """Check what build.json says of the build, before anything else is opened."""
    for faults in (_sections, _recipe, _sources, _versions, _templates, _counts, _shards, _files):
        for fault in faults(build):
            log.add(fault.check, BUILD_FILE, fault.expected, fault.found, key=fault.key)


def _sections(build: Mapping[str, Any]) -> Iterator[RecordFault]:
    version = build.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        yield RecordFault("schema_version", "schema_version", SCHEMA_VERSION, version)
    for name, kind in _SECTIONS.items():
        found = build.get(name)
        empty = name in ("recipe", "sources", "counts", "files", "shards") and not found
        if not isinstance(found, kind) or empty:
            yield RecordFault("build_json", name, Plain(f"section {name!r}"), found)
    for name in sorted(set(build) - set(_SECTIONS)):
        yield RecordFault("build_json", name, Plain("no such section"), build[name])
    left_out, sources = build.get("left_out"), mapping_at(build, "sources")
    if isinstance(left_out, list):
        strange = [
            one
            for one in left_out
            if not isinstance(one, str) or one in sources or not SOURCE_ID.fullmatch(one)
        ]
        if strange or left_out != sorted(set(map(str, left_out))):
            expected = Plain("sources that were not read, each once, in order")
            yield RecordFault("left_out", "left_out", expected, left_out)


def _recipe(build: Mapping[str, Any]) -> Iterator[RecordFault]:
    for path in unrecorded(build):
        yield RecordFault("recipe", path, Plain("what the proof needs to know"), _at(build, path))
    recipe, output = mapping_at(build, "recipe"), mapping_at(build, "recipe", "output")
    for name in ("name", "title"):
        if not isinstance(recipe.get(name), str) or not recipe.get(name):
            yield RecordFault("recipe", f"recipe.{name}", Plain("a text"), recipe.get(name))
    if recipe.get("schema_version") != SCHEMA_VERSION:
        version = recipe.get("schema_version")
        yield RecordFault("schema_version", "recipe.schema_version", SCHEMA_VERSION, version)
    for name in ("images_per_shard", "images_per_row_group"):
        if not _is_count(output.get(name)) or not output.get(name):
            yield RecordFault(
                "recipe", f"recipe.output.{name}", Plain("a number"), output.get(name)
            )
    if not isinstance(recipe.get("keep_images_without_objects"), bool):
        found = recipe.get("keep_images_without_objects")
        yield RecordFault("recipe", "recipe.keep_images_without_objects", Plain("yes or no"), found)
    if recipe.get("split") not in SPLIT_RULES:
        yield RecordFault("recipe", "recipe.split", SPLIT_RULES, recipe.get("split"))
    candidates = recipe.get("candidates")
    if isinstance(candidates, list) and not set(map(str, candidates)) <= set(CATEGORIES):
        yield RecordFault("recipe", "recipe.candidates", CATEGORIES, candidates)


def _sources(build: Mapping[str, Any]) -> Iterator[RecordFault]:
    for path in unrecorded_facts(build):
        found = _at(build, path)
        yield RecordFault("source_facts", path, Plain("what the proof needs to know"), found)
    sources = mapping_at(build, "sources")
    for source in sources:
        entry, key = mapping_at(sources, source), f"sources.{source}"
        if not SOURCE_ID.fullmatch(source):
            yield RecordFault("source_form", key, Plain("a-z, 0-9 and _"), source)
        names, annotated = mapping_at(entry, "categories", "names"), []
        if isinstance(mapping_at(entry, "categories").get("annotated"), list):
            annotated = list(map(str, entry["categories"]["annotated"]))
        if not set(annotated) <= set(map(str, names.values())) & set(CATEGORIES):
            expected = Plain("categories that its names mean")
            yield RecordFault("source_facts", f"{key}.categories.annotated", expected, annotated)
        archives = entry.get("archives")
        if not isinstance(archives, list) or not archives or not all(map(_is_archive, archives)):
            expected = Plain("name, kind, sha256 (64 hexadecimal digits) and synthetic of each")
            yield RecordFault("source_archives", f"{key}.archives", expected, archives)
        if not _is_digest(entry.get("manifest_sha256")):
            found = entry.get("manifest_sha256")
            yield RecordFault(
                "source_facts",
                f"{key}.manifest_sha256",
                Plain("64 hexadecimal digits, not all the same"),
                found,
            )
        fixes = entry.get("fixes")
        if not isinstance(fixes, Mapping) or not all(map(_is_count, fixes.values())):
            yield RecordFault("source_facts", f"{key}.fixes", Plain("counts by reason"), fixes)
        yield from _balance(mapping_at(entry, "counts"), key)


def _balance(counts: Mapping[str, Any], key: str) -> Iterator[RecordFault]:
    for unit in ("images", "instances"):
        read, *parts = (mapping_at(counts, stage).get(unit) for stage in _STAGES)
        numbers = [part for part in parts if isinstance(part, int) and part >= 0]
        if not _is_count(read) or len(numbers) != len(parts) or read != sum(numbers):
            expected = Plain(f"rejected + deduplicated + kept = {sum(numbers)}")
            yield RecordFault("conservation", f"{key}.counts.read.{unit}", expected, read)


def _at(build: Mapping[str, Any], path: str) -> object:
    *above, last = path.split(".")
    return mapping_at(build, *above).get(last)


def _is_archive(entry: object) -> bool:
    if not isinstance(entry, Mapping) or set(entry) != _ARCHIVE_KEYS:
        return False
    name = entry["name"]
    inside = isinstance(name, str) and name and not name.startswith("/")
    return (
        bool(inside)
        and ".." not in name.split("/")
        and bool(_is_digest(entry["sha256"]) and entry["kind"])
        and isinstance(entry["synthetic"], bool)
    )


def _versions(build: Mapping[str, Any]) -> Iterator[RecordFault]:
    versions = mapping_at(build, "versions")
    if sorted(versions) != sorted(_VERSIONS):
        yield RecordFault("versions", "versions", _VERSIONS, sorted(versions))
    for name, version in versions.items():
        if not _VERSION.fullmatch(str(version)):
            yield RecordFault("versions", f"versions.{name}", Plain("a version"), version)
    if build.get("dataset_version") != versions.get("sarchat_build"):
        expected, found = versions.get("sarchat_build"), build.get("dataset_version")
        yield RecordFault("versions", "dataset_version", expected, found)


def _templates(build: Mapping[str, Any]) -> Iterator[RecordFault]:
    templates = mapping_at(build, "templates")
    if not _is_digest(templates.get("sha256")):
        found = templates.get("sha256")
        yield RecordFault(
            "templates", "templates.sha256", Plain("64 hexadecimal digits, not all the same"), found
        )
    for name, times in mapping_at(templates, "uses").items():
        if not _is_count(times):
            yield RecordFault("templates", f"templates.uses.{name}", Plain("a count"), times)


def _counts(build: Mapping[str, Any]) -> Iterator[RecordFault]:
    counts, units = mapping_at(build, "counts"), ["images", "objects", *rules_of(build).tasks]
    for split in counts:
        if split not in SPLITS:
            yield RecordFault("counts", f"counts.{split}", SPLITS, split)
        elif sorted(mapping_at(counts, split)) != sorted(units):
            found = sorted(mapping_at(counts, split))
            yield RecordFault("counts", f"counts.{split}", sorted(units), found)


def _shards(build: Mapping[str, Any]) -> Iterator[RecordFault]:
    """Compare the list of shards with the listed files, their number with the pictures."""
    shards, files = mapping_at(build, "shards"), mapping_at(build, "files")
    tables = [file for path in files if (file := parse_table_path(path))]
    named = sorted(file.name for file in tables if file.table == "images")
    if sorted(shards) != named:
        yield RecordFault("shards", "shards", named, sorted(shards))
    for name, fingerprint in shards.items():
        if not _is_digest(fingerprint, _FINGERPRINT):
            expected = Plain("a fingerprint of 32 hexadecimal digits, not all the same")
            yield RecordFault("shards", f"shards.{name}", expected, fingerprint)
    # Few pictures leave shards of a split empty: those are made from the same, nothing.
    rows = {name: mapping_at(files, table_path("images", name)).get("rows") for name in shards}
    filled = Counter(str(shards[name]) for name in shards if rows[name] != 0)
    same = [fingerprint for fingerprint, times in filled.items() if times > 1]
    if same:
        expected = Plain("a fingerprint of its own for each shard with pictures")
        yield RecordFault("shards", "shards", expected, same)
    if not _is_digest(build.get("code_digest"), _FINGERPRINT):
        expected, found = Plain("32 hexadecimal digits, not all the same"), build.get("code_digest")
        yield RecordFault("build_json", "code_digest", expected, found)
    per_shard = mapping_at(build, "recipe", "output").get("images_per_shard")
    counts = mapping_at(build, "counts")
    for split in counts:
        images = mapping_at(counts, split).get("images")
        if split in SPLITS and isinstance(images, int) and isinstance(per_shard, int) and per_shard:
            count = -(-images // per_shard)
            wanted = [shard_name(split, shard, count) for shard in range(count)]
            there = [name for name in named if name.startswith(f"{split}-")]
            if there != wanted:
                yield RecordFault("shard_count", f"shards of {split}", wanted, there)


def _files(build: Mapping[str, Any]) -> Iterator[RecordFault]:
    files = mapping_at(build, "files")
    for path in files:
        entry = mapping_at(files, path)
        rows, is_table = entry.get("rows"), path.endswith(".parquet")
        sound = set(entry) == _ENTRY_KEYS and _is_count(entry.get("bytes"))
        if not sound or (_is_count(rows) if is_table else rows is None) is False:
            expected = Plain("bytes, sha256, and the rows of a table")
            yield RecordFault("build_json", f"files.{path}", expected, files[path])
    documents = [path for path in DOCUMENTS if path != BUILD_FILE]
    needed: Sequence[str] = (*documents, table_path("duplicates", "duplicates"))
    for path in needed:
        if path not in files:
            yield RecordFault("missing_file", f"files.{path}", Plain("listed"), Plain("not listed"))


def _is_digest(value: object, form: re.Pattern[str] = SHA256) -> bool:
    """Tell whether a text may be a digest: one digit again and again is a stand-in."""
    return isinstance(value, str) and bool(form.fullmatch(value)) and len(set(value)) > 1


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
