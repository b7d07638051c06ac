"""What a careful engineer would write without a framework: two passes over a `Pool`.

It reads, decodes, hashes, cuts, labels, renders and writes exactly what `sarchat build` does, and
leaves out what a build adds for its users: resuming, rejects as data, checks before publishing, and
a record with the digest of every file.

    python -m benchmarks.handwritten RAW OUT
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from multiprocessing import Pool
from pathlib import Path

from sarchat_build.chips.join import inspect_images
from sarchat_build.chips.normalize import normalize_image
from sarchat_build.chips.tiling import cut_chips
from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.recipe import load_recipe
from sarchat_build.config.resources import resource_folder
from sarchat_build.curation.facts import image_fact
from sarchat_build.curation.plan import DatasetFacts, plan_dataset
from sarchat_build.curation.shard_assignment import group_by_shard
from sarchat_build.dataset.shards import ShardBuilder
from sarchat_build.phrasing.engine import Phrasing, load_templates
from sarchat_build.sources.documents import Annotation, read_document
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import SourceIndex, index_source
from sarchat_build.sources.matching.columns import Document
from sarchat_build.sources.picture_file import PictureSource
from sarchat_build.types import CutImage, PlannedImage, SourceImage

WORKERS = 2
RECIPE = Path(__file__).parents[1] / "recipes" / "sarchat_2m.toml"
MANIFESTS = load_manifests(resource_folder("source_manifests"))
INDEXES: dict[str, SourceIndex] = {}
DOCUMENTS: dict[str, dict[str, list[Document]]] = {}
BUILDER: ShardBuilder


def start(raw: str, out: str) -> None:
    """Open the archives and compile the phrasings once in each process."""
    global BUILDER
    recipe = load_recipe(RECIPE)
    templates = load_templates(resource_folder("templates"))
    phrasing = Phrasing(templates, recipe.phrasing.held_out_percent)
    BUILDER = ShardBuilder(out, MANIFESTS, recipe, phrasing, open_image)
    for source_id, manifest in MANIFESTS.items():
        if Path(raw, source_id).is_dir():
            INDEXES[source_id] = index_source(manifest, raw)
            documents = DOCUMENTS[source_id] = defaultdict(list)
            for document in INDEXES[source_id].documents:
                documents[manifest.annotations.document_name(document.file.path)].append(document)


def inspect_block(place: tuple[str, int]) -> list[CutImage]:
    """Read one block's documents and images; the two lie in the same order in both sources."""
    source_id, block = place
    index, manifest = INDEXES[source_id], MANIFESTS[source_id]
    files = index.images_of_block(block)
    annotations = [
        found
        for file in files
        for document in DOCUMENTS[source_id][index.rule.image_name(file.path)]
        for found in read_document(document, index, manifest)
        if isinstance(found, Annotation)
    ]
    inspected = inspect_images(
        files, annotations, index=index, manifest=manifest, recipe=load_recipe(RECIPE)
    )
    cut = []
    for image in inspected.images:
        normalized = normalize_image(image, manifest)
        if normalized.image is not None:
            chips = cut_chips(normalized.image, manifest.tiling).chips
            if chips:
                cut.append(CutImage(normalized.image, chips))
    return cut


def open_image(image: SourceImage) -> AbstractContextManager[PictureSource]:
    """Give an image to read pixels from."""
    return INDEXES[image.source_id].files.contents(FileRef(image.archive, image.member))


def build_shard(task: tuple[str, tuple[PlannedImage, ...]]) -> None:
    """Write one shard."""
    BUILDER.build(task[0], task[1], "")


def blocks() -> Iterator[tuple[str, int]]:
    """List every block of every source."""
    for source_id, index in INDEXES.items():
        for block in range(index.image_blocks):
            yield source_id, block


def main(raw: str, out: str) -> None:
    """Build the dataset."""
    start(raw, out)
    recipe = load_recipe(RECIPE)
    with Pool(WORKERS, start, (raw, out)) as pool:
        cuts = [cut for block in pool.imap(inspect_block, blocks()) for cut in block]
        facts = [image_fact(c, "", MANIFESTS[c.image.source_id].priority) for c in cuts]
        plan = plan_dataset(
            DatasetFacts(images=facts), manifests=MANIFESTS, recipe=recipe, images_listed={}
        )
        shards = group_by_shard(cuts, plan.assignments)
        for _ in pool.imap_unordered(build_shard, sorted(shards.items())):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:3])
