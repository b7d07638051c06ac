"""Conservation: totals by source, and whether all that was read is accounted for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from sarchat_build.dataset.shards import ShardReceipt
from sarchat_build.errors import Stop
from sarchat_build.reasons import Reason
from sarchat_build.types import ReadCount, Reject

# Totals of one source: entry (`read`, `rejected` …), then unit.
Counts = dict[str, dict[str, int]]


def totals_by_source(
    read: Iterable[ReadCount],
    rejects: Mapping[str, Iterable[Reject]],
    duplicates: Iterable[Mapping[str, object]],
    receipts: Iterable[ShardReceipt],
) -> dict[str, Counts]:
    """Add up, per source, what was read, rejected, deduplicated, kept and written.

    Args:
        read: numbers of images and objects read; a source may come several times.
        rejects: by source id.
        duplicates: rows of the published table of duplicates.
        receipts: receipts of all shards.

    Returns:
        By source id, the entries `read`, `rejected`, `deduplicated` and `kept` in images and
        instances, and `written` in images (chips) and objects.
    """
    totals: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for count in read:
        totals[count.source_id]["read"].update(images=count.images, instances=count.instances)
    for source_id, found in rejects.items():
        for reject in found:
            totals[source_id]["rejected"].update(images=reject.images, instances=reject.instances)
    for row in duplicates:
        if not row["kept"]:
            instances = int(str(row["instances"]))
            totals[str(row["source"])]["deduplicated"].update(images=1, instances=instances)
    for receipt in receipts:
        for source_id, counts in receipt.counts.items():
            total = totals[source_id]
            total["kept"].update(images=counts["kept_images"], instances=counts["kept_instances"])
            total["written"].update(images=counts["images"], objects=counts["objects"])
    return {
        source_id: {
            entry: {unit: total[entry][unit] for unit in units} for entry, units in _ENTRIES.items()
        }
        for source_id, total in sorted(totals.items())
    }


_ENTRIES = {
    "read": ("images", "instances"),
    "rejected": ("images", "instances"),
    "deduplicated": ("images", "instances"),
    "kept": ("images", "instances"),
    "written": ("images", "objects"),
}


def imbalances(totals: Mapping[str, Counts]) -> tuple[Stop, ...]:
    """Name every source for which `read = kept + rejected + deduplicated` does not hold.

    >>> none = {"images": 0, "instances": 0}
    >>> read, kept = {"images": 3, "instances": 0}, {"images": 2, "instances": 0}
    >>> totals = {"read": read, "kept": kept, "rejected": none, "deduplicated": none}
    >>> print(*imbalances({"a": totals}))
    imbalance: a: 3 images read, but 2 kept + 0 rejected + 0 deduplicated
    """
    faults = []
    for source_id, total in sorted(totals.items()):
        for unit in ("images", "instances"):
            parts = [total[entry][unit] for entry in ("kept", "rejected", "deduplicated")]
            if total["read"][unit] != sum(parts):
                message = (
                    f"{source_id}: {total['read'][unit]:,} {unit} read, but {parts[0]:,} kept + "
                    f"{parts[1]:,} rejected + {parts[2]:,} deduplicated"
                )
                faults.append(Stop(Reason.IMBALANCE, message))
    return tuple(faults)
