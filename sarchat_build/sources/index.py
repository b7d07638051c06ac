"""Index of a source: images in blocks, annotation documents, and which image a name means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sarchat_build.archives import escapes, join
from sarchat_build.config.annotation_options import AnnotationFiles, AnnotationRule
from sarchat_build.config.manifest import Manifest
from sarchat_build.errors import InputError, NotAnArchiveError, RecordError
from sarchat_build.reasons import Reason
from sarchat_build.sources.files import FileRef, FileRefs, SourceFiles, is_picture_name, open_source
from sarchat_build.sources.matching.columns import Document, Documents, ListedSplits
from sarchat_build.sources.matching.image_names import ImageNames, parse_name
from sarchat_build.sources.matching.naming import advice_for_one_name, fitting
from sarchat_build.sources.matching.part_matches import PartMatch
from sarchat_build.sources.matching.split_lists import read_split_lists
from sarchat_build.sources.matching.statements import (
    demand_classes,
    foreign_names,
    nothing_fits,
    scene_matches,
    unread_archive_matches,
    unread_archives,
)
from sarchat_build.sources.readers import FORMATS

# One block is one unit of work for a reader: large enough that the engine's cost per element
# vanishes, small enough that two workers finish together.
BLOCK_IMAGES = 128


class OtherImageError(RecordError):
    """A document is not about the image that has its name."""


@dataclass(frozen=True, kw_only=True)
class SourceIndex:
    """Every file of one source that its manifest claims, in reading order.

    Images are known by the name that the rule gives them; `names` finds them by what documents
    write. `part_matches` are statements of the manifest that fit a part of what they speak of;
    `others` are pictures that nothing reads.
    """

    source_id: str
    rule: AnnotationRule
    files: SourceFiles
    images: FileRefs
    documents: Documents
    split_by_name: ListedSplits
    names: ImageNames
    part_matches: tuple[PartMatch, ...]
    others: FileRefs
    folders_above_documents: int

    @property
    def image_blocks(self) -> int:
        """Number of blocks of images."""
        return _blocks(self.images)

    @property
    def document_blocks(self) -> int:
        """Number of blocks of annotation documents."""
        return _blocks(self.documents)

    def images_of_block(self, block: int) -> tuple[FileRef, ...]:
        """Give the images of one block, in the order in which they lie in their archives."""
        return self.images[block * BLOCK_IMAGES : (block + 1) * BLOCK_IMAGES]

    def documents_of_block(self, block: int) -> tuple[Document, ...]:
        """Give the documents of one block."""
        return self.documents[block * BLOCK_IMAGES : (block + 1) * BLOCK_IMAGES]

    def block_of(self, name: str) -> int:
        """Give the number of the block that holds the image `name`."""
        return self._position(name) // BLOCK_IMAGES

    def image_of(self, name: str) -> FileRef:
        """Give the file of an image."""
        return self.images[self._position(name)]

    def _position(self, name: str) -> int:
        position = self.names.position(name)
        if position is None:
            raise KeyError(name)
        return position

    def resolve(self, filename: str | None, document: FileRef) -> tuple[str, Reason | None]:
        """Find the image that a document of one image belongs to.

        The document's own name wins over the one written inside it: copies of these datasets are
        renamed more often than they are reordered.

        Args:
            filename: what the document calls its image, "" if it does not say, None if its
                format never does.
            document: where the document lies.

        Returns:
            The name of the image, and `filename_absent` or `filename_differs` if that is so.

        Raises:
            OtherImageError: the document is about a picture that nothing reads.
            RecordError: `image_missing` when neither name is an image of the source; `path_escape`
                when a name that climbs out of its folder is all there is.
        """
        own = self.rule.document_name(document.path)
        if not self.names.has(own):
            named = f"names {filename!r}" if filename else "names no image"
            otherwise = f"the document {named}; no image has its stem either"
            return self.names.find(filename or "", otherwise)[0], Reason.FILENAME_DIFFERS
        rival = self.names.rival(document, own, self.folders_above_documents)
        if rival is not None:
            raise OtherImageError(
                Reason.IMAGE_MISSING,
                f"{rival} has the document's name and folder, but no pattern of "
                "annotations.images fits it",
            )
        if not filename:
            return own, None if filename is None else Reason.FILENAME_ABSENT
        written, file = parse_name(filename), parse_name(self.image_of(own).path)
        # The written path may be one of another machine: it is compared, and never opened.
        exact = written.file == file.file and not escapes(filename)
        return own, None if exact else Reason.FILENAME_DIFFERS


def index_source(
    manifest: Manifest, raw: str, repacked: Mapping[str, str] | None = None
) -> SourceIndex:
    """List `raw/<id>/` and match its files against the manifest's patterns.

    Args:
        manifest: the source's manifest.
        raw: path or URL of the raw folder.
        repacked: where an archive was repacked, the zip by the archive's own location.

    Raises:
        InputError: nothing is there, the layout is another one, two images share a name, or
            something that the manifest states fits nothing that is there.
    """
    folder = join(raw, manifest.id)
    rule = manifest.annotations
    try:
        source = open_source(folder, repacked, rule.encodings)
    except NotAnArchiveError as error:
        raise InputError(f"{error}; {manifest.layout_hint}") from error
    images = fitting(source.files, rule.images)
    documents_by_entry = [(entry, fitting(source.files, (entry.path,))) for entry in rule.files]
    documents = _documents(manifest, documents_by_entry)
    if not images or not documents:
        raise InputError(_other_layout(folder, manifest, source, images=not images))
    for number, (entry, found) in enumerate(documents_by_entry):
        if not found and not entry.optional:
            raise InputError(
                f"{folder}: no file matches {entry.path}; if this copy lacks that part, say "
                f"--set {manifest.id}.annotations.files.{number}.optional=true"
            )
    lists = [(entry, fitting(source.files, (entry.path,))) for entry in rule.split_lists]
    demand_classes(manifest)
    listed = (file for _, found in lists for file in found)
    unreadable = foreign_names(
        manifest, source, [*images, *(document.file for document in documents), *listed]
    )
    if unreadable:
        raise InputError(f"{folder}: {unreadable}")
    _demand_one_name_each(folder, manifest, images, documents)
    chosen = source.files.select(images)
    read = set(images)
    others = source.files.select(
        f for f in source.files if f not in read and is_picture_name(f.path)
    )
    names = ImageNames(rule, chosen, others)
    splits, parts = read_split_lists(manifest.id, rule, source, lists, names)
    return SourceIndex(
        source_id=manifest.id,
        rule=rule,
        files=source,
        images=chosen,
        documents=Documents.of(source.files, documents),
        split_by_name=ListedSplits.of(names, splits),
        names=names,
        part_matches=(
            *parts,
            *scene_matches(manifest, names.all_names),
            *unread_archive_matches(source),
        ),
        others=others,
        folders_above_documents=names.folders_above(document.file for document in documents),
    )


def _other_layout(folder: str, manifest: Manifest, source: SourceFiles, *, images: bool) -> str:
    foreign = foreign_names(manifest, source, source.files)
    found_instead = (
        unread_archives(source),
        # Patterns cannot fit names that are misread: those come first.
        foreign or nothing_fits(manifest, source, images=images),
    )
    causes = "".join(f"{cause}; " for cause in found_instead if cause)
    return (
        f"{folder}: {len(source.files):,} files, but no {'images' if images else 'annotations'}; "
        f"{causes}{manifest.layout_hint}"
    )


def _documents(
    manifest: Manifest, entries: Iterable[tuple[AnnotationFiles, tuple[FileRef, ...]]]
) -> tuple[Document, ...]:
    # A document that two patterns match is read once.
    documents: dict[FileRef, Document] = {}
    for number, (entry, files) in enumerate(entries):
        for file in files:
            known = documents.setdefault(file, Document(file, entry.split, number))
            first = manifest.annotations.files[known.entry]
            if (first.split, first.options) != (entry.split, entry.options):
                what = "options" if first.split == entry.split else "splits"
                raise InputError(
                    f"{manifest.id}: {file} fits {first.path!r} ({first.split or 'no split'}) and "
                    f"{entry.path!r} ({entry.split or 'no split'}) of annotations.files, which "
                    f"state different {what}; make one of these patterns narrower"
                )
    return tuple(documents.values())


def _demand_one_name_each(
    folder: str, manifest: Manifest, images: Sequence[FileRef], documents: Sequence[Document]
) -> None:
    rule = manifest.annotations
    positions: dict[str, int] = {}
    for position, file in enumerate(images):
        name = rule.image_name(file.path)
        if name in positions:
            single = [] if FORMATS[rule.format].many_images else [d.file for d in documents]
            advice = advice_for_one_name(manifest.id, rule, images, single)
            raise InputError(
                f"{folder}: two images are called {name!r}, {images[positions[name]]} and {file}; "
                f"{advice}"
            )
        positions[name] = position


def _blocks(items: Sequence[object]) -> int:
    return -(-len(items) // BLOCK_IMAGES)
