"""Damage to the documents beside the tables: record, card, figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from damage import Damage, Target, in_build, without
from PIL import Image, ImageOps

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.resources import resource_folder
from sarchat_build.config.toml import load_toml
from sarchat_build.dataset.output import json_text
from sarchat_build.dataset.record import manifest_digest
from sarchat_build.published.layout import (
    CROISSANT_FILE,
    EXAMPLES_FILE,
    LICENSES_FILE,
    QUALITY_PAGE,
    figure_path,
)


def _begin_with_a_mark(target: Target) -> None:
    target.opening = "\N{BYTE ORDER MARK}"


def _same_fingerprints(target: Target) -> None:
    target.build["shards"] = dict.fromkeys(target.build["shards"], "7f" * 16)


def _other_cause(target: Target) -> None:
    """Put what no counted reason explains under a cause that does not apply."""
    for row in target.build["comparison"]:
        reasons = row["reasons"]
        for name in sorted(set(reasons) - {"duplicates", "moved_with_duplicates", "rejected"}):
            reasons["hash" if name != "hash" else "lists"] = reasons.pop(name)
            return
    raise AssertionError("no row has a cause")


def _notes(target: Target) -> None:
    """Add a file that no dataset has, and list it."""
    (target.folder / "notes.txt").write_text("x")
    target.enter("notes.txt")


def _other_license(target: Target) -> None:
    """State another license, and the digest of a manifest that has it."""
    known = load_toml(resource_folder("source_manifests") / "hrsid.toml", Manifest)
    entry = target.build["sources"]["hrsid"]
    entry["license"] = "MIT"
    entry["manifest_sha256"] = manifest_digest(known.model_copy(update={"license": "MIT"}))


RECORD = {
    "schema_version": Damage(in_build("schema_version", value=2), ("schema_version",)),
    "dataset_version": Damage(in_build("dataset_version", value="9.9.9"), ("versions",)),
    "a version": Damage(in_build("versions", "pyarrow", value="1.0.0"), ("file_writer",)),
    "no versions": Damage(without("versions"), ("build_json",)),
    "another section": Damage(in_build("note", value="x"), ("build_json",)),
    "a fingerprint": Damage(in_build("shards", ..., value="?"), ("shards",)),
    "a shard more": Damage(in_build("shards", "test-00005-of-00006", value="0" * 32), ("shards",)),
    "counts": Damage(in_build("counts", "train", "objects", value=lambda n: n + 1), ("counts",)),
    "a split more": Damage(in_build("counts", "dev", value={}), ("build_json",)),
    "here": Damage(
        in_build("comparison", 0, "here", value=lambda c: c | {"images": c["images"] + 1}),
        ("comparison",),
    ),
    "published": Damage(
        in_build("comparison", 0, "published", "objects", value=7), ("comparison",)
    ),
    "a reason of a difference": Damage(
        in_build("comparison", 0, "reasons", ..., "images", value=12345), ("comparison",)
    ),
    "a comparison of nobody": Damage(
        in_build("comparison", 0, "source", value="nobody"), ("build_json",), first=True
    ),
    "no comparison": Damage(in_build("comparison", value=[]), ("comparison",)),
    "left_out": Damage(in_build("left_out", value=["hrsid"]), ("left_out",)),
    "template digest": Damage(in_build("templates", "sha256", value="x"), ("templates",)),
    "template uses": Damage(
        in_build("templates", "uses", ..., value=lambda n: n + 1), ("template_uses",)
    ),
    "a license": Damage(in_build("sources", "hrsid", "license", value="MIT"), ("license",)),
    "no sar": Damage(without("sources", "hrsid", "sar"), ("source_facts",)),
    "a category's name": Damage(
        in_build("sources", "hrsid", "categories", "names", value={"boat": "ship"}),
        ("source_category",),
    ),
    "no archives": Damage(in_build("sources", "hrsid", "archives", value=[]), ("source_archives",)),
    "read": Damage(
        in_build("sources", "hrsid", "counts", "read", "images", value=lambda n: n + 1),
        ("conservation",),
    ),
    "images per shard": Damage(
        in_build("recipe", "output", "images_per_shard", value=2), ("shard_count",)
    ),
    "no output": Damage(without("recipe", "output"), ("recipe",)),
    "conflicts": Damage(
        in_build("sources", "ssdd", "fixes", "label_conflict", value=99), ("duplicate_labels",)
    ),
    "rows of a text": Damage(in_build("files", "README.md", "rows", value=3), ("build_json",)),
    "a byte order mark": Damage(_begin_with_a_mark, ("build_json",)),
    "an unknown choice": Damage(in_build("recipe", "colour", value="x"), ("build_json",)),
    "an unknown part of a source": Damage(
        in_build("sources", "hrsid", "colour", value="x"), ("build_json",)
    ),
    "an impossible choice": Damage(
        in_build("recipe", "rejects", "max_image_ratio", value=7), ("build_json",)
    ),
    "a choice that does not hold": Damage(
        in_build("recipe", "rejects", "max_image_ratio", value=0.01), ("recipe",)
    ),
    "another rule for splits": Damage(in_build("recipe", "split", value="scene"), ("split_rule",)),
    "other shares of splits": Damage(
        in_build("sources", "ssdd", "sardet", "split", value="official"), ("split_rule",)
    ),
    "nothing held out": Damage(
        in_build("recipe", "phrasing", "held_out_percent", value=0), ("choice",), first=True
    ),
    "another share": Damage(
        in_build("recipe", "tasks", "referring", "share_percent", "unique", value=50),
        ("choice",),
        first=True,
    ),
    "a fingerprint of zeros": Damage(in_build("shards", ..., value="0" * 32), ("shards",)),
    "one fingerprint for all": Damage(_same_fingerprints, ("shards",)),
    "a template digest of zeros": Damage(
        in_build("templates", "sha256", value="0" * 64), ("templates",)
    ),
    "another template digest": Damage(
        in_build("templates", "sha256", value="7f" * 32), ("other_phrasings",), warning=True
    ),
    "pictures that a radar took": Damage(
        in_build("sources", "hrsid", "archives", 0, "synthetic", value=False), ("card",)
    ),
    "pictures of nobody": Damage(
        in_build("sources", "hrsid", "archives", 0, "synthetic", value=None),
        ("build_json", "source_archives"),
    ),
    "an archive's digest of zeros": Damage(
        in_build("sources", "hrsid", "archives", 0, "sha256", value="0" * 64), ("source_archives",)
    ),
    "the priority of a source": Damage(
        in_build("sources", "ssdd", "priority", value=99), ("source_facts",), first=True
    ),
    "the digest of another manifest": Damage(
        in_build("sources", "ssdd", "manifest_sha256", value="7f" * 32),
        ("other_manifest",),
        warning=True,
    ),
    "what is unverified": Damage(
        in_build("sources", "sived", "unverified", value={}), ("source_facts",), first=True
    ),
    "a license, with its digest": Damage(_other_license, ("other_license",), warning=True),
    "no name of a source": Damage(in_build("left_out", value=["No Name"]), ("left_out",)),
    "a correction that nobody makes": Damage(
        in_build("sources", "hrsid", "fixes", value={"luck": 5}), ("build_json",)
    ),
    "a digest of the code": Damage(in_build("code_digest", value="x"), ("build_json",)),
    "another cause of a difference": Damage(_other_cause, ("comparison",)),
    "a foreign file, listed": Damage(_notes, ("file_name",)),
}

CARD = {
    "title": lambda text: text.replace("pretty_name: ", "pretty_name: My ", 1),
    "rows": lambda text: text.replace("num_examples: ", "num_examples: 1", 1),
    "bytes": lambda text: text.replace("download_size: ", "download_size: 1", 1),
    "a link": lambda text: text.replace("(report/examples.jpg)", "(report/example.jpg)", 1),
    "an example": lambda text: text.replace("*Answer:* ", "*Answer:* Yes. ", 1),
    "dialogues": lambda text: text.replace("| classification | ", "| classification | 1", 1),
    "pictures": lambda text: text.replace("| *pictures* | ", "| *pictures* | 1", 1),
    "license": lambda text: text.replace("GPL-3.0", "MIT"),
    "config": lambda text: text.replace("config_name: referring", "config_name: refer", 1),
    "split": lambda text: text.replace("path: images/test-*", "path: images/train-*", 1),
    "everything": lambda text: "# A dataset\n",
}

CARD |= {
    "a sentence": lambda text: text.replace("0-based", "1-based", 1),
    "a figure": lambda text: text.replace("different words", "or different words", 1),
    "a feature": lambda text: text.replace("dtype: int32", "dtype: int64", 1),
    "no word of synthetic pictures": lambda text: text.replace(
        "are synthetic:**", "are real:**", 1
    ),
    "bytes in memory": lambda text: text.replace("num_bytes: ", "num_bytes: 1", 1),
    "a line more": lambda text: f"{text}The end.\n",
}


def _in_figures(*path: Any, value: Any) -> Callable[[Target], None]:
    """Give a damage to one key of the figures; a function is given the value before."""

    def damage(target: Target) -> None:
        file = target.folder / "report" / "quality.json"
        figures = node = json.loads(file.read_text(encoding="utf-8"))
        for key in path[:-1]:
            node = node[key]
        before = node.get(path[-1]) if isinstance(node, dict) else node[path[-1]]
        after = value(before) if callable(value) else value
        assert after != before
        if after is None:
            del node[path[-1]]
        else:
            node[path[-1]] = after
        file.write_text(json_text(figures), encoding="utf-8")
        target.enter("report/quality.json")

    return damage


def _recolored(target: Target, path: str) -> None:
    """Leave a picture of the same size and form, which shows the negative."""
    file = target.folder / path
    with Image.open(file) as picture:
        ImageOps.invert(picture.convert("RGB")).save(file)
    target.enter(path)


def _indented_otherwise(target: Target) -> None:
    target.text("report/quality.json", lambda text: json.dumps(json.loads(text), sort_keys=True))


# What reading the documents tells.
FIGURES = {
    "the version of the format": Damage(_in_figures("schema_version", value=2), ("quality_form",)),
    "a section more": Damage(_in_figures("notes", value="x"), ("quality_form",)),
    "a section less": Damage(_in_figures("crowding", value=None), ("quality_form",)),
    "a definition": Damage(
        _in_figures("definitions", "conflicts", value="none"), ("quality_figure",)
    ),
    "a figure on the card": Damage(
        _in_figures("proofs", 0, "faults", value=lambda n: n + 1), ("card", "quality_figure")
    ),
    "another layout": Damage(_indented_otherwise, ("json_form",)),
}
# What is written anew from record, figures and shards.
PRESENTED = {
    path: Damage(lambda t, path=path: t.text(path, lambda text: f"{text}\nMore."), ("document",))
    for path in (LICENSES_FILE, CROISSANT_FILE, QUALITY_PAGE)
} | {
    path: Damage(lambda t, path=path: _recolored(t, path), ("figure",))
    for path in (EXAMPLES_FILE, figure_path("tasks"))
}
# What only counting every row tells (`sarchat validate`).
COUNTED = {
    "bytes in memory": Damage(
        _in_figures("arrow_bytes", "referring", "train", value=lambda n: n + 1),
        ("card", "quality_figure"),
    ),
    "chips": Damage(
        _in_figures("pictures", 0, "chips", value=lambda n: n + 1), ("card", "quality_figure")
    ),
    "answers": Damage(
        _in_figures("dialogues", 0, "sentences", value=lambda n: n + 1), ("quality_figure",)
    ),
    "an order": Damage(
        _in_figures("dialogues", value=lambda of: list(reversed(of))), ("quality_figure",)
    ),
    "a vocabulary": Damage(
        _in_figures("vocabulary", "all", value=lambda n: n + 1), ("quality_figure",)
    ),
    "how it is known": Damage(
        _in_figures("proofs", 0, "established", value="by hand"), ("quality_figure",)
    ),
}
