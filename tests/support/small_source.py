"""A source of one's own, as small as a case: a few pictures, their documents and a manifest."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import plain_build
from PIL import Image

from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.recipe import Recipe, load_recipe
from sarchat_build.config.resources import recipe_path
from sarchat_build.curation.plan import DatasetPlan
from sarchat_build.reasons import Reason
from sarchat_build.sources.index import index_source

SOURCE_ID = "case"
EXTENSIONS = {
    **{"voc": "xml", "fair1m": "xml", "coco": "json", "labelme": "json"},
    **{"yolo": "txt", "yolo_obb": "txt", "dota": "txt"},
}


def picture(number: int, size: tuple[int, int] = (96, 96)) -> bytes:
    """A PNG that shows something no other number shows."""
    noise = np.random.default_rng(number).integers(0, 256, (size[1], size[0]), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG")
    return stream.getvalue()


def write(
    folder: Path,
    file_format: str,
    documents: Mapping[str, str | bytes],
    *,
    options: str = "",
    names: Mapping[str, str] | None = None,
    tail: str = "",
    sizes: Mapping[str, tuple[int, int]] | None = None,
) -> Path:
    """Write `raw/` and `m/case.toml` into a folder: a picture for each document, or for each size.

    `options` are lines of [annotations], `tail` whatever comes behind [categories].
    """
    names = {"ship": "ship"} if names is None else names
    raw = folder / "raw" / SOURCE_ID
    for part in (raw / "images", raw / "labels", folder / "m"):
        part.mkdir(parents=True)
    for number, (stem, size) in enumerate((sizes or dict.fromkeys(documents, (96, 96))).items()):
        (raw / "images" / f"{stem}.png").write_bytes(picture(number, size))
    for stem, text in documents.items():
        data = text if isinstance(text, bytes) else text.encode()
        (raw / "labels" / f"{stem}.{EXTENSIONS[file_format]}").write_bytes(data)
    pixels = "" if file_format.startswith("yolo") else 'pixel_origin = 0\nmax_edge = "exclusive"'
    annotated = sorted(set(names.values()) - {"ignore"})
    listed = ", ".join(
        f"{json.dumps(n, ensure_ascii=False)} = {json.dumps(c)}" for n, c in names.items()
    )
    (folder / "m" / f"{SOURCE_ID}.toml").write_text(
        f"""schema_version = 1
id = "{SOURCE_ID}"
title = "case"
homepage = "https://example.org"
license = "unknown"
citation = "none"
priority = 60
[[archives]]
name = "x.zip"
[annotations]
format = "{file_format}"
images = ["**/images/*.png"]
{pixels}
{options}
[[annotations.files]]
path = "**/labels/*.{EXTENSIONS[file_format]}"
[categories]
names = {{ {listed} }}
annotated = {json.dumps(annotated)}
{tail}
""",
        encoding="utf-8",
    )
    return folder


@lru_cache
def _recipe() -> Recipe:
    return load_recipe(recipe_path("sarchat_2m"))


class Outcome:
    """What reading the source gave, and what the plan says of it."""

    def __init__(self, folder: Path, *stated: str) -> None:
        manifests = load_manifests(folder / "m", stated)
        index = index_source(manifests[SOURCE_ID], str(folder / "raw"))
        # What a build has in its context, without templates, which take longest to load.
        context: Any = SimpleNamespace(
            manifests=manifests,
            recipe=_recipe(),
            index=lambda source_id: index,
            images_listed={SOURCE_ID: len(index.images)},
            strict=False,
        )
        self.reading = plain_build.read_sources(context)
        self.plan: DatasetPlan = plain_build.plan_for(context, self.reading)
        self.images = {cut.image.image_id.partition("/")[2]: cut for cut in self.reading.images}
        # Key without the source and reason of every reject.
        self.rejects = {(r.key.partition("/")[2], r.reason) for r in self.reading.rejects}
        read = sum(count.instances for count in self.reading.read)
        kept = sum(cut.instances for cut in self.reading.images)
        assert read == kept + sum(reject.instances for reject in self.reading.rejects)

    @property
    def stop(self) -> str:
        """Why nothing may be written, a line each."""
        return "\n".join(map(str, self.plan.stop))

    def notices(self, reason: Reason) -> int:
        """How often something was noticed."""
        counted = (notices.get(SOURCE_ID, {}) for notices in self.reading.notices)
        return sum(by_reason.get(reason, 0) for by_reason in counted)

    def boxes(self, stem: str) -> list[tuple[int, ...]]:
        """The kept boxes of a picture, rounded."""
        return [tuple(map(round, i.bbox)) for i in self.images[stem].image.instances]

    def incomplete(self, stem: str) -> tuple[str, ...]:
        """The categories of which nothing exhaustive may be said of a picture."""
        return self.images[stem].image.rejected_categories


def voc(*objects: str, filename: str = "", size: tuple[int, int] | None = (96, 96)) -> str:
    """A VOC document of objects that are XML already."""
    named = f"<filename>{filename}</filename>" if filename else ""
    sized = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>" if size else ""
    return f"<annotation>{named}{sized}{''.join(objects)}</annotation>"


def voc_object(*box: float, name: str = "ship", flags: str = "", more: str = "") -> str:
    """A VOC object; without a box, with whatever `more` holds."""
    corners = "".join(
        f"<{key}>{value}</{key}>"
        for key, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=bool(box))
    )
    bndbox = f"<bndbox>{corners}</bndbox>" if box else ""
    return f"<object><name>{name}</name>{flags}{bndbox}{more}</object>"
