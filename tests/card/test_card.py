"""The card as people read it: examples, figures, licenses, columns, and how to load a dataset."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import REPOSITORY
from PIL import Image

from sarchat_build.card import drawing
from sarchat_build.card.columns import column_paths, page
from sarchat_build.card.examples import choose_examples, draw_examples
from sarchat_build.card.figures import draw_figures
from sarchat_build.card.readme import render_card
from sarchat_build.card.statements import scenes
from sarchat_build.config.manifest import Scene
from sarchat_build.explorer.catalog import open_catalog
from sarchat_build.explorer.pictures import PictureReader
from sarchat_build.exports.licenses import license_answers, may_be_passed_on
from sarchat_build.published.layout import EXAMPLES_FILE, TASKS
from sarchat_build.published.meanings import MEANINGS, meaning_of
from sarchat_build.published.schema import PICTURE_INDEX, SCHEMAS
from sarchat_build.publishing.recompute import read_quality, read_record


def card_of(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)[2]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def snippets(built: Path) -> list[str]:
    found = blocks(card_of(built), "python")
    assert len(found) == 3
    return found


@pytest.mark.parametrize("number", range(3))
def test_each_way_to_load_gives_a_dialogue_with_its_picture(
    built: Path, snippets: list[str], number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    names: dict[str, Any] = {"PATH": str(built)}
    exec(snippets[number], names)
    example = names["example"]
    picture = example["image"]
    if isinstance(picture, bytes):
        picture = Image.open(io.BytesIO(picture))
    assert example["messages"][0]["content"].startswith("<image>")
    assert min(picture.size) > 0
    if number == 1:  # the last of the stream
        assert names["row"]["image_id"] == names["picture"]["image_id"]


def test_the_card_shows_a_dialogue_of_each_task_word_for_word(built: Path) -> None:
    index = open_catalog(str(built)).index
    licenses = {s: of.license for s, of in read_record(str(built)).sources.items()}
    reader = PictureReader(str(built), index)
    examples = choose_examples(reader, index, licenses)
    assert [example.task for example in examples] == list(TASKS)
    assert len({example.position for example in examples}) == len(TASKS)
    again = PictureReader(str(built), index)
    assert examples == choose_examples(again, index, licenses)
    card = card_of(built)
    for example in examples:
        of = reader.picture(example.position)
        texts = [[m["content"] for m in d["messages"]] for d in of["dialogues"]]
        assert [f"<image>\n{example.question}", example.answer] in texts
        assert f"`{example.image_id}`" in card


def test_no_picture_is_drawn_that_may_not_be_passed_on(built: Path) -> None:
    record = read_record(str(built))
    index = open_catalog(str(built)).index
    reader = PictureReader(str(built), index)
    licenses = {s: of.license for s, of in record.sources.items()}
    assert not all(map(may_be_passed_on, licenses.values())), "one of the two is research-only"
    shown = choose_examples(reader, index, licenses)
    assert {may_be_passed_on(example.license) for example in shown} == {True}
    assert draw_examples(reader, shown) == (built / EXAMPLES_FILE).read_bytes()
    closed = [example._replace(license="unknown") for example in shown]
    assert draw_examples(reader, closed) is None
    card = render_card(record, read_quality(str(built)), closed)
    assert EXAMPLES_FILE not in card
    assert "no license allows to pass them on" in card


def test_figures_are_drawn_from_what_a_reader_finds(built: Path) -> None:
    drawn = draw_figures(read_record(str(built)), read_quality(str(built)))
    assert drawn
    for path, data in drawn.items():
        assert (built / path).read_bytes() == data
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.width == drawing.WIDTH_PX
        assert len(data) < 100_000


def test_a_chart_has_the_same_bytes_on_every_machine() -> None:
    bars = [drawing.Bar("ships", (700, 90, 210), "1,000"), drawing.Bar("tanks", (0, 0, 1), "1")]
    chart = drawing.bar_chart("Objects", ("train", "validation", "test"), bars)
    with Image.open(io.BytesIO(chart)) as picture:
        shown = picture.convert("RGB")
    pixels = {color: times for times, color in shown.getcolors(1 << 16)}
    parts = [pixels[color] for color in drawing._COLORS.values()]
    first = parts[0] / sum(parts)
    assert 0.65 < first < 0.72
    # Of the Pillow that is pinned: another one may draw letters otherwise.
    assert hashlib.sha256(shown.tobytes()).hexdigest()[:16] == "153f374f63e6f598"


def test_every_column_has_its_meaning_and_nothing_else_has() -> None:
    for table, schema in {**SCHEMAS, "index": PICTURE_INDEX}.items():
        paths = [path for path, _ in column_paths(schema)]
        assert all(meaning_of(table, path) for path in paths)
        known = {path for path in paths if "ground_truth." not in path}
        assert set(MEANINGS[table]) <= known


def test_a_card_names_each_column(built: Path) -> None:
    columns = card_of(built).split("\n## Columns\n")[1].split("\n## ")[0]
    for table in ("images", *TASKS, "rejects", "duplicates"):
        for field in SCHEMAS[table]:
            assert f"`{field.name}" in columns, (table, field.name)


@pytest.mark.parametrize(
    ("license_id", "commercial", "models"),
    [
        ("Apache-2.0", "yes", "yes"),
        ("CC-BY-4.0", "yes", "yes"),
        ("CC-BY-NC-4.0", "no", "for no profit"),
        ("CC-BY-SA-4.0", "yes", "not settled: ask before you pass weights on"),
        ("GPL-3.0-only", "yes", "not settled: ask before you pass weights on"),
        ("research-only", "no", "for research"),
        ("unknown", "not known: ask them", "not known: ask them"),
        ("CC-BY-ND-4.0", "not known here: read it", "not known here: read it"),
    ],
)
def test_four_answers_to_a_license(license_id: str, commercial: str, models: str) -> None:
    answers = license_answers(license_id)
    assert (answers.commercial, answers.models) == (commercial, models)
    assert answers.redistribution.startswith("yes") == may_be_passed_on(license_id)


def test_licenses_and_citations_name_every_source(built: Path) -> None:
    page = (built / "LICENSES.md").read_text(encoding="utf-8")
    (bibtex,) = blocks(card_of(built), "bibtex")
    for source_id, source in read_record(str(built)).sources.items():
        assert f"| `{source_id}` | {source.license} |" in page
        assert f"@misc{{{source_id},\n" in bibtex
        assert source.citation in bibtex
    assert bibtex.count("{") == bibtex.count("}")


def test_the_header_is_what_hubs_ask_for(built: Path) -> None:
    import yaml

    text = (built / "README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(text.split("---\n", 2)[1])
    assert header["license_link"] == "LICENSES.md"
    assert header["size_categories"] == ["1K<n<10K"]
    assert "image-text-to-text" in header["task_categories"]
    files = json.loads((built / "build.json").read_text(encoding="utf-8"))["files"]
    (images,) = [info for info in header["dataset_info"] if info["config_name"] == "images"]
    stored = sum(entry["bytes"] for path, entry in files.items() if path.startswith("images/"))
    assert images["download_size"] == stored


def test_datasets_takes_the_whole_header(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    told: list[str] = []
    handler = logging.Handler(logging.WARNING)
    monkeypatch.setattr(handler, "emit", lambda record: told.append(record.getMessage()))
    logger = logging.getLogger("datasets")
    logger.addHandler(handler)
    try:
        for table in ("images", "referring"):
            stated = datasets.load_dataset_builder(str(built), table).info
            loaded = datasets.load_dataset(str(built), table)
            for split, rows in loaded.items():
                # What `datasets` counts of the rows that it has written.
                counted, said = rows.info.splits[split].num_bytes, stated.splits[split]
                assert said.num_examples == len(rows)
                assert abs(said.num_bytes - counted) < 0.02 * counted, (table, split)
            assert stated.dataset_size == sum(of.num_bytes for of in stated.splits.values())
    finally:
        logger.removeHandler(handler)
    assert told == []


def test_a_reader_sees_at_once_that_pictures_are_synthetic(built: Path) -> None:
    record = read_record(str(built))
    card = card_of(built)
    head = card.lstrip().splitlines()[:3]
    assert head[0] == f"# {record.recipe.title} (synthetic pictures)"
    assert head[2].startswith("> **All pictures are synthetic:** 'sarchat synthesize' drew them")
    for document in ("LICENSES.md", "report/quality.md", "croissant.json", "report/sample.html"):
        text = (built / document).read_text(encoding="utf-8")
        assert "All pictures are synthetic:" in text, document
    real = {
        source: of.model_copy(
            update={"archives": [a.model_copy(update={"synthetic": False}) for a in of.archives]}
        )
        for source, of in record.sources.items()
    }
    figures = read_quality(str(built))
    for ids, says in (((), False), (("ssdd",), True)):
        mixed = record.model_copy(
            update={"sources": real | {source: record.sources[source] for source in ids}}
        )
        text = render_card(mixed, figures)
        assert (" synthetic" in text.replace("synthetic-aperture", "")) == says
        assert ("> **The pictures of ssdd are synthetic:** 'sarchat" in text) == says
        assert "| `sar_aircraft` | SAR-AIRcraft-1.0 | research-only |" in text


def test_the_first_screen_says_that_a_dataset_must_not_be_published(built: Path) -> None:
    opening = card_of(built).split("![")[0]
    assert "**Do not publish this dataset as it is:**" in opening
    assert "`sar_aircraft`" in opening
    assert "`ssdd`" not in opening


def test_the_numbers_of_the_card_are_those_of_the_rows(built: Path) -> None:
    card = card_of(built)
    images = [
        row
        for path in (built / "images").glob("*.parquet")
        for row in pq.read_table(path, columns=["source", "window_xyxy_px"]).to_pylist()
    ]
    chips = sum(bool(row["window_xyxy_px"]) for row in images if row["source"] == "sar_aircraft")
    whole = sum(row["source"] == "ssdd" for row in images)
    assert f"| {chips:,} chips of 512 px |" in card
    assert f"| not stated | {whole:,} whole |" in card
    dialogues = [
        source
        for path in (built / "dialogues").rglob("*.parquet")
        for source in pq.read_table(path, columns=["source"])["source"].to_pylist()
    ]
    for source in read_record(str(built)).sources:
        (row,) = [line for line in card.splitlines() if line.startswith(f"| `{source}` | S")]
        assert f"{dialogues.count(source):,}" in row.split("|")[-2]
    asked = [p for p in read_quality(str(built)).phrasings if p.side == "question"]
    held, of = sum(p.held_out for p in asked), sum(p.phrasings for p in asked)
    assert f"{held:,} of the {of:,} phrasings of questions are in the test split only" in card


def test_it_is_said_of_each_source_what_a_scene_is(built: Path) -> None:
    record = read_record(str(built))
    assert "Nobody says which pictures of `sar_aircraft`, `ssdd` were taken at once" in scenes(
        record
    )
    named = record.sources["ssdd"].model_copy(
        update={"scene": Scene(pattern="(?P<scene_id>[0-9])")}
    )
    told = scenes(record.model_copy(update={"sources": record.sources | {"ssdd": named}}))
    assert "`scene_id` is the acquisition for `ssdd`, whose file names tell it." in told
    assert "Nobody says which pictures of `sar_aircraft` were" in told


def test_the_page_of_columns_is_current() -> None:
    assert (REPOSITORY / "docs" / "columns.md").read_text(encoding="utf-8") == page(), "`make docs`"
