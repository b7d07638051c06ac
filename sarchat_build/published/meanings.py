"""What every published column holds, in a line each: for the card, the documentation, Croissant."""

from __future__ import annotations

from sarchat_build.published.layout import TASKS

# Table → column (dotted below a struct) → what it holds.
_IMAGES = {
    "image": "the picture: the source's own file where it is 8-bit and whole, else a PNG",
    "image_id": "source and name; of a chip also where it begins: `sar_aircraft/0000003@312,624`",
    "width": "pixels",
    "height": "pixels",
    "source": "id of the source",
    "scene_id": "the acquisition; all its pictures are in one split",
    "split": "train, validation or test",
    "official_split": "the split that the source's authors gave it; null where they gave none",
    "license": "the terms of the source: an SPDX id, `research-only` or `unknown`",
    "platforms": "satellites or aircraft of the source, all together",
    "frequency_bands": "radar bands of the source",
    "polarizations": "polarizations of the source",
    "resolutions_m": "resolutions of the source in meters, where its authors state them",
    "source_member": "the file in the source's archive",
    "window_xyxy_px": "of a chip, its place in the scene; empty for a whole picture",
    "channels": "channels of the source's file",
    "bit_depth": "bits per channel of the source's file",
    "rendering": "`as stored`, or how pixels became 8 bits",
    "file_sha256": "digest of the source's file",
    "pixel_sha256": "digest of what the picture shows, whatever the file format",
    "perceptual_hash": "256 bits by which near-duplicates are found; empty where it is too flat",
    "categories_annotated": "categories of which the source lists every object",
    "rejected_categories": "categories of objects that were refused: absence is not claimed",
    "cut_categories": "categories of objects that the chip's edge cuts off",
    "objects": "the objects, as parallel lists",
    "objects.instance_id": "name of the object, the same in all chips that show it",
    "objects.category": "ship, aircraft, car, tank, bridge or harbor",
    "objects.source_category": "what the source calls it",
    "objects.bbox": "x_min, y_min, x_max, y_max in pixels of the stored picture, maximum exclusive",
    "objects.area": "of the box, in square pixels",
    "objects.obb": "rotated box: four corners x, y, clockwise; empty where the source has none",
    "objects.segmentation": "outline: x, y of its points; empty where the source has none",
    "objects.difficult": "the source calls it difficult",
    "objects.truncated": "the source calls it cut off, or the chip's edge cuts it",
}
_DIALOGUES = {
    "dialogue_id": "picture, task, subtask, and what is asked about",
    "image_id": "the picture, as in `images`",
    "source": "id of the source",
    "split": "train, validation or test",
    "task": "one of the six tasks",
    "subtask": "kind of question within the task",
    "messages": "a turn of the user, which begins with the mark of the picture, and the answer",
    "messages.role": "user or assistant",
    "messages.content": "text; a box is `{<x_min><y_min><x_max><y_max>}` in whole pixels",
    "objects": "what the dialogue speaks of, as parallel lists",
    "objects.ref": "category",
    "objects.bbox": "exact box, as in `images`",
    "instance_ids": "the same objects by name",
    "template_ids": "phrasing of the question, of what surrounds it, and of the answer",
    "ground_truth": "what the answer states, in fields of the task",
}
# What a field means in the ground truth of any task.
_TRUTH = {
    "categories": "the categories that the answer names",
    "category": "category",
    "asked": "the category that the question asks for",
    "answer": "yes or no",
    "cell": "one of nine parts of the picture, such as top left",
    "count": "how many there are",
    "listed": "of how many the answer gives the box: at most 100",
    "groups": "objects of one category in one part of the picture",
    "relations": "how each group lies to the one before",
    "direction": "where the first lies, seen from the second; of `nearest`, the nearest from the "
    "one given",
    "proximity": "near or far",
    "distance_px": "pixels between the centers",
    "options": "the categories to choose from",
    "objects": "what is described, in the order of the answer",
    "instance_id": "name of the object",
    "size": "very small to very large, by the share of the picture",
    "shape": "wide, roughly square or tall, by width to height",
    "order": "leftmost and the like",
    "rank": "2 is the second from there",
    "relation": "nearest, or a direction, to the only object of the category `anchor`",
    "anchor": "category of the object that the phrase starts from",
}
_REJECTS = {
    "stage": "the step that left it out",
    "source": "id of the source",
    "file": "archive and file",
    "line": "line or record within the file; null where there is none",
    "key": "picture or object",
    "reason": "one of `docs/reasons.md` of the program",
    "detail": "what was found",
    "images": "how many images it stands for",
    "instances": "how many objects",
}
_DUPLICATES = {
    "group_id": "pictures that show the same have one",
    "image_id": "the picture",
    "source": "id of its source",
    "kept": "whether it is the one that is published",
    "reason": "kept, or what is equal: the file, the pixels, or nearly what is seen",
    "distance": "differing bits of the perceptual hash",
    "label_conflict": "its objects are not those of the picture that is kept",
    "split": "split of the group",
    "official_split": "the split that the source's authors gave it",
    "pixel_sha256": "digest of what it shows",
    "instances": "number of its objects",
    "file": "archive and file",
}
_INDEX = {
    "image_id": "the picture, as in `images`",
    "source": "id of the source",
    "split": "train, validation or test",
    "shard": "the picture is in `images/<shard>.parquet`",
    "row": "its row there, from 0",
    "width": "pixels",
    "height": "pixels",
    "objects": "number of its objects",
    "categories": "what its objects are, each once",
    "sizes": "how large they are in words, each once",
    "subtasks": "`task/subtask` of its dialogues, each once",
    "answer_forms": "`task/subtask/form` of its dialogues, each once; a form is boxes, yes_no, "
    "number or words",
    "dialogues": "by task: where its dialogues lie in `dialogues/<task>/<shard>.parquet`",
}

MEANINGS = {
    "images": _IMAGES,
    **dict.fromkeys(TASKS, _DIALOGUES),
    "rejects": _REJECTS,
    "duplicates": _DUPLICATES,
    "index": _INDEX,
}


def meaning_of(table: str, column: str) -> str:
    """Give in a line what a column holds; of a field of the ground truth by its own name.

    >>> meaning_of("referring", "ground_truth.rank"), meaning_of("images", "width")
    ('2 is the second from there', 'pixels')

    Raises:
        KeyError: there is no such column.
    """
    if table in TASKS and column.startswith("ground_truth."):
        return _TRUTH[column.rpartition(".")[2]]
    if table == "index" and column.startswith("dialogues."):
        return _INDEX["dialogues"]
    return MEANINGS[table][column]
