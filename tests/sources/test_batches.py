"""Batches of annotations, read without a pipeline: bounded, complete, addressed to blocks."""

from __future__ import annotations

import miniatures as mini
import pytest

from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.sources.batches import AnnotationBatch, read_in_batches
from sarchat_build.sources.index import BLOCK_IMAGES, SourceIndex, index_source

IMAGES = BLOCK_IMAGES + 12
HRSID = load_manifests(resource_folder("source_manifests"))["hrsid"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SourceIndex:
    """An HRSID of two blocks, whose documents name two images that are not there."""
    source = mini.hrsid(IMAGES)
    for stem in ("P0001_0001", "P0002_0002"):
        del source.files[f"HRSID_JPG/JPEGImages/{stem}.jpg"]
    raw = source.write_folder(tmp_path_factory.mktemp("batches"))
    return index_source(HRSID, str(raw))


def read(index: SourceIndex, max_objects: int) -> list[AnnotationBatch]:
    return [*read_in_batches(index.documents, index, HRSID, max_objects=max_objects)]


@pytest.mark.parametrize("max_objects", [1, 7, 100, 10**6])
def test_batches_hold_everything_once_and_are_bounded(index: SourceIndex, max_objects: int) -> None:
    (whole,) = read(index, 10**6)
    batches = read(index, max_objects)
    # Every image of the source, with its one ship, and one reject for each that is missing.
    assert sorted(whole.by_block) == [0, 1]
    names = [a.name for found in whole.by_block.values() for a in found]
    assert len(names) == len(set(names)) == IMAGES - 2
    assert [reject.reason for reject in whole.rejects] == ["image_missing"] * 2
    assert (whole.read.images, whole.read.instances) == (2, IMAGES)
    for block, found in whole.by_block.items():
        assert [a for batch in batches for a in batch.by_block.get(block, ())] == list(found)
        assert {index.block_of(a.name) for a in found} == {block}
    assert [r for batch in batches for r in batch.rejects] == list(whole.rejects)
    assert sum(batch.read.images for batch in batches) == whole.read.images
    assert sum(batch.read.instances for batch in batches) == whole.read.instances
    for batch in batches:
        annotations = [a for found in batch.by_block.values() for a in found]
        # An annotation of one ship counts as two, and the last one may go beyond.
        assert 2 * len(annotations) + len(batch.rejects) <= max_objects + 2
    assert len(batches) >= (2 * (IMAGES - 2) + 2) // (max_objects + 2)


def test_documents_that_say_nothing_give_no_batch(index: SourceIndex) -> None:
    assert [*read_in_batches([], index, HRSID)] == []
