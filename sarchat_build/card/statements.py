"""What has to be said of a dataset to whoever uses it, once for people and for machines."""

from __future__ import annotations

from collections.abc import Callable

from sarchat_build.dataset.record import BuildRecord

PURPOSE = (
    "Training and evaluating vision-language models on radar pictures: classes, descriptions, "
    "counts, places, and finding objects by a phrase."
)
NO_PURPOSE = (
    "It was made for research and tried for no use in which people may come to harm. Ships, "
    "aircraft and vehicles can be found with what is trained on it."
)
ANNOTATION = (
    "Boxes are those that the authors of the sources drew. Questions and answers are made from "
    "them by rules and fixed phrasings; no person and no model wrote a dialogue. Validation reads "
    "every answer back and computes it again from the boxes, by code of its own."
)
WORDING = (
    "Answers come from fixed phrasings. A model that speaks like this dataset has learned its "
    "sentences, and not how analysts write."
)
LISTED = (
    "A source lists the categories it was made for and no other: a ship in a source of aircraft is "
    "in the picture and in no box. `categories_annotated` says of each picture what is listed in "
    "full, and nothing else is ever denied."
)
DRAWN = (
    "Boxes are as good as their authors drew them; what is missing or wrong there is missing or "
    "wrong here. `difficult` objects count as present."
)
PIXELS = (
    "The sources differ in sensor, resolution and processing, and no pixel has a physical unit: "
    "pictures are 8-bit, as published or rendered (`rendering`)."
)
CROWDS = "Pictures with many objects have many dialogues: sample by picture where that matters."


def scenes(record: BuildRecord) -> str:
    """Say of which sources it is known what was taken at once, and what follows for the splits."""
    told = [f"`{s}`" for s, of in record.sources.items() if of.scene]
    silent = [f"`{s}`" for s, of in record.sources.items() if not of.scene]
    sentences = []
    if told:
        sentences.append(
            f"`scene_id` is the acquisition for {', '.join(told)}, whose file names tell it."
        )
    if silent:
        sentences.append(
            f"Nobody says which pictures of {', '.join(silent)} were taken at once: there "
            "`scene_id` is the picture itself, with all its chips, and pictures of one "
            "acquisition may lie in two splits."
        )
    return " ".join(sentences)


def biases(record: BuildRecord) -> tuple[str, ...]:
    """Say what is unevenly shown."""
    silent = [source for source, of in record.sources.items() if not of.categories.annotated]
    nothing = f"Of {', '.join(f'`{s}`' for s in silent)} no category is listed in full."
    return (LISTED, *((nothing,) if silent else ()), CROWDS)


def limits(record: BuildRecord, quote: Callable[[str], str]) -> tuple[str, ...]:
    """Say what cannot be relied on; `quote` makes words of a manifest fit for where they stand."""
    unverified = (
        f"`{source}`, not verified: "
        + "; ".join(f"`{key}` ({quote(why)})" for key, why in sorted(of.unverified.items()))
        + "."
        for source, of in record.sources.items()
        if of.unverified
    )
    return (DRAWN, PIXELS, scenes(record), WORDING, *unverified)
