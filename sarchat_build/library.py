"""Library interface: one picture from an archive to its dialogues, by the functions of the build.

    from sarchat_build import ask, open_source, read_images, render

    source = open_source("ssdd", "raw")
    for picture in read_images(source):
        for question in ask(picture):
            print(render(picture, question).messages)

What needs the whole dataset is not done here: duplicates stay, and the split is the caller's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import TypeAlias

from sarchat_build import images
from sarchat_build.chips.blocks import cut_block, inspect_block, normalize_block
from sarchat_build.config.manifest import Manifest, load_manifests
from sarchat_build.config.recipe import Recipe, load_recipe
from sarchat_build.config.resources import recipe_path, resource_folder
from sarchat_build.dialogues.labels import LabeledImage, label_image
from sarchat_build.dialogues.question import Question
from sarchat_build.dialogues.tasks import questions
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.phrasing.dialogue import Dialogue, render_dialogue
from sarchat_build.phrasing.engine import Phrasing, load_templates
from sarchat_build.sources.documents import Annotation, read_document
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import SourceIndex, index_source
from sarchat_build.types import Chip, Reject, SourceImage, Split

__all__ = [
    "Dialogue",
    "Picture",
    "Question",
    "Source",
    "ask",
    "open_source",
    "read_images",
    "render",
]

# What a task module is: from a labeled picture and a recipe to the questions it affords.
Task: TypeAlias = Callable[[LabeledImage, Recipe], Iterator[Question]]


@dataclass(frozen=True)
class Source:
    """A source that is open for reading, with the recipe and the phrasings it is asked with."""

    manifest: Manifest
    index: SourceIndex
    recipe: Recipe
    phrasing: Phrasing


@dataclass(frozen=True)
class Picture:
    """One row of `images`: an image of a source, or a chip of one, with boxes in its own pixels."""

    source: Source
    image: SourceImage
    chip: Chip

    @cached_property
    def labeled(self) -> LabeledImage:
        """The picture's objects with their words, in reading order."""
        return label_image(
            self.chip,
            self.source.manifest.categories.annotated,
            self.image.rejected_categories,
            self.source.recipe.words,
        )

    def read_bytes(self) -> bytes:
        """Give the file as it is published: the source's own, or a PNG of the chip.

        Raises:
            RecordError: the archive has changed and the picture cannot be read any more.
        """
        file = FileRef(self.image.archive, self.image.member)
        with self.source.index.files.contents(file) as content:
            if self.chip.window is None:
                return images.published_whole(content, self.image.pixels).picture
            with images.open_scene(content, self.image.pixels) as cut:
                return cut(self.chip.window).picture


def open_source(
    source: str | Path,
    raw: str | PathLike[str],
    *,
    recipe: str = "sarchat_2m",
    templates: Mapping[str, str] | None = None,
) -> Source:
    """Open the archives of one source, in any form that a build reads.

    Members of 7z, rar and compressed tar archives are unpacked with all that lies before them, each
    time one is read: for more than a few pictures, unpack such an archive into its folder.

    Args:
        source: id of a built-in source, or the path of a manifest (`<id>.toml`).
        raw: path or URL of the folder that holds the source's folder, which is called by its id.
        recipe: name of a recipe, or a path that ends in .toml.
        templates: phrasings beside the built-in ones, by id.

    Raises:
        ConfigurationError: the manifest or the recipe is wrong, or no manifest has this id.
        InputError: the archives are missing, broken, or laid out otherwise.
    """
    manifest = _load_manifest(source)
    loaded = load_recipe(recipe_path(recipe))
    phrasings = {**load_templates(resource_folder("templates")), **(templates or {})}
    return Source(
        manifest,
        index_source(manifest, fspath(raw)),
        loaded,
        Phrasing(phrasings, loaded.phrasing.held_out_percent),
    )


def _load_manifest(source: str | Path) -> Manifest:
    path = Path(source) if str(source).endswith(".toml") else None
    known = load_manifests(resource_folder("source_manifests"), added=path.parent if path else None)
    source_id = path.stem if path else str(source)
    if source_id not in known:
        message = f"no such source; known: {', '.join(known)}"
        raise ConfigurationError([Issue("open_source", source_id, message)])
    return known[source_id]


def read_images(source: Source, *, rejects: list[Reject] | None = None) -> Iterator[Picture]:
    """Read a source's pictures in the order of its archives, chips row by row.

    Every annotation document is read before the first picture, since each may speak of any;
    pictures are decoded one at a time, as they are asked for.

    Args:
        source: from `open_source`.
        rejects: a list that is given what cannot be used, with the reasons: every image and every
            object is in a picture or there.
    """
    lost: list[Reject] = [] if rejects is None else rejects
    by_name: dict[str, list[Annotation]] = defaultdict(list)
    for document in source.index.documents:
        for found in read_document(document, source.index, source.manifest):
            if isinstance(found, Reject):
                lost.append(found)
            else:
                by_name[found.name].append(found)
    for file in source.index.images:
        annotations = by_name.pop(source.index.rule.image_name(file.path), [])
        yield from _pictures(source, file, annotations, lost)


def _pictures(
    source: Source, file: FileRef, annotations: list[Annotation], rejects: list[Reject]
) -> Iterator[Picture]:
    manifest = source.manifest
    inspected = inspect_block(
        [file], annotations, index=source.index, manifest=manifest, recipe=source.recipe
    )
    normalized = normalize_block(inspected.images, manifest)
    cut = cut_block(normalized.images, manifest)
    rejects += [*inspected.rejects, *normalized.rejects, *cut.rejects]
    for image in cut.images:
        yield from (Picture(source, image.image, chip) for chip in image.chips)


def ask(picture: Picture, task: Task | None = None) -> Iterator[Question]:
    """Give the questions that a picture affords, each with its true answer.

    Args:
        picture: from `read_images`.
        task: a task of the caller's own; None: every task of the recipe, with the recipe's shares.
    """
    return (task or questions)(picture.labeled, picture.source.recipe)


def render(picture: Picture, question: Question, *, split: Split = "train") -> Dialogue:
    """Put a question and its answer into words, as a build does for this image.

    Args:
        picture: the one that was asked about.
        question: from `ask`.
        split: some phrasings are held out for "test".

    Raises:
        KeyError: no phrasing is there for the question's subtask.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sarchat_build.synthetic import synthesize
    >>> with TemporaryDirectory() as raw:
    ...     made = synthesize("ssdd", Path(raw), 2)
    ...     picture = next(read_images(open_source("ssdd", raw)))
    ...     dialogue = render(picture, next(ask(picture)))
    >>> dialogue.question.task, [message["role"] for message in dialogue.messages]
    ('classification', ['user', 'assistant'])
    """
    return render_dialogue(question, picture.chip.image_id, split, picture.source.phrasing)
