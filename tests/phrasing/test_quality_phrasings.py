"""Phrasings that no build may start with: each is named with its line."""

from __future__ import annotations

import time
from pathlib import Path

import miniatures as mini
import pytest

from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import ConfigurationError
from sarchat_build.phrasing.engine import load_templates
from sarchat_build.phrasing.lint import check_templates, grammar_faults, lint

quality = pytest.mark.quality


# Rows 42 and 43: phrasings.
PHRASINGS = {
    "undefined": ("Fine.\n\n{{ nope }}.", 3, "'nope' is undefined"),
    "no such attribute": ("Fine {{ category.nope }}.", 1, "nope"),
    "syntax": ("Fine.\n{% if x %}.", 2, "TemplateSyntaxError"),
    "no such filter": ("Fine.\n{{ category|shout }}.", 2, "No filter named 'shout'"),
    "class": ("{{ category.__class__ }}.", 1, "SecurityError"),
    "x's class": ("Fine.\n{{ x.__class__ }}.", 2, "SecurityError"),
    "subclasses": ("{{ ''.__class__.__mro__ }}.", 1, "SecurityError"),
    "product": ("Fine.\n{{ 'a' * 300000000 }}.", 2, "mul is not available"),
    "power": ("{{ 9 ** 999999999 }}.", 1, "pow is not available"),
    "width": ("{{ '%0999999999d' % 1 }}.", 1, "mod is not available"),
    "long": ("{{ 'a'.ljust(70000) }}.", 1, "call is not available"),
    "endless": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}.", 1, "macro is not available"),
    "include": ("Fine.\n{% include 'bad.jinja' %}", 2, "include is not available"),
    "import": ("{% import '/etc/passwd' as x %}.", 1, "import is not available"),
    "extends": ("{% extends 'x' %}", 1, "extends is not available"),
}


@pytest.fixture(scope="module")
def templates() -> dict[str, str]:
    return dict(load_templates(resource_folder("templates")))


def _faults(templates: dict[str, str], source: str) -> list[str]:
    spoiled = {k: v for k, v in templates.items() if k.startswith("classification/")}
    spoiled["classification/all/question/zz_bad"] = source
    return [str(issue) for issue in lint(spoiled) if "zz_bad" in issue.file]


@pytest.mark.parametrize(
    "fault",
    # A variable, syntax or filter that is not there is row 42; what the sandbox refuses, row 43.
    [
        pytest.param(name, marks=quality(row=42 if number < 4 else 43))
        for number, name in enumerate(PHRASINGS)
    ],
)
def test_rows_42_43_bad_phrasing_is_named_with_its_line(
    templates: dict[str, str], fault: str
) -> None:
    source, line, message = PHRASINGS[fault]
    start = time.perf_counter()
    (issue,) = _faults(templates, source.replace("category", "candidates"))
    assert f"classification/all/question/zz_bad.jinja › line {line}: " in issue
    assert message in issue
    assert time.perf_counter() - start < 20


# Texts that make a template engine stumble, or that waste time and memory and look innocent.
TREACHEROUS_PHRASINGS = {
    "format index": "{{ '{0}'.format() }}.",
    "format key": "{{ '{x}'.format() }}.",
    "article of a number": "{{ 3|a }}.",
    "article of nothing": "{{ ''|a }}.",
    "unknown codec": "{{ 'x'.encode('nope') }}.",
    "deep nesting": "{% for i in [1] %}" * 25 + "x" + "{% endfor %}" * 25,
    "memory": "{{ 'a'.ljust(4611686018427387904) }}.",
    "silent doubling": "{% set x = 'aaaaaaaa' %}" + "{% set x = x ~ x %}" * 20 + "Which one?",
}


@quality(row=42)
@quality(row=43)
@pytest.mark.parametrize("fault", TREACHEROUS_PHRASINGS)
def test_rows_42_43_phrasing_that_no_build_may_start_with(
    templates: dict[str, str], fault: str
) -> None:
    assert _faults(templates, TREACHEROUS_PHRASINGS[fault])


@quality(row=42)
def test_rows_42_43_stop_before_anything_is_read(tmp_path: Path) -> None:
    folder = mini.copy_settings(resource_folder("templates"), tmp_path / "templates")
    bad = folder / "referring" / "nobody_asks" / "question" / "bad.jinja"
    bad.parent.mkdir(parents=True)
    bad.write_text("{{ nope }}")
    (folder / "loose.jinja").write_text("Fine.")
    with pytest.raises(ConfigurationError, match=r"loose\.jinja: belongs to templates/<task>"):
        load_templates(folder)
    (folder / "loose.jinja").unlink()
    with pytest.raises(ConfigurationError) as caught:
        check_templates(load_templates(folder), folder)
    assert [str(i) for i in caught.value.issues if str(bad) == i.file] == [
        f"{bad}: no task asks referring/nobody_asks; check the folder's name"
    ]


def test_shipped_phrasings_have_no_fault(templates: dict[str, str]) -> None:
    assert list(lint(templates)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Identify 4 ship in the image.",
        "There are 3 aircrafts.",
        "There is 1 ships.",
        "The ship is small The tank is large. It is is big.",
        "A aircraft lies here.",
        "There are 2 tank , and no more.",
    ],
)
def test_published_defects_are_found(text: str) -> None:
    assert list(grammar_faults(text))
