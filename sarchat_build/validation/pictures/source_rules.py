"""Facts of a source, from build.json: what each of its pictures must say in the same words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sarchat_build.validation.rules import mapping_at
from sarchat_build.validation.vocabulary import CATEGORIES, SPLITS

_TEXTS = ("title", "homepage", "license", "citation")
SAR_COLUMNS = ("platforms", "frequency_bands", "polarizations", "resolutions_m")


class TilingRule(NamedTuple):
    """How scenes are cut: side and overlap of chips, and the least share of an object shown."""

    chip_px: int
    overlap_px: int
    min_visible: float
    by_upright_box: bool


class SourceRules(NamedTuple):
    """What the record says of one source.

    `categories` gives our category by the source's name without regard to case and blanks;
    `official_splits` are those that lists or documents state, `None` among them where some state
    none. `scene_pattern` is None where each picture is a scene of its own.
    """

    columns: Mapping[str, object]
    categories: Mapping[str, str]
    annotation_format: str
    max_edge_inclusive: bool
    official_splits: frozenset[str | None]
    scene_pattern: str | None
    pixels: Mapping[str, Any]
    tiling: TilingRule | None
    archives: tuple[str, ...] = ()

    def may_hold(self, file: str) -> bool:
        """Tell whether a file, as rejects and duplicates name it, may be one of the source.

        Files that lie in a folder as they are have a path without an archive.
        """
        return not self.archives or file.startswith(self.archives)

    @property
    def named(self) -> tuple[str, ...]:
        """Every category that an object of the source can have."""
        return tuple(c for c in CATEGORIES if c in self.categories.values())


def fold(name: str) -> str:
    """Make two spellings of a category's name equal.

    >>> fold("  Storage   Tank ")
    'storage tank'
    """
    return " ".join(name.split()).casefold()


def source_rules(build: Mapping[str, Any]) -> dict[str, SourceRules]:
    """Read the facts of every source whose entry can be read; `unrecorded_facts` says what fails.

    >>> rules = source_rules({"sources": {"a": {"license": "MIT", "sar": {"platforms": ["X"]}}}})
    >>> rules["a"].columns["license"], rules["a"].columns["platforms"]
    ('MIT', ['X'])
    """
    return {source: _rules(entry) for source, entry in _entries(build)}


def _entries(build: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    sources = mapping_at(build, "sources")
    for source in sources:
        yield source, mapping_at(sources, source)


def _rules(entry: Mapping[str, Any]) -> SourceRules:
    sar, categories = mapping_at(entry, "sar"), mapping_at(entry, "categories")
    annotations = mapping_at(entry, "annotations")
    columns: dict[str, object] = {name: sar.get(name, []) for name in SAR_COLUMNS}
    columns["license"] = entry.get("license")
    columns["categories_annotated"] = categories.get("annotated", [])
    pattern = mapping_at(entry, "scene").get("pattern")
    names = mapping_at(categories, "names")
    return SourceRules(
        columns=columns,
        categories={fold(name): str(names[name]) for name in names},
        annotation_format=str(annotations.get("format", "")),
        max_edge_inclusive=annotations.get("max_edge") == "inclusive",
        official_splits=_official_splits(annotations),
        scene_pattern=pattern if isinstance(pattern, str) else None,
        pixels=mapping_at(entry, "pixels"),
        tiling=_tiling(mapping_at(entry, "tiling")),
        archives=_archives(entry.get("archives")),
    )


def _archives(stated: object) -> tuple[str, ...]:
    """Give what paths of files begin with; nothing where some may lie in a folder as they are."""
    entries = stated if isinstance(stated, list) else []
    names = [entry.get("name") for entry in entries if isinstance(entry, Mapping)]
    packed = all(isinstance(entry, Mapping) and entry.get("kind") != "folder" for entry in entries)
    if not packed or not all(isinstance(name, str) and name.isascii() for name in names):
        return ()
    return tuple(f"{name}/" for name in names)


def _official_splits(annotations: Mapping[str, Any]) -> frozenset[str | None]:
    files, lists = annotations.get("files"), annotations.get("split_lists")
    if not isinstance(files, list) or not isinstance(lists, list):
        return frozenset((*SPLITS, None))
    entries = [part for part in (*files, *lists) if isinstance(part, Mapping)]
    stated = [part.get("split") if part.get("split") in SPLITS else None for part in entries]
    # A list may leave pictures out, and so may documents where a list states the split.
    optional = {None} if lists or not all(stated) else set()
    return frozenset((*(split for split in stated if split), *optional))


def _tiling(stated: Mapping[str, Any]) -> TilingRule | None:
    chip, overlap, share = (stated.get(n) for n in ("chip_px", "overlap_px", "min_visible"))
    if not (isinstance(chip, int) and isinstance(overlap, int) and isinstance(share, float | int)):
        return None
    if not 0 <= overlap < chip:
        return None
    return TilingRule(chip, overlap, share, stated.get("visibility", "bbox") == "bbox")


def unrecorded_facts(build: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of build.json that must state the facts of a source and do not."""
    for source, entry in _entries(build):
        lacks = [name for name in _TEXTS if not isinstance(entry.get(name), str)]
        lacks += [name for name in ("priority",) if not isinstance(entry.get(name), int)]
        for name in SAR_COLUMNS:
            if not isinstance(mapping_at(entry, "sar").get(name), list):
                lacks.append(f"sar.{name}")
        if not mapping_at(entry, "categories", "names"):
            lacks.append("categories.names")
        if not isinstance(mapping_at(entry, "categories").get("annotated"), list):
            lacks.append("categories.annotated")
        if not mapping_at(entry, "annotations"):
            lacks.append("annotations")
        for name in ("scene", "pixels", "tiling"):
            if name not in entry or not isinstance(entry[name], Mapping | None):
                lacks.append(name)
        if mapping_at(entry, "tiling") and _tiling(mapping_at(entry, "tiling")) is None:
            lacks.append("tiling")
        yield from (f"sources.{source}.{name}" for name in lacks)


def scene_name(pattern: str, name: str) -> str | None:
    """Give the scene that a pattern finds in a picture's name, None if that cannot be told here.

    RE2 searches in linear time whatever the pattern; what it cannot read (look-ahead, groups
    without names) or reads otherwise (letters beyond ASCII) stays open.

    >>> scene_name("^(?P<scene_id>P[0-9]{4})_", "P0001_0_800"), scene_name("(?P<scene_id>Z)", "P")
    ('P0001', 'P')
    """
    if not name.isascii():
        return None
    try:
        found = pc.extract_regex(pa.array([name]), pattern=pattern)[0].as_py()
    except pa.ArrowInvalid:
        return None
    scene = name if found is None else found.get("scene_id")
    return scene if isinstance(scene, str) else None
