"""Writing one shard: the pictures of some images and the dialogues about them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from sarchat_build import images
from sarchat_build.config.manifest import Manifest
from sarchat_build.config.recipe import Recipe
from sarchat_build.dataset.output import WrittenFile, write_whole
from sarchat_build.dataset.rows import Row, dialogue_rows, image_row
from sarchat_build.phrasing.engine import Phrasing
from sarchat_build.published.hf_features import with_hf_features
from sarchat_build.published.layout import table_path
from sarchat_build.published.schema import SCHEMAS, to_table
from sarchat_build.types import PlannedImage, SourceImage, TaskName

_DIALOGUE_ROW_GROUP = 10_000
_PICTURE = "image.bytes"
ItemT = TypeVar("ItemT")
OpenImage = Callable[[SourceImage], AbstractContextManager[images.PictureSource]]
Ahead = Callable[[Iterable[SourceImage]], AbstractContextManager[None]]


def _nothing_ahead(images: Iterable[SourceImage]) -> AbstractContextManager[None]:
    del images
    return nullcontext()


@dataclass(frozen=True, slots=True)
class ShardReceipt:
    """What one finished shard holds and what it was made from.

    `counts` are rows by source and table (`images`, `objects`, a task's name) and, as
    `kept_images` and `kept_instances`, the distinct source images and objects behind them.
    """

    name: str
    fingerprint: str
    files: tuple[WrittenFile, ...]
    counts: Mapping[str, Mapping[str, int]]
    template_uses: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ShardBuilder:
    """Everything a shard needs beside its images.

    `ahead` is told which images a shard is about to open, in any order.
    """

    out: str
    manifests: Mapping[str, Manifest]
    recipe: Recipe
    phrasing: Phrasing
    open_image: OpenImage
    ahead: Ahead = _nothing_ahead

    def build(self, name: str, planned: Iterable[PlannedImage], fingerprint: str) -> ShardReceipt:
        """Write the images file and every task's dialogues file of the shard `name`.

        Rows are ordered by image id. Pictures are held only until their row group is written;
        memory does not grow with the size of the shard.
        """
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        uses: Counter[str] = Counter()
        dialogues: dict[TaskName, list[Row]] = {task: [] for task in self.recipe.tasks.enabled}

        def image_rows() -> Iterator[Row]:
            for item in items:
                manifest = self.manifests[item.image.source_id]
                tally = counts[manifest.id]
                tally["kept_images"] += 1
                tally["kept_instances"] += len(
                    {i.instance_id for chip in item.chips for i in chip.instances}
                )
                for row, rows in self._chips(item, manifest):
                    tally["images"] += 1
                    tally["objects"] += len(row["objects"]["instance_id"])
                    for task, dialogue in rows:
                        tally[task] += 1
                        uses.update(dialogue["template_ids"])
                        dialogues[task].append(dialogue)
                    yield row

        items = sorted(planned, key=lambda item: item.image.image_id)
        with self.ahead(item.image for item in items):
            files = [self._write("images", name, image_rows())]
        for task, rows in dialogues.items():
            files.append(self._write(task, name, rows))
        return ShardReceipt(
            name,
            fingerprint,
            tuple(files),
            {source: dict(tally) for source, tally in sorted(counts.items())},
            dict(sorted(uses.items())),
        )

    def _chips(
        self, item: PlannedImage, manifest: Manifest
    ) -> Iterator[tuple[Row, list[tuple[TaskName, Row]]]]:
        facts = item.image.pixels
        with ExitStack() as open_files:
            source = open_files.enter_context(self.open_image(item.image))
            tiled = any(chip.window for chip in item.chips)
            floor = self.recipe.duplicates.near_min_variance
            scene = images.open_scene(source, facts, floor) if tiled else nullcontext()
            cut = open_files.enter_context(scene)
            for chip in item.chips:
                if cut is not None and chip.window is not None:
                    shown = cut(chip.window)
                else:
                    shown = images.published_whole(source, facts)
                yield (
                    image_row(item, chip, shown, manifest),
                    dialogue_rows(item, chip, manifest, self.recipe, self.phrasing),
                )

    def _write(self, table: str, name: str, rows: Iterable[Row]) -> WrittenFile:
        size = self.recipe.output.images_per_row_group if table == "images" else _DIALOGUE_ROW_GROUP
        return write_whole(
            self.out,
            table_path(table, name),
            lambda target: write_parquet(target, SCHEMAS[table], rows, size),
        )


def write_parquet(name: str, schema: pa.Schema, rows: Iterable[Row], row_group_rows: int) -> int:
    """Write rows as Parquet, one row group at a time; equal rows give equal bytes.

    Pictures stay uncompressed (they are compressed already, and a reader can map them); pages carry
    checksums, without which a flipped byte can read back unnoticed.

    Returns:
        The number of rows.
    """
    total = 0
    with parquet_writer(name, schema) as writer:
        for group in batches(rows, row_group_rows):
            writer.write_table(to_table(group, schema), row_group_size=row_group_rows)
            total += len(group)
    return total


def parquet_writer(name: str, schema: pa.Schema) -> pq.ParquetWriter:
    """Open a writer of Parquet in the form in which every table is published."""
    compressible = [column for column in _leaf_columns(schema) if column != _PICTURE]
    return pq.ParquetWriter(
        name,
        with_hf_features(schema),
        compression={**dict.fromkeys(compressible, "ZSTD"), _PICTURE: "NONE"},
        use_dictionary=compressible,
        write_statistics=compressible,
        write_page_index=True,
        write_page_checksum=True,
    )


def _leaf_columns(fields: Iterable[pa.Field], prefix: str = "") -> Iterator[str]:
    for field in fields:
        if pa.types.is_struct(field.type):
            yield from _leaf_columns(field.type, f"{prefix}{field.name}.")
        elif pa.types.is_list(field.type):
            item = pa.field("element", field.type.value_type)
            yield from _leaf_columns([item], f"{prefix}{field.name}.list.")
        else:
            yield prefix + field.name


def batches(items: Iterable[ItemT], size: int) -> Iterator[list[ItemT]]:
    """Cut a stream into lists of `size`, the last one shorter.

    >>> list(batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch
