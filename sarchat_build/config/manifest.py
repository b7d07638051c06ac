"""Manifest of a source: one TOML file that says what its archives hold (see CONTRIBUTING.md)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from sarchat_build.config.annotation_options import Annotations, RelativePath
from sarchat_build.config.overrides import Override, parse_overrides
from sarchat_build.config.patterns import compile_pattern
from sarchat_build.config.resources import manifest_paths
from sarchat_build.config.toml import Model, load_toml
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.types import CATEGORIES, Category

SOURCE_ID = r"^[a-z][a-z0-9_]*$"


class SarFacts(Model):
    """Sensor facts in the terms of the STAC `sar` extension; only what the authors state."""

    platforms: tuple[str, ...] = ()
    """Satellites or aircraft that carried the radar. Example: `["Gaofen-3", "Sentinel-1"]`"""
    frequency_bands: tuple[str, ...] = ()
    """Letters of the bands. Example: `["C", "X"]`"""
    polarizations: tuple[str, ...] = ()
    """Polarizations of all pictures together. Example: `["HH", "VV"]`"""
    resolutions_m: tuple[float, ...] = ()
    """Resolutions in meters. Example: `[0.5, 3.0]`"""


class ArchiveFile(Model):
    """A published archive (Croissant `FileObject`); `sha256` is empty where nobody states one."""

    name: RelativePath
    """Name under which it is published; a copy may have another one, or be unpacked.
    Example: `"HRSID_JPG.zip"`"""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """Its digest, in 64 hexadecimal digits; another one stops the build.
    Example: `"0000000000000000000000000000000000000000000000000000000000000000"`"""


class Categories(Model):
    """The source's names and ours. A name that is not listed is an error, never a guess.

    A name that is none of ours is listed as `"ignore"`: its objects are left out and counted, and
    say nothing about those of other categories.

    `annotated` are the categories of which every object in every image is listed, so that absence
    may be claimed. A merger of one-class sources has none: a ship that lies in a picture of a
    source of aircraft is not listed.
    """

    names: dict[str, Literal[Category, "ignore"]] = Field(min_length=1)
    """Each name as documents spell it, and what it means; case and extra space do not count.
    Example: `{ Vehicle = "car", "oil tank" = "tank", airport = "ignore" }`"""
    annotated: tuple[Category, ...]
    """Our categories of which every object in every image is listed, so that absence may be
    claimed.
    Example: `["ship"]`"""

    @model_validator(mode="after")
    def _consistent(self) -> Categories:
        unnamed = sorted(set(self.annotated) - set(self.names.values()))
        if unnamed:
            raise ValueError(f"annotated has {', '.join(unnamed)}, which no name means")
        if not self.named():
            raise ValueError(f"names means none of {', '.join(CATEGORIES)}")
        return self

    def named(self) -> tuple[Category, ...]:
        """Give every category that an object of this source can have, in canonical order."""
        return sort_categories(name for name in self.names.values() if name != "ignore")

    def by_folded_name(self) -> dict[str, Category]:
        """Give categories by folded name: without regard to case and to extra white space."""
        return {fold(name): means for name, means in self.names.items() if means != "ignore"}

    def is_ignored(self, name: str) -> bool:
        """Whether objects of this name are left out on purpose."""
        return any(fold(n) == fold(name) for n, means in self.names.items() if means == "ignore")

    def meant_by(self, name: str) -> tuple[Category, ...]:
        """Give the categories that an object of this name may have: any, if it is not listed."""
        category = self.by_folded_name().get(fold(name))
        if category is not None:
            return (category,)
        return () if self.is_ignored(name) else self.named()


class Scene(Model):
    """Which images are pieces of one acquisition; without a pattern each image is its own scene."""

    pattern: str
    """Regular expression with a group `scene_id`, searched in an image's name.
    Example: `'^(?P<scene_id>P[0-9]{4})_'`"""

    @field_validator("pattern")
    @classmethod
    def _names_scene(cls, pattern: str) -> str:
        compiled = compile_pattern(pattern)
        if "scene_id" not in compiled.groupindex:
            raise ValueError("needs a named group (?P<scene_id>…)")
        return pattern


class Tiling(Model):
    """How large scenes are cut into chips (the rule that SARDet-100K's counts prove).

    A chip lists an object of which it shows at least the share `min_visible`: of the area of its
    upright box (`visibility = "bbox"`, as SARDet-100K measures), or of its rotated box (`"obb"`)
    where it has one, which a long object that lies across the corner of a chip does not fill.
    """

    chip_px: int = Field(default=512, ge=32)
    """Side of a chip in pixels."""
    overlap_px: int = Field(default=200, ge=0)
    """How much neighboring chips share, in pixels."""
    min_visible: float = Field(default=0.7, gt=0, le=1)
    """Share of an object that a chip must show to list it."""
    visibility: Literal["bbox", "obb"] = "bbox"
    """The box of which that share is taken: upright, or rotated where there is one."""

    @model_validator(mode="after")
    def _advances(self) -> Tiling:
        if self.overlap_px >= self.chip_px:
            raise ValueError("overlap_px must be smaller than chip_px")
        return self


class Pixels(Model):
    """How pixels that are not 8-bit gray or RGB become 8 bits; one range per scene, never per chip.

    `percentile`: from the value of rank `low_percent` to that of `high_percent`, linear;
    `log_percentile`: the same, linear in the logarithm, values of 0 and less being black and not
    counted; `linear`: from `low` (default 0) to `high` (default: the largest that an integer of the
    file's depth can be). `band` counts from 1. `nodata` is not counted and black, by default what
    the file itself declares.
    """

    rule: Literal["percentile", "log_percentile", "linear"]
    """How values become 8 bits."""
    low_percent: float = Field(default=1.0, ge=0, le=100)
    """Percentile that becomes black."""
    high_percent: float = Field(default=99.0, ge=0, le=100)
    """Percentile that becomes white."""
    low: float | None = None
    """Value that becomes black, with the rule `linear`; 0 by default. Example: `0.0`"""
    high: float | None = None
    """Value that becomes white, with the rule `linear`; the largest of the file's depth by default.
    Example: `4095.0`"""
    band: int = Field(default=1, ge=1)
    """Band that is shown, counted from 1."""
    nodata: float | None = None
    """Value that stands for no measurement; by default what the file declares.
    Example: `-9999.0`"""

    @model_validator(mode="after")
    def _ascends(self) -> Pixels:
        if self.low_percent >= self.high_percent:
            raise ValueError("low_percent must be smaller than high_percent")
        if self.rule != "linear" and (self.low is not None or self.high is not None):
            raise ValueError("low and high belong to the rule 'linear'")
        if self.high is not None and (self.low or 0.0) >= self.high:
            raise ValueError("low must be smaller than high")
        return self


class Expected(Model):
    """Published totals, compared after reading."""

    images: int = Field(ge=0)
    """Images that the authors publish. Example: `5604`"""
    instances: int = Field(ge=0)
    """Objects that the authors publish. Example: `16951`"""


class SplitTotals(Model):
    """One number per split."""

    train: int = Field(ge=0)
    """Number in train. Example: `928`"""
    validation: int = Field(ge=0)
    """Number in validation. Example: `116`"""
    test: int = Field(ge=0)
    """Number in test. Example: `116`"""


class Sardet(Model):
    """The source inside SARDet-100K: totals after tiling, and how its splits came about.

    `split`: "official" as the authors' lists say; "halved_test" when the official test, sorted by
    name, gave its even positions to validation and its odd ones to test; "scene" when no official
    lists exist, so that whole scenes are hashed to shares like those of `images`
    (arXiv 2403.06534, table 2, and the authors' repository).
    """

    split: Literal["official", "halved_test", "scene"]
    """How SARDet-100K came to its splits."""
    images: SplitTotals
    """Pictures after tiling, by split."""
    instances: SplitTotals
    """Objects after tiling, by split."""


class Manifest(Model):
    """One source of images and boxes, as declared in `source_manifests/<id>.toml`."""

    schema_version: Literal[1]
    """Version of this format."""
    id: str = Field(pattern=SOURCE_ID)
    """Prefix of every image id, and the name of the file and of the folder of raw data.
    Example: `"hrsid"`"""
    title: str
    """The dataset's name as its authors write it.
    Example: `"HRSID: High-Resolution SAR Images Dataset"`"""
    homepage: str
    """Where to get it. Example: `"https://github.com/chaozhong2010/HRSID"`"""
    license: str
    """The authors' terms: an SPDX id, `research-only` or `unknown`. Example: `"GPL-3.0-only"`"""
    citation: str
    """A DOI, or the title of the paper. Example: `"10.1109/ACCESS.2020.3005861"`"""
    authors: str = ""
    """The paper's authors as BibTeX names them, the last of many as `others`.
    Example: `"Wei, Shunjun and Zeng, Xiangfeng and others"`"""
    year: int | None = Field(default=None, ge=1950, le=2100)
    """The paper's year. Example: `2020`"""
    priority: int
    """Of two sources that hold the same picture, the one with the lower number keeps it.
    Example: `50`"""
    contains: tuple[str, ...] = ()
    """Sources whose pictures this release holds again, by id. Example: `["ssdd", "hrsid"]`"""
    sar: SarFacts = SarFacts()
    """What the authors state of the sensor."""
    archives: tuple[ArchiveFile, ...] = Field(min_length=1)
    """The published archives."""
    annotations: Annotations
    """Where images and documents lie, and how documents are read."""
    categories: Categories
    """What the names of objects mean."""
    scene: Scene | None = None
    """Which images were cut from one scene; they stay in one split. Without it each image is its
    own scene."""
    pixels: Pixels | None = None
    """How pictures that are not 8-bit become so."""
    tiling: Tiling | None = None
    """How large pictures are cut into chips; without it they stay whole."""
    expected: Expected | None = None
    """Published totals, compared with what is read."""
    sardet: Sardet | None = None
    """The source inside SARDet-100K."""
    unverified: dict[str, str] = Field(default_factory=dict)
    """By key, why its value could not be verified, and what else it may be.
    Example: `{ "annotations.pixel_origin" = "not stated; 0 as COCO has it, else 1" }`"""

    @model_validator(mode="after")
    def _names_keys(self) -> Manifest:
        strange = [key for key in self.unverified if not _has_key(self, key.split("."))]
        if strange:
            raise ValueError(f"unverified: no key of a manifest is {', '.join(strange)}")
        return self

    def image_id(self, path: str) -> str:
        """Name an image by its path; unique across sources."""
        return f"{self.id}/{self.annotations.image_name(path)}"

    def scene_id(self, path: str) -> str:
        """Name the acquisition that an image belongs to, by its path; unique across sources."""
        name = self.annotations.image_name(path)
        return f"{self.id}/{self.scene_of(name) or name}"

    def scene_of(self, name: str) -> str | None:
        """Give the acquisition that a name of an image states; None if it states none."""
        match = compile_pattern(self.scene.pattern).search(name) if self.scene else None
        return match["scene_id"] if match else None

    @property
    def layout_text(self) -> str:
        """What belongs into the source's folder."""
        return (
            f"{', '.join(archive.name for archive in self.archives)} (any file name, or its "
            f"unpacked folder) holding {self.annotations.images[0]}"
        )

    @property
    def layout_hint(self) -> str:
        """A sentence: what belongs into the source's folder, and where to get it."""
        return f"expected {self.layout_text}; get it from {self.homepage}"


def _has_key(node: object, keys: list[str]) -> bool:
    if not keys:
        return True
    key, *rest = keys
    if isinstance(node, Model) and key in type(node).model_fields:
        return _has_key(getattr(node, key), rest)
    if isinstance(node, dict) and key in node:
        return _has_key(node[key], rest)
    if isinstance(node, tuple) and key.isdecimal() and int(key) < len(node):
        return _has_key(node[int(key)], rest)
    return False


def fold(name: str) -> str:
    """Make two spellings of one category name equal.

    >>> fold("  Storage   Tank ")
    'storage tank'
    """
    return " ".join(name.split()).casefold()


def load_manifests(
    folder: Path,
    overrides: Iterable[str] = (),
    added: Path | None = None,
    faulty: dict[str, tuple[Issue, ...]] | None = None,
) -> dict[str, Manifest]:
    """Read every manifest of a folder, by source id, with the user's overrides.

    Args:
        folder: holds `<id>.toml` files.
        overrides: `SOURCE.key.path=VALUE`, the value as TOML writes it.
        added: a folder of more; one of them stands in for the one of `folder` that has its name.
        faulty: takes, by source id, the faults of files of `added`, which then are not raised: they
            matter only where such a source is asked for (`sources.choose`).

    Raises:
        ConfigurationError: all faults of all files and overrides at once.
    """
    folders = [folder] if added is None else [folder, added]
    listed = {path: manifest_paths(path) for path in folders}
    found = {source_id: path for paths in listed.values() for source_id, path in paths.items()}
    paths = [found[source_id] for source_id in sorted(found)]
    wanted, issues = parse_overrides(overrides, sorted(found))
    empty = [path for path in folders if not listed[path]]
    issues.extend(Issue(str(path), "", "holds no manifest (*.toml)") for path in empty)
    manifests: dict[str, Manifest] = {}
    for path in paths:
        try:
            stated: list[Override] = [s for s in wanted if s.source_id == path.stem]
            manifests[path.stem] = _load_manifest(path, stated)
        except ConfigurationError as error:
            if faulty is not None and path.parent == added:
                faulty[path.stem] = error.issues
            else:
                issues.extend(error.issues)
    for path in paths if not issues else ():
        if path.stem not in manifests:
            continue
        missing = [s for s in manifests[path.stem].contains if s not in found]
        if missing:
            known = ", ".join(s for s in manifests if s != path.stem)
            message = f"no manifest describes {', '.join(missing)}; known: {known}"
            issues.append(Issue(str(path), "contains", message))
    if issues:
        raise ConfigurationError(issues)
    return manifests


def _load_manifest(path: Path, stated: Iterable[Override]) -> Manifest:
    manifest = load_toml(path, Manifest, stated)
    if manifest.id != path.stem:
        message = f"is {manifest.id!r}; the file must have its name"
        raise ConfigurationError([Issue(str(path), "id", message)])
    return manifest


def sort_categories(names: Iterable[Category]) -> tuple[Category, ...]:
    """Put categories into canonical order, each once."""
    wanted = set(names)
    return tuple(name for name in CATEGORIES if name in wanted)
