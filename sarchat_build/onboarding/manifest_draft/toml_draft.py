"""Text of a manifest draft: lines of TOML, comments, and keys that are left to a person."""

from __future__ import annotations

from dataclasses import dataclass, field

from sarchat_build.onboarding.manifest_draft.toml_text import one_line

# Written where only certain words are allowed, so that reading the manifest names the key.
TO_DECIDE = '"decide"'


@dataclass
class ManifestDraft:
    """A manifest as text, and the keys a person must fill in before it can be read."""

    lines: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The file."""
        return "\n".join(self.lines).rstrip("\n") + "\n"

    def add(self, line: str = "") -> None:
        """Write a line of TOML."""
        self.lines.append(line)

    def note(self, text: str) -> None:
        """Write a comment on one line, whatever a file name in it holds."""
        self.lines.append(f"# {one_line(text)}")

    def ask(self, key: str, line: str, question: str) -> None:
        """Write a line that is not finished; `key` is what reading the file will complain of."""
        self.note(f"decide: {question}")
        self.lines.append(line)
        self.decisions.append(key)
