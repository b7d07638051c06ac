"""Conservation: what was read of a source is published, rejected with a reason, or a duplicate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sarchat_build.published.layout import BUILD_FILE, table_path
from sarchat_build.validation.dataset.duplicates import DuplicateRow, LocatedImage
from sarchat_build.validation.dataset.rejects import RejectRow
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.rules import mapping_at


@dataclass(slots=True)
class SourceSums:
    """What the published files hold of one source."""

    image_ids: set[str] = field(default_factory=set)
    chip_instance_ids: set[str] = field(default_factory=set)
    whole_instances: int = 0
    rows: int = 0
    objects: int = 0
    rejected_images: int = 0
    rejected_instances: int = 0
    duplicate_images: int = 0
    duplicate_instances: int = 0

    def counts(self) -> dict[str, dict[str, int]]:
        """Give the sums in the layout of build.json's `sources.<id>.counts`."""
        kept_images = len(self.image_ids)
        kept_instances = self.whole_instances + len(self.chip_instance_ids)
        return {
            "read": {
                "images": kept_images + self.rejected_images + self.duplicate_images,
                "instances": kept_instances + self.rejected_instances + self.duplicate_instances,
            },
            "rejected": {"images": self.rejected_images, "instances": self.rejected_instances},
            "deduplicated": {
                "images": self.duplicate_images,
                "instances": self.duplicate_instances,
            },
            "kept": {"images": kept_images, "instances": kept_instances},
            "written": {"images": self.rows, "objects": self.objects},
        }


def sum_up(
    images: Sequence[LocatedImage], rejects: Iterable[RejectRow], duplicates: Iterable[DuplicateRow]
) -> dict[str, SourceSums]:
    """Sum the published files by source."""
    sums: dict[str, SourceSums] = defaultdict(SourceSums)
    for image in images:
        found = sums[image.fact.source]
        found.image_ids.add(image.source_image_id)
        found.rows += 1
        found.objects += image.fact.objects
        if image.fact.is_chip:
            found.chip_instance_ids.update(image.fact.instance_ids)
        else:
            found.whole_instances += image.fact.objects
    for reject in rejects:
        sums[reject.source].rejected_images += reject.images
        sums[reject.source].rejected_instances += reject.instances
    for duplicate in duplicates:
        if not duplicate.kept:
            sums[duplicate.source].duplicate_images += 1
            sums[duplicate.source].duplicate_instances += duplicate.instances
    return sums


def check_conservation(
    sums: Mapping[str, SourceSums], build: Mapping[str, Any], log: FindingLog
) -> None:
    """Compare the sums of every source with what build.json says was read."""
    sources = mapping_at(build, "sources")
    for source in sorted(set(sources) | set(sums)):
        if source not in sources:
            log.add("source_known", BUILD_FILE, sorted(sources), source, key=source)
        declared = mapping_at(sources, source, "counts")
        holding = {
            "rejected": table_path("rejects", source),
            "deduplicated": table_path("duplicates", "duplicates"),
        }
        for stage, counts in (sums.get(source) or SourceSums()).counts().items():
            for unit, found in counts.items():
                stated = mapping_at(declared, stage).get(unit)
                if stated == found:
                    continue
                key = f"{source}.{stage}.{unit}"
                number = stated if stated is not None else "a count"
                if stage == "read":
                    # The promise itself: in = out + rejected + deduplicated.
                    expected = Plain(f"{number}, which were read")
                    log.add("conservation", BUILD_FILE, expected, Plain(f"{found}"), key=key)
                else:
                    where = holding.get(stage, BUILD_FILE)
                    rows = "rows" if where != BUILD_FILE else "images files"
                    expected = Plain(f"{number} of {source}, as build.json counts")
                    log.add(
                        "source_counts", where, expected, Plain(f"{found} in its {rows}"), key=key
                    )
