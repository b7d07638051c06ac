"""Fingerprints of shards: a digest of everything that a shard's bytes depend on.

What is digested is text of our own making (JSON lines with named fields), so that renaming a class
or a field in the code voids no finished shard. `FORMAT` counts the versions of that text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.types import Chip, Instance, PixelFacts, PlannedImage, Stretch

FORMAT = 1
_DIGEST_BYTES = 16
# Rooms and ground modules that turn planned images into files. What comes before them decides
# which images are planned, and the images themselves are digested.
DECISIVE_CODE = (
    *("config", "dataset", "dialogues", "geometry", "images", "phrasing", "published"),
    *("archives", "sources", "names.py", "stable_hash.py", "types.py", "errors.py", "reasons.py"),
    *("regular_files.py", "suggestions.py", "key_index.py"),
)


def fingerprint(
    planned: Iterable[PlannedImage],
    *,
    recipe: Recipe,
    manifests: Mapping[str, Manifest],
    phrasing_digest: str,
    code_digest: str,
    versions: Mapping[str, str],
) -> str:
    """Digest what one shard is made from, in 32 hexadecimal digits.

    Args:
        planned: the images of the shard, in any order.
        recipe: the recipe.
        manifests: manifests by source id; those of the shard's own sources count.
        phrasing_digest: digest of every template.
        code_digest: as `digest_code` gives it.
        versions: versions of the libraries that can change a published byte.
    """
    images = sorted(planned, key=lambda item: item.image.image_id)
    settings = {
        "format": FORMAT,
        "code": code_digest,
        "versions": dict(versions),
        "recipe": recipe.model_dump(mode="json"),
        "phrasing": phrasing_digest,
        "manifests": {
            source_id: manifests[source_id].model_dump(mode="json")
            for source_id in {item.image.source_id for item in images}
        },
    }
    digest = blake2b(canonical_json(settings), digest_size=_DIGEST_BYTES)
    for item in images:
        digest.update(b"\n" + canonical_json(encode_planned_image(item)))
    return digest.hexdigest()


def digest_code() -> str:
    """Digest the source files that decide the bytes of a shard (`DECISIVE_CODE`)."""
    package = Path(__file__).parents[1]
    files = {
        path.relative_to(package).as_posix(): path
        for name in DECISIVE_CODE
        for path in ([package / name] if name.endswith(".py") else (package / name).rglob("*.py"))
    }
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for name, path in sorted(files.items()):
        # With a length before it, no text can pass for the end of one file and the next one's name.
        text = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{name}\n{len(text)}\n".encode() + text)
    return digest.hexdigest()


def canonical_json(value: object) -> bytes:
    """Write a value as JSON of one spelling: sorted keys, no blanks, ASCII.

    >>> canonical_json({"b": 0.5, "a": [None]})
    b'{"a":[null],"b":0.5}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def encode_planned_image(planned: PlannedImage) -> dict[str, Any]:
    """Name everything about a planned image that can change a row or a picture of it.

    Its `extent` cannot: only curation looks at it, to stop a build whose boxes are misread.
    """
    image = planned.image
    return {
        "image_id": image.image_id,
        "source": image.source_id,
        "scene_id": image.scene_id,
        "archive": image.archive,
        "member": image.member,
        "split": planned.split,
        "official_split": image.official_split,
        "rejected_categories": list(image.rejected_categories),
        "pixels": _pixels(image.pixels),
        "instances": [_instance(found) for found in image.instances],
        "chips": [_chip(chip) for chip in planned.chips],
    }


def _pixels(pixels: PixelFacts) -> dict[str, Any]:
    return {
        "width_px": pixels.width_px,
        "height_px": pixels.height_px,
        "channels": pixels.channels,
        "bit_depth": pixels.bit_depth,
        "format": pixels.format,
        "pixel_sha256": pixels.pixel_sha256,
        "file_sha256": pixels.file_sha256,
        "file_bytes": pixels.file_bytes,
        "rendering": pixels.rendering,
        "stretch": _stretch(pixels.stretch) if pixels.stretch else None,
        "perceptual_hash": pixels.perceptual_hash,
    }


def _stretch(stretch: Stretch) -> dict[str, Any]:
    return {
        "rule": stretch.rule,
        "band": stretch.band,
        "low": float(stretch.low),
        "high": float(stretch.high),
        "logarithmic": stretch.logarithmic,
        "nodata": None if stretch.nodata is None else float(stretch.nodata),
    }


def _chip(chip: Chip) -> dict[str, Any]:
    return {
        "image_id": chip.image_id,
        "window_px": list(chip.window) if chip.window else None,
        "width_px": chip.width_px,
        "height_px": chip.height_px,
        "instances": [_instance(found) for found in chip.instances],
        "cut_categories": list(chip.cut_categories),
    }


def _instance(found: Instance) -> dict[str, Any]:
    return {
        "instance_id": found.instance_id,
        "category": found.category,
        "source_category": found.source_category,
        "bbox_px": _floats(found.bbox),
        "obb_px": _floats(found.obb_px),
        "polygon_px": _floats(found.polygon_px),
        "difficult": found.difficult,
        "truncated": found.truncated,
    }


def _floats(values: Iterable[float]) -> list[float]:
    return [float(value) for value in values]
