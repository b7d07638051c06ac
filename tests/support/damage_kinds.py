"""Every kind of damage, by name."""

from __future__ import annotations

from collections.abc import Iterator

from damage import Damage
from damage_documents import CARD, COUNTED, FIGURES, PRESENTED, RECORD
from damage_files import FOLDER, FORM
from damage_index import INDEX
from damage_rows import COLUMNS, OBJECTS, ORIGINALS
from damage_tables import TABLES
from damage_texts import TEXTS


def kinds() -> Iterator[tuple[str, Damage]]:
    """Give every kind of damage with its name."""
    for column, do in COLUMNS.items():
        assert do is not None
        yield f"column {column}", Damage(do, (column,))
    for group, damages in {
        "form": FORM, "folder": FOLDER, "record": RECORD, "table": TABLES, "objects": OBJECTS,
        "original": ORIGINALS, "text": TEXTS, "figures": FIGURES, "counted": COUNTED,
        "index": INDEX, "presented": PRESENTED,
    }.items():  # fmt: skip
        for name, damage in damages.items():
            yield f"{group}: {name}", damage
    for name, change in CARD.items():
        yield (
            f"card: {name}",
            Damage(lambda t, change=change: t.text("README.md", change), ("card",)),
        )
