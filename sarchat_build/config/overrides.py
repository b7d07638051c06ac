"""Overrides of single manifest keys: `--set SOURCE.key.path=VALUE`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sarchat_build.errors import Issue
from sarchat_build.suggestions import advice

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Override:
    """A value for one key of one source's manifest; `text` is what the user wrote."""

    text: str
    source_id: str
    keys: tuple[str, ...]
    value: Any

    def apply_to(self, document: dict[str, Any]) -> list[Issue]:
        """Set the key in a parsed TOML document; tables on the way are made, array items are not.

        The key is also removed from `unverified`: the user vouches for it.

        Returns:
            What is wrong, if the path leads through something that has no keys.
        """
        node: Any = document
        for depth, key in enumerate(self.keys):
            is_last = depth == len(self.keys) - 1
            if isinstance(node, dict):
                if is_last:
                    node[key] = self.value
                else:
                    node = node.setdefault(key, {})
            elif isinstance(node, list) and _position(key) < len(node):
                if is_last:
                    node[_position(key)] = self.value
                else:
                    node = node[_position(key)]
            else:
                message = _nothing_below(".".join(self.keys[:depth]), key, node)
                return [Issue(f"--set {self.text}", "", message)]
        path = ".".join(self.keys)
        doubts = document.get("unverified")
        if isinstance(doubts, dict) and self.keys[0] != "unverified":
            for key in [k for k in doubts if k == path or k.startswith(f"{path}.")]:
                del doubts[key]
        return []


def _position(key: str) -> int:
    return int(key) if key.isdecimal() and len(key) < 9 else sys.maxsize


def _nothing_below(path: str, key: str, node: object) -> str:
    """Say why a path leads nowhere, and how far it may go."""
    if isinstance(node, list):
        held = f"0 to {len(node) - 1}" if len(node) > 1 else "0 alone" if node else "none"
        return (
            f"there is no {path}.{key}: {path} is a list, whose entries are numbered ({held}); to "
            "replace all of it, give a list"
        )
    return f"there is no {path}.{key}: {path} is a value and has no keys below it"


def parse_overrides(
    texts: Iterable[str], known: Collection[str]
) -> tuple[list[Override], list[Issue]]:
    """Read overrides.

    Args:
        texts: `SOURCE.key.path=VALUE`, the value as TOML writes it.
        known: the ids of the sources that have a manifest.

    Returns:
        The overrides, and every fault of texts that are none.

    >>> parse_overrides(["msar.annotations.pixel_origin=0"], ["msar"])[0][0].keys
    ('annotations', 'pixel_origin')
    >>> print(parse_overrides(["ogsod.title=text"], ["ogsod"])[1][0].message)
    'text' is not a TOML value; text needs quotes: --set 'ogsod.title="text"'
    """
    overrides: list[Override] = []
    issues: list[Issue] = []
    for text in texts:
        path, equals, written = text.partition("=")
        source_id, *keys = path.strip().split(".")
        written = written.strip()
        where = f"--set {text}"
        if not equals or not keys or not all(keys):
            message = "expected SOURCE.key.path=VALUE, such as ssdd.annotations.pixel_origin=1"
            issues.append(Issue(where, "", message))
            continue
        if source_id not in known:
            message = f"no source {source_id!r}{advice(source_id, sorted(known))}"
            issues.append(Issue(where, "", message))
            continue
        try:
            value = tomllib.loads(f"value = {written}")
        except (ValueError, RecursionError):
            value = {}
        if value.keys() != {"value"}:
            hint = f"text needs quotes: --set '{path}=\"{written}\"'"
            issues.append(Issue(where, "", f"{written!r} is not a TOML value; {hint}"))
            continue
        found = Override(text, source_id, tuple(keys), value["value"])
        issues.extend(_undone(overrides, found))
        overrides.append(found)
    return overrides, issues


def _undone(earlier: Iterable[Override], later: Override) -> list[Issue]:
    # A value that another one replaces does nothing, and was meant to do something.
    return [
        Issue(f"--set {first.text}", "", f"--set {later.text} replaces it; leave one of them out")
        for first in earlier
        if first.source_id == later.source_id
        and first.keys[: len(later.keys)] == later.keys
        and first.value != later.value
    ]
