"""What the main commands print: kept for review, and in agreement with the card."""

from __future__ import annotations

import re
from pathlib import Path

import golden_screens
import pytest
from conftest import sarchat
from golden_screens import GOLDEN, Screen, examples, kept, run_examples
from rich.console import Console, RenderableType

from pipelines.cli.build_tables import build_table, comparison_lines, quality_table, task_table
from pipelines.cli.source_tables import print_unverified
from sarchat_build.card.readme import render_card
from sarchat_build.dataset.record import BuildRecord
from sarchat_build.publishing.recompute import read_quality, read_record
from sarchat_build.publishing.rejected import Rejected
from sarchat_build.report.quality_page import quality_page
from sarchat_build.report.summary import comparable_rows, is_of_paper_size

COMMANDS = dict(examples())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("screens")


@pytest.fixture(scope="module")
def screens(folder: Path) -> dict[str, Screen]:
    """The example of every command's help, run one after the other in one folder."""
    return run_examples(folder)


def shown(table: RenderableType, width: int = 80) -> str:
    console = Console(width=width, record=True, force_terminal=False)
    console.print(table)
    return console.export_text()


@pytest.mark.parametrize("command", golden_screens.ORDER)
def test_the_example_of_each_help_works(screens: dict[str, Screen], command: str) -> None:
    screen = screens[command]
    assert screen.exit_code == 0, screen.text
    assert "\x1b" not in screen.text
    assert "━" not in screen.text


def test_screens_are_as_reviewed(screens: dict[str, Screen]) -> None:
    """After a wanted change: `make golden`, and read what changed."""
    expected = {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.txt")}
    assert kept(screens) == expected


def test_tables_fit_80_columns_uncut(screens: dict[str, Screen]) -> None:
    for screen in screens.values():
        rules = [line for line in screen.text.splitlines() if line.startswith("──")]
        assert all(len(rule) <= 80 for rule in rules)
        assert "…" not in screen.text.split("\nRejected:")[0] or "templates" in screen.command


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_80_columns_and_ends_with_an_example(command: str) -> None:
    done = sarchat(*command.split(), "--help", COLUMNS="80")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].startswith(f"Usage: sarchat {command} ")
    assert lines[-1].strip() == COMMANDS[command]
    assert COMMANDS[command].startswith(f"Example: sarchat {command}")


@pytest.mark.parametrize("group", ["", "sources", "templates"])
def test_lists_of_commands_are_not_cut(group: str) -> None:
    done = sarchat(*group.split(), "--help", COLUMNS="80")
    assert "..." not in done.stdout.split("Commands:")[1]


# Card and screen.


def card_rows(card: str, title: str) -> list[list[str]]:
    """The rows of the table below a heading of the card, without its head."""
    section = re.split(r"\n#+ ", card.split(f"# {title}\n", 1)[1])[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def screen_cells(line: str) -> list[str]:
    return re.split(r" {2,}", line.strip())


@pytest.fixture(scope="module")
def dataset(screens: dict[str, Screen], folder: Path) -> Path:
    assert screens["build"].exit_code == 0
    return folder / "dataset"


def test_screen_and_card_say_the_same(dataset: Path, screens: dict[str, Screen]) -> None:
    card = (dataset / "README.md").read_text(encoding="utf-8")
    screen = [screen_cells(line) for line in screens["build"].text.splitlines()]
    (source,) = card_rows(card, "Sources")
    images = next(line for line in screen if line[:2] == ["ssdd", "images"])
    objects = next(line for line in screen if line[0] == "objects")
    assert source[3:8] == images[2:7]
    assert source[8] == objects[5]
    dialogues = {row[0].strip("*"): row[1:] for row in card_rows(card, "Dialogues")}
    assert len(dialogues) == 7
    for name, numbers in dialogues.items():
        assert [name, *numbers] in screen
    page = (dataset / "report/quality.md").read_text(encoding="utf-8")
    subtasks = card_rows(page, "How far one gets without looking")
    assert len(subtasks) > 10
    for name, rows, majority, _, blind, _, half_given, balance, _ in subtasks:
        short = name.split("_")[-1]  # description/all, counting/all, grounding/single …
        cells = [short, rows, majority, blind, half_given, balance]
        assert [cell for cell in cells if cell] in screen
    total = sum(int(n.replace(",", "")) for name, row in dialogues.items() for n in row
                if name != "pictures")  # fmt: skip
    assert source[9] == f"{total:,}"
    assert f"{total:,} dialogues" in screens["build"].text
    assert f"{total:,} dialogues" in screens["validate"].text


def grown(record: BuildRecord, percent: int) -> BuildRecord:
    """The record of a build whose source publishes as much as makes `percent` of it read."""
    source = record.sources["ssdd"]
    images = source.counts.read.images * 100 // percent
    expected = source.expected.model_copy(update={"images": images})  # type: ignore[union-attr]
    sources = {"ssdd": source.model_copy(update={"expected": expected})}
    return record.model_copy(update={"sources": sources})


@pytest.mark.parametrize(("percent", "is_shown"), [(100, True), (96, True), (90, False)])
def test_published_totals_stand_beside_a_build_of_their_size(
    dataset: Path, percent: int, is_shown: bool
) -> None:
    record = grown(read_record(str(dataset)), percent)
    card = render_card(record, read_quality(str(dataset)))
    assert ("published" in shown(build_table(record))) is is_shown
    assert ("2,587" in shown(build_table(record))) is is_shown
    assert ("2,587" in card) is is_shown
    lines = list(comparison_lines(comparable_rows(record)))
    assert bool(lines) is is_shown
    assert ("Beside SARDet-100K" in card) is is_shown


def test_the_paper_stands_beside_a_build_of_its_size(dataset: Path) -> None:
    record, figures = read_record(str(dataset)), read_quality(str(dataset))
    assert not is_of_paper_size(record)
    small = render_card(record, figures) + quality_page(figures, paper=is_of_paper_size(record))
    assert "paper train" not in small
    assert "The paper's counts" not in small
    counts = {split: dict(rows) for split, rows in record.counts.items()}
    counts["train"]["images"] = 101_000
    large = record.model_copy(update={"counts": counts})
    assert is_of_paper_size(large)
    card = render_card(large, figures)
    assert "| paper train | paper test |" in card
    assert "## The paper's counts" in quality_page(figures, paper=is_of_paper_size(large))


def test_tables_can_be_read_at_60_columns(dataset: Path) -> None:
    record = read_record(str(dataset))
    for table in (
        build_table(record),
        task_table(record),
        quality_table(read_quality(str(dataset))),
    ):
        text = shown(table, 60)
        assert "…" not in text
        assert all(len(line) <= 60 for line in text.splitlines())


# What was left out, and what is doubtful.


def test_the_summary_names_the_top_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    from pipelines.cli.build_tables import print_rejected

    print_rejected([Rejected("degenerate", 1, 20, {"msar": 2, "ssdd": 18})])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Rejected: 1 images and 20 objects"
    assert lines[1].startswith("  degenerate: ")
    assert lines[1].endswith("; records: msar 2, ssdd 18")
    assert "rejects/*.parquet" in lines[2]


def test_doubts_are_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    print_unverified({"a": {"k": "why", "l": "why"}, "b": {}})
    assert capsys.readouterr().out == (
        "2 statements of the manifests could not be verified (a 2): "
        "sarchat sources list --unverified\n"
    )
