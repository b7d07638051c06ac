"""Exception types and what they carry: each names file, line or key, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sarchat_build.reasons import Reason


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


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a build publishes nothing, found when everything was read or written.

    >>> print(Stop(Reason.NOTHING_TO_WRITE, "no image was kept; see rejects/"))
    nothing_to_write: no image was kept; see rejects/
    """

    reason: Reason
    message: str

    def __str__(self) -> str:
        """Give the reason, which `docs/reasons.md` explains, and the message."""
        return f"{self.reason}: {self.message}"


class InputError(Exception):
    """The input as a whole cannot be used: an archive is missing, broken or another one."""


class NotAnArchiveError(InputError):
    """A file that should be an archive is empty or something else: a failed download."""


class RecordError(Exception):
    """One record cannot be used; the run goes on and the record becomes a row of `rejects`.

    `detail` is what stood there instead of what was expected, `line` the line in the file where
    there is one.
    """

    def __init__(self, reason: Reason, detail: str, line: int | None = None) -> None:
        self.reason = reason
        self.detail = detail
        self.line = line
        super().__init__(f"{reason}: {detail}")
