"""A source that holds every fault of its format at once, as a build leaves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import miniatures as mini

from sarchat_build.config.resources import recipe_path

GOOD_BOX = [20, 30, 90, 80]
RECIPE = recipe_path("sarchat_2m").read_text()


class Planted:
    """One faulty source as built: its record, rejects by key, and pictures."""

    def __init__(self, source: mini.Source, folder: Path, **build: Any) -> None:
        self.source_id = source.source_id
        self.out = folder / "out"
        self.record = mini.build(source.write_folder(folder / "raw"), self.out, **build)
        self.counts = self.record["sources"][source.source_id]["counts"]
        self.fixes = self.record["sources"][source.source_id]["fixes"]
        self.rejects = mini.read_rejects(self.out)
        self.images = mini.read_images(self.out)

    def check(self, expected: dict[str, tuple[str, str, int, int]]) -> None:
        """Every expected reject is there with reason, part of its detail and counts; no other."""
        found = {r["key"].removeprefix(f"{self.source_id}/"): r for r in self.rejects}
        assert set(found) == set(expected)
        for key, (reason, detail, images, instances) in expected.items():
            row = found[key]
            assert (row["reason"], row["images"], row["instances"]) == (reason, images, instances)
            assert detail in row["detail"], (key, row["detail"])

    def boxes(self, name: str) -> list[list[float]]:
        return [list(box) for box in self.images[f"{self.source_id}/{name}"]["objects"]["bbox"]]


def lenient(tmp_path: Path) -> str:
    """A recipe under which contradictions are set aside, so that all other faults show too."""
    path = tmp_path / "lenient.toml"
    path.write_text(
        RECIPE.replace('contradiction    = "stop"', 'contradiction    = "reject"')
        .replace('unknown_category = "stop"', 'unknown_category = "reject"')
        .replace("max_image_ratio  = 0.2 ", "max_image_ratio  = 0.9 ")
        .replace("keep_images_without_objects = false", "keep_images_without_objects = true")
    )
    return str(path)
