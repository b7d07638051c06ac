"""Who made the pictures: a radar, or `sarchat synthesize`; said wherever a dataset is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sarchat_build.dataset.record import SourceRecord

_SAID = (
    "{pictures} are synthetic: 'sarchat synthesize' drew them, in the layout of the real archives. "
    "No radar took them, and nothing that is said here of authors, sensors and licenses is true "
    "of them. They are for trying the tools: train and judge no model with them."
)


def synthetic_sources(sources: Mapping[str, SourceRecord]) -> list[str]:
    """Give the ids of the sources whose archives say that their pictures are synthetic."""
    return sorted(source_id for source_id, source in sources.items() if source.is_synthetic)


def synthetic_entries(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Give the same of the sources of a `build.json` that is no model."""
    return sorted(
        source_id
        for source_id, source in sources.items()
        if any(archive.get("synthetic") for archive in source["archives"])
    )


def said_of_synthetic(synthetic: Iterable[str], sources: Iterable[str]) -> str:
    """Say whose pictures are synthetic, and what that means; nothing where none are.

    >>> said_of_synthetic(["hrsid", "ssdd"], ["hrsid", "ssdd"]).partition(":")[0]
    'All pictures are synthetic'
    >>> said_of_synthetic(["ssdd"], ["hrsid", "ssdd"]).partition(":")[0]
    'The pictures of ssdd are synthetic'
    >>> said_of_synthetic([], ["ssdd"])
    ''
    """
    drawn = list(synthetic)
    if not drawn:
        return ""
    some = f"The pictures of {', '.join(drawn)}"
    return _SAID.format(pictures="All pictures" if set(drawn) >= set(sources) else some)


def synthetic_text(sources: Mapping[str, SourceRecord]) -> str:
    """Say of a dataset's sources, or of those of an export, whose pictures are synthetic."""
    return said_of_synthetic(synthetic_sources(sources), sources)


def synthetic_line(sources: Mapping[str, SourceRecord]) -> str:
    """Give the same as a paragraph of Markdown that nobody overlooks."""
    said, _, rest = synthetic_text(sources).partition(":")
    return f"> **{said}:**{rest}" if said else ""


def titled(title: str, synthetic: Iterable[str]) -> str:
    """Give the title of a dataset as it is shown.

    >>> titled("SAR dialogues", ["ssdd"]), titled("SAR dialogues", [])
    ('SAR dialogues (synthetic pictures)', 'SAR dialogues')
    """
    return f"{title} (synthetic pictures)" if [*synthetic] else title
