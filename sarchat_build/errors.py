"""The ways this package says no. Each message names the place, what was expected and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault in something a person wrote: where it is (file, then key) and what is wrong.

    >>> print(Issue("ssdd.toml", "sar.bands", "unknown key"))
    ssdd.toml › sar.bands: unknown key
    """

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        """Give the breadcrumb and the message on one line."""
        where = f"{self.file} › {self.key}" if self.key else self.file
        return f"{where}: {self.message}"


class ConfigurationError(Exception):
    """A manifest, recipe, template or option is wrong; holds every fault, not just the first."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(str(issue) for issue in self.issues))


class InputError(Exception):
    """The input as a whole cannot be used: an archive is missing, broken or another one."""


class NotAnArchiveError(InputError):
    """A file that should be an archive is empty or something else: a failed download."""


class RecordError(Exception):
    """One record cannot be used; the run goes on and the record becomes a row of `rejects`.

    `reason` is a word from a fixed list (QUALITY: `xml_parse`, `not_an_image`, …), `line` the line
    in the file where there is one.
    """

    def __init__(self, reason: str, detail: str, line: int | None = None) -> None:
        self.reason = reason
        self.detail = detail
        self.line = line
        super().__init__(f"{reason}: {detail}")
