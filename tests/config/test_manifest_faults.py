"""What a manifest may not say: the line names the key and the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.config.toml import load_toml
from sarchat_build.errors import ConfigurationError

SSDD = (resource_folder("source_manifests") / "ssdd.toml").read_text(encoding="utf-8")


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "ssdd.toml").write_text(text, encoding="utf-8")
    return folder / "ssdd.toml"


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("annotated", '["ship", "bridge"]', "annotated has bridge, which no name means"),
        ("names", '{ ship = "ignore" }', "names means none of ship, aircraft"),
    ],
)
def test_categories_without_a_name_are_refused(
    tmp_path: Path, key: str, value: str, why: str
) -> None:
    lines = [
        f"{key} = {value}" if line.startswith(f"{key} ") else line for line in SSDD.splitlines()
    ]
    if key == "names":
        lines = ["annotated = []" if line.startswith("annotated ") else line for line in lines]
    with pytest.raises(ConfigurationError, match=why):
        load_toml(written(tmp_path, "\n".join(lines)), Manifest)


def test_tiles_that_do_not_advance_are_refused(tmp_path: Path) -> None:
    tiling = "\n[tiling]\nchip_px = 512\noverlap_px = 512\nmin_visible = 0.7\n"
    with pytest.raises(ConfigurationError, match="overlap_px must be smaller than chip_px"):
        load_toml(written(tmp_path, SSDD + tiling), Manifest)


def test_a_file_has_the_name_of_its_source(tmp_path: Path) -> None:
    written(tmp_path, SSDD.replace('"ssdd"', '"other"', 1))
    with pytest.raises(ConfigurationError, match="is 'other'; the file must have its name"):
        load_manifests(tmp_path)


@pytest.mark.parametrize(
    ("key", "is_there"),
    [
        ("categories.names.ship", True),
        ("categories.names.boat", False),
        ("annotations.images.0", True),
        ("annotations.images.7", False),
        ("annotations.colors", False),
    ],
)
def test_what_is_unverified_is_a_key_of_the_manifest(
    tmp_path: Path, key: str, is_there: bool
) -> None:
    path = written(tmp_path, f'{SSDD}\n[unverified]\n"{key}" = "nobody knows"\n')
    if is_there:
        assert key in load_toml(path, Manifest).unverified
    else:
        with pytest.raises(ConfigurationError, match="unverified"):
            load_toml(path, Manifest)
