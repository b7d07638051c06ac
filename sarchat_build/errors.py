"""Exception types and what they carry: each names file, line or key, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sarchat_build.names import display_line, display_name
from sarchat_build.reasons import Reason

_MAX_DETAIL_CHARS = 2000


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
        return display_line(f"{where}: {self.message}")


class ConfigurationError(Exception):
    """A manifest, recipe, template or option is wrong; holds every fault, not just the first."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__(self.issues)

    def __str__(self) -> str:
        """Give one line for each fault."""
        return "\n".join(map(str, self.issues))


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
        return display_line(f"{self.reason}: {self.message}")


class InputError(Exception):
    r"""The input as a whole cannot be used: an archive is missing, broken or another one.

    Each argument is a line of its own. They may quote names from archives and URLs: what these hold
    of control characters, line breaks and credentials is never shown.

    >>> print(InputError("http://user:pass@host/a\nb.zip: no such file", "  run it again"))
    http://user:***@host/a\nb.zip: no such file
      run it again
    """

    def __str__(self) -> str:
        """Give the lines."""
        return "\n".join(display_line(str(line)) for line in self.args)


class NotAnArchiveError(InputError):
    """A file that should be an archive is empty or something else: a failed download."""


class RecordError(Exception):
    """One record cannot be used; the run goes on and the record becomes a row of `rejects`.

    `detail` is what stood there instead of what was expected, `line` the line in the file where
    there is one.
    """

    def __init__(self, reason: Reason, detail: str, line: int | None = None) -> None:
        self.reason = reason
        self.detail = detail = display_name(detail, _MAX_DETAIL_CHARS)
        self.line = line
        super().__init__(reason, detail, line)

    def __str__(self) -> str:
        """Give the reason and the detail."""
        return f"{self.reason}: {self.detail}"
