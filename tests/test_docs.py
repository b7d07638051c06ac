"""The pages at the top name only what is there."""

from __future__ import annotations

import re

import pytest
from conftest import REPOSITORY

PAGES = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    *(f"docs/{path.name}" for path in sorted((REPOSITORY / "docs").glob("*.md"))),
)
# Rooms and the folders beside them; what users make themselves (raw/, mine/, out/) is not ours.
OURS = ("sarchat_build/", "pipelines/", "tests/", "templates/", "recipes/", "source_manifests/",
        "examples/", "docs/", "benchmarks/")  # fmt: skip


def text_of(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_to_a_heading(page: str) -> None:
    folder = (REPOSITORY / page).parent
    for link, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^):]*))?\)", text_of(page)):
        target = folder / link if link else REPOSITORY / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), anchor


def anchors(text: str) -> set[str]:
    """The headings of a page as hubs name them, and names given by hand."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)
    return {*plain, *re.findall(r'<a name="([^"]+)">', text)}


def test_the_readme_has_links() -> None:
    assert len(re.findall(r"\]\(", text_of("README.md"))) > 10


@pytest.mark.parametrize("page", PAGES)
def test_every_path_in_code_is_there(page: str) -> None:
    words = re.findall(r"`([\w./-]+)`", text_of(page))
    paths = [word for word in words if word.startswith(OURS) and "<" not in word]
    assert not [path for path in paths if not (REPOSITORY / path).exists()]


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_is_there(page: str) -> None:
    targets = set(re.findall(r"make ([a-z][a-z-]+)\b", "\n".join(code_of(text_of(page)))))
    assert not {t for t in targets if f"\n{t}:" not in text_of("Makefile")}


def code_of(text: str) -> list[str]:
    """What stands in backticks or in an indented block."""
    return [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^    .*$", text, flags=re.MULTILINE)]


def test_architecture_names_every_room() -> None:
    rooms = {path.parent.name for path in (REPOSITORY / "sarchat_build").glob("*/__init__.py")}
    table = text_of("ARCHITECTURE.md")
    assert rooms
    assert not {room for room in rooms if f"[`{room}`](sarchat_build/{room})" not in table}


def test_architecture_fits_on_a_page() -> None:
    assert len(text_of("ARCHITECTURE.md").splitlines()) <= 120
