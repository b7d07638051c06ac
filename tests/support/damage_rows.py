"""Damage to columns and objects of the pictures."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import numpy as np
from damage import (
    Damage,
    Row,
    Target,
    has_obb,
    in_row,
    in_rows,
    is_chip,
    is_whole,
    moved,
    of,
    put,
    put_object,
)
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sarchat_build.images.hashing import perceptual_hash
from sarchat_build.images.output import encode_png, pixel_sha256

COLUMNS = {
    "license": in_row("images", put("license", "MIT")),
    "platforms": in_row("images", put("platforms", ["Landsat"])),
    "frequency_bands": in_row("images", put("frequency_bands", ["K"])),
    "polarizations": in_row("images", put("polarizations", lambda old: [*old, "LH"])),
    "resolutions_m": in_row("images", put("resolutions_m", [123.0])),
    "categories_annotated": in_row("images", put("categories_annotated", ["bridge"])),
    "rejected_categories": in_row(
        "images",
        put("rejected_categories", lambda old: ["ship"]),
        lambda row: "ship" in row["categories_annotated"] and not row["rejected_categories"],
    ),
    "official_split": in_row(
        "images", put("official_split", "train"), lambda row: row["official_split"] is None
    ),
    "source_member": in_row("images", put("source_member", "elsewhere/other.tif")),
    "scene_id": in_row("images", put("scene_id", lambda old: f"{old}x")),
    "bit_depth": in_row("images", put("bit_depth", 7), lambda row: row["bit_depth"] == 8),
    "channels": in_row("images", put("channels", 2), lambda row: row["rendering"] == "as stored"),
    "rendering": in_row(
        "images", put("rendering", "linear: 0…9 → 0…255"), lambda row: row["bit_depth"] > 8
    ),
    "image_path": in_row("images", lambda row: row["image"].update(path="picture.jpg")),
    "picture_bytes": in_row(
        "images", lambda row: row["image"].update(bytes=row["image"]["bytes"] + b"\0"), is_chip
    ),
    "truncated": in_row("images", put_object("truncated", True), of("hrsid")),
    "difficult_per_object": None,
    "source_category": in_row("images", put_object("source_category", "submarine")),
    "segmentation": in_row("images", put_object("segmentation", moved), of("hrsid")),
    "instance_order": in_row(
        "images",
        lambda row: [values.reverse() for values in row["objects"].values()],
        lambda row: len(row["objects"]["bbox"]) > 1,
    ),
    "window": in_row("images", put("window_xyxy_px", lambda old: [v + 1 for v in old]), is_chip),
}


def _obb_elsewhere(row: Row) -> None:
    row["objects"]["obb"][0] = [value + 3.0 for value in row["objects"]["obb"][0]]


def _cut_invented(row: Row) -> None:
    row["cut_categories"] = ["ship"]


def _object_dropped_from_chips(target: Target) -> None:
    """Take an object out of one of two chips that show it."""
    for path in target.paths("images"):
        rows = target.rows(path)
        whole = {
            one
            for row in rows
            for one, truncated in zip(
                row["objects"]["instance_id"], row["objects"]["truncated"], strict=True
            )
            if row["window_xyxy_px"] and not truncated
        }
        seen: set[str] = set()
        for row in rows:
            ids = row["objects"]["instance_id"]
            again = [i for i, one in enumerate(ids) if one in whole and one in seen]
            seen.update(ids if row["window_xyxy_px"] else ())
            if again and len(ids) > 1:
                for values in row["objects"].values():
                    values.pop(again[0])
                target.write(path, rows)
                return
    raise AssertionError("no object lies in two chips")


def _difficult_in_one_chip(target: Target) -> None:
    for path in target.paths("images"):
        rows = target.rows(path)
        seen: set[str] = set()
        for row in rows:
            for index, one in enumerate(row["objects"]["instance_id"]):
                if one in seen:
                    row["objects"]["difficult"][index] ^= True
                    target.write(path, rows)
                    return
            seen.update(row["objects"]["instance_id"])
    raise AssertionError("no object lies in two chips")


COLUMNS["difficult_per_object"] = _difficult_in_one_chip


def _show(row: Row, picture: Image.Image) -> None:
    """Put another picture into a row, with its digests."""
    row["image"]["bytes"] = encode_png(picture)
    row["pixel_sha256"] = pixel_sha256(picture)
    row["perceptual_hash"] = perceptual_hash(picture, 1.0)


def _picture(row: Row) -> Image.Image:
    return Image.open(io.BytesIO(row["image"]["bytes"]))


def _scene_of_three(target: Target) -> tuple[str, list[Row], list[Row]]:
    """Give a file, its rows, and the chips of a scene among them, of which there are most."""
    found = []
    for path in target.paths("images"):
        rows = target.rows(path)
        scenes: dict[str, list[Row]] = {}
        for row in rows:
            if row["window_xyxy_px"]:
                scenes.setdefault(row["scene_id"], []).append(row)
        found += [(path, rows, chips) for chips in scenes.values()]
    return max(found, key=lambda one: len(one[2]))


def _turned(target: Target) -> None:
    path, rows, chips = _scene_of_three(target)
    _show(chips[0], _picture(chips[0]).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    target.write(path, rows)


def _exchanged(target: Target) -> None:
    path, rows, chips = _scene_of_three(target)
    one, other = _picture(chips[0]), _picture(chips[1])
    _show(chips[0], other)
    _show(chips[1], one)
    target.write(path, rows)


def _one_pixel(target: Target) -> None:
    """Change one pixel that two chips show, in one of them."""
    path, rows, chips = _scene_of_three(target)
    (left, top, *_), (x0, y0, *_) = (chip["window_xyxy_px"] for chip in chips[:2])
    picture = _picture(chips[0]).copy()
    at = max(left, x0) - left, max(top, y0) - top
    level = picture.getpixel(at)
    assert isinstance(level, int)
    picture.putpixel(at, 255 - level)
    _show(chips[0], picture)
    target.write(path, rows)


def _chip_of_three_channels(row: Row) -> None:
    row["image"]["bytes"] = encode_png(_picture(row).convert("RGB"))


def _without_a_chip(target: Target) -> None:
    """Take a chip away that shows an object whole, which another chip shows, too."""
    for path in target.paths("images"):
        rows = target.rows(path)
        for row in rows:
            objects = row["objects"]
            shown = {
                one
                for one, cut in zip(objects["instance_id"], objects["truncated"], strict=True)
                if not cut
            }
            others = {
                one
                for other in rows
                if other is not row
                for one, cut in zip(
                    other["objects"]["instance_id"], other["objects"]["truncated"], strict=True
                )
                if not cut
            }
            if row["window_xyxy_px"] and shown & others:
                rows.remove(row)
                target.write(path, rows)
                return
    raise AssertionError("no object lies whole in two chips")


def one_of_a_scene(target: Target) -> str:
    """Let the first of three chips say that its scene is of another file; give its id."""
    path, rows, chips = _scene_of_three(target)
    chips[0]["file_sha256"] = "ab" * 32
    target.write(path, rows)
    return str(chips[0]["image_id"])


def _more_bytes(row: Row) -> None:
    """Put bytes behind a picture of the source, and say that its file had them."""
    data = row["image"]["bytes"] + b"hidden"
    row["image"]["bytes"], row["file_sha256"] = data, hashlib.sha256(data).hexdigest()


def _channels_of_three(row: Row) -> bool:
    return is_whole(row) and row["channels"] == 3 and row["rendering"] == "as stored"


def _with_a_comment(row: Row) -> None:
    comment, stream = PngInfo(), io.BytesIO()
    comment.add_text("Comment", "hidden")
    Image.open(io.BytesIO(row["image"]["bytes"])).save(stream, "PNG", pnginfo=comment)
    row["image"]["bytes"] = stream.getvalue()


# Seven passes over the pixels: first column and row, and the steps between them.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))


def _interlaced(row: Row) -> None:
    """Write the same pixels in another order."""
    data = row["image"]["bytes"]
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    passes = (pixels[y::dy, x::dx] for x, y, dx, dy in (*_ADAM7, (0, 1, 1, 2)))
    rows = b"".join(b"\0" + line.tobytes() for part in passes for line in part)
    header = data[16:28] + b"\1"
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    row["image"]["bytes"] = data[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def _drop_row(rows: list[Row]) -> None:
    del rows[1]


ORIGINALS = {
    "a chip turned round": Damage(_turned, ("overlap",), first=True),
    "two chips exchanged": Damage(_exchanged, ("overlap",), first=True),
    "a pixel of a chip": Damage(_one_pixel, ("overlap",), first=True),
    "a gray chip of three channels": Damage(
        in_row(
            "images", _chip_of_three_channels, lambda row: is_chip(row) and row["channels"] == 1
        ),
        ("channels",),
        first=True,
    ),
    "a chip less": Damage(_without_a_chip, ("chip_missing",)),
    "a chip of another file": Damage(one_of_a_scene, ("file_sha256_per_scene",), first=True),
    "an interlaced chip": Damage(
        in_row("images", _interlaced, is_chip), ("picture_bytes",), first=True
    ),
    "a comment in a chip": Damage(
        in_row("images", _with_a_comment, is_chip), ("picture_bytes",), first=True
    ),
    "a box by a pixel": Damage(
        in_row(
            "images",
            put_object("bbox", lambda b: [b[0] - 1, b[1], b[2] - 1, b[3]]),
            lambda row: of("hrsid")(row) and row["objects"]["bbox"][0][0] >= 1,
        ),
        ("image_row",),
        first=True,
    ),
    "a row less": Damage(in_rows("images", _drop_row), ("image_row",), first=True),
    "bytes behind a picture": Damage(
        in_row(
            "images",
            _more_bytes,
            lambda row: row["rendering"] == "as stored" and not row["window_xyxy_px"],
        ),
        ("picture_bytes",),
        warning=True,
    ),
    "one channel for three": Damage(
        in_row("images", put("channels", 1), _channels_of_three), ("channels",), first=True
    ),
    "another official split": Damage(
        in_row(
            "images",
            put("official_split", "test"),
            lambda row: row["source"] == "ssdd" and row["official_split"] == "train",
        ),
        ("split_rule",),
    ),
}

OBJECTS = {
    "an oriented box of nobody": Damage(
        in_row("images", put_object("obb", [1.0, 1, 9, 1, 9, 9, 1, 9]), of("hrsid")), ("obb",)
    ),
    "an oriented box": Damage(in_row("images", _obb_elsewhere, of("sived")), ("obb",)),
    "no oriented box": Damage(in_row("images", put_object("obb", []), of("sived")), ("obb",)),
    "counter-clockwise": Damage(
        in_row("images", put_object("obb", lambda q: [*q[6:], *q[4:6], *q[2:4], *q[:2]]), has_obb),
        ("obb",),
    ),
    "a box moved in one chip": Damage(
        in_row(
            "images",
            put_object("bbox", lambda b: [b[0], b[1], b[2] - 1, b[3]]),
            lambda row: is_chip(row) and row["objects"]["truncated"][0],
        ),
        ("area",),
    ),
    "an object missing in a chip": Damage(_object_dropped_from_chips, ("object_missing",)),
    "an invented cut": Damage(
        in_row("images", _cut_invented, lambda row: is_whole(row) and not row["cut_categories"]),
        ("cut_categories", "missing_dialogue", "recipe_cut"),
    ),
}
