"""One picture to its rows: the image row, and the dialogue rows of every task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.dialogues.labels import label_image
from sarchat_build.dialogues.tasks import questions
from sarchat_build.images import PublishedImage
from sarchat_build.names import printable
from sarchat_build.phrasing.dialogue import Dialogue, render_dialogue
from sarchat_build.phrasing.engine import Phrasing
from sarchat_build.types import AS_STORED, Chip, PlannedImage, TaskName

# A row on its way into a table; `tables` holds its columns and types.
Row: TypeAlias = Mapping[str, Any]

# By what the file is, which its name in the source need not tell.
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "BMP": "bmp", "GIF": "gif", "WEBP": "webp"}


def image_row(planned: PlannedImage, chip: Chip, shown: PublishedImage, manifest: Manifest) -> Row:
    """Make one row of `images`."""
    image, sar = planned.image, manifest.sar
    original = chip.window is None and image.pixels.rendering == AS_STORED
    extension = _EXTENSIONS.get(image.pixels.format, "jpg") if original else "png"
    return {
        "image": {"bytes": shown.picture, "path": f"{chip.image_id}.{extension}"},
        "image_id": chip.image_id,
        "width": chip.width_px,
        "height": chip.height_px,
        "source": image.source_id,
        "scene_id": image.scene_id,
        "split": planned.split,
        "official_split": image.official_split,
        "license": manifest.license,
        "platforms": sar.platforms,
        "frequency_bands": sar.frequency_bands,
        "polarizations": sar.polarizations,
        "resolutions_m": sar.resolutions_m,
        "source_member": printable(image.member),
        "window_xyxy_px": chip.window or (),
        "channels": image.pixels.channels,
        "bit_depth": image.pixels.bit_depth,
        "rendering": image.pixels.rendering,
        "file_sha256": image.pixels.file_sha256,
        "pixel_sha256": shown.pixel_sha256,
        "perceptual_hash": shown.perceptual_hash,
        "categories_annotated": manifest.categories.annotated,
        "rejected_categories": image.rejected_categories,
        "cut_categories": chip.cut_categories,
        "objects": {
            "instance_id": [i.instance_id for i in chip.instances],
            "category": [i.category for i in chip.instances],
            "source_category": [i.source_category for i in chip.instances],
            "bbox": [i.bbox for i in chip.instances],
            "area": [i.bbox.area_px2 for i in chip.instances],
            "obb": [i.obb_px for i in chip.instances],
            "segmentation": [i.polygon_px for i in chip.instances],
            "difficult": [i.difficult for i in chip.instances],
            "truncated": [i.truncated for i in chip.instances],
        },
    }


def dialogue_rows(
    planned: PlannedImage, chip: Chip, manifest: Manifest, recipe: Recipe, phrasing: Phrasing
) -> list[tuple[TaskName, Row]]:
    """Make the dialogue rows of one picture; two that read the same are one."""
    image = planned.image
    labeled = label_image(
        chip, manifest.categories.annotated, image.rejected_categories, recipe.words
    )
    seen: set[tuple[str, str]] = set()
    rows = []
    for question in questions(labeled, recipe):
        dialogue = render_dialogue(question, chip.image_id, planned.split, phrasing)
        words = dialogue.text.question, dialogue.text.answer
        if words not in seen:
            seen.add(words)
            rows.append((question.task, _row(planned, chip, dialogue)))
    return rows


def _row(planned: PlannedImage, chip: Chip, dialogue: Dialogue) -> Row:
    question = dialogue.question
    return {
        "dialogue_id": dialogue.dialogue_id,
        "image_id": chip.image_id,
        "source": planned.image.source_id,
        "split": planned.split,
        "task": question.task,
        "subtask": question.subtask,
        "messages": dialogue.messages,
        "objects": {
            "ref": [o.category for o in question.mentioned],
            "bbox": [o.bbox for o in question.mentioned],
        },
        "instance_ids": [o.instance.instance_id for o in question.mentioned],
        "template_ids": dialogue.text.template_ids,
        "ground_truth": question.ground_truth,
    }
