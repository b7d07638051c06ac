"""Fingerprints of shards: the encoding is pinned, and everything that decides a byte is in it."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

import sarchat_build
from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.recipe import load_recipe
from sarchat_build.config.resources import recipe_path, resource_folder
from sarchat_build.dataset import fingerprint as module
from sarchat_build.dataset.fingerprint import (
    canonical_json,
    digest_code,
    encode_planned_image,
    fingerprint,
)
from sarchat_build.types import (
    Box,
    Chip,
    Instance,
    PixelFacts,
    PlannedImage,
    SourceImage,
    Stretch,
    Window,
)

PACKAGE = Path(sarchat_build.__file__).parent
QUAD = (1, 2, 3, 2, 3, 4, 1, 4)
SHIP = Instance(
    "ssdd/1#0", "ship", "Ship", Box(1, 2.5, 30, 40), (1, 2, 3, 2, 3, 4, 1, 4), (0.25, 7)
)
PIXELS = PixelFacts(
    600, 500, 1, 16, "TIFF", "a1", "b2", 99, "rendered", Stretch("percentile", 1, 3, 4000), "c3"
)
IMAGE = SourceImage(
    "ssdd/1", "ssdd", "ssdd/s1", "x.zip", "a/é\udcff.tif", PIXELS, "train", (SHIP,), ("bridge",)
)
PLANNED = PlannedImage(
    IMAGE, (Chip("ssdd/1@0,0", Window(0, 0, 512, 500), 512, 500, (SHIP,), ("car",)),), "train"
)
OBJECT = (
    '{"bbox_px":[1.0,2.5,30.0,40.0],"category":"ship","difficult":false,'
    '"instance_id":"ssdd/1#0","obb_px":[1.0,2.0,3.0,2.0,3.0,4.0,1.0,4.0],'
    '"polygon_px":[0.25,7.0],"source_category":"Ship","truncated":false}'
)
# Fields of an image that no shard is made from: how its boxes lie is looked at by curation alone.
NOT_DECISIVE = {"extent"}
# Whoever changes this text voids every unfinished build: then `FORMAT` must change with it.
PINNED = (
    '{"archive":"x.zip","chips":[{"cut_categories":["car"],"height_px":500,'
    f'"image_id":"ssdd/1@0,0","instances":[{OBJECT}],"width_px":512,'
    '"window_px":[0,0,512,500]}],"image_id":"ssdd/1",'
    f'"instances":[{OBJECT}],"member":"a/\\u00e9\\udcff.tif","official_split":"train",'
    '"pixels":{"bit_depth":16,"channels":1,"file_bytes":99,"file_sha256":"b2","format":"TIFF",'
    '"height_px":500,"perceptual_hash":"c3","pixel_sha256":"a1","rendering":"rendered",'
    '"stretch":{"band":1,"high":4000.0,"logarithmic":false,"low":3.0,"nodata":null,'
    '"rule":"percentile"},"width_px":600},"rejected_categories":["bridge"],'
    '"scene_id":"ssdd/s1","source":"ssdd","split":"train"}'
)


def test_the_encoding_of_one_image_is_pinned() -> None:
    assert canonical_json(encode_planned_image(PLANNED)).decode() == PINNED
    assert module.FORMAT == 1


def digest_of(*planned: PlannedImage, **changed: Any) -> str:
    settings: dict[str, Any] = {
        "recipe": load_recipe(recipe_path("sarchat_2m")),
        "manifests": load_manifests(resource_folder("source_manifests")),
        "phrasing_digest": "p",
        "code_digest": "c",
        "versions": {"numpy": "1"},
    }
    return fingerprint(planned, **settings | changed)


# A value of the same type that is another one.
def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, tuple) and value:
        return type(value)(*value[:-1], _other(value[-1])) if isinstance(value, Box | Window) else (
            *value[:-1], _other(value[-1])
        )  # fmt: skip
    return replace(value, **{fields(value)[0].name: _other(getattr(value, fields(value)[0].name))})


def _each_field_changed(value: Any) -> Iterator[tuple[str, Any]]:
    for entry in fields(value):
        if getattr(value, entry.name) is not None:
            yield entry.name, replace(value, **{entry.name: _other(getattr(value, entry.name))})


def changed_images() -> list[Any]:
    """The planned image with one field changed, for every field of every part of it."""
    found: list[tuple[str, PlannedImage]] = list(_each_field_changed(PLANNED))
    images = [*_each_field_changed(IMAGE)]
    assert {name for name, _ in images} >= NOT_DECISIVE
    found += [(n, replace(PLANNED, image=i)) for n, i in images if n not in NOT_DECISIVE]
    pixels = [*_each_field_changed(PIXELS)]
    assert PIXELS.stretch is not None
    pixels += [
        (name, replace(PIXELS, stretch=stretch))
        for name, stretch in _each_field_changed(replace(PIXELS.stretch, nodata=0.0))
    ]
    found += [(n, replace(PLANNED, image=replace(IMAGE, pixels=p))) for n, p in pixels]
    for name, ship in _each_field_changed(SHIP):
        found.append((name, replace(PLANNED, image=replace(IMAGE, instances=(ship,)))))
        found.append(
            (name, replace(PLANNED, chips=(replace(PLANNED.chips[0], instances=(ship,)),)))
        )
    found += [(n, replace(PLANNED, chips=(c,))) for n, c in _each_field_changed(PLANNED.chips[0])]
    return [pytest.param(planned, id=f"{n}-{i}") for i, (n, planned) in enumerate(found)]


@pytest.mark.parametrize("planned", changed_images())
def test_every_field_of_an_image_counts(planned: PlannedImage) -> None:
    assert encode_planned_image(planned) != encode_planned_image(PLANNED)


@pytest.mark.parametrize("name", sorted(NOT_DECISIVE))
def test_what_no_shard_is_made_from_does_not_count(name: str) -> None:
    changed = dict(_each_field_changed(IMAGE))[name]
    assert changed != IMAGE
    assert encode_planned_image(replace(PLANNED, image=changed)) == encode_planned_image(PLANNED)
    for path in _imported_by(PACKAGE / "dataset" / "shards.py", set()):
        read = {
            node.attr
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute)
        }
        assert name not in read, path


def test_settings_count_and_the_order_of_images_does_not() -> None:
    second = replace(PLANNED, image=replace(IMAGE, image_id="ssdd/2"))
    plain = digest_of(PLANNED, second)
    assert plain == digest_of(second, PLANNED) == digest_of(PLANNED, second)
    assert len(plain) == 32
    recipe = load_recipe(recipe_path("sarchat_2m"))
    manifests = load_manifests(resource_folder("source_manifests"))

    def retitled(source_id: str) -> dict[str, Any]:
        return {**manifests, source_id: manifests[source_id].model_copy(update={"title": "x"})}

    others = [
        digest_of(PLANNED),
        digest_of(PLANNED, second, phrasing_digest="q"),
        digest_of(PLANNED, second, code_digest="d"),
        digest_of(PLANNED, second, versions={"numpy": "2"}),
        digest_of(PLANNED, second, recipe=recipe.model_copy(update={"name": "x"})),
        digest_of(PLANNED, second, manifests=retitled("ssdd")),
    ]
    assert len({plain, *others}) == 1 + len(others)
    # What the shard does not hold does not matter to it.
    assert digest_of(PLANNED, second, manifests=retitled("hrsid")) == plain


@pytest.mark.quality(row=73)
def test_row_73_changed_code_changes_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(PACKAGE, tmp_path / "sarchat_build")
    monkeypatch.setattr(module, "__file__", str(copy / "dataset" / "fingerprint.py"))
    before = digest_code()
    rules = copy / "dialogues" / "labels.py"
    rules.write_bytes(rules.read_bytes().replace(b"\n", b"\r\n"))
    assert digest_code() == before
    rules.write_text(rules.read_text() + "# changed\n")
    changed = digest_code()
    assert changed != before
    (copy / "curation" / "plan.py").write_text("")
    assert digest_code() == changed
    (copy / "types.py").rename(copy / "names.py")
    with pytest.raises(FileNotFoundError):
        digest_code()


def test_all_code_that_writes_shards_is_digested() -> None:
    imported = _imported_by(PACKAGE / "dataset" / "shards.py", set())
    assert len(imported) > 30
    # The version counts by itself; the package hands out functions that no shard asks for.
    covered = {*module.DECISIVE_CODE, "version.py", "__init__.py"}
    assert {path.relative_to(PACKAGE).parts[0] for path in imported} <= covered


def _imported_by(path: Path, seen: set[Path]) -> set[Path]:
    """Every module of ours that one module imports, directly or not."""
    if path in seen:
        return seen
    seen.add(path)
    if path == PACKAGE / "__init__.py":
        return seen
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                target = PACKAGE.parent.joinpath(*name.split("."))
                for found in (target.with_suffix(".py"), target / "__init__.py"):
                    if name.startswith("sarchat_build") and found.exists():
                        _imported_by(found, seen)
    return seen


def test_json_has_one_spelling() -> None:
    assert json.loads(canonical_json({"b": [1.5, None], "a": "\n"})) == {
        "a": "\n",
        "b": [1.5, None],
    }
