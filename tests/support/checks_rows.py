"""Rows of a small dataset but its dialogues: pictures, rejects, duplicates, counts."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from sarchat_build.images.hashing import perceptual_hash
from sarchat_build.published.layout import TASKS


@dataclass
class Obj:
    index: int
    category: str
    box: list[float]
    text: str
    cell: str
    size: str
    shape: str

    @property
    def word(self) -> str:
        return "medium-sized" if self.size == "medium" else self.size


@lru_cache
def picture(width: int, height: int, shade: int, *, color: bool = False) -> tuple[bytes, str]:
    """A PNG with a gradient, and its pixel hash; `color` stores it as RGB with equal channels."""
    image = Image.new("L", (width, height))
    image.putdata([(shade + 3 * pixel) % 251 for pixel in range(width * height)])
    stream = io.BytesIO()
    (image.convert("RGB") if color else image).save(stream, "png")
    pixels = f"L:{width}x{height}:".encode() + image.tobytes()
    return stream.getvalue(), hashlib.sha256(pixels).hexdigest()


def likeness(data: bytes) -> str:
    """The builder's hash: the check has its own, and the two must agree bit by bit."""
    return perceptual_hash(Image.open(io.BytesIO(data)), min_variance=1.0)


def image_row(image_id: str, split: str, size: tuple[int, int], objects: list[Obj], **more) -> dict:
    base, _, corner = image_id.partition("@")
    # Chips of one row of a scene go on where those before them show the same.
    shade = len(base) + ord(base[-1]) + 3 * int(corner.partition(",")[0] or 0)
    data, pixel_sha256 = picture(*size, shade=shade, color=bool(corner))
    row = {
        "image": {"bytes": data, "path": f"{image_id}.png"},
        "image_id": image_id,
        "width": size[0],
        "height": size[1],
        "source": image_id.partition("/")[0],
        "scene_id": base,
        "split": split,
        "official_split": None,
        "license": "unknown",
        "platforms": [],
        "frequency_bands": ["C"],
        "polarizations": ["VV"],
        "resolutions_m": [1.0],
        "source_member": f"{base}.png",
        "window_xyxy_px": [],
        "channels": 3 if "@" in image_id else 1,
        "bit_depth": 8,
        "rendering": "as stored",
        "file_sha256": hashlib.sha256(data).hexdigest(),
        "pixel_sha256": pixel_sha256,
        "perceptual_hash": likeness(data),
        "categories_annotated": ["ship", "aircraft", "harbor"],
        "rejected_categories": [],
        "cut_categories": [],
        "objects": {
            "instance_id": [f"{base}#{o.index}" for o in objects],
            "category": [o.category for o in objects],
            "source_category": [o.category.title() for o in objects],
            "bbox": [o.box for o in objects],
            "area": [(o.box[2] - o.box[0]) * (o.box[3] - o.box[1]) for o in objects],
            "obb": [[] for _ in objects],
            "segmentation": [[] for _ in objects],
            "difficult": [False for _ in objects],
            "truncated": [False for _ in objects],
        },
    }
    return row | more


def reject(source, file, reason, images, instances):
    return {
        "stage": "inspect_images" if images else "normalize",
        "source": source,
        "file": f"a.zip/{file}",
        "line": None,
        "key": f"{source}/x" if images else f"{source}/s#1",
        "reason": reason,
        "detail": "as found",
        "images": images,
        "instances": instances,
    }


def duplicate(image_id, pixel_sha256, *, kept):
    return {
        "group_id": "alpha/b",
        "image_id": image_id,
        "source": "alpha",
        "kept": kept,
        "reason": "kept" if kept else "pixels",
        "distance": 0,
        "label_conflict": False,
        "split": "train",
        "official_split": None,
        "pixel_sha256": pixel_sha256,
        "instances": 1,
        "file": f"a.zip/{image_id}.png",
    }


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def source_facts(annotated, *, tiled):
    """What the record repeats of a source's manifest."""
    return {
        "title": "Drawn by hand",
        "homepage": "https://example.org",
        "license": "unknown",
        "citation": "none",
        "priority": 1,
        "contains": [],
        "sar": {
            "platforms": [],
            "frequency_bands": ["C"],
            "polarizations": ["VV"],
            "resolutions_m": [1.0],
        },
        "annotations": {
            "format": "voc",
            "max_edge": "exclusive",
            "files": [{"path": "*.xml", "split": None}],
            "split_lists": [],
        },
        "categories": {"names": {name.title(): name for name in annotated}, "annotated": annotated},
        "scene": None,
        "pixels": None,
        "tiling": {"chip_px": 128, "overlap_px": 64, "min_visible": 0.7} if tiled else None,
        "expected": None,
        "sardet": None,
        "unverified": {},
        "archives": [
            {"name": "a.zip", "kind": "zip", "sha256": digest("a.zip"), "synthetic": False}
        ],
        "manifest_sha256": digest("manifest"),
        "fixes": {},
    }


def source_counts(read, rejected, deduplicated, kept, written):
    stages = {"read": read, "rejected": rejected, "deduplicated": deduplicated, "kept": kept}
    counts = {name: {"images": n[0], "instances": n[1]} for name, n in stages.items()}
    return {"counts": counts | {"written": {"images": written[0], "objects": written[1]}}}


def split_counts(images, objects, tasks):
    return {"images": images, "objects": objects} | dict(zip(TASKS, tasks, strict=True))
