"""Facts in columns: they say what the objects say, in a tenth of the memory."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import pairwise

import pytest
from fact_strategies import fact_lists
from hypothesis import given
from hypothesis import strategies as st

from sarchat_build.curation.facts import FactTable, ImageFact
from sarchat_build.types import BoxExtent


@given(fact_lists(), st.data())
def test_columns_say_what_objects_say(facts: list[ImageFact], data: st.DataObject) -> None:
    facts = [
        replace(fact, size_px=(640 + n, 480), extent=BoxExtent(n + 0.25, n % 2 == 0, n))
        for n, fact in enumerate(facts)
    ]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(facts)), max_size=3)))
    edges = [0, *cuts, len(facts)]
    parts = [
        pickle.loads(pickle.dumps(FactTable.of(facts[start:end]))) for start, end in pairwise(edges)
    ]
    table = FactTable.joined(parts)
    assert list(table) == facts
    assert [table[row] for row in range(len(facts))] == facts
    assert table[1:3] == tuple(facts[1:3])
    assert list(table.sorted()) == sorted(facts, key=lambda fact: fact.image_id)
    assert table.hashed().tolist() == [bool(fact.perceptual_hash) for fact in facts]
    assert table.texts("scene_id") == [fact.scene_id for fact in facts]


def test_an_image_takes_330_bytes() -> None:
    facts = 2000
    table = FactTable.of(
        ImageFact(
            image_id=f"sardet_100k/train/{n:09d}",
            source_id="sardet_100k",
            scene_id=f"sardet_100k/train/{n:09d}",
            block=f"sardet_100k:{n // 128:05d}",
            file=f"SARDet_100K.zip/SARDet_100K/JPEGImages/train/{n:09d}.png",
            priority=1,
            official_split="train",
            pixel_sha256=f"{n:064x}",
            file_sha256=f"{n:064x}",
            perceptual_hash=f"{n:064x}",
            objects=bytes(27),
            instances=3,
            chips=1,
            chip_instances=3,
        )
        for n in range(facts)
    )
    assert table.bytes_in_memory / facts < 330
    assert len(pickle.dumps(table)) / facts < 330


def test_a_digest_is_known_from_a_text() -> None:
    with pytest.raises(ValueError, match="neither a digest nor short"):
        FactTable.of([_fact("x" * 32)])
    assert [f.pixel_sha256 for f in FactTable.of([_fact("p"), _fact("A" * 64)])] == ["p", "A" * 64]


def _fact(pixels: str) -> ImageFact:
    return ImageFact(
        image_id="s/1",
        source_id="s",
        scene_id="s/1",
        block="s:00000",
        file="1.jpg",
        priority=1,
        official_split=None,
        pixel_sha256=pixels,
        file_sha256="f",
        perceptual_hash="",
        objects=b"",
        instances=1,
        chips=1,
        chip_instances=1,
    )
