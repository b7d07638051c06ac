"""A dataset of five small pictures, written by hand: words and relations worked out on paper.

Nothing is taken from the builder, and no word is computed: what `checks` recomputes is compared
with what a person wrote down.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from checks_dialogues import (
    count,
    describe,
    exhaustive,
    ground,
    nearest,
    pair,
    present,
    present_in,
    refer_unique,
)
from checks_rows import (
    Obj,
    duplicate,
    image_row,
    reject,
    source_counts,
    source_facts,
    split_counts,
)

from sarchat_build import validation as checks
from sarchat_build.published.hf_features import with_hf_features
from sarchat_build.published.layout import TASKS, parse_table_path
from sarchat_build.published.schema import SCHEMAS
from sarchat_build.validation.stable_hash import stable_number
from sarchat_build.validation.vocabulary import SUBTASKS


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
            table = pa.Table.from_pylist(rows, schema_of(name))
            write_table(table, path)
            listed[name] = entry(path, len(rows))
        uses = Counter(
            template_id
            for rows in self.files.values()
            for row in rows
            for template_id in row.get("template_ids", ())
        )
        templates = {"uses": dict(sorted(uses.items()))} | self.build.get("templates", {})
        templates.setdefault("sha256", "0" * 64)
        (out / "report").mkdir(exist_ok=True)
        (out / "report" / "quality.json").write_text("{}")
        listed["report/quality.json"] = entry(out / "report" / "quality.json", None)
        build = {**self.build, "templates": templates, "files": listed}
        (out / "README.md").write_text(card(build))
        listed["README.md"] = entry(out / "README.md", None)
        (out / "build.json").write_text(json.dumps(build))


def write_table(table: pa.Table, path: Path) -> None:
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


def _order(row: dict, images: list[dict]) -> tuple:
    """The order of dialogues: pictures, objects as read (here by number), tasks as they ask."""
    image_id, task, subtask, key = row["dialogue_id"].rsplit("/", 3)
    position = [image["image_id"] for image in images].index(image_id)
    categories = ["ship", "aircraft", "car", "tank", "bridge", "harbor"]
    first = key.partition("-")[0]
    if task == "cross_modal_identification":
        kinds = ["single", "category", "choice", "nearest"]
        about = (1, 0, 0) if subtask == "multi" else (0, int(first), kinds.index(subtask))
        return position, *about
    if task in ("instance_counting", "referring"):
        unique = subtask == "unique"
        category = row["ground_truth"]["category"]
        drawn = stable_number(image_id, "unique", key) if unique else 0
        return position, categories.index(category), unique, drawn
    return position, subtask == "presence", row["ground_truth"].get("answer") == "no", 0


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
        for split in splits:
            prefix = f"{folder[name]}/{split}-"
            listed = [e for p, e in build["files"].items() if p.startswith(prefix)]
            lines += [
                f"  - name: {split}",
                f"    num_bytes: {sum(e['bytes'] for e in listed)}",
                f"    num_examples: {sum(e['rows'] for e in listed)}",
            ]
    lines += ["---", ""]
    for label, unit in (("*pictures*", "images"), *((name, name) for name in tables[1:])):
        numbers = [f"{build['counts'][split].get(unit, 0):,}" for split in splits]
        lines.append(f"| {' | '.join((label, *numbers))} |")
    for source in build["sources"].values():
        counts = source["counts"]
        stages = ("read", "rejected", "deduplicated", "kept", "written")
        numbers = [str(counts[stage]["images"]) for stage in stages]
        numbers.append(str(counts["written"]["objects"]))
        lines.append(f"| {' | '.join((source['title'], source['license'], *numbers))} |")
        cited = f"{source['citation']}, {source['homepage']}"
        lines.append(f"* {source['title']}: {source['license']}. {cited}")
    return "\n".join(lines) + "\n"


def schema_of(path: str) -> pa.Schema:
    file = parse_table_path(path)
    assert file is not None, path
    return SCHEMAS[file.table]


def entry(path: Path, rows: int | None) -> dict:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "rows": rows}


def presences(image, things, nothing, absent, categories, in_cell):
    """What is there and what is not: counted, in the whole picture and in one cell."""
    category = things[0].category
    empty = "bottom left" if category != "tank" else "bottom right"
    return [
        count(image, absent, nothing),
        present(image, category, things, categories),
        present(image, absent, nothing, categories),
        present_in(image, category, in_cell[0].cell, in_cell),
        present_in(image, category, empty, nothing),
    ]


def recipe() -> dict:
    """What a build records of its recipe: everything is asked."""
    margin = {"tie_margin_px": 4.0}
    settings = {
        "classification": {"common_percent": 100},
        "fine_grained_description": {
            "min_image_px": 224,
            "min_area_ratio": 0.01,
            "max_aspect": 10.0,
            "left_out_objects": "skip",
        },
        "instance_counting": {
            "box_cap": 100,
            "over_cap": "list_cap",
            "negatives_percent": 100,
            "negatives_cap": 1,
        },
        "spatial_grounding": {"box_cap": 80, "relations_cap": 8},
        "cross_modal_identification": {"pairs_cap": 2} | margin,
        "referring": {"box_cap": 80, "unique_cap": 6} | margin,
    }
    for task, fields in settings.items():
        fields["share_percent"] = dict.fromkeys(SUBTASKS[task], 100)
    words = {
        **{"very_large_from": 0.4, "large_from": 0.25, "medium_from": 0.1, "small_from": 0.03},
        **{"wide_above": 1.5, "tall_below": 0.67, "near_divisor": 8.0, "description_size": None},
    }
    return {
        "schema_version": 1,
        "name": "by_hand",
        "title": "Five pictures",
        "keep_images_without_objects": False,
        "output": {"images_per_shard": 2, "images_per_row_group": 100},
        "tasks": settings | {"enabled": list(TASKS), "cut_objects": "skip"},
        "candidates": ["ship", "aircraft", "car", "tank", "bridge", "harbor"],
        "phrasing": {"held_out_percent": 0},
        "words": words,
    }


def make_world() -> World:
    a0 = Obj(0, "ship", [10, 10, 60, 40], "{<10><10><60><40>}", "top left", "very small", "wide")
    a1 = Obj(
        1,
        "ship",
        [100, 100, 200, 200],
        "{<100><100><200><200>}",
        "middle center",
        "medium",
        "roughly square",
    )
    a2 = Obj(
        2, "harbor", [200, 20, 250, 220], "{<200><20><250><220>}", "middle right", "medium", "tall"
    )
    b0 = Obj(
        0,
        "aircraft",
        [0, 0, 100, 100],
        "{<0><0><100><100>}",
        "top left",
        "medium",
        "roughly square",
    )
    # Half a pixel is rounded up; too small to be described, it keeps its neighbor from being.
    c0 = Obj(
        0,
        "ship",
        [10.5, 10, 30.5, 30],
        "{<11><10><31><30>}",
        "top left",
        "very small",
        "roughly square",
    )
    c1 = Obj(1, "ship", [40, 10, 60, 40], "{<40><10><60><40>}", "top left", "very small", "tall")
    c2 = Obj(
        2,
        "aircraft",
        [30, 50, 70, 79],
        "{<30><50><70><79>}",
        "top left",
        "very small",
        "roughly square",
    )
    # One tank of a scene in two of its chips.
    d0 = Obj(
        0,
        "tank",
        [100, 40, 120, 60],
        "{<100><40><120><60>}",
        "middle right",
        "very small",
        "roughly square",
    )
    e0 = Obj(
        0,
        "tank",
        [36, 40, 56, 60],
        "{<36><40><56><60>}",
        "middle center",
        "very small",
        "roughly square",
    )

    a = image_row("alpha/a", "train", (256, 256), [a0, a1, a2])
    b = image_row("alpha/b", "train", (300, 300), [b0])
    c = image_row("alpha/c", "test", (240, 240), [c0, c1, c2])
    beta = {"categories_annotated": ["tank", "bridge", "harbor"]}
    d = image_row(
        "beta/s@0,0",
        "train",
        (128, 128),
        [d0],
        window_xyxy_px=[0, 0, 128, 128],
        rejected_categories=["bridge"],
        **beta,
    )
    e = image_row(
        "beta/s@64,0",
        "train",
        (128, 128),
        [e0],
        window_xyxy_px=[64, 0, 192, 128],
        rejected_categories=["bridge"],
        **beta,
    )
    for chip in (d, e):
        chip["file_sha256"] = "0" * 64

    right_far = ("right", "to the right of", "far", "far from")
    rows = {
        "train-00001-of-00002": [
            *exhaustive(a, [a0, a1, a2], ["ship", "harbor"]),
            describe(a, [a0, a1, a2]),
            ground(
                a,
                [a0, a1, a2],
                [[a0], [a1], [a2]],
                [("lower_right", "to the lower right of", "far", "far from"), right_far],
            ),
            pair(
                a,
                a0,
                a1,
                direction="upper_left",
                direction_words="to the upper left of",
                near="far",
                near_words="far from",
                way=170,
            ),
            pair(
                a,
                a1,
                a2,
                direction="left",
                direction_words="to the left of",
                near="far",
                near_words="far from",
                way=81,
            ),
            *presences(a, [a0, a1], [], "aircraft", ["ship", "harbor"], [a0]),
            nearest(
                a, a2, a1, direction="left", direction_words="to the left of", near="far", way=81
            ),
            refer_unique(a, a0, "wide ship", shape="wide"),
            refer_unique(a, a1, "ship at the middle center", cell="middle center"),
            *exhaustive(b, [b0], ["aircraft"]),
            describe(b, [b0]),
            ground(b, [b0], [[b0]]),
            *presences(b, [b0], [], "harbor", ["aircraft"], [b0]),
        ],
        "train-00000-of-00002": [
            *exhaustive(d, [d0], ["tank", "bridge"]),
            *presences(d, [d0], [], "harbor", ["tank", "bridge"], [d0]),
            *exhaustive(e, [e0], ["tank", "bridge"]),
            *presences(e, [e0], [], "harbor", ["tank", "bridge"], [e0]),
        ],
        "test-00000-of-00001": [
            *exhaustive(c, [c0, c1, c2], ["ship", "aircraft"]),
            ground(c, [c0, c1, c2], [[c0, c1], [c2]], [("below", "below", "near", "near")]),
            *presences(c, [c0, c1], [], "harbor", ["ship", "aircraft"], [c0, c1]),
            nearest(c, c2, c1, direction="above", direction_words="above", near="near", way=40),
            pair(
                c,
                c0,
                c1,
                direction="left",
                direction_words="to the left of",
                near="near",
                near_words="near",
                way=30,
            ),
            pair(
                c,
                c1,
                c2,
                direction="above",
                direction_words="above",
                near="near",
                near_words="near",
                way=40,
            ),
            refer_unique(c, c0, "leftmost ship", order="leftmost", rank=1),
            refer_unique(c, c1, "tall ship", shape="tall"),
        ],
    }
    images = {
        "train-00001-of-00002": [a, b],
        "train-00000-of-00002": [d, e],
        "test-00000-of-00001": [c],
    }
    # Nobody asks for all classes of a picture whose classes are not all listed.
    for found in rows.values():
        found[:] = [
            row
            for row in found
            if not row["dialogue_id"].startswith("beta/")
            or (row["task"], row["subtask"]) != ("classification", "all")
        ]
    world = World()
    for shard, found in rows.items():
        world.files[f"images/{shard}.parquet"] = images[shard]
        for task in TASKS:
            world.files[f"dialogues/{task}/{shard}.parquet"] = [
                r
                for r in sorted(found, key=lambda r: _order(r, images[shard]))
                if r["task"] == task
            ]
    world.files["rejects/alpha.parquet"] = [reject("alpha", "alpha/x.png", "image_truncated", 1, 2)]
    world.files["rejects/beta.parquet"] = [reject("beta", "beta/s.xml", "degenerate", 0, 1)]
    world.files["duplicates/duplicates.parquet"] = [
        duplicate("alpha/b", b["pixel_sha256"], kept=True),
        duplicate("alpha/b_copy", b["pixel_sha256"], kept=False),
    ]
    world.build = {
        "schema_version": 1,
        "dataset_version": "0.1.0",
        "code_digest": "0" * 32,
        "versions": dict.fromkeys(("jinja2", "numpy", "pillow", "rasterio"), "1.0.0")
        | {"sarchat_build": "0.1.0", "pyarrow": pa.__version__},
        "comparison": [],
        "left_out": [],
        "shards": dict.fromkeys(images, "0" * 32),
        "recipe": recipe(),
        "sources": {
            "alpha": source_facts(["ship", "aircraft", "harbor"], tiled=False)
            | source_counts((5, 10), (1, 2), (1, 1), (3, 7), (3, 7)),
            "beta": source_facts(["tank", "bridge", "harbor"], tiled=True)
            | source_counts((1, 2), (0, 1), (0, 0), (1, 1), (2, 2)),
        },
        "counts": {
            "train": split_counts(4, 6, (10, 2, 9, 10, 15, 7)),
            "test": split_counts(1, 3, (3, 0, 3, 3, 9, 4)),
        },
    }
    return copy.deepcopy(world)


def validate(out: Path) -> list[checks.Finding]:
    """Everything a caller runs, in its order."""
    build, unreadable = checks.read_build(str(out))
    assert not unreadable
    reports = [checks.check_shard(str(out), *plan, build) for plan in checks.plan_shards(build)]
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
