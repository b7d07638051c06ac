"""Conservation: everything that was read is in the output, in rejects or among the duplicates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from sarchat_build.dataset.shards import ShardReceipt
from sarchat_build.errors import Stop
from sarchat_build.reasons import Reason
from sarchat_build.types import ReadCount, Reject

Counts = dict[str, dict[str, int]]


def balance(
    read: Iterable[ReadCount],
    rejects: Mapping[str, Iterable[Reject]],
    duplicates: Iterable[Mapping[str, object]],
    receipts: Iterable[ShardReceipt],
) -> dict[str, Counts]:
    """Add up, per source, what was read, rejected, deduplicated, kept and written."""
    books: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for count in read:
        books[count.source_id]["read"].update(images=count.images, instances=count.instances)
    for source_id, rows in rejects.items():
        for reject in rows:
            books[source_id]["rejected"].update(images=reject.images, instances=reject.instances)
    for row in duplicates:
        if not row["kept"]:
            instances = int(str(row["instances"]))
            books[str(row["source"])]["deduplicated"].update(images=1, instances=instances)
    for receipt in receipts:
        for source_id, counts in receipt.counts.items():
            book = books[source_id]
            book["kept"].update(images=counts["kept_images"], instances=counts["kept_instances"])
            book["written"].update(images=counts["images"], objects=counts["objects"])
    return {
        source_id: {
            entry: {unit: book[entry][unit] for unit in units} for entry, units in _ENTRIES.items()
        }
        for source_id, book in sorted(books.items())
    }


_ENTRIES = {
    "read": ("images", "instances"),
    "rejected": ("images", "instances"),
    "deduplicated": ("images", "instances"),
    "kept": ("images", "instances"),
    "written": ("images", "objects"),
}


def imbalances(books: Mapping[str, Counts]) -> tuple[Stop, ...]:
    """Name every source whose books do not balance: read = kept + rejected + deduplicated.

    >>> none, two, three = ({"images": n, "instances": 0} for n in (0, 2, 3))
    >>> totals = {"read": three, "kept": two, "rejected": none, "deduplicated": none}
    >>> for stop in imbalances({"a": totals}): print(stop)
    imbalance: a: 3 images read, but 2 kept + 0 rejected + 0 deduplicated
    """
    faults = []
    for source_id, book in sorted(books.items()):
        for unit in ("images", "instances"):
            parts = [book[entry][unit] for entry in ("kept", "rejected", "deduplicated")]
            if book["read"][unit] != sum(parts):
                message = (
                    f"{source_id}: {book['read'][unit]:,} {unit} read, but {parts[0]:,} kept + "
                    f"{parts[1]:,} rejected + {parts[2]:,} deduplicated"
                )
                faults.append(Stop(Reason.IMBALANCE, message))
    return tuple(faults)
