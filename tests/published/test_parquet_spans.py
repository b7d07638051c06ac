"""Footers that were made to keep a reader busy are refused at once."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sarchat_build.published.parquet_spans import unreferenced_bytes

# Field 1 is a list of 10^18 elements, of which none is there.
MANY = b"\xff\xff\xff\xff\xff\xff\xff\xff\x0f"


def file_of(footer: bytes) -> pa.BufferReader:
    return pa.BufferReader(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")


@pytest.mark.quality(row=64)
@pytest.mark.parametrize(
    "footer",
    [
        *(b"\x19" + bytes([0xF0 | kind]) + MANY for kind in (1, 3, 5, 7, 8, 9, 12)),
        b"\x1c" * 100_000,  # structs in structs
        b"\x00",
        b"",
    ],
)
def test_a_hostile_footer_is_none(footer: bytes) -> None:
    with pytest.raises(ValueError, match="a footer without"):
        list(unreferenced_bytes(file_of(footer)))


def test_every_byte_of_a_sound_file_belongs_to_something() -> None:
    sink = pa.BufferOutputStream()
    table = pa.table({"a": [1, None, 3], "b": [["x"], [], ["y", "z"]]})
    pq.write_table(table, sink, row_group_size=2, write_page_index=True)
    assert not list(unreferenced_bytes(pa.BufferReader(sink.getvalue())))
