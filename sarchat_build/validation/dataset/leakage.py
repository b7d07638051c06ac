"""Pictures and scenes that lie on two sides of a split, and pictures published twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sarchat_build.validation.dataset.duplicates import LocatedImage
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.pictures.near_duplicates import close_pairs, near_duplicate_rule


def check_identity(images: Sequence[LocatedImage], log: FindingLog) -> None:
    """Find ids that two rows of the dataset have."""
    first: dict[str, LocatedImage] = {}
    for image in images:
        before = first.setdefault(image.fact.image_id, image)
        if before is not image:
            log.add(
                "image_id_unique",
                image.file,
                Plain(f"only {before}"),
                image.fact.image_id,
                row=image.fact.row,
                key=image.fact.image_id,
            )


def check_leakage(images: Sequence[LocatedImage], log: FindingLog) -> None:
    """Find scenes and pictures on both sides of a split, and pictures twice on one side."""
    for column in ("scene_id", "pixel_sha256"):
        first: dict[tuple[str, str], LocatedImage] = {}
        splits: dict[str, set[str]] = defaultdict(set)
        for image in images:
            value = getattr(image.fact, column)
            before = first.setdefault((value, image.split), image)
            if before is not image and column == "pixel_sha256":
                log.add(
                    "picture_twice",
                    image.file,
                    Plain(f"only {before}"),
                    value,
                    row=image.fact.row,
                    key=image.fact.image_id,
                    severity="warning",
                )
            splits[value].add(image.split)
        for value, found in sorted(splits.items()):
            if len(found) > 1:
                one, *others = sorted(found)
                for other in others:
                    image, before = first[value, other], first[value, one]
                    log.add(
                        f"leakage_{column}",
                        image.file,
                        Plain(f"one split ({one}: {before})"),
                        value,
                        row=image.fact.row,
                        key=image.fact.image_id,
                    )


def check_near_leakage(
    images: Sequence[LocatedImage], build: Mapping[str, Any], log: FindingLog
) -> None:
    """Find pictures on two sides of a split that are not equal but look the same.

    Whole pictures are what the build compares. Chips of two scenes that look the same are worth a
    warning: no build has promised that they do not.
    """
    rule = near_duplicate_rule(build)
    if rule.near == "off":
        return
    hashed = [image for image in images if image.fact.perceptual_hash]
    pairs = close_pairs(
        [image.fact.perceptual_hash for image in hashed],
        [image.split for image in hashed],
        rule.distance,
    )
    for one, other, differing in sorted(pairs):
        first, second = hashed[one], hashed[other]
        whole = not (first.fact.is_chip or second.fact.is_chip)
        log.add(
            "leakage_near",
            second.file,
            Plain(f"more than {rule.distance} bits from {first} {first.fact.image_id!r}"),
            differing,
            row=second.fact.row,
            key=second.fact.image_id,
            severity="error" if whole else "warning",
        )
