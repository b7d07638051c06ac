"""The sample page: which pictures it shows, how large it is, and that it loads nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sarchat_build.explorer import sample
from sarchat_build.explorer.catalog import Catalog, open_catalog
from sarchat_build.explorer.page_text import render_page, to_json
from sarchat_build.explorer.pictures import PictureReader
from sarchat_build.published.layout import SAMPLE_FILE


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def page(built: Path) -> str:
    return (built / SAMPLE_FILE).read_text(encoding="utf-8")


def test_it_shows_every_source_split_category_size_and_subtask(built: Path, page: str) -> None:
    data, whole = data_of(page), open_catalog(str(built))
    everything, shown = whole.columns(), data["index"]
    for column in ("source", "split"):
        assert set(shown[column]["values"]) == set(everything[column]["values"])
    assert set(shown["answers"]["names"]) == set(everything["answers"]["names"])
    for column in ("categories", "sizes"):
        known, found = (
            {name for names in columns[column]["values"] for name in names}
            for columns in (everything, shown)
        )
        assert found == known
    assert data["dataset"] == whole.facts()
    groups = data["duplicates"]["groups"]
    assert any(member["position"] is not None for group in groups for member in group)


def test_it_holds_what_the_dataset_holds(built: Path, page: str) -> None:
    data, whole = data_of(page), open_catalog(str(built))
    reader = PictureReader(str(built), whole.index)
    assert data["pictures"]
    for number, (picture, link) in enumerate(zip(data["pictures"], data["pixels"], strict=True)):
        position = whole.positions[picture["image_id"]]
        assert picture == reader.picture(position) | {"position": number}
        stored, shown = reader.pixels(position), base64.b64decode(link.partition(",")[2])
        assert shown == stored or len(stored) > 100_000


def test_it_is_the_same_page_again(built: Path, page: str) -> None:
    build = json.loads((built / "build.json").read_text(encoding="utf-8"))
    assert sample.render_sample(str(built), build) == page


def test_its_size_is_bounded_whatever_the_pictures_are(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = open_catalog(str(built))
    for room in (300_000, 40_000):
        monkeypatch.setattr(sample, "_FILLED_BYTES", room)
        data = sample.sample_data(catalog)
        filled = sum(map(len, data["pixels"])) + len(to_json(data["pictures"]))
        assert 0 < filled <= room + 1000
        assert len(data["index"]["image_id"]) == len(data["pictures"]) == len(data["pixels"])


def test_noise_of_any_size_is_shrunk_to_what_a_page_can_hold() -> None:
    noise = np.frombuffer(
        b"".join(hashlib.blake2b(bytes([i % 256, i // 256])).digest() for i in range(40_000)),
        dtype=np.uint8,
    )
    for shape in ((1600, 1600), (800, 800, 3)):
        pixels = noise[: int(np.prod(shape))].reshape(shape)
        stored = io.BytesIO()
        Image.fromarray(pixels).save(stored, "PNG")
        shown = sample.shrink(stored.getvalue())
        assert len(shown) <= 100_000
        with Image.open(io.BytesIO(shown)) as picture:
            assert picture.format == "JPEG"
            assert picture.width == picture.height
    small = io.BytesIO()
    Image.new("L", (50, 50)).save(small, "PNG")
    assert sample.shrink(small.getvalue()) is not None
    assert sample.shrink(small.getvalue()) == small.getvalue()


def test_crowds_are_shown_only_where_nothing_else_has_what_they_show() -> None:
    ships, tanks = frozenset({"ship"}), frozenset({"tank"})
    rows = [sample.Shown(f"s/{n}", "s", 900, ships) for n in range(3)]
    rows += [sample.Shown(f"s/few{n}", "s", 2, ships) for n in range(60)]
    rows.append(sample.Shown("s/tanks", "s", 900, tanks))
    chosen = sample.choose(rows, {})
    assert 63 in chosen
    assert not {0, 1, 2} & {*chosen}
    assert len(chosen) == 40
    assert chosen == sample.choose(rows, {}) == sorted(chosen)


def parts(page: str) -> Iterator[str]:
    yield from re.findall(r"(?:src|href)=\"([^\"]*)\"", re.sub(r"<script.*?</script>", "", page))


def test_it_loads_nothing_and_runs_only_its_own_script(page: str) -> None:
    head = page.partition("</head>")[0]
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', head)
    assert policy
    assert policy[1].startswith("default-src 'none'; img-src data:;")
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy[1]
    assert all(part.startswith("data:") for part in parts(page))


def test_a_text_of_a_dataset_cannot_end_the_script() -> None:
    evil = "</script><script>alert(1)</script><!--\u2028%%STYLE%%\ud800"
    page = render_page({"title": evil})
    assert page.count("<script") == render_page().count("<script")
    assert data_of(page)["title"] == evil


@pytest.mark.parametrize(
    ("license_id", "free_to_publish"),
    [("CC-BY-4.0", True), ("CC-BY-NC-ND-4.0", False), ("all rights reserved", False)],
)
def test_it_names_the_sources_that_must_not_be_published(
    built: Path, page: str, license_id: str, free_to_publish: bool
) -> None:
    """By the rule of exports: a license says that copies may be passed on, or they may not."""
    assert "sar_aircraft (research-only)" in data_of(page)["sample"]["banner"]
    catalog = open_catalog(str(built))
    free = json.loads(json.dumps(catalog.build))
    for source in free["sources"].values():
        source["license"] = license_id
    told = sample.sample_data(Catalog(catalog.location, free, catalog.index))["sample"]
    assert ("publish" not in told["banner"]) == free_to_publish
