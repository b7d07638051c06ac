"""Rules of every annotation format, and documents read by them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from sarchat_build.config.annotation_options import (
    AnnotationFiles,
    AnnotationRule,
    CocoRule,
    DotaRule,
    Fair1mRule,
    LabelmeRule,
    VocRule,
    YoloObbRule,
    YoloRule,
)
from sarchat_build.sources.readers import FORMATS
from sarchat_build.types import RawImage

FILES: dict[str, Any] = {"images": ("*.jpg",), "files": (AnnotationFiles(path="*"),)}
PIXELS: dict[str, Any] = {**FILES, "pixel_origin": 0, "max_edge": "exclusive"}
RULES: dict[str, AnnotationRule] = {
    "voc": VocRule(format="voc", **PIXELS),
    "coco": CocoRule(format="coco", **PIXELS),
    "yolo": YoloRule(format="yolo", class_names=("bridge", "harbor", "tank"), **FILES),
    "yolo_obb": YoloObbRule(format="yolo_obb", class_names=("bridge", "harbor", "tank"), **FILES),
    "labelme": LabelmeRule(format="labelme", **FILES),
    "dota": DotaRule(format="dota", header_lines=0, **PIXELS),
    "fair1m": Fair1mRule(format="fair1m", **PIXELS),
}


def read(document: bytes, file_format: str, **changes: Any) -> list[RawImage]:
    rule = RULES[file_format].model_copy(update=changes)
    return list(FORMATS[file_format].read(io.BytesIO(document), rule))


def points(quad: Iterable[float]) -> tuple[tuple[float, float], ...]:
    flat = list(quad)
    return tuple(zip(flat[0::2], flat[1::2], strict=True))
