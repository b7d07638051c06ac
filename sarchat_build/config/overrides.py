"""What a user states instead of a file: `--set SOURCE.key.path=VALUE`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sarchat_build.errors import Issue

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Setting:
    """One value for one key of one source's manifest, as written."""

    text: str
    source_id: str
    keys: tuple[str, ...]
    value: Any

    def put_into(self, document: dict[str, Any]) -> list[Issue]:
        """Set the key in a parsed TOML document; tables on the way are made, array items are not.

        What a user states is no longer unverified.

        Returns:
            What is wrong, if the path leads through something that has no keys.
        """
        place: Any = document
        for key in self.keys[:-1]:
            if isinstance(place, dict):
                place = place.setdefault(key, {})
            elif isinstance(place, list) and key.isdecimal() and int(key) < len(place):
                place = place[int(key)]
            else:
                return [Issue(f"--set {self.text}", "", f"there is no {key!r} on the way")]
        last = self.keys[-1]
        if isinstance(place, dict):
            place[last] = self.value
        elif isinstance(place, list) and last.isdecimal() and int(last) < len(place):
            place[int(last)] = self.value
        else:
            return [Issue(f"--set {self.text}", "", f"there is no {last!r} to set")]
        path = ".".join(self.keys)
        doubts = document.get("unverified")
        if isinstance(doubts, dict) and self.keys[0] != "unverified":
            for key in [k for k in doubts if k == path or k.startswith(f"{path}.")]:
                del doubts[key]
        return []


def parse_settings(
    texts: Iterable[str], known: Collection[str]
) -> tuple[list[Setting], list[Issue]]:
    """Read settings.

    Args:
        texts: `SOURCE.key.path=VALUE`, the value as TOML writes it.
        known: the ids of the sources that have a manifest.

    Returns:
        The settings, and every fault of those that are none.

    >>> parse_settings(["msar.annotations.pixel_origin=0"], ["msar"])[0][0].keys
    ('annotations', 'pixel_origin')
    >>> print(parse_settings(["ogsod.title=text"], ["ogsod"])[1][0].message)
    'text' is not a TOML value; text needs quotes: --set 'ogsod.title="text"'
    """
    settings: list[Setting] = []
    issues: list[Issue] = []
    for text in texts:
        path, equals, written = text.partition("=")
        source_id, *keys = path.strip().split(".")
        written = written.strip()
        where = f"--set {text}"
        if not equals or not keys or not all(keys):
            issues.append(Issue(where, "", "expected SOURCE.key.path=VALUE"))
            continue
        if source_id not in known:
            choice = ", ".join(sorted(known))
            issues.append(Issue(where, "", f"no source {source_id!r}; known: {choice}"))
            continue
        try:
            value = tomllib.loads(f"value = {written}")
        except tomllib.TOMLDecodeError:
            value = {}
        if value.keys() != {"value"}:
            hint = f"text needs quotes: --set '{path}=\"{written}\"'"
            issues.append(Issue(where, "", f"{written!r} is not a TOML value; {hint}"))
            continue
        settings.append(Setting(text, source_id, tuple(keys), value["value"]))
    return settings, issues
