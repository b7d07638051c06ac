"""The published format as one document: what writer, report and validation agree on.

`make golden` writes it anew; `published/test_format.py` compares. A change here is a change for
every user of a dataset.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from sarchat_build.published import layout
from sarchat_build.published.hf_features import card_features, with_hf_features
from sarchat_build.published.schema import NULLABLE, PICTURE_INDEX, SCHEMAS

GOLDEN = Path(__file__).parents[1] / "golden" / "published_format.json"

# Every table, with the index of pictures, which has a place of its own.
PUBLISHED = {**SCHEMAS, "index": PICTURE_INDEX}
# Tables, one table, its columns: deeper values stay on their line.
_LINES_TO_DEPTH = 3
# Tables whose files are no shards, with the name of one.
_WITHOUT_SHARDS = {"rejects": "hrsid", "duplicates": "duplicates"}


def columns(fields: pa.Schema | pa.StructType, above: str = "") -> Iterator[tuple[str, str]]:
    """Give every column at any depth by its dotted path, with its type and whether it may be null.

    A list is shown by `[]` after the type of its items.
    """
    for field in fields:
        path, kind, lists = f"{above}{field.name}", field.type, ""
        while pa.types.is_list(kind):
            kind, lists = kind.value_type, f"{lists}[]"
        nested = pa.types.is_struct(kind)
        null = " or null" if path in NULLABLE else ""
        yield path, f"{'struct' if nested else kind}{lists}{null}"
        if nested:
            yield from columns(kind, f"{path}.")


def metadata(schema: pa.Schema, key: str) -> Any:
    """Give one entry of what a file of this schema says of itself."""
    written = with_hf_features(schema).metadata
    assert set(written) == {b"huggingface", b"sarchat"}
    return json.loads(written[key.encode()])


def published_format() -> dict[str, object]:
    """Give tables, columns, types, nulls, Hugging Face features and names of files."""
    shard = layout.shard_name("train", 3, 64)
    return {
        "layout": {
            "record": layout.BUILD_FILE,
            "splits": layout.SPLITS,
            "tasks": layout.TASKS,
            "shard": shard,
            "files": {
                table: layout.table_path(table, _WITHOUT_SHARDS.get(table, shard))
                for table in SCHEMAS
            }
            | {"index": layout.INDEX_FILE},
        },
        "tables": {
            table: {
                "columns": dict(columns(schema)),
                "features": metadata(schema, "huggingface")["info"]["features"],
                "notes": metadata(schema, "sarchat"),
                "card": {feature["name"]: feature for feature in card_features(schema)},
            }
            for table, schema in PUBLISHED.items()
        },
    }


def golden_document() -> str:
    """Give the text of the golden file."""
    return _lines(published_format()) + "\n"


def _lines(value: object, depth: int = 0) -> str:
    """Write JSON with one column a line, whatever its type holds."""
    if not isinstance(value, dict) or depth > _LINES_TO_DEPTH:
        return json.dumps(value, ensure_ascii=False)
    margin = "  " * (depth + 1)
    entries = (f"{margin}{json.dumps(k)}: {_lines(v, depth + 1)}" for k, v in value.items())
    return "{\n" + ",\n".join(entries) + f"\n{margin[2:]}}}"


def main() -> None:
    """Write the file."""
    GOLDEN.write_text(golden_document(), encoding="utf-8")
    print(f"{GOLDEN}: {len(PUBLISHED)} tables")


if __name__ == "__main__":
    main()
