"""Labels and forms of the published data: categories, tasks, cells, sizes, directions, ids.

This is the validation's own copy: it is written from the dataset's description and not taken from
the builder, so that a label that goes wrong there is noticed here.
"""

from __future__ import annotations

import re

CATEGORIES = ("ship", "aircraft", "car", "tank", "bridge", "harbor")
PLURALS = ("ships", "aircraft", "cars", "tanks", "bridges", "harbors")
CATEGORY_RANK = {category: rank for rank, category in enumerate(CATEGORIES)}

SPLITS = ("train", "validation", "test")

# The tag between "<image>\n" and the question.
TASK_TAGS = {
    "classification": "",
    "fine_grained_description": "",
    "instance_counting": "[count] ",
    "spatial_grounding": "[grounding] ",
    "cross_modal_identification": "[identify] ",
    "referring": "[refer] ",
}
TASKS = tuple(TASK_TAGS)

SUBTASKS = {
    "classification": ("all", "presence"),
    "fine_grained_description": ("all",),
    "instance_counting": ("all",),
    "spatial_grounding": ("single", "multi", "presence"),
    "cross_modal_identification": ("single", "category", "choice", "nearest", "multi"),
    "referring": ("single", "multi", "unique"),
}

# Row-major, as a page is read.
CELLS = tuple(
    f"{row} {column}"
    for row in ("top", "middle", "bottom")
    for column in ("left", "center", "right")
)
CELL_RANK = {cell: rank for rank, cell in enumerate(CELLS)}

# Large to small; the label is what tables hold, the word what sentences say.
SIZE_WORDS = {
    "very large": "very large",
    "large": "large",
    "medium": "medium-sized",
    "small": "small",
    "very small": "very small",
}
SIZE_RANK = {label: rank for rank, label in enumerate(SIZE_WORDS)}

SHAPES = ("wide", "tall", "roughly square")

DIRECTION_PHRASES = {
    "left": "to the left of",
    "right": "to the right of",
    "above": "above",
    "below": "below",
    "upper_left": "to the upper left of",
    "upper_right": "to the upper right of",
    "lower_left": "to the lower left of",
    "lower_right": "to the lower right of",
    "same": "at the same place as",
}

VERDICTS = ("yes", "no")

PROXIMITY_PHRASES = {"near": "near", "far": "far from"}

# Order words of referring questions.
ORDERS = ("leftmost", "rightmost", "topmost", "bottommost", "largest", "smallest")
RANKS = {"second": 2, "third": 3}
RANK_SIDES = {"left": "leftmost", "right": "rightmost", "top": "topmost", "bottom": "bottommost"}

# Why something that was read is not published, and the step that found it.
REJECT_STAGES = ("read_annotations", "inspect_images", "normalize", "cut_chips")
REJECT_REASONS = (
    "archive_member",
    "bad_value",
    "contradicts_itself",
    "contradicts_manifest",
    "degenerate",
    "duplicate_annotation",
    "duplicate_id",
    "duplicate_object",
    "empty_file",
    "encoding",
    "ignored_category",
    "image_ambiguous",
    "image_missing",
    "image_too_small",
    "image_truncated",
    "json_parse",
    "lost_at_edge",
    "no_annotation",
    "no_object",
    "no_valid_instance",
    "no_valid_pixels",
    "non_finite",
    "not_an_image",
    "not_one_object",
    "orphan_annotation",
    "outside",
    "path_escape",
    "pixel_limit",
    "shares_of_picture",
    "size_mismatch",
    "split_conflict",
    "too_large",
    "unknown_category",
    "unreadable",
    "unreadable_document",
    "unsupported_dtype",
    "xml_forbidden",
    "xml_parse",
)
# Only for these reasons a refused object hides none: it lies elsewhere, is listed once already, or
# is of no category of ours. After any other, not all objects of its category are listed.
SHOWN_REASONS = ("outside", "duplicate_object", "ignored_category")

SOURCE_ID = re.compile(r"[a-z][a-z0-9_]*")
SHA256 = re.compile(r"[0-9a-f]{64}")
_CHIP = re.compile(r"(.+)@(0|[1-9][0-9]*),(0|[1-9][0-9]*)", re.DOTALL)


def source_image_id(image_id: str) -> str:
    """Give the id of the source's own image, which for a chip is what stands before "@x,y".

    >>> source_image_id("msar/12@512,0"), source_image_id("msar/12")
    ('msar/12', 'msar/12')
    """
    chip = _CHIP.fullmatch(image_id)
    return chip[1] if chip else image_id
