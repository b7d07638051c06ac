"""Names that are unknown or look like markup: counted, rejected or escaped, never followed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest
from miniatures import SHIP, voc_xml

from sarchat_build.config.resources import recipe_path, resource_folder
from sarchat_build.errors import InputError

quality = pytest.mark.quality
RECIPE = recipe_path("sarchat_2m").read_text()
MANIFESTS = resource_folder("source_manifests")


# Row 17 and row 44: a recipe that rejects unknown names, and names that look like markup.
MARKUP = "{{7*7}} &lt;image&gt; | &lt;script&gt;"
MARKUP_PLAIN = "{{7*7}} <image> | <script>"


def _mark_up(name: str, text: str) -> str:
    if name != "ssdd.toml":
        return text
    text = text.replace("SSDD: SAR Ship Detection Dataset (official release)", MARKUP_PLAIN)
    changed = text.replace('{ ship = "ship" }', f'{{ ship = "ship", \'{MARKUP_PLAIN}\' = "ship" }}')
    assert changed.count(MARKUP_PLAIN) == 2
    return changed


@pytest.fixture(scope="module")
def marked_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("marked_up")
    source = mini.ssdd(20)
    source.document("000003", voc_xml([(MARKUP, *SHIP[1:])]))
    source.document("000004", voc_xml([SHIP, ("{{6*7}}|&lt;b&gt;", 100, 100, 150, 150)]))
    source.document("000006", voc_xml([("Warship", *SHIP[1:]), ("Warship", 1, 2, 30, 40)]))
    source.write_zip(folder / "raw")
    mini.sar_aircraft(6).write_zip(folder / "raw")
    recipe = folder / "mine.toml"
    recipe.write_text(
        RECIPE.replace('unknown_category = "stop"', 'unknown_category = "reject"').replace(
            '"SARChat-Bench-2M, rebuilt"', f'"{MARKUP_PLAIN}"'
        )
    )
    manifests = mini.copy_settings(MANIFESTS, folder / "manifests", _mark_up)
    out = folder / "out"
    return mini.build(folder / "raw", out, recipe=str(recipe), manifests=manifests), out


@quality(row=17)
def test_row_17_rejects_with_a_count_per_name(marked_up: tuple[dict[str, Any], Path]) -> None:
    record, out = marked_up
    rows = mini.read_rejects(out)
    names = Counter(r["detail"] for r in rows if r["reason"] == "unknown_category")
    assert names == {"Warship": 2, "{{6*7}}|<b>": 1}
    whole = [r["key"] for r in rows if r["reason"] == "no_valid_instance"]
    assert whole == ["ssdd/000006"]
    assert record["sources"]["ssdd"]["counts"]["rejected"] == {"images": 1, "instances": 3}


def test_row_17_nothing_exhaustive_is_said_beside_an_unknown_object(
    marked_up: tuple[dict[str, Any], Path],
) -> None:
    # "Warship" may well be a ship: an image that lost one cannot claim to list every ship.
    image = mini.read_images(marked_up[1])["ssdd/000004"]
    assert image["rejected_categories"] == ["ship"]


@quality(row=44)
def test_row_44_source_text_stays_data(marked_up: tuple[dict[str, Any], Path]) -> None:
    record, out = marked_up
    image = mini.read_images(out)["ssdd/000003"]
    assert image["objects"]["source_category"] == [MARKUP_PLAIN]
    assert image["objects"]["category"] == ["ship"]
    assert record["sources"]["ssdd"]["title"] == MARKUP_PLAIN
    texts = mini.read_texts(out)
    assert texts
    assert not [text for text in texts if "7*7" in text or "<script" in text]


@quality(row=44)
def test_row_44_card_escapes(marked_up: tuple[dict[str, Any], Path]) -> None:
    _, header, body = (marked_up[1] / "README.md").read_text().split("---\n", 2)
    assert "{{7*7}} &lt;image&gt; &#124; &lt;script&gt;" in body
    assert "<script>" not in body
    assert "<image>" not in body
    (row,) = [line for line in body.splitlines() if "` | {{7*7}}" in line]
    assert row.count("|") == 11
    import yaml

    assert yaml.safe_load(header)["pretty_name"] == MARKUP_PLAIN


def test_sar_aircraft_without_filenames(marked_up: tuple[dict[str, Any], Path]) -> None:
    source = marked_up[0]["sources"]["sar_aircraft"]
    assert source["counts"]["kept"] == {"images": 6, "instances": 6}
    fixes = dict(source["fixes"])
    # The fine ramps of these miniatures average out to one gray: nothing to compare.
    assert fixes.pop("too_flat_to_compare") <= 6
    assert fixes == {"empty_windows_dropped": 18, "filename_absent": 6}


@quality(row=17)
def test_row_17_stops_by_default_with_a_count_per_name(tmp_path: Path) -> None:
    source = mini.ssdd(10)
    source.document("000003", voc_xml([("L", *SHIP[1:]), ("L", 1, 2, 30, 40)]))
    source.document("000004", voc_xml([("War ship", *SHIP[1:]), SHIP]))
    source.write_zip(tmp_path / "raw")
    with pytest.raises(InputError) as caught:
        mini.build(tmp_path / "raw", tmp_path / "out")
    text = str(caught.value)
    for part in ("nothing was published", "'L' × 2", "'War ship' × 1", "[categories.names]"):
        assert part in text
    assert mini.read_rejects(tmp_path / "out")
    assert not mini.read_images(tmp_path / "out")
    assert not (tmp_path / "out" / "build.json").exists()
