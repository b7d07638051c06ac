"""A dataset of five small pictures, written by hand: words and relations worked out on paper.

Nothing is taken from the builder, and no word is computed: what `checks` recomputes is compared
with what a person wrote down.
"""

from __future__ import annotations

import copy

import pyarrow as pa
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
    digest,
    duplicate,
    image_row,
    reject,
    source_counts,
    source_facts,
    split_counts,
)
from checks_world import World

from sarchat_build.published.layout import TASKS
from sarchat_build.validation.stable_hash import stable_number
from sarchat_build.validation.vocabulary import SUBTASKS


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
        "split": "scene",
        # By the stable hash these put c into test, and the others into train.
        "split_shares_percent": {"train": 85, "validation": 0, "test": 15},
        "output": {"images_per_shard": 2, "images_per_row_group": 100},
        "tasks": settings | {"enabled": list(TASKS), "cut_objects": "skip"},
        "candidates": ["ship", "aircraft", "car", "tank", "bridge", "harbor"],
        "phrasing": {"held_out_percent": 0},
        "words": words,
    }


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
        chip["file_sha256"] = digest("scene")

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
        "code_digest": digest("code")[:32],
        "versions": dict.fromkeys(("jinja2", "numpy", "pillow", "rasterio"), "1.0.0")
        | {"sarchat_build": "0.1.0", "pyarrow": pa.__version__},
        "comparison": [],
        "left_out": [],
        "shards": {name: digest(name)[:32] for name in images},
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
