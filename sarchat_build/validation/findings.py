"""Findings: what a check expected and what it found, with file and row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]

# Of one check on one file; the rest is counted. A thousand times the same fault is one fault.
FINDINGS_CAP = 100
_LONGEST_TEXT = 240
# No document of ours is nested so deeply; a damaged one may be, beyond all that is worth writing.
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: `check` failed in `file` (relative path), at `row` (0-based) if known."""

    severity: Severity
    check: str
    file: str
    row: int | None
    key: str
    expected: str
    found: str

    @property
    def message(self) -> str:
        """One line that names the row.

        >>> Finding("error", "area", "images/a.parquet", 3, "ssdd/1", "4.0", "5.0").message
        "images/a.parquet row 3 'ssdd/1': area: expected 4.0, found 5.0"
        """
        row = "" if self.row is None else f" row {self.row}"
        # Names from a source may hold line breaks or terminal codes: repr keeps it one plain line.
        key = f" {self.key!r}" if self.key else ""
        return f"{self.file}{row}{key}: {self.check}: expected {self.expected}, found {self.found}"


def shorten(value: object) -> str:
    """Write a value on one line of bounded length, as a table or a JSON document has it.

    >>> shorten("ship"), shorten([1, None])
    ("'ship'", '[1, null]')
    """
    text = _write(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _write(value: object, depth: int = 0) -> str:
    if isinstance(value, Plain):
        return value
    if value is None:
        return "null"
    if not isinstance(value, Mapping | list | tuple):
        return repr(value)
    if depth == _DEEPEST:
        return "…"
    below = depth + 1
    if isinstance(value, Mapping):
        pairs = (f"{_write(k, below)}: {_write(v, below)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    parts = ", ".join(_write(part, below) for part in value)
    return f"[{parts}]" if isinstance(value, list) else f"({parts})"


class Plain(str):
    """Words of ours, to be shown without quotes."""

    __slots__ = ()


class FindingLog:
    """Collects findings, keeps the first hundred per check and file, counts all."""

    def __init__(self, cap: int = FINDINGS_CAP) -> None:
        self._cap = cap
        self._kept: list[Finding] = []
        self._seen: Counter[tuple[str, str]] = Counter()
        self.totals: Counter[Severity] = Counter()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those kept, in the order found."""
        return tuple(self._kept)

    def add(
        self,
        check: str,
        file: str,
        expected: object,
        found: object,
        *,
        row: int | None = None,
        key: str = "",
        severity: Severity = "error",
    ) -> None:
        """Record that `check` expected one thing and found another."""
        self.totals[severity] += 1
        self._seen[check, file] += 1
        if self._seen[check, file] <= self._cap:
            self._kept.append(
                Finding(
                    severity=severity,
                    check=check,
                    file=file,
                    row=row,
                    key=key[:_LONGEST_TEXT],
                    expected=shorten(expected),
                    found=shorten(found),
                )
            )
