"""Every reason is in the glossary, the glossary is the page, and its advice is real."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_type_hints

import miniatures as mini
import numpy as np
import pytest
import typer
from pixel_files import tiff
from pydantic import BaseModel
from rich.table import Table

from pipelines.cli.main import app
from pipelines.cli.source_tables import loss_table
from sarchat_build.config import annotation_options
from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.recipe import Recipe
from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import RecordError, Stop
from sarchat_build.onboarding.inspection import SourceSummary, read_source
from sarchat_build.published.schema import SCHEMAS
from sarchat_build.reasons import Kind, Reason, reasons_page, sentence
from sarchat_build.sources.index import index_source
from sarchat_build.types import Notice, RawFault, Reject

ROOT = Path(__file__).parents[2]
# What may bring a reason about, and the kinds that it must then have.
CARRIERS = {
    "RecordError": {Kind.REJECT},
    "Reject": {Kind.REJECT},
    "Notice": {Kind.REPAIR, Kind.WARNING},
    "Stop": {Kind.STOP},
}
# Column of the published table `duplicates`, which has the name of the reason that it tells of.
COLUMNS = {"label_conflict"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Modules that reject; the validation and the published format know nothing of the build."""
    for folder in ("sarchat_build", "pipelines"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            if path.name != "reasons.py" and not {"validation", "published"} & set(parts):
                yield path, ast.parse(path.read_text(encoding="utf-8"))


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Strings where a reason belongs: what is given to a carrier, or compared with a `reason`."""
    for node in ast.walk(tree):
        found: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in {*CARRIERS, "RawFault", "Expectation", "lost"}:
                found = [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(isinstance(s, ast.Attribute) and s.attr == "reason" for s in sides):
                found = sides
        for value in found:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.lineno, value.value


def test_no_reason_is_written_as_a_string() -> None:
    words = {reason.value for reason in Reason}
    for path, tree in modules():
        for line, word in literals(tree):
            assert word not in words or word == "encoding", f"{path}:{line}: {word!r}"
        if "synthetic" in path.parts:
            continue  # kinds of planted oddities have names of their own
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node.value in words - COLUMNS - {"encoding"}:
                pytest.fail(f"{path}:{node.lineno}: {node.value!r} is a string, not a Reason")


@pytest.mark.parametrize("carrier", [RecordError.__init__, Reject, Notice, RawFault, Stop])
def test_what_carries_a_reason_takes_no_string(carrier: Any) -> None:
    assert get_type_hints(carrier)["reason"] is Reason


def test_every_reason_is_used_and_as_what_it_says() -> None:
    used: set[Reason] = set()
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used |= {Reason[node.attr]} if node.value.id == "Reason" else set()
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            for value in (*node.args, *(keyword.value for keyword in node.keywords)):
                if isinstance(value, ast.Attribute) and ast.unparse(value).startswith("Reason."):
                    kinds = CARRIERS.get(node.func.id, set(Kind))
                    assert kinds & set(Reason[value.attr].kinds), f"{path}:{node.lineno}"
    assert used == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_a_member_is_called_as_its_word_and_is_a_clause(reason: Reason) -> None:
    assert reason.name == reason.value.upper()
    assert f"{reason}" == reason.value == str(reason)
    assert reason.kinds
    for clause in (reason.meaning, reason.advice):
        assert clause[0].islower()
        assert not clause.endswith(".")
        assert "|" not in clause, "would end a cell of the page"


def test_the_page_is_the_glossary() -> None:
    page = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    assert page == reasons_page(), "run `make docs`"
    for reason in Reason:
        row = f"| `{reason}` | {sentence(reason.meaning)} | {sentence(reason.advice)} |"
        assert page.count(row) == len(reason.kinds)


# Advice.


def leads_somewhere(model: Any, keys: list[str]) -> bool:
    if not keys:
        return True
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return False
    if model is Manifest and keys[0] == "annotations":
        rules = vars(annotation_options).values()
        formats = [r for r in rules if isinstance(r, type) and issubclass(r, BaseModel)]
        return any(leads_somewhere(rule, keys[1:]) for rule in formats)
    kind = model.model_fields[keys[0]].annotation if keys[0] in model.model_fields else None
    named = [k for k in (kind, *getattr(kind, "__args__", ())) if k not in (None, type(None))]
    return bool(named) and (len(keys) == 1 or any(leads_somewhere(k, keys[1:]) for k in named))


@pytest.mark.parametrize("reason", Reason)
def test_what_an_advice_names_is_there(reason: Reason) -> None:
    for name in re.findall(r"`([^`]+)`", reason.advice):
        if name.endswith("/"):
            assert name.rstrip("/") in SCHEMAS
        elif name.startswith("sarchat "):
            command: Any = typer.main.get_command(app)
            for word in name.split()[1:]:
                command = command.commands[word]
        else:
            keys = name.split(".")
            assert leads_somewhere(Manifest, keys) or leads_somewhere(Recipe, keys), name


def test_a_key_that_is_nowhere_is_found() -> None:
    assert not leads_somewhere(Manifest, ["annotations", "encoding"])
    assert not leads_somewhere(Recipe, ["rejects", "max_ratio"])


def read(source: mini.Source, folder: Path, *stated: str) -> SourceSummary:
    manifests = load_manifests(resource_folder("source_manifests"), stated)
    manifest = manifests[source.source_id]
    return read_source(manifest, index_source(manifest, str(folder)), 0)


def as_gbk(source: mini.Source) -> None:
    text = mini.voc_xml([mini.SHIP]).replace("<annotation>", "<annotation><folder>船</folder>")
    source.document("000003", text.encode("gbk"))


def unnamed(source: mini.Source) -> None:
    source.document("000003", mini.voc_xml([("vessel", *mini.SHIP[1:])]))


def unlabeled(source: mini.Source) -> None:
    del source.files[source.path_of("000003")]


def deep(source: mini.Source) -> None:
    values = np.arange(240 * 300, dtype=np.uint16).reshape(240, 300)
    source.image("000003", tiff(values))


def other_extension(source: mini.Source) -> None:
    path = f"{mini.SSDD_LAYOUT}/JPEGImages_train/000003.jpg"
    source.files[path.replace(".jpg", ".tiff")] = source.files.pop(path)


@pytest.mark.parametrize(
    ("reason", "plant", "key", "value"),
    [
        (Reason.ENCODING, as_gbk, "annotations.encodings", '["utf-8", "gbk"]'),
        (Reason.UNKNOWN_CATEGORY, unnamed, "categories.names", '{ship = "ship", vessel = "ship"}'),
        (Reason.NO_ANNOTATION, unlabeled, "annotations.unlabeled", '"negative"'),
        (Reason.UNSUPPORTED_DTYPE, deep, "pixels", '{rule = "percentile"}'),
        (Reason.IMAGE_MISSING, other_extension, "annotations.images", '["**/JPEGImages_*/*.*"]'),
    ],
)
def test_who_follows_an_advice_is_rid_of_the_reject(
    tmp_path: Path, reason: Reason, plant: Callable[[mini.Source], None], key: str, value: str
) -> None:
    assert f"`{key}`" in reason.advice
    source = mini.ssdd(10)
    plant(source)
    source.write_folder(tmp_path)
    before = read(source, tmp_path)
    assert before.rejects.counts[reason] == 1
    after = read(source, tmp_path, f"ssdd.{key}={value}")
    assert after.rejects.counts == {}
    assert len(after.kept) == 10


def test_a_contradicted_statement_is_named_and_can_be_corrected(tmp_path: Path) -> None:
    source = mini.ssdd(10)
    source.document("000003", mini.voc_xml([("ship", 0, 0, 90, 80)]))
    source.write_folder(tmp_path)
    before = read(source, tmp_path, "ssdd.annotations.pixel_origin=1")
    (reject,) = before.rejects.first[Reason.CONTRADICTS_MANIFEST]
    key = reject.detail.split()[0]
    assert not read(source, tmp_path, f"ssdd.{key}=0").rejects.counts


def test_the_table_of_losses_says_what_a_reason_means(tmp_path: Path) -> None:
    source = mini.ssdd(10)
    as_gbk(source)
    source.write_folder(tmp_path)
    shown = loss_table("Rejected", read(source, tmp_path).rejects).renderables
    (table,) = (part for part in shown if isinstance(part, Table))
    cells = [list(column.cells) for column in table.columns]
    reason = Reason.ENCODING
    text = f"{sentence(reason.meaning)} {sentence(reason.advice)}"
    assert cells == [["encoding"], ["1"], [text]]
