"""Where a picture comes from: its columns against the facts of its source, and its rendering."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from sarchat_build.validation.findings import Plain, Severity, shorten
from sarchat_build.validation.pictures.image_row import ImageRow, RowLog
from sarchat_build.validation.pictures.pixels import Picture
from sarchat_build.validation.pictures.source_rules import SourceRules, TilingRule, scene_name
from sarchat_build.validation.vocabulary import CATEGORIES, SPLITS, source_image_id

AS_STORED = "as stored"
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "BMP": "bmp", "GIF": "gif", "WEBP": "webp"}
# A rule's words end in the range of the scene that its 8 bits show.
_RANGE = re.compile(
    r"(?P<words>.+): (?P<low>-?[0-9.e+-]+)…(?P<high>-?[0-9.e+-]+) → 0…255(?P<log>, log)?"
    r"(; band (?P<band>[0-9]+) of (?P<bands>[0-9]+))?(; no-data (?P<nodata>\S+) → 0)?"
)
_CONVERSION = re.compile(
    r"((?P<bits>[0-9]{1,3}) bit|palette|palette with alpha|gray|gray with alpha|RGB"
    r"|RGB with alpha|CMYK|orientation tag removed)( to (?P<to>gray|RGB))?(, 0 is white)?"
    r"(, (alpha|fourth band) dropped)?, as PNG"
)
_JPEG_END = b"\xff\xd9"
_PNG_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}
_PNG_CHUNKS_AT, _PNG_BITS_AT, _PNG_INTERLACE_AT = 8, 24, 28

_scene_name = lru_cache(maxsize=4096)(scene_name)


def check_provenance(image: ImageRow, rules: SourceRules, log: RowLog) -> None:
    """Compare a row with what build.json says of its source, and with its own other columns."""
    for column, expected in rules.columns.items():
        log.same(column, expected, getattr(image, column))
    for column in ("rejected_categories", "cut_categories"):
        found = getattr(image, column)
        canonical = [category for category in CATEGORIES if category in found]
        if found != canonical or not set(found) <= set(rules.named):
            log.add(column, Plain(f"some of {rules.named}, in this order, each once"), found)
    if image.cut_categories and not image.window_xyxy_px:
        log.add("cut_categories", Plain("none: only a chip cuts objects"), image.cut_categories)
    if image.official_split not in rules.official_splits:
        stated = [split for split in (*SPLITS, None) if split in rules.official_splits]
        log.add("official_split", Plain(f"one of {shorten(stated)}"), image.official_split)
    _check_names(image, rules, log)
    _check_window(image, rules.tiling, log)


def _check_names(image: ImageRow, rules: SourceRules, log: RowLog) -> None:
    """Compare scene and member with the name that the id holds."""
    own = source_image_id(image.image_id) if image.window_xyxy_px else image.image_id
    name = own.removeprefix(f"{image.source}/")
    scene = image.scene_id.removeprefix(f"{image.source}/")
    if rules.scene_pattern is None:
        log.same("scene_id", own, image.scene_id)
    else:
        expected = _scene_name(rules.scene_pattern, name)
        if expected is not None:
            log.same("scene_id", f"{image.source}/{expected}", image.scene_id)
        elif image.scene_id == scene or scene not in name:
            log.add("scene_id", Plain(f"{image.source}/ and a part of {name!r}"), image.scene_id)
    if not may_be_file_of(name, image.source_member):
        log.add("source_member", Plain(f"a file whose name gives {name!r}"), image.source_member)


def may_be_file_of(name: str, path: str) -> bool:
    """Tell whether a file with this path may be the picture that has this name in its source.

    >>> may_be_file_of("train/7", "a.zip/images/train/7.png"), may_be_file_of("7", "a.zip/77.png")
    (True, False)
    """
    *folders, last = name.split("/")
    *above, file = PurePosixPath(path).parts or ("",)
    return _is_name_of(file, last) and _in_order(folders, above)


def _is_name_of(file: str, name: str) -> bool:
    return file == name or file.startswith(f"{name}.")


def _in_order(some: Sequence[str], of: Sequence[str]) -> bool:
    rest = iter(of)
    return all(one in rest for one in some)


def _check_window(image: ImageRow, tiling: TilingRule | None, log: RowLog) -> None:
    window = image.window_xyxy_px
    if tiling is None:
        if window:
            log.add("window", Plain("none: its source is not cut"), window)
    elif not window:
        if max(image.width, image.height) > tiling.chip_px:
            log.add("window", Plain(f"chips of {tiling.chip_px}"), (image.width, image.height))
    elif len(window) == 4:
        stride = tiling.chip_px - tiling.overlap_px
        for start, end in (window[::2], window[1::2]):
            # The last window of a side ends with it, wherever that makes it begin.
            whole = end - start == tiling.chip_px
            if not whole and (start != 0 or end - start > tiling.chip_px):
                log.add("window", Plain(f"{tiling.chip_px} pixels, or a whole side"), window)
            elif start < 0 or (start % stride and not whole):
                log.add("window", Plain(f"multiples of {stride}"), window)


def check_rendering(image: ImageRow, picture: Picture, rules: SourceRules, log: RowLog) -> None:
    """Compare what a picture is with what its row says about how its 8 bits came about."""
    if picture.mode not in ("L", "RGB"):
        log.add("picture_mode", Plain("gray (L) or RGB"), picture.mode)
    if picture.turned:
        log.add("orientation", Plain("a picture that no reader turns"), Plain("orientation tag"))
    for column in ("channels", "bit_depth"):
        if getattr(image, column) < 1:
            log.add("channels", Plain(f"{column} of at least 1"), getattr(image, column))
    data, path = image.image
    original = not image.window_xyxy_px and image.rendering == AS_STORED
    extension = _EXTENSIONS.get(picture.format, "jpg") if original else "png"
    log.same("image_path", f"{image.image_id}.{extension}", path)
    end = _end(data, picture.format)
    if not original and picture.format != "PNG":
        log.add("rendering_lossless", "PNG", picture.format)
    elif end != len(data):
        # A file of the source is published as it came, whatever follows its picture.
        found = Plain(f"{len(data)} bytes")
        severity: Severity = "warning" if original else "error"
        log.add("picture_bytes", Plain(f"the picture's end at {end}"), found, severity=severity)
    elif not original and (more := {kind for kind, _ in _png_chunks(data)} - _PNG_CHUNKS):
        names = sorted(kind.decode("ascii", "replace") for kind in more)
        log.add("picture_bytes", Plain("pixels alone"), Plain(f"chunks {', '.join(names)}"))
    elif not original and data[_PNG_INTERLACE_AT]:
        log.add("picture_bytes", Plain("rows from top to bottom"), Plain("an interlaced PNG"))
    shown = _shown_channels(image)
    if shown and shown != picture.channels:
        if image.rendering == AS_STORED and original:
            found = Plain(f"{image.channels} in the column")
            log.add("channels", Plain(f"{picture.channels}, as the picture has"), found)
        else:
            expected = Plain(f"a picture of {shown}, by its columns")
            log.add("channels", expected, Plain(f"a picture of {picture.channels}"))
    if image.rendering == AS_STORED:
        bits = data[_PNG_BITS_AT] if picture.format == "PNG" and original else 8
        if image.bit_depth > 8:
            log.add("rendering", Plain("how more than 8 bits became 8"), image.rendering)
        else:
            log.same("bit_depth", bits, image.bit_depth)
    else:
        _check_words(image, rules, log)


def _shown_channels(image: ImageRow) -> int | None:
    """Give the number of channels that a picture must have by its rendering, if that decides."""
    words = _CONVERSION.fullmatch(image.rendering)
    if image.rendering == AS_STORED or (words and words[1] == "orientation tag removed"):
        return image.channels
    if words is None:
        return 1 if _RANGE.fullmatch(image.rendering) else None
    if words["to"] == "gray" or words[1].startswith("gray"):
        return 1
    return 3 if words["to"] == "RGB" else None


def _end(data: bytes, form: str) -> int:
    """Give the position after the last part of a PNG or JPEG that decodes; else the length."""
    if form == "JPEG":
        return len(data) if data.endswith(_JPEG_END) else data.rfind(_JPEG_END) + len(_JPEG_END)
    return max((end for _, end in _png_chunks(data)), default=0) if form == "PNG" else len(data)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield kind and end of each chunk of a PNG up to its last one."""
    at, kind = _PNG_CHUNKS_AT, b""
    while kind != b"IEND" and at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        at += length + 12
        yield kind, at


def _check_words(image: ImageRow, rules: SourceRules, log: RowLog) -> None:
    """Compare the words about a rendering with the rule of the source and with the file's bits."""
    stated, conversion = _RANGE.fullmatch(image.rendering), _CONVERSION.fullmatch(image.rendering)
    if conversion:
        bits = conversion["bits"]
        if image.bit_depth > 8 or (bits and int(bits) != image.bit_depth):
            log.add("bit_depth", Plain(f"that of {image.rendering!r}"), image.bit_depth)
        return
    if not stated:
        log.add("rendering", Plain("<rule>: <low>…<high> → 0…255"), image.rendering)
        return
    rule = rules.pixels
    words = {
        "linear": "linear",
        "percentile": "percentile {low_percent:g}–{high_percent:g} of the scene",
    }.get(str(rule.get("rule")).removeprefix("log_"), "none: no rule for its pixels")
    try:
        wanted = words.format(**rule)
    except (LookupError, ValueError, TypeError):
        wanted = words
    # 8 bits already, in bands that are no colors: the rule only chooses one of them.
    if stated["words"] != wanted and (image.bit_depth > 8 or stated["words"] != AS_STORED):
        log.add("rendering", Plain(wanted), image.rendering)
    logarithmic = rule.get("rule") == "log_percentile"
    if bool(stated["log"]) != logarithmic or float(stated["low"]) > float(stated["high"]):
        log.add("rendering", Plain("a range by the rule of the source"), image.rendering)
    band = (str(rule.get("band", 1)), str(image.channels)) if image.channels > 1 else (None, None)
    if (stated["band"], stated["bands"]) != band:
        log.add("rendering", Plain(f"band {band[0]} of {image.channels}"), image.rendering)
