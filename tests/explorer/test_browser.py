"""The page in a real browser, at the size of a laptop and of a phone.

One browser and one dataset for all: a test that needs another state goes to another address.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from browser import Page, find_browser, running_browser

from sarchat_build.explorer.catalog import Catalog, open_catalog
from sarchat_build.explorer.pictures import PictureReader
from sarchat_build.explorer.predictions import read_predictions
from sarchat_build.explorer.server import ExplorerServer
from sarchat_build.published.layout import SAMPLE_FILE

LAPTOP, PHONE = (1280, 800), (390, 844)
SHOWN = "document.querySelector('.talk')"


@dataclass
class Visit:
    """A page of the browser, the dataset it looks at, and the address of its server."""

    page: Page
    catalog: Catalog
    url: str
    folder: Path

    def go(self, address: str, wait: str = SHOWN, size: tuple[int, int] = LAPTOP) -> Page:
        self.page.resize(*size, phone=size == PHONE)
        self.page.open(address if "://" in address else self.url + address)
        self.page.until(wait)
        return self.page


@pytest.fixture(scope="module")
def visit(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    try:
        find_browser()
    except FileNotFoundError as absent:
        pytest.skip(str(absent))
    folder = tmp_path_factory.mktemp("browser")
    catalog = open_catalog(str(built))
    answers = folder / "details.jsonl"
    rows = pq.read_table(built / "dialogues/referring").to_pylist()
    answers.write_text(
        "".join(
            json.dumps(
                {
                    "dialogue_id": row["dialogue_id"],
                    "outcome": "wrong" if number % 2 else "right",
                    "boxes": [[1, 2, 30, 40]],
                    "text": "<script>alert(1)</script>",
                }
            )
            + "\n"
            for number, row in enumerate(rows)
        )
    )
    with (
        ExplorerServer(catalog, read_predictions(answers)) as server,
        running_browser(folder / "profile") as browser,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Visit(browser.new_page(), catalog, server.url, built)
        server.shutdown()


def boxes_of(page: Page) -> list[list[float]]:
    """The drawn boxes in pixels of the picture."""
    return page.run(
        "[...document.querySelectorAll('rect.box')].map((box) => box.getBBox())"
        ".map((b) => [b.x, b.y, b.x + b.width, b.y + b.height])"
    )


def with_objects(visit: Visit, number: int) -> str:
    rows = visit.catalog.index.to_pylist()
    return next(row["image_id"] for row in rows if row["objects"] == number)


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_a_picture_is_shown_with_its_boxes_and_dialogues(
    visit: Visit, size: tuple[int, int], tmp_path: Path
) -> None:
    name = with_objects(visit, 2)
    page = visit.go(f"#/picture/{name}", size=size)
    position = visit.catalog.positions[name]
    picture = PictureReader(str(visit.folder), visit.catalog.index).picture(position)
    assert page.run("document.querySelector('.caption h2').textContent") == name
    drawn = sorted(boxes_of(page))
    expected = sorted(o["bbox"] for o in picture["objects"])
    assert [pytest.approx(box, abs=0.01) for box in expected] == drawn
    texts = page.run("[...document.querySelectorAll('.talk')].map((talk) => talk.dataset.id)")
    assert texts == [dialogue["dialogue_id"] for dialogue in picture["dialogues"]]
    # The picture itself has arrived, fills the stage, and nothing is wider than the screen.
    page.until(
        f"performance.getEntriesByType('resource').some((e) => e.name.includes('pixels/{position}?'"
        ") && e.responseStatus === 200)"
    )
    stage = page.run("document.querySelector('.stage').getBoundingClientRect().width")
    assert stage > 0.4 * size[0]
    assert page.run("document.documentElement.scrollWidth") <= size[0]
    page.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 20_000
    assert page.complaints == []


def test_boxes_of_the_text_under_the_pointer_are_marked(visit: Visit) -> None:
    page = visit.go(f"#/picture/{with_objects(visit, 2)}")
    page.press("Escape")  # the first answer of the model was marked
    assert page.run("document.querySelectorAll('.told').length") == 0
    page.point(".talk .coordinates")
    marked = page.run("document.querySelectorAll('.told.one').length")
    assert marked == 1
    box = page.run(
        "(() => { const { x, y } = document.querySelector('.told.one').getBBox();"
        "return [x, y]; })()"
    )
    text = page.run("document.querySelector('.talk .coordinates').textContent")
    assert box == pytest.approx([float(part) for part in text.split()[:2]], abs=0.5)


def test_filters_narrow_what_is_shown_and_the_address_says_so(visit: Visit) -> None:
    page = visit.go("")
    page.point('[data-option="sar_aircraft"]', click=True)
    page.until("document.querySelector('.caption h2').textContent.startsWith('sar_aircraft/')")
    expected = visit.catalog.index["source"].to_pylist().count("sar_aircraft")
    assert page.run("document.querySelector('.found b').textContent") == str(expected)
    assert "source=sar_aircraft" in page.run("location.hash")
    for option in ("referring", "referring/unique"):
        page.point(f'[data-option="{option}"]', click=True)
    page.point('[data-option="referring"]', click=True)
    page.until("location.hash.includes('task=referring%2Funique')")
    page.until(
        "document.querySelectorAll('.talk').length && [...document.querySelectorAll('.talk')]"
        ".every((talk) => talk.dataset.id.includes('/referring/unique/'))"
    )
    # Another view and back: the filters are kept.
    page.run("[...document.querySelectorAll('#views button')].at(-1).click()")
    page.until("document.querySelector('.sheet')")
    page.run("[...document.querySelectorAll('#views button')].at(0).click()")
    page.until(
        "location.hash.includes('task=referring%2Funique') && document.querySelector('.talk')"
    )
    assert page.complaints == []


def test_keys_lead_from_picture_to_picture_and_through_dialogues(visit: Visit) -> None:
    ids = visit.catalog.index["image_id"].to_pylist()
    page = visit.go("")
    page.press("ArrowRight")
    page.until(f"document.querySelector('.caption h2').textContent === {json.dumps(ids[1])}")
    assert page.run("decodeURIComponent(location.hash)") == f"#/picture/{ids[1]}"
    page.press("ArrowLeft")
    page.until(f"document.querySelector('.caption h2').textContent === {json.dumps(ids[0])}")
    page.press("Escape")
    page.press("ArrowDown")
    assert page.run("document.querySelectorAll('.talk')[0].classList.contains('pinned')")
    page.press("b")
    assert page.run("document.querySelectorAll('rect.box').length") == 0
    page.press("b")
    page.press("?")
    assert page.run("document.querySelector('#help').open")
    page.press("Escape")
    page.press("g")
    page.until("document.querySelectorAll('.grid .thumb').length === " + str(min(60, len(ids))))
    page.press("/")
    assert page.run("document.activeElement.id") == "search"
    assert page.complaints == []


def test_an_id_of_a_dialogue_opens_it(visit: Visit) -> None:
    row = pq.read_table(visit.folder / "dialogues/instance_counting").to_pylist()[-1]
    page = visit.go("")
    page.run(
        f"(() => {{ const find = document.querySelector('#search'); find.focus(); find.value = "
        f"{json.dumps(row['dialogue_id'])}; }})()"
    )
    page.press("Enter")
    page.until("document.querySelector('.talk.pinned')")
    page.until(
        f"document.querySelector('.talk.pinned').dataset.id === {json.dumps(row['dialogue_id'])}"
    )
    visit.go("#/picture/nobody/nothing", wait="document.querySelector('.fault')")


def test_answers_of_a_model_are_drawn_and_filtered(visit: Visit) -> None:
    page = visit.go("#/picture?outcome=wrong", wait="document.querySelector('.talk.pinned')")
    outcomes = page.run("[...document.querySelectorAll('.outcome')].map((o) => o.textContent)")
    assert outcomes
    assert set(outcomes) == {"wrong"}
    drawn = page.run(
        "[...document.querySelectorAll('.predicted')].map((p) => p.getBBox())"
        ".map((b) => [b.x, b.y, b.x + b.width, b.y + b.height])"
    )
    assert drawn == [[1, 2, 30, 40]]
    # What a model says is text, whatever it looks like.
    assert "<script>alert(1)</script>" in page.run("document.querySelector('.model').textContent")
    assert page.complaints == []


def test_rejects_duplicates_and_sources_are_shown(visit: Visit) -> None:
    duplicates = pq.read_table(visit.folder / "duplicates").to_pylist()
    groups = len({row["group_id"] for row in duplicates})
    assert groups
    page = visit.go("#/duplicates", wait="document.querySelector('.group')")
    assert page.run("document.querySelectorAll('.group').length") == min(groups, 50)
    assert page.run("document.querySelectorAll('.group .badge.kept').length") >= min(groups, 50)
    visit.go("#/rejects", wait="document.querySelector('.sheet h2')")
    page = visit.go("#/about", wait="document.querySelector('.sheet table')")
    text = page.run("document.querySelector('.sheet').textContent")
    assert all(source["license"] in text for source in visit.catalog.build["sources"].values())
    assert "do not publish" in text
    assert page.complaints == []


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_sample_needs_no_server_and_asks_for_nothing(
    visit: Visit, size: tuple[int, int]
) -> None:
    page = visit.go((visit.folder / SAMPLE_FILE).as_uri(), size=size)
    assert page.run("document.querySelector('#banner').textContent").startswith("A sample:")
    page.until("document.querySelector('.strip img').naturalWidth")
    page.press("ArrowRight")
    page.until("document.querySelector('.place').textContent.startsWith('2 of')")
    asked = [url for url in page.requests if not url.startswith("data:")]
    assert asked == [(visit.folder / SAMPLE_FILE).as_uri()]
    assert page.run("document.documentElement.scrollWidth") <= size[0]
    assert page.complaints == []
