"""The page in a real browser, at the size of a laptop and of a phone.

One browser and one dataset for all: a test that needs another state goes to another address.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from browser import Page, find_browser, running_browser

from sarchat_build.explorer.catalog import Catalog, open_catalog
from sarchat_build.explorer.pictures import PictureReader
from sarchat_build.explorer.predictions import read_predictions
from sarchat_build.explorer.server import ExplorerServer
from sarchat_build.published.layout import SAMPLE_FILE
from sarchat_build.published.schema import SCHEMAS

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


def add_rejects(dataset: Path) -> None:
    """Enter what archives of many sources lose, under names as long as theirs."""
    path = min((dataset / "rejects").iterdir())
    archive = "HRSID_JPG.zip/HRSID_JPG/annotations/train_test2017.json"
    row = {"stage": "read", "source": path.stem, "file": archive, "line": 7}
    row |= {"key": "hrsid/P0001_1200_2000_3600_4400#annotations[60]", "images": 0, "instances": 1}
    rows = [
        row | {"reason": "degenerate", "detail": "box (0, 0, 0, 0) has no area"},
        row | {"reason": "no_annotation", "detail": "no annotation document belongs to this image"},
    ]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMAS["rejects"]), path)


@pytest.fixture(scope="module")
def visit(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    try:
        find_browser()
    except FileNotFoundError as absent:
        pytest.skip(str(absent))
    folder = tmp_path_factory.mktemp("browser")
    built = Path(shutil.copytree(built, folder / "dataset"))
    add_rejects(built)
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
    # Nothing lies over the picture.
    assert page.run(
        "(() => { const { x, y, width, height } = document.querySelector('.stage')"
        ".getBoundingClientRect(); const { left, top, bottom } = document.querySelector('.tools')"
        ".getBoundingClientRect();"
        "return top >= y + height || bottom <= y || left >= x + width; })()"
    )
    page.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 20_000
    assert page.complaints == []


def test_boxes_of_the_text_under_the_pointer_are_marked(visit: Visit) -> None:
    page = visit.go(f"#/picture/{with_objects(visit, 2)}")
    page.press("Escape")  # the first answer of the model was marked
    assert page.run("document.querySelectorAll('.told').length") == 0
    # An answer with two boxes: the other one stays dark.
    page.run(
        "[...document.querySelectorAll('.answer')].find((text) => text.querySelectorAll"
        "('.coordinates').length === 2).firstElementChild.id = 'first'"
    )
    page.run("document.querySelector('#first').scrollIntoView({ block: 'center' })")
    page.point("#first")
    assert page.run("document.querySelectorAll('.told').length") == 1
    box = page.run(
        "(() => { const { x, y } = document.querySelector('.told.one').getBBox();"
        "return [x, y]; })()"
    )
    text = page.run("document.querySelector('#first').textContent")
    assert box == pytest.approx([float(part) for part in text.split()[:2]], abs=0.5)
    # A click, or a finger, keeps it; another one shows all that the dialogue speaks of.
    for told in (1, 2):
        page.point("#first", click=True)
        page.point("h1")
        assert page.run("document.querySelectorAll('.told').length") == told


def test_filters_narrow_what_is_shown_and_the_address_says_so(visit: Visit) -> None:
    page = visit.go("")
    page.point('[data-option="sar_aircraft"]', click=True)
    page.until("document.querySelector('.caption h2').textContent.startsWith('sar_aircraft/')")
    expected = visit.catalog.index["source"].to_pylist().count("sar_aircraft")
    assert page.run("document.querySelector('.found b').textContent") == str(expected)
    assert "source=sar_aircraft" in page.run("location.hash")
    for option in ("referring", "referring/unique"):
        page.point(f'[data-option="{option}"]', click=True)
    # The subtask stands in the place of its task.
    page.until("location.hash.includes('task=referring%2Funique')")
    pressed = "document.querySelector('[data-option=\"{}\"]').getAttribute('aria-pressed')"
    assert page.run(pressed.format("referring")) == "mixed"
    assert page.run(pressed.format("referring/unique")) == "true"
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


def test_the_form_of_the_answer_is_a_filter_of_the_same_dialogues_as_the_others(
    visit: Visit,
) -> None:
    rows = pq.read_table(visit.folder / "dialogues/spatial_grounding").to_pylist()
    fitting = {row["image_id"] for row in rows if row["ground_truth"]["answer"] is not None}
    page = visit.go("#/picture?task=spatial_grounding&form=yes_no")
    shown = "document.querySelector('.found b').textContent.replaceAll(',', '')"
    assert page.run(shown) == str(len(fitting))
    texts = page.run(
        "[...document.querySelectorAll('.answer')].map((answer) => answer.textContent)"
    )
    assert all(text.startswith(("Yes", "No")) for text in texts)
    # No picture has a dialogue of this task in that form, though each has some of both.
    page = visit.go("#/picture?task=referring&form=yes_no", wait="document.querySelector('.found')")
    assert page.run(shown) == "0"
    referring = pq.read_table(visit.folder / "dialogues/referring", columns=["image_id"])
    about = len(referring["image_id"].unique())
    # The number beside a choice is that of the pictures that are shown with it.
    number = page.run(
        "document.querySelector('[data-option=\"boxes\"] .number').textContent.replaceAll(',', '')"
    )
    page.run("document.querySelector('[data-option=\"boxes\"]').click()")
    page.run("document.querySelector('[data-option=\"yes_no\"]').click()")
    page.until("location.hash.includes('form=boxes')")
    page.until("document.querySelector('.talk')")
    assert page.run(shown) == number == str(about)
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
    # The grid begins where one comes from, and what lies before is a button away.
    visit.go(f"#/picture/{ids[61]}")
    page.press("g")
    page.until("document.querySelector('.grid .thumb[aria-current]')")
    assert page.run("document.querySelector('.grid .thumb[aria-current]').title") == ids[61]
    assert page.run("document.querySelector('.grid .thumb').title") == ids[60]
    page.run("document.querySelector('.grid .more').click()")
    titles = page.run("[...document.querySelectorAll('.grid .thumb')].map((tile) => tile.title)")
    assert titles == ids[: len(titles)]
    assert len(titles) > 61
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


def type_id(page: Page, text: str) -> None:
    page.run(
        "(() => { const find = document.querySelector('#search'); find.focus(); find.select(); })()"
    )
    page.call("Input.insertText", text=text)


def test_the_search_knows_dialogues_before_enter_and_duplicates(visit: Visit) -> None:
    row = pq.read_table(visit.folder / "dialogues/instance_counting").to_pylist()[-1]
    page = visit.go("")
    type_id(page, row["dialogue_id"])
    page.until(
        "document.querySelector('.talk.pinned') && document.querySelector('.talk.pinned')"
        f".dataset.id === {json.dumps(row['dialogue_id'])}"
    )
    assert page.run("document.querySelector('.found b').textContent") == "1"
    duplicates = pq.read_table(visit.folder / "duplicates").to_pylist()
    dropped = next(member for member in duplicates if not member["kept"])
    kept = next(m for m in duplicates if m["kept"] and m["group_id"] == dropped["group_id"])
    note = "document.querySelector('#note').textContent"
    type_id(page, dropped["image_id"])
    page.until(f"{note}.includes('shows the same as {kept['image_id']}')")
    page.press("Enter")
    page.until("location.hash.startsWith('#/duplicates') && document.querySelector('.group')")
    assert dropped["image_id"] in page.run("document.querySelector('.group').textContent")
    # The same in an address, and from the view of duplicates to a picture.
    page = visit.go(f"#/picture/{dropped['image_id']}", wait=f"{note}.includes('shows the same')")
    visit.go("#/duplicates", wait="document.querySelector('.group')")
    type_id(page, kept["image_id"])
    page.press("Enter")
    page.until(
        "document.querySelector('.caption h2') && document.querySelector('.caption h2')"
        f".textContent === {json.dumps(kept['image_id'])}"
    )
    assert page.complaints == []


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("#/picture/%E0%A4%A", "cannot be read"),
        ("#/picture/nobody/nothing", "no picture nobody/nothing"),
        ("#/nothing", "no view “nothing”"),
        ("#/constructor", "no view “constructor”"),
        ("#/picture?split=never&form=ode", "Split: there is no “never” here. Form of the answer"),
        ("#/picture?dialogue=%E0%A4%A", "There is no dialogue"),
    ],
)
def test_an_address_that_says_nothing_shows_the_first_picture_and_why(
    visit: Visit, address: str, told: str
) -> None:
    first = visit.catalog.index["image_id"][0].as_py()
    page = visit.go(address)
    assert told in page.run("document.querySelector('#note').textContent")
    assert page.run("document.querySelector('.caption h2').textContent") == first
    page.press("ArrowRight")
    page.until("document.querySelector('.place').textContent.startsWith('2 of')")
    assert page.run("document.querySelector('#note').hidden")
    assert page.complaints == []


def focused(page: Page, what: str) -> str:
    """Press Tab until something has the focus, which must be seen, and give its text."""
    for _ in range(60):
        page.press("Tab")
        assert page.run("getComputedStyle(document.activeElement).outlineStyle !== 'none' || "
                        "document.activeElement.matches('input')")  # fmt: skip
        if page.run(f"document.activeElement.matches({json.dumps(what)})"):
            return str(page.run("document.activeElement.textContent"))
    raise AssertionError(f"Tab never comes to {what}")


def test_everything_can_be_done_by_keyboard_and_the_focus_stays(visit: Visit) -> None:
    page = visit.go(f"#/picture/{with_objects(visit, 2)}")
    page.press("Escape")
    assert focused(page, "#skip").startswith("Skip")
    page.press("Enter")
    assert page.run("document.activeElement.id") == "main"
    focused(page, "[data-keep=after]")
    before = page.run("document.querySelector('.caption h2').textContent")
    page.press("Enter")
    page.until(f"document.querySelector('.caption h2').textContent !== {json.dumps(before)}")
    assert page.run("document.activeElement.dataset.keep") == "after"
    visit.go(f"#/picture/{with_objects(visit, 2)}")
    page.press("Escape")
    # One stop among the dialogues; arrows lead on, Enter marks, and then its boxes are stops.
    focused(page, ".talk")
    page.press("Enter")
    assert page.run("document.activeElement.classList.contains('pinned')")
    with_boxes = "document.activeElement.querySelector('.answer .coordinates') !== null"
    for _ in range(20):
        if page.run(with_boxes):
            break
        page.press("ArrowDown")
    focused(page, ".coordinates")
    assert page.run("document.querySelectorAll('.told.one').length") == 1
    page.press(".")
    page.until("document.querySelector('.only')")
    assert page.run("document.querySelectorAll('rect.box.picked').length") == 1
    assert page.run("document.activeElement.matches('.talk')")
    assert page.complaints == []


def test_a_dialogue_that_is_marked_has_an_address(visit: Visit) -> None:
    page = visit.go(f"#/picture/{with_objects(visit, 2)}")
    page.press("Escape")
    page.press("ArrowDown")
    page.press("ArrowDown")
    name = page.run("document.querySelector('.talk.pinned').dataset.id")
    link = page.run("document.querySelector('.talk.pinned .link').href")
    page.until(f"location.href === {json.dumps(link)}")
    visit.go(link, wait="document.querySelector('.talk.pinned')")
    assert page.run("document.querySelector('.talk.pinned').dataset.id") == name


def test_the_choice_of_light_or_dark_is_kept(visit: Visit) -> None:
    theme = "document.documentElement.dataset.theme"
    page = visit.go("")
    assert page.run(theme) == "light"
    for chosen in ("dark", "light"):
        page.run("document.querySelector('#theme').click()")
        page = visit.go("")
        assert page.run(theme) == chosen
    page.run("localStorage.clear()")


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
    # The boxes of a picture that was kept are drawn; how another differs is told.
    page.until("document.querySelector('.group .thumb svg rect')")
    badges = page.run("[...document.querySelectorAll('.badge.warn')].map((b) => b.textContent)")
    assert set(badges) <= {"labels differ"}
    for size in (LAPTOP, PHONE):
        page = visit.go("#/rejects", wait="document.querySelector('.stacked tbody tr')", size=size)
        # Nothing is cut off, and no name of a file is a column of single letters.
        wide = "[...document.querySelectorAll('.scroll')].map((s) => s.scrollWidth - s.clientWidth)"
        assert page.run(wide) == [0, 0]
        narrow = "Math.min(...[...document.querySelectorAll('td.mono')].map((c) => c.clientWidth))"
        assert page.run(narrow) > 200
        assert page.run("document.documentElement.scrollWidth") <= size[0]
    page.run("document.querySelector('tr.choice button').click()")
    page.until("location.hash.includes('reason=') && document.querySelector('tr.chosen')")
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
