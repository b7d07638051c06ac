"""One row of an images file, and the log of its faults."""

from __future__ import annotations

from typing import Any, NamedTuple

from sarchat_build.validation.findings import FindingLog, Severity


class ImageRow(NamedTuple):
    """One row of an images file; the fields are the columns in the order of `schema.IMAGES`."""

    image: tuple[bytes, str]
    image_id: str
    width: int
    height: int
    source: str
    scene_id: str
    split: str
    official_split: str | None
    license: str
    platforms: list[str]
    frequency_bands: list[str]
    polarizations: list[str]
    resolutions_m: list[float]
    source_member: str
    window_xyxy_px: list[int]
    channels: int
    bit_depth: int
    rendering: str
    file_sha256: str
    pixel_sha256: str
    perceptual_hash: str
    categories_annotated: list[str]
    rejected_categories: list[str]
    cut_categories: list[str]
    objects: tuple[list[Any], ...]


class Objects(NamedTuple):
    """The parallel lists of the `objects` column."""

    instance_id: list[str]
    category: list[str]
    source_category: list[str]
    bbox: list[list[float]]
    area: list[float]
    obb: list[list[float]]
    segmentation: list[list[float]]
    difficult: list[bool]
    truncated: list[bool]


class RowLog(NamedTuple):
    """A log that knows the row it is about."""

    log: FindingLog
    file: str
    row: int
    key: str

    def add(
        self, check: str, expected: object, found: object, *, severity: Severity = "error"
    ) -> None:
        """Record a fault of this row."""
        self.log.add(
            check, self.file, expected, found, row=self.row, key=self.key, severity=severity
        )

    def same(self, check: str, expected: object, found: object) -> None:
        """Record a fault unless the two are equal."""
        if expected != found:
            self.add(check, expected, found)
