"""A dataset written by hand: its rows by file, the files that hold them, and the proof of it."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from checks_rows import digest
from remembered import Notes, noted, still_holds

from sarchat_build import validation as checks
from sarchat_build.published.hf_features import with_hf_features
from sarchat_build.published.layout import (
    BUILD_FILE,
    CARD_FILE,
    DOCUMENTS,
    INDEX_FILE,
    TASKS,
    dialogues_path,
    images_path,
    parse_table_path,
)
from sarchat_build.published.schema import SCHEMAS


@dataclass
class World:
    """Rows by file, and build.json without its file list; change it, then `write` it."""

    files: dict[str, list[dict]] = field(default_factory=dict)
    build: dict = field(default_factory=dict)

    def image(self, image_id: str) -> dict:
        return next(
            row
            for path, rows in self.files.items()
            if path.startswith("images/")
            for row in rows
            if row["image_id"] == image_id
        )

    def dialogue(self, dialogue_id: str) -> dict:
        return next(
            row
            for path, rows in self.files.items()
            if path.startswith("dialogues/")
            for row in rows
            if row["dialogue_id"] == dialogue_id
        )

    def drop(self, dialogue_id: str) -> None:
        for path, rows in self.files.items():
            if path.startswith("dialogues/"):
                rows[:] = [row for row in rows if row["dialogue_id"] != dialogue_id]

    def say(self, dialogue_id: str, old: str, new: str, turn: int = 1) -> None:
        message = self.dialogue(dialogue_id)["messages"][turn]
        assert old in message["content"], message["content"]
        message["content"] = message["content"].replace(old, new, 1)

    def write(self, out: Path) -> None:
        listed = {}
        for name, rows in self.files.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_parquet_of(name, pickle.dumps(rows)))
            listed[name] = entry(path, len(rows))
        uses = Counter(
            template_id
            for rows in self.files.values()
            for row in rows
            for template_id in row.get("template_ids", ())
        )
        templates = {"uses": dict(sorted(uses.items()))} | self.build.get("templates", {})
        templates.setdefault("sha256", digest("templates"))
        # What is compared with the rows of a whole dataset is not looked at here.
        (out / "report" / "figures").mkdir(parents=True, exist_ok=True)
        for path in set(DOCUMENTS) - {BUILD_FILE, CARD_FILE}:
            (out / path).write_text("{}")
            listed[path] = entry(out / path, 0 if path == INDEX_FILE else None)
        build = {**self.build, "templates": templates, "files": listed}
        (out / "README.md").write_text(card(build))
        listed["README.md"] = entry(out / "README.md", None)
        (out / "build.json").write_text(json.dumps(build))


@lru_cache(maxsize=128)
def _parquet_of(name: str, rows: bytes) -> bytes:
    """Make a file of pickled rows; most are those of the world as it was made."""
    stream = pa.BufferOutputStream()
    write_table(pa.Table.from_pylist(pickle.loads(rows), schema_of(name)), stream)
    return stream.getvalue().to_pybytes()


def write_table(table: pa.Table, path: Path | pa.BufferOutputStream) -> None:
    """Write a table as the format wants it: pictures as they are, all else packed and measured."""
    pictures = "image.bytes" if "image" in table.column_names else None
    leaves = pq.ParquetFile(pa.BufferReader(_as_parquet(table))).schema
    names = [leaves.column(i).path for i in range(len(leaves))]
    packed = [name for name in names if name != pictures]
    table = table.replace_schema_metadata(with_hf_features(table.schema).metadata)
    with pq.ParquetWriter(
        path,
        table.schema,
        compression=dict.fromkeys(packed, "zstd") | ({pictures: "none"} if pictures else {}),
        use_dictionary=packed,
        write_statistics=packed,
        write_page_index=True,
        write_page_checksum=True,
    ) as writer:
        if table.num_rows:
            writer.write_table(table)


def _as_parquet(table: pa.Table) -> pa.Buffer:
    stream = pa.BufferOutputStream()
    pq.write_table(table.slice(0, 0), stream)
    return stream.getvalue()


def card(build: dict) -> str:
    """A card that says what the record says, in the form that trainers and readers know."""
    splits = [split for split in ("train", "validation", "test") if split in build["counts"]]
    tables = ["images", *build["recipe"]["tasks"]["enabled"]]
    lines = ["---", f"pretty_name: {build['recipe']['title']}", "license: other", "configs:"]
    folder = {name: f"dialogues/{name}" if name != "images" else name for name in tables}
    for name in tables:
        lines += [f"- config_name: {name}", "  data_files:"]
        for split in splits:
            lines += [f"  - split: {split}", f"    path: {folder[name]}/{split}-*.parquet"]
    for name in ("rejects", "duplicates"):
        if any(e["rows"] for p, e in build["files"].items() if p.startswith(f"{name}/")):
            lines += [f"- config_name: {name}", f"  data_files: {name}/*.parquet"]
    lines.append("dataset_info:")
    for name in tables:
        lines += [f"- config_name: {name}", "  splits:"]
        size = 0
        for split in splits:
            prefix = f"{folder[name]}/{split}-"
            listed = [e for p, e in build["files"].items() if p.startswith(prefix)]
            lines += [
                f"  - name: {split}",
                "    num_bytes: 7",
                f"    num_examples: {sum(e['rows'] for e in listed)}",
            ]
            size += sum(e["bytes"] for e in listed)
        lines.append(f"  download_size: {size}")
    lines += ["---", ""]
    for label, unit in (("*pictures*", "images"), *((name, name) for name in tables[1:])):
        numbers = [f"{build['counts'][split].get(unit, 0):,}" for split in splits]
        lines.append(f"| {' | '.join((label, *numbers))} |")
    for source_id, source in build["sources"].items():
        counts = source["counts"]
        stages = ("read", "rejected", "deduplicated", "kept", "written")
        numbers = [str(counts[stage]["images"]) for stage in stages]
        numbers.append(str(counts["written"]["objects"]))
        cells = (f"`{source_id}`", source["title"], source["license"], *numbers)
        lines.append(f"| {' | '.join(cells)} |")
        cited = f"{source['citation']}, {source['homepage']}"
        lines.append(f"* `{source_id}`: {source['title']}, {source['license']}. {cited}")
    return "\n".join(lines) + "\n"


def schema_of(path: str) -> pa.Schema:
    file = parse_table_path(path)
    assert file is not None, path
    return SCHEMAS[file.table]


def entry(path: Path, rows: int | None) -> dict:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "rows": rows}


# Shards without a fault by their files: what was read of build.json, and the report.
_SOUND: dict[tuple[object, ...], list[tuple[Notes, checks.ShardReport]]] = defaultdict(list)


def report_of(out: Path, plan: tuple[str, int, int], build: dict) -> checks.ShardReport:
    """Check a shard; one that had no fault is known by its bytes, and by what was asked of build.

    Of a world that is spoiled most shards are as they were made.
    """
    tables = (images_path(*plan), *(dialogues_path(task, *plan) for task in TASKS), INDEX_FILE)
    files = ((out / path).read_bytes() if (out / path).is_file() else None for path in tables)
    key = (plan, *(None if data is None else hashlib.sha256(data).digest() for data in files))
    for notes, report in _SOUND[key]:
        if still_holds(notes, build):
            return report
    notes = {}
    report = checks.check_shard(str(out), *plan, noted(build, notes))
    if not report.findings:
        _SOUND[key].append((notes, report))
    return report


def validate(out: Path) -> list[checks.Finding]:
    """Everything a caller runs, in its order."""
    build, unreadable = checks.read_build(str(out))
    assert not unreadable
    reports = [report_of(out, plan, build) for plan in checks.plan_shards(build)]
    findings = list(checks.check_files(str(out), build))
    findings += [finding for report in reports for finding in report.findings]
    assert sum(r.errors + r.warnings for r in reports) >= sum(len(r.findings) for r in reports)
    return findings + list(checks.check_dataset(str(out), build, reports))


def only_errors(findings):
    return [finding for finding in findings if finding.severity == "error"]


def assert_named(findings, check, key):
    """The check fired, and its line names the row it is about."""
    named = [finding for finding in findings if finding.check == check and finding.key == key]
    assert named, [finding.message for finding in findings]
    assert all(key in f.message and check in f.message and f.file in f.message for f in named)
