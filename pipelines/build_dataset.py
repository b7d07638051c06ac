"""The graph of a build, whole on one screen: raw archives to a finished dataset.

Only small records cross a shuffle. Pictures and dialogues stay inside the step that reads or
writes them: a block of images is decoded in one element, a shard is built in another.
"""

from __future__ import annotations

import apache_beam as beam

from pipelines.context import BuildContext
from pipelines.transforms.build_shards import BuildShards
from pipelines.transforms.conclude import Conclude
from pipelines.transforms.inspect_images import CutChips, InspectImages, NormalizeImages
from pipelines.transforms.plan_dataset import AssignShards, PlanDataset
from pipelines.transforms.publish import Publish
from pipelines.transforms.read_annotations import DOCUMENTS, IMAGES, ReadAnnotations
from pipelines.transforms.read_shards import ReadShards


def build_dataset(pipeline: beam.Pipeline, context: BuildContext) -> None:
    """Put the graph of one build into `pipeline`."""
    indexes = [context.index(source_id) for source_id in sorted(context.manifests)]
    documents = [(DOCUMENTS, i.source_id, n) for i in indexes for n in range(i.document_blocks)]
    # Every block of images is listed from the start, also one that no document mentions.
    images = [(IMAGES, i.source_id, n) for i in indexes for n in range(i.image_blocks)]

    read = (
        pipeline
        # One list: each root of the graph is a stage, for which engines start workers anew.
        | "ListBlocks" >> beam.Create([*documents, *images])
        | "ReadAnnotations" >> ReadAnnotations(context)
    )
    inspected = (
        read.annotations
        | "GatherBlocks" >> beam.GroupByKey()
        | "InspectImages" >> InspectImages(context)
    )
    normalized = inspected.images | "NormalizeImages" >> NormalizeImages(context)
    cut = normalized.images | "CutChips" >> CutChips(context)

    steps = (read, inspected, normalized, cut)
    plan = tuple(step.facts for step in steps) | "PlanDataset" >> PlanDataset(context)
    planned = {
        "images": cut.images,
        "assignments": plan.assignments,
    } | "AssignShards" >> AssignShards()
    built = (
        (plan.shards, planned)
        | "SeedEveryShard" >> beam.Flatten()
        | "BuildShards" >> BuildShards(context)
    )
    readings = built.receipts | "ReadShards" >> ReadShards(context)

    results = (*(step.results for step in (*steps, plan, built)), readings)
    published = results | "Publish" >> Publish(context)
    if context.detached:
        _ = published | "Conclude" >> Conclude(context)
