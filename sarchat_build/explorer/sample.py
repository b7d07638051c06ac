"""`report/sample.html`: some pictures of a dataset with their dialogues, in one file.

Which pictures follows from their ids alone. Together they show every source in each of its splits,
every category, subtask and size; beside them stand some rejects and groups of duplicates.
"""

from __future__ import annotations

import base64
import io
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
from PIL import Image

from sarchat_build.explorer.catalog import Catalog, coded_lists, open_catalog
from sarchat_build.explorer.page_text import render_page, to_json
from sarchat_build.explorer.pictures import PictureReader, media_type
from sarchat_build.explorer.side_tables import SideTables
from sarchat_build.stable_hash import stable_hash

MAX_BYTES = 10_000_000
# What is filled: the rest is for the page itself and for what is told of the whole.
_FILLED_BYTES = 9_000_000
_PICTURES, _REJECTS_OF_A_KIND, _REJECTS, _GROUPS = 40, 3, 200, 24
# A picture is asked for all its pairs: crowds are shown only where nothing else has what they show.
_CROWD = 40
_AS_STORED_BYTES = 100_000
# Longest side and quality of JPEG, tried in this order.
_SMALLER = ((1024, 80), (640, 75), (448, 70), (320, 60))


def render_sample(location: str, build: Mapping[str, Any]) -> str:
    """Give the page with a sample of a dataset inside, `MAX_BYTES` long at most.

    Memory holds the index, and a row group of a shard at a time.

    Args:
        location: the dataset, as a path or a URL; its shards and its index are written.
        build: the content of `build.json`, which may not lie there yet.

    Raises:
        InputError: a shard cannot be read.
    """
    return render_page(sample_data(open_catalog(location, build=build)))


def sample_data(catalog: Catalog) -> dict[str, Any]:
    """Give everything that the page shows of a sample, as `data.js` reads it."""
    tables = SideTables(catalog.location, catalog.build)
    groups = tables.duplicates(catalog.positions, offset=0, limit=1 << 40)["groups"]
    chosen = choose(_pictures(catalog), dict(_kept_for(groups)))
    reader = PictureReader(catalog.location, catalog.index)
    positions: list[int] = []
    pictures: list[dict[str, Any]] = []
    pixels: list[str] = []
    room, smaller = _FILLED_BYTES, 0
    for position in chosen:
        picture, stored = reader.picture(position), reader.pixels(position)
        shown = shrink(stored)
        link = f"data:{media_type(shown)};base64,{base64.b64encode(shown).decode()}"
        size = len(link) + len(to_json(picture).encode())
        if size <= room:
            room -= size
            smaller += shown is not stored
            positions.append(position)
            pictures.append({**picture, "position": len(pictures)})
            pixels.append(link)
    index = catalog.index.take(pa.array(positions, pa.int64()))
    part = Catalog(catalog.location, catalog.build, index)
    return {
        "dataset": catalog.facts(),
        "index": part.columns(),
        "pictures": pictures,
        "pixels": pixels,
        "rejects": _some_rejects(tables),
        "duplicates": _some_duplicates(groups, part.positions),
        "sample": _notes(catalog, pictures, smaller),
    }


class Shown(NamedTuple):
    """A picture and what there is to see in it; equal `features` are one object."""

    image_id: str
    source: str
    objects: int
    features: frozenset[str]


def _pictures(catalog: Catalog) -> list[Shown]:
    """Give every picture of the index in its order."""
    columns = catalog.columns()
    sources, splits = (
        [columns[name]["values"][code] for code in columns[name]["codes"]]
        for name in ("source", "split")
    )
    forms = coded_lists(catalog.index["answer_forms"])
    lists = [columns["categories"], forms, columns["sizes"]]
    known: dict[tuple[Any, ...], frozenset[str]] = {}
    found = []
    keys = zip(sources, splits, *(coded["codes"] for coded in lists), strict=True)
    rows = zip(columns["image_id"], columns["objects"], keys, strict=True)
    for image_id, objects, key in rows:
        features = known.get(key)
        if features is None:
            source, split, *codes = key
            names = (coded["values"][code] for coded, code in zip(lists, codes, strict=True))
            features = known[key] = frozenset((f"{source} {split}", *chain.from_iterable(names)))
        found.append(Shown(image_id, key[0], objects, features))
    return found


def choose(rows: Sequence[Shown], also: Mapping[str, Iterable[str]]) -> list[int]:
    """Choose pictures that together have every feature.

    Each picture that shows something new is taken, in an order that ids decide; then more, of each
    source in turn.

    Args:
        rows: all pictures.
        also: more features, by id.

    Returns:
        Positions in ascending order.
    """
    order = sorted(
        range(len(rows)),
        key=lambda place: (
            rows[place].objects > _CROWD,
            stable_hash(rows[place].image_id, "sample"),
        ),
    )
    seen: set[str] = set()
    chosen: dict[int, None] = {}
    by_source: dict[str, list[int]] = defaultdict(list)
    for place in order:
        row = rows[place]
        shown = row.features | {*also.get(row.image_id, ())}
        if not shown <= seen:
            seen |= shown
            chosen[place] = None
        elif len(by_source[row.source]) < _PICTURES:
            by_source[row.source].append(place)
    waiting = sorted(by_source.items())
    for turn in range(_PICTURES):
        for _, places in waiting:
            if turn < len(places) and len(chosen) < _PICTURES:
                chosen[places[turn]] = None
    return sorted(chosen)


def _kept_for(groups: Iterable[Sequence[Mapping[str, Any]]]) -> Iterator[tuple[str, list[str]]]:
    """Yield the published picture of each group of duplicates, and why others are in it."""
    for members in groups:
        reasons = {f"duplicate {member['reason']}" for member in members if not member["kept"]}
        for member in members:
            if member["kept"]:
                yield member["image_id"], sorted(reasons)


def shrink(stored: bytes) -> bytes:
    """Give a picture's file as it is if it is small, else a smaller JPEG of it."""
    if len(stored) <= _AS_STORED_BYTES:
        return stored
    written = stored
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # odd metadata
        picture = Image.open(io.BytesIO(stored))
        picture.load()
    smaller = picture.convert("L" if picture.mode in ("1", "L", "LA") else "RGB")
    for side_px, quality in _SMALLER:
        sink = io.BytesIO()
        smaller.thumbnail((side_px, side_px), Image.Resampling.BILINEAR)
        smaller.save(sink, "JPEG", quality=quality)
        written = sink.getvalue()
        if len(written) <= _AS_STORED_BYTES:
            break
    return written


def _some_rejects(tables: SideTables) -> dict[str, Any]:
    """Give the first rejects of every source and reason."""
    kinds = tables.rejects(offset=0, limit=0)["kinds"]
    rows: list[dict[str, Any]] = []
    for kind in kinds:
        some = tables.rejects(
            source=kind["source"], reason=kind["reason"], offset=0, limit=_REJECTS_OF_A_KIND
        )
        rows += some["rows"]
    return {"kinds": kinds, "rows": rows[:_REJECTS]}


def _some_duplicates(
    groups: Sequence[Sequence[Mapping[str, Any]]], positions: Mapping[str, int]
) -> dict[str, Any]:
    """Give groups of which the sample holds a picture, then others."""
    placed = [
        [{**member, "position": positions.get(member["image_id"])} for member in members]
        for members in groups
    ]
    placed.sort(key=lambda members: all(member["position"] is None for member in members))
    return {"total": len(groups), "groups": placed[:_GROUPS]}


def _notes(catalog: Catalog, pictures: Sequence[Mapping[str, Any]], smaller: int) -> dict[str, Any]:
    """Say what the page is, and for whom."""
    facts = catalog.facts()
    shown = {picture["source"] for picture in pictures}
    closed = [s for s in facts["sources"] if s["id"] in shown and not s["may_be_published"]]
    names = ", ".join(f"{source['id']} ({source['license']})" for source in closed)
    banner = f"A sample: {len(pictures)} of {catalog.index.num_rows:,} pictures."
    if closed:
        banner += f" Do not publish this file: no license allows redistribution of {names}."
    else:
        banner += " Every picture keeps the license of its source, which is named below it."
    notes = [
        f"It holds {len(pictures)} of {catalog.index.num_rows:,} pictures with all their "
        "dialogues, and needs neither a server nor a network. The pictures are chosen by their "
        "ids, so that every source and split, category, size, task and subtask is shown.",
        "All of them are seen with 'sarchat explore' and the folder of the dataset.",
    ]
    if smaller:
        notes.append(
            f"{smaller} of the pictures are larger than {_AS_STORED_BYTES // 1000} kB and are "
            "shown as JPEG; the dataset holds them without this loss. Boxes are in pixels of the "
            "stored picture in any case."
        )
    if closed:
        notes.append(
            f"The licenses of {names} do not allow to publish their pictures, or nobody has said "
            "what they allow. Keep this file to yourself and to those who have the archives."
        )
    return {"banner": banner, "notes": notes}
