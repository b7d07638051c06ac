"""Rows 60, 67, 68: displayed names command no terminal, flood none, and tell no secret."""

from __future__ import annotations

import io
import pickle
import time

import pytest
from rich.table import Table

from pipelines.console import PlainConsole
from sarchat_build.errors import ConfigurationError, InputError, Issue, RecordError
from sarchat_build.names import display_line, display_name, redact
from sarchat_build.reasons import Reason

HOSTILE = "a\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066\u200b\r\n\u2028\x85z"


@pytest.mark.quality(row=67)
@pytest.mark.parametrize("display", [display_name, display_line])
def test_a_name_is_one_line_of_bounded_length(display: object) -> None:
    begun = time.process_time()
    for name in (HOSTILE, "x" * (1 << 20), HOSTILE * 50_000, "船 a\xa0é.jpg"):
        text = display(name)  # type: ignore[operator]
        assert all(letter.isprintable() or letter == "\xa0" for letter in text)
        assert len(text) < 70_000
    assert display("船 a\xa0é.jpg") == "船 a\xa0é.jpg"  # type: ignore[operator]
    assert len(display_name("x" * (1 << 20))) < 350
    assert len(display_line(f"{'x' * (1 << 20)}: no such file")) < 400
    assert time.process_time() - begun < 10


@pytest.mark.quality(row=67)
def test_messages_quote_names_without_their_power() -> None:
    error = InputError(f"{HOSTILE}: no such file", "  second line")
    first, second = str(error).split("\n")
    assert first.isprintable()
    assert second == "  second line"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert str(Issue(HOSTILE, HOSTILE, HOSTILE)).isprintable()
    record = RecordError(Reason.TOO_LARGE, HOSTILE * 1000, 3)
    assert record.detail.isprintable()
    assert len(record.detail) < 2100
    again = pickle.loads(pickle.dumps(record))
    assert (again.reason, again.detail, again.line) == (record.reason, record.detail, 3)
    wrong = ConfigurationError([Issue("a", "b", "c"), Issue("d", "", HOSTILE)])
    assert len(str(pickle.loads(pickle.dumps(wrong))).split("\n")) == 2


@pytest.mark.quality(row=67)
def test_a_terminal_is_not_commanded_by_texts_and_cells() -> None:
    console = PlainConsole(file=io.StringIO(), force_terminal=True, width=100)
    table = Table(title=HOSTILE)
    table.add_column(HOSTILE)
    table.add_row(HOSTILE)
    console.print(table)
    console.print(HOSTILE, markup=False, style="red")
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b]0;" not in written
    assert "\x1b[2J" not in written
    assert not set("\u202e\u2066\u200b\x07\x85\u2028") & set(written)
    assert "\x1b[31m" in written, "its own colors stay"


SECRETS = [
    "http://user:hunter2@host/a.zip",
    "https://hunter2@github.com/x",
    "s3://key:hun/ter2@bucket".replace("/ter", "ter"),
    "https://host/a.zip?sig=hunter2&sv=1",
    "https://host/a.zip?X-Amz-Credential=hunter2%2F1&X-Amz-Signature=hunter2",
    "https://host/a.zip?access_token=hunter2#x",
    "--s3_secret_access_key=hunter2",
    "--s3_secret_access_key hunter2",
    "['--password', 'x']".replace("x", "hunter2").replace("', 'h", "=h"),
    "storage_options={'secret': 'hunter2', \"token\": \"hunter2\"}",
    "Authorization: Bearer hunter2hunter2",
    "AccountKey=hunter2==;EndpointSuffix=x",
    'sas_token="hunter2"',
]


@pytest.mark.quality(row=68)
@pytest.mark.quality(row=60)
@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_in_no_message(text: str) -> None:
    for told in (redact(text), display_line(text), str(InputError(f"{text}: gone"))):
        assert "hunter2" not in told
        assert "***" in told
    assert redact(redact(text)) == redact(text)


@pytest.mark.quality(row=68)
@pytest.mark.parametrize(
    "text",
    [
        "https://radars.ac.cn/web/data/getData?dataType=MSAR",
        "2,048 tokens: 100 boxes",
        "a@b.zip, gs://bucket/a@b.zip",
        "templates/x.jinja › key: unknown key",
        "signature of the design, keys = values",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.quality(row=68)
def test_blotting_takes_time_linear_in_the_text() -> None:
    begun = time.process_time()
    for text in ("a-" * 60_000, "://" * 40_000, "--token" * 20_000, "secret" * 20_000 + "="):
        redact(text)
    assert time.process_time() - begun < 4
