"""Manifest of a source: one TOML file that says what its archives hold (see CONTRIBUTING.md)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from sarchat_build.config.annotation_options import Annotations, RelativePath
from sarchat_build.config.overrides import Override, parse_overrides
from sarchat_build.config.patterns import compile_pattern
from sarchat_build.config.toml import Model, load_toml
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.regular_files import list_settings
from sarchat_build.types import CATEGORIES, Category

SOURCE_ID = r"^[a-z][a-z0-9_]*$"


class SarFacts(Model):
    """Sensor facts in the terms of the STAC `sar` extension; only what the authors state."""

    platforms: tuple[str, ...] = ()
    frequency_bands: tuple[str, ...] = ()
    polarizations: tuple[str, ...] = ()
    resolutions_m: tuple[float, ...] = ()


class ArchiveFile(Model):
    """A published archive (Croissant `FileObject`); `sha256` is empty where nobody states one."""

    name: RelativePath
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class Categories(Model):
    """The source's names and ours. A name that is not listed is an error, never a guess.

    `annotated` are the categories of which every object in every image is listed, so that absence
    may be claimed. A merger of one-class sources has none: a ship that lies in a picture of a
    source of aircraft is not listed.
    """

    names: dict[str, Category] = Field(min_length=1)
    annotated: tuple[Category, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Categories:
        unnamed = sorted(set(self.annotated) - set(self.names.values()))
        if unnamed:
            raise ValueError(f"annotated has {', '.join(unnamed)}, which no name means")
        return self

    def named(self) -> tuple[Category, ...]:
        """Give every category that an object of this source can have, in canonical order."""
        return sort_categories(self.names.values())

    def by_folded_name(self) -> dict[str, Category]:
        """Give categories by folded name: without regard to case and to extra white space."""
        return {fold(name): category for name, category in self.names.items()}


class Scene(Model):
    """Which images are pieces of one acquisition; without a pattern each image is its own scene."""

    pattern: str

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
    overlap_px: int = Field(default=200, ge=0)
    min_visible: float = Field(default=0.7, gt=0, le=1)
    visibility: Literal["bbox", "obb"] = "bbox"

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
    low_percent: float = Field(default=1.0, ge=0, le=100)
    high_percent: float = Field(default=99.0, ge=0, le=100)
    low: float | None = None
    high: float | None = None
    band: int = Field(default=1, ge=1)
    nodata: float | None = None

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
    instances: int = Field(ge=0)


class SplitTotals(Model):
    """One number per split."""

    train: int = Field(ge=0)
    validation: int = Field(ge=0)
    test: int = Field(ge=0)


class Sardet(Model):
    """The source inside SARDet-100K: totals after tiling, and how its splits came about.

    `split`: "official" as the authors' lists say; "halved_test" when the official test, sorted by
    name, gave its even positions to validation and its odd ones to test; "scene" when no official
    lists exist, so that whole scenes are hashed to shares like those of `images`
    (arXiv 2403.06534, table 2, and the authors' repository).
    """

    split: Literal["official", "halved_test", "scene"]
    images: SplitTotals
    instances: SplitTotals


class Manifest(Model):
    """One source of images and boxes, as declared in `source_manifests/<id>.toml`."""

    schema_version: Literal[1]
    id: str = Field(pattern=SOURCE_ID)
    title: str
    homepage: str
    license: str
    citation: str
    priority: int
    # Sources whose pictures this release holds again.
    contains: tuple[str, ...] = ()
    sar: SarFacts = SarFacts()
    archives: tuple[ArchiveFile, ...] = Field(min_length=1)
    annotations: Annotations
    categories: Categories
    scene: Scene | None = None
    pixels: Pixels | None = None
    tiling: Tiling | None = None
    expected: Expected | None = None
    sardet: Sardet | None = None
    # Key path -> why its value could not be verified, and what else it may be.
    unverified: dict[str, str] = Field(default_factory=dict)

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
        match = compile_pattern(self.scene.pattern).search(name) if self.scene else None
        return f"{self.id}/{match['scene_id'] if match else name}"


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
    folder: Path, overrides: Iterable[str] = (), added: Path | None = None
) -> dict[str, Manifest]:
    """Read every manifest of a folder, by source id, with the user's overrides.

    Args:
        folder: holds `<id>.toml` files.
        overrides: `SOURCE.key.path=VALUE`, the value as TOML writes it.
        added: a folder of more; one of them stands in for the one of `folder` that has its name.

    Raises:
        ConfigurationError: all faults of all files and overrides at once.
    """
    folders = [folder] if added is None else [folder, added]
    try:
        listings = [(path, list_settings(path, ".toml", below=False)) for path in folders]
    except OSError as error:
        raise ConfigurationError([Issue(str(error.filename), "", str(error.strerror))]) from error
    by_name = {path.name: path for _, listed in listings for path in listed}
    paths = [path for _, path in sorted(by_name.items())]
    wanted, issues = parse_overrides(overrides, [path.stem for path in paths])
    empty = [path for path, listed in listings if not listed]
    issues.extend(Issue(str(path), "", "holds no manifest (*.toml)") for path in empty)
    manifests: dict[str, Manifest] = {}
    for path in paths:
        try:
            stated: list[Override] = [s for s in wanted if s.source_id == path.stem]
            manifest = load_toml(path, Manifest, stated)
        except ConfigurationError as error:
            issues.extend(error.issues)
            continue
        if manifest.id != path.stem:
            issues.append(
                Issue(str(path), "id", f"is {manifest.id!r}; the file must have its name")
            )
        manifests[manifest.id] = manifest
    if issues:
        raise ConfigurationError(issues)
    return manifests


def sort_categories(names: Iterable[Category]) -> tuple[Category, ...]:
    """Put categories into canonical order, each once."""
    wanted = set(names)
    return tuple(name for name in CATEGORIES if name in wanted)
