"""Beam metrics of a whole build: what goes into each step, out of it, and into rejects."""

from __future__ import annotations

from pathlib import Path

import miniatures as mini
import pytest
from plain_build import prepare

from pipelines.build_dataset import build_dataset
from pipelines.metrics import read_counters
from pipelines.progress import progress_of_counters
from pipelines.runners import run
from sarchat_build.publishing.publish import read_outcome


@pytest.mark.parametrize("workers", [1, 2])
def test_counters_agree_with_the_record(tmp_path: Path, workers: int) -> None:
    source = mini.ssdd(20)
    source.document("000003", "<broken")
    source.document("000004", mini.voc_xml([mini.SHIP, ("ship", 1, 1, 1, 1)]))
    source.image("000007", mini.picture(8))
    source.image("000008", mini.picture(8))
    source.write_zip(tmp_path / "raw")
    mini.sar_aircraft(3).write_zip(tmp_path / "raw")
    context = prepare(tmp_path / "raw", tmp_path / "out")
    counters = read_counters(
        run(lambda pipeline: build_dataset(pipeline, context), "local", workers)
    )
    record = read_outcome(context.out).model_dump(mode="json")

    def total(entry: str, unit: str) -> int:
        return sum(source["counts"][entry][unit] for source in record["sources"].values())

    # What goes into each step came out of the one before, and the rest was rejected.
    assert counters["read_annotations/documents_in"] == 23
    assert counters["inspect_images/images_in"] == total("read", "images") == 23
    steps = ("inspect_images", "normalize_images", "cut_chips", "plan_dataset", "assign_shards")
    for step, following in zip(steps, (*steps[1:], "build_shards"), strict=True):
        if step != "assign_shards" and following != "assign_shards":
            assert counters[f"{step}/images_out"] == counters[f"{following}/images_in"], step
    for step in steps[:3]:
        rejected = counters[f"{step}/images_rejected"]
        assert counters[f"{step}/images_in"] == counters[f"{step}/images_out"] + rejected
    assert counters["assign_shards/images_in"] == counters["cut_chips/images_out"]
    assert counters["assign_shards/images_out"] == counters["plan_dataset/images_out"]
    assert counters["build_shards/images_in"] == counters["assign_shards/images_out"]
    # And it is what the record says.
    dropped = counters["plan_dataset/duplicates_dropped"]
    assert dropped == total("deduplicated", "images") == 1
    assert counters["plan_dataset/images_out"] == total("kept", "images")
    assert counters["cut_chips/chips_out"] >= total("written", "images")
    rejects = len(mini.read_rejects(tmp_path / "out"))
    assert counters["publish/rejects"] == rejects == 2
    assert rejects == sum(counters[f"{step}/rejects"] for step in ("read_annotations", *steps[:3]))
    shards = len(record["shards"])
    for step in ("build_shards", "read_shards"):
        assert counters[f"{step}/shards_in"] == counters[f"{step}/shards_out"] == shards
    assert counters["publish/shards_in"] == shards
    assert counters["publish/files_out"] == len(record["files"])
    assert counters["build_shards/reused"] == counters["read_shards/faults"] == 0
    assert counters["publish/reasons_to_stop"] == 0
    # What is shown while a build runs is at its end what the record says.
    seen = progress_of_counters(counters)
    written = record["counts"].values()
    assert seen.pictures == sum(split["images"] for split in written)
    assert seen.dialogues == sum(rows for split in written for table, rows in split.items()
                                 if table not in ("images", "objects"))  # fmt: skip
    assert seen.rejected_images == total("rejected", "images")
    assert seen.rejected_objects == total("rejected", "instances")
    assert seen.shards == seen.shards_planned == seen.shards_read == shards
