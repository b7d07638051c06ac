"""Steps of a block of images, called without a pipeline: what goes in comes out or is rejected."""

from __future__ import annotations

from pathlib import Path

import miniatures as mini
from miniatures import PLANE, voc_xml
from plain_build import prepare

from sarchat_build.chips.blocks import cut_block, inspect_block, normalize_block
from sarchat_build.sources.batches import read_in_batches


def test_each_step_accounts_for_every_image(tmp_path: Path) -> None:
    source = mini.sar_aircraft(5)
    source.document("0000002", "<broken")
    source.document("0000003", voc_xml([("A220", 790, 790, 790, 795)], size=(800, 800)))
    # Larger than what any two windows share, so that none shows enough of it.
    source.document("0000004", voc_xml([("A220", 0, 0, 800, 800)], size=(800, 800)))
    source.document("0000005", voc_xml([PLANE, ("A220", 1, 1, 1, 1)], size=(801, 800)))
    context = prepare(source.write_folder(tmp_path / "raw"), tmp_path / "out")
    index, manifest = context.index("sar_aircraft"), context.manifests["sar_aircraft"]
    files = index.images_of_block(0)
    (batch,) = read_in_batches(index.documents, index, manifest)

    inspected = inspect_block(
        files, batch.by_block[0], index=index, manifest=manifest, recipe=context.recipe
    )
    assert [str(image.file.path)[-5:-4] for image in inspected.images] == ["1", "3", "4", "5"]
    assert [(r.key, r.reason) for r in inspected.rejects] == [("sar_aircraft/0000002", "xml_parse")]
    assert [r.image_id for r in inspected.rejected_images] == ["sar_aircraft/0000002"]
    assert inspected.notices == {"filename_absent": 4}

    normalized = normalize_block(inspected.images, manifest)
    assert [image.image_id[-1] for image in normalized.images] == ["1", "4", "5"]
    assert [(r.key[13:], r.reason, r.images, r.instances) for r in normalized.rejects] == [
        ("0000003#object[1]", "degenerate", 0, 1),
        ("0000003", "no_valid_instance", 1, 0),
        ("0000005#object[2]", "degenerate", 0, 1),
    ]
    assert [(r.image_id[-1], r.instances) for r in normalized.rejected_images] == [("3", 1)]
    assert normalized.notices["size_mismatch"] == 1

    cut = cut_block(normalized.images, manifest)
    assert [image.image.image_id[-1] for image in cut.images] == ["1", "5"]
    assert all(chip.window for image in cut.images for chip in image.chips)
    assert [(r.key[13:], r.reason) for r in cut.rejects] == [
        ("0000004#0", "lost_at_edge"),
        ("0000004", "no_object"),
    ]
    assert [(r.image_id[-1], r.instances) for r in cut.rejected_images] == [("4", 1)]
    windows = 4 * len(normalized.images)
    chips = sum(len(image.chips) for image in cut.images)
    assert cut.notices == {"empty_windows_dropped": windows - chips}
    for images, result in (
        (files, inspected), (inspected.images, normalized), (normalized.images, cut),
    ):  # fmt: skip
        assert len(images) == len(result.images) + len(result.rejected_images)
        assert sum(reject.images for reject in result.rejects) == len(result.rejected_images)
