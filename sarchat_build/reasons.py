"""Reasons: every word by which a build rejects, repairs, warns or stops, explained.

A reason is one member of `Reason`. Its value is what stands in `rejects/`, in `build.json` and in
messages; with it go the sentence that a user reads and what to do. `python -m
sarchat_build.reasons` writes them as the page `docs/reasons.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum


class Kind(str, Enum):
    """What becomes of a record, or of the whole build, for a reason."""

    REJECT = "reject"
    REPAIR = "repair"
    WARNING = "warning"
    STOP = "stop"


_KIND_TITLES = {
    Kind.REJECT: (
        "Rejects",
        "An image or an object is left out and is a row of `rejects/<source>.parquet`.",
    ),
    Kind.REPAIR: (
        "Repairs",
        "An object is kept, and something about it was put right; counted in `build.json`.",
    ),
    Kind.WARNING: (
        "Warnings",
        "Nothing is lost, but a person should know; counted in `build.json`.",
    ),
    Kind.STOP: ("Stops", "Nothing is published, and the message says so."),
}


class Reason(str, Enum):
    """Why something was rejected, repaired or worth a warning, or why a build stopped.

    Attributes:
        kinds: what the reason can bring about.
        meaning: what is the case; a clause that begins with a small letter.
        advice: what to do; another such clause. Keys of a manifest or a recipe and commands stand
            in backticks.

    >>> Reason.IMAGE_TRUNCATED == "image_truncated", str(Reason.DEGENERATE)
    (True, 'degenerate')
    >>> Reason("split_conflict").advice
    'remove each from one of them'
    """

    kinds: tuple[Kind, ...]
    meaning: str
    advice: str

    def __new__(
        cls, word: str, kinds: Kind | tuple[Kind, ...], meaning: str, advice: str
    ) -> Reason:
        """Make a member whose value is `word` alone."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        member.meaning = meaning
        member.advice = advice
        return member

    def __str__(self) -> str:
        """Give the published word."""
        return str(self.value)

    def __repr__(self) -> str:
        """Name the member, as code writes it."""
        return f"Reason.{self.name}"

    # One reason, three lines: word and kinds, meaning, advice.
    # fmt: off

    # Files: archives, folders and what is in them.
    ARCHIVE_MEMBER = ("archive_member", Kind.REJECT,
        "a member of an archive is missing or damaged",
        "fetch the archive again and compare its checksum")
    UNREADABLE = ("unreadable", Kind.REJECT,
        "a file of the raw folder cannot be read",
        "check that it is a regular file, that you have permission to read it, and the disk")
    PATH_ESCAPE = ("path_escape", Kind.REJECT,
        "a name or a link leads out of the folder of its source",
        "correct the name, or replace the link by the file itself")
    TOO_LARGE = ("too_large", Kind.REJECT,
        "a file is larger than any of its kind can be, or lists more than a picture holds",
        "see whether it is what its name says; fetch it again if not")

    # Annotation documents.
    UNREADABLE_DOCUMENT = ("unreadable_document", (Kind.REJECT, Kind.STOP),
        "documents about many images cannot be read",
        "fetch the archive again")
    ENCODING = ("encoding", Kind.REJECT,
        "a document is neither in the encoding that it declares nor in one that its manifest lists",
        "add the right one to `annotations.encodings`")
    XML_PARSE = ("xml_parse", Kind.REJECT,
        "a document is not well-formed XML; line and column are in the detail",
        "correct the document there, or fetch it again if it ends early")
    XML_FORBIDDEN = ("xml_forbidden", Kind.REJECT,
        "an XML document declares a DTD or entities, which are never expanded",
        "remove the declaration")
    JSON_PARSE = ("json_parse", Kind.REJECT,
        "a document is not valid JSON; the byte at which it breaks is in the detail",
        "correct the document there, or fetch it again if it ends early")
    DUPLICATE_ID = ("duplicate_id", (Kind.REJECT, Kind.STOP),
        "an id stands for two things",
        "correct the document, or leave it out")
    ORPHAN_ANNOTATION = ("orphan_annotation", (Kind.REJECT, Kind.STOP),
        "an object belongs to an image that its document does not list",
        "correct the ids, or add the image to the document")
    OTHER_ENCODING = ("other_encoding", Kind.WARNING,
        "a document is not UTF-8 and was read in another encoding that its manifest lists",
        "check the names in it if they seem wrong")
    DUPLICATE_ENTRY = ("duplicate_entry", Kind.WARNING,
        "a document says the same of an image or an object more than once; it counts once",
        "nothing needs to be done")

    OTHER_ID_TYPE = ("other_id_type", Kind.WARNING,
        "an id of a COCO document is text or a fraction and no whole number; one that writes the "
        "same number is the same id",
        "write ids as whole numbers, and see that none was rounded on its way")

    # Images and documents that belong together.
    PART_MATCH = ("part_match", Kind.WARNING,
        "a statement of a manifest (a split list, the pattern of `scene`) does not fit all of what "
        "it speaks of, or an archive inside of another is not read",
        "run `sarchat sources inspect`, which lists them with examples; correct what is wrong")
    IMAGE_MISSING = ("image_missing", Kind.REJECT,
        "a document is about an image that is not there",
        "see whether a part of the release is missing, or `annotations.images` misses some")
    IMAGE_AMBIGUOUS = ("image_ambiguous", Kind.REJECT,
        "a document names an image by a file name that several folders have",
        "write the folders of images into the document, or leave all images of that name but one "
        "out of `annotations.images`")
    NO_ANNOTATION = ("no_annotation", Kind.REJECT,
        "no document belongs to an image, and nobody claims that it shows nothing",
        'add the document; if such images show nothing, set `annotations.unlabeled` to "negative"')
    DUPLICATE_ANNOTATION = ("duplicate_annotation", Kind.REJECT,
        "several documents claim one image",
        "remove all but one, or distinguish folders by `annotations.stem_folders`")
    SPLIT_CONFLICT = ("split_conflict", (Kind.REJECT, Kind.STOP),
        "official lists put images into two splits",
        "remove each from one of them")
    NO_OBJECT = ("no_object", Kind.REJECT,
        "an image has no object, or none that a chip shows",
        "to keep such images, set `keep_images_without_objects` to true")
    FILENAME_ABSENT = ("filename_absent", Kind.WARNING,
        "a document does not say which image it is about; its own name decides",
        "nothing needs to be done if documents have the names of their images")
    FILENAME_DIFFERS = ("filename_differs", Kind.WARNING,
        "a document gives its image another name than the image has; the best match counts",
        "inspect one such pair with `sarchat sources inspect`")

    # Pictures.
    EMPTY_FILE = ("empty_file", Kind.REJECT,
        "the file of a picture has 0 bytes",
        "fetch it again")
    NOT_AN_IMAGE = ("not_an_image", Kind.REJECT,
        "a file with the name of a picture is of no format that can be read",
        "fetch it again, or convert it to PNG or TIFF")
    IMAGE_TRUNCATED = ("image_truncated", Kind.REJECT,
        "a picture ends early or is damaged",
        "fetch it again")
    IMAGE_TOO_SMALL = ("image_too_small", Kind.REJECT,
        "a picture has a side of less than 2 pixels",
        "see whether it is what its name says")
    PIXEL_LIMIT = ("pixel_limit", Kind.REJECT,
        "a picture has more pixels than are decoded at once",
        "store it as a TIFF of tiles, and have it cut into chips by `tiling`")
    UNSUPPORTED_DTYPE = ("unsupported_dtype", Kind.REJECT,
        "a picture is not 8-bit gray or RGB, and no rule says how it becomes so",
        "state one in `pixels`; convert complex numbers to amplitudes first")
    NO_VALID_PIXELS = ("no_valid_pixels", Kind.REJECT,
        "every pixel of a picture is no-data, NaN or outside its rule",
        "see whether `pixels.nodata` and `pixels.rule` are right")
    SIZE_MISMATCH = ("size_mismatch", (Kind.REJECT, Kind.WARNING),
        "a document states a size that its picture does not have: the picture's own counts; the "
        "image is rejected if its boxes fit neither",
        "see whether the picture was scaled or belongs to another document")

    # Objects.
    BAD_VALUE = ("bad_value", Kind.REJECT,
        "an object lacks numbers, or has something else where a number belongs",
        "correct the object in its document")
    NON_FINITE = ("non_finite", Kind.REJECT,
        "a coordinate is infinite or not a number",
        "correct the object in its document")
    DEGENERATE = ("degenerate", Kind.REJECT,
        "a box has no area once it is written in whole pixels, or is absurdly large",
        "correct the object in its document")
    OUTSIDE = ("outside", Kind.REJECT,
        "a box lies outside its picture",
        "if many do, inspect the boxes with `sarchat sources inspect`; else correct the object")
    SHARES_OF_PICTURE = ("shares_of_picture", (Kind.REJECT, Kind.STOP),
        "the numbers of a box are shares or percents of its picture, not pixels as its format says",
        "multiply x by the width and y by the height of the picture, or write YOLO labels")
    CONTRADICTS_ITSELF = ("contradicts_itself", (Kind.REJECT, Kind.STOP),
        "two fields of one object cannot both be true",
        "correct the object; if COCO boxes are written as corners, set `annotations.bbox`")
    NOT_ONE_OBJECT = ("not_one_object", Kind.REJECT,
        "its format marks an entry as a group of objects or as a region to ignore",
        "nothing needs to be done; its category counts as incomplete in that image")
    IGNORED_CATEGORY = ("ignored_category", Kind.REJECT,
        'an object has a category that its manifest lists as "ignore"',
        "nothing needs to be done")
    DUPLICATE_OBJECT = ("duplicate_object", (Kind.REJECT, Kind.REPAIR),
        "an object has the category and the box of another one of its image; one is kept",
        "nothing needs to be done")
    COPIES_DIFFER = ("copies_differ", Kind.REPAIR,
        "two entries of one object contradict each other beside its box: a mark that either has is "
        "kept, and of names and outlines the first",
        "correct the document if the mark, the name or the outline matters")
    UNKNOWN_FLAG = ("unknown_flag", Kind.WARNING,
        "a mark such as `difficult` holds neither yes nor no, and is taken for no",
        "correct the document if the mark matters")
    UNKNOWN_CATEGORY = ("unknown_category", (Kind.REJECT, Kind.STOP),
        "an object has a category name that its manifest does not list",
        "list the name under `categories.names`, or reject such objects by "
        "`rejects.unknown_category`")
    CONTRADICTS_MANIFEST = ("contradicts_manifest", (Kind.REJECT, Kind.STOP),
        "the data cannot be as a manifest states them; the statement is in the detail",
        "correct the statement with --set, or reject such objects by `rejects.contradiction`")
    NO_VALID_INSTANCE = ("no_valid_instance", Kind.REJECT,
        "each object of an image was rejected, and it must not pass for one without objects",
        "see the rejects of its objects")
    LOST_AT_EDGE = ("lost_at_edge", Kind.REJECT,
        "no chip shows enough of an object",
        "for larger objects, raise `tiling.overlap_px` or `tiling.chip_px`")
    BOX_SWAPPED = ("box_swapped", Kind.REPAIR,
        "the corners of a box stood in the wrong order and were exchanged",
        "nothing needs to be done")
    BOX_CLIPPED = ("box_clipped", Kind.REPAIR,
        "a box was cut to its picture",
        "if most are, see whether `annotations.pixel_origin` and `annotations.max_edge` are right")
    QUAD_HULL = ("quad_hull", Kind.REPAIR,
        "four corners crossed or lay in line, and their convex hull was taken",
        "nothing needs to be done")
    ROTATED_BOX_DROPPED = ("rotated_box_dropped", Kind.REPAIR,
        "the rotated box of an object is unusable or lies beside its upright box, and was left "
        "out; the upright box is kept",
        "correct the object in its document if you need rotated boxes")
    OUTLINE_DROPPED = ("outline_dropped", Kind.REPAIR,
        "the outline of an object has numbers that are not finite, or lies beside its box, and was "
        "left out",
        "correct the object in its document if you need outlines")

    # What is seen only when all images are there.
    EMPTY_WINDOWS_DROPPED = ("empty_windows_dropped", Kind.WARNING,
        "windows of a scene show no object and give no chip",
        "nothing needs to be done")
    LABEL_CONFLICT = ("label_conflict", Kind.WARNING,
        "pictures that show the same have other boxes",
        "compare them; `duplicates/` lists both files")
    TOO_FLAT_TO_COMPARE = ("too_flat_to_compare", Kind.WARNING,
        "a picture shows too little for near-duplicates to be searched for",
        "nothing needs to be done; the limit is `duplicates.near_min_variance`")
    TOO_MANY_REJECTS = ("too_many_rejects", Kind.STOP,
        "so many images of a source were rejected that it was probably misread",
        "see `rejects/` for the reasons; what is tolerated is `rejects.max_image_ratio`")
    NOTHING_TO_WRITE = ("nothing_to_write", Kind.STOP,
        "no image was kept",
        "see `rejects/` for the reasons")
    OTHER_TOTALS = ("other_totals", Kind.STOP,
        "other numbers were read than are published, and --strict forbids it",
        "fetch the published release, or leave --strict out")
    IMBALANCE = ("imbalance", Kind.STOP,
        "images or objects that were read are neither kept, nor rejected, nor duplicates",
        "this is a fault of the build and not of its input; please report it")
    DISPROVED = ("disproved", Kind.STOP,
        "the independent checks found faults in finished shards",
        "this is a fault of the build and not of its input; please report it")
    # fmt: on


def reasons_page() -> str:
    """Write all reasons as a page of Markdown, a table for each kind."""
    return "\n".join(_page_lines()) + "\n"


def sentence(clause: str) -> str:
    """Make a meaning or an advice a sentence of its own.

    >>> sentence(Reason.BOX_CLIPPED.meaning)
    'A box was cut to its picture.'
    """
    return f"{clause[:1].upper()}{clause[1:]}."


def _page_lines() -> Iterator[str]:
    yield "# Reasons"
    yield ""
    yield "Every reject, repair, warning and stop has one of these reasons. This page is written by"
    yield "`make docs`; edit `sarchat_build/reasons.py` instead. Names in backticks are keys of a"
    yield "manifest or a recipe, or commands."
    for kind, (title, text) in _KIND_TITLES.items():
        yield from ("", f"## {title}", "", text, "")
        yield "| reason | what it means | what to do |"
        yield "|---|---|---|"
        for reason in sorted(Reason):
            if kind in reason.kinds:
                yield f"| `{reason}` | {sentence(reason.meaning)} | {sentence(reason.advice)} |"


if __name__ == "__main__":
    print(reasons_page(), end="")
