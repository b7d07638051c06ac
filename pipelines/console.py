"""The two consoles of the command line, results and errors: text, or JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment

from sarchat_build.names import display_line, redact, visible


class PlainConsole(Console):
    """A terminal that no text can command: what others wrote is shown, and never obeyed.

    Attributes:
        as_json: whether everything is one JSON object a line. Texts are then its `message`; tables
            and pictures, which are for people, are left out.
    """

    as_json = False

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as `rich` does; credentials in texts are blotted out."""
        if self.as_json:
            for text in objects:
                if isinstance(text, str) and text.strip():
                    self.event("message", message=text.strip())
            return
        super().print(*(redact(o) if isinstance(o, str) else o for o in objects), **options)

    def event(self, name: str, **facts: Any) -> None:
        """Write what happened as one line of JSON: `event`, `time`, and the facts."""
        time = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        said = {key: redact(fact) if isinstance(fact, str) else fact for key, fact in facts.items()}
        self.file.write(json.dumps({"event": name, "time": time, **said}) + "\n")
        self.file.flush()

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render as `rich` does; control characters of texts and cells become escapes."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text == "\n":
                yield segment
            else:
                text = "\n".join(map(visible, segment.text.split("\n")))
                yield segment._replace(text=text)


console = PlainConsole(highlight=False)
errors = PlainConsole(stderr=True, highlight=False, soft_wrap=True)

# More lines say no more to a person.
_SHOWN_ERRORS = 50


def write_json_lines() -> None:
    """From now on, print one JSON object a line."""
    console.as_json = errors.as_json = True


def error_line(message: str) -> str:
    """Give an error as the line that a console would print, for where no console can."""
    if not errors.as_json:
        return f"error: {message}"
    return json.dumps({"event": "error", "message": message})


def print_error(error: Exception) -> None:
    """Print an error as `error: …`, one line for each fault, and of very many only the first."""
    lines = str(error).split("\n") if str(error) else [type(error).__name__]
    if errors.as_json:
        for line in lines:
            errors.event("error", message=display_line(line))
        return
    for line in lines[:_SHOWN_ERRORS]:
        errors.print(f"[bold red]error:[/] {escape(display_line(line))}")
    if len(lines) > _SHOWN_ERRORS:
        errors.print(f"[bold red]error:[/] … and {len(lines) - _SHOWN_ERRORS:,} more")


def print_line(text: str, *, indent: int = 0, style: str = "") -> None:
    """Print one line of plain text that may quote names, whole: it may be copied."""
    line = " " * indent + display_line(text)
    console.print(line, style=style, soft_wrap=True, highlight=False, markup=False)
