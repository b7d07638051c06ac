"""Images by the names that documents and lists write: with folders, without, or of elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache

from sarchat_build.archives import escapes
from sarchat_build.config.annotation_options import AnnotationRule
from sarchat_build.errors import RecordError
from sarchat_build.key_index import KeyIndex
from sarchat_build.names import printable
from sarchat_build.reasons import Reason
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.matching.path_ends import PathEnds, common_length

_SHOWN_NAMES = 3


@dataclass(frozen=True, slots=True)
class WrittenName:
    """A name as somebody wrote it: folders, if any, and file name, in Unicode's composed form."""

    folders: tuple[str, ...]
    file: str

    @property
    def stem(self) -> str:
        """The file name without its extension."""
        return stem_of(self.file)


def parse_name(written: str) -> WrittenName:
    r"""Take a written name apart, whichever system it comes from.

    >>> parse_name("D:\\data\\S1A\\000.png"), parse_name("./000.png").folders
    (WrittenName(folders=('data', 'S1A'), file='000.png'), ())
    """
    path = printable(written).replace("\\", "/")
    if path[1:2] == ":" and path[0].isalpha():  # a drive
        path = path[2:]
    *folders, file = [part for part in path.split("/") if part not in ("", ".", "..")] or [""]
    return WrittenName(tuple(folders), file)


class Agreement(IntEnum):
    """How far the folders of a written name are those of an image."""

    OTHER = 0  # a folder was written that tells images apart, and the image lies in another one
    ROOT = 1  # they differ only above all images of the source
    FULL = 2  # one path is the end of the other


@dataclass(frozen=True, slots=True)
class Match:
    """The images that a written name may mean, by position: one, none, or several alike."""

    positions: tuple[int, ...]
    agreement: Agreement
    shared_folders: int = 0


@dataclass(frozen=True, slots=True)
class IndexedNames:
    """Where names are, and how many folders lie above all images."""

    keys: Mapping[str, KeyIndex]
    root_folders: int


class ImageNames:
    """The images of a source by name; a written path means the one with the longest common end.

    `inner_folders` do not count, and case only where it tells two images apart.
    """

    def __init__(
        self,
        rule: AnnotationRule,
        images: Sequence[FileRef],
        others: Sequence[FileRef] = (),
        indexed: IndexedNames | None = None,
    ) -> None:
        """Take the images, and the other pictures of the source, which nothing reads.

        `indexed` is what another `ImageNames` of the same files has found out about them.
        """
        self._inner = frozenset(map(_fold, rule.inner_folders))
        self._rule = rule
        self._images = images
        self._others = others
        known: Mapping[str, KeyIndex] = indexed.keys if indexed else {}
        self._by_name = known.get("name") or KeyIndex.of(self.all_names)
        self._by_file = self._path_ends(images, _file_name, known.get("file"))
        self._by_stem = self._path_ends(images, _stem_name, known.get("stem"))
        self._unread_by_file = self._path_ends(others, _file_name, known.get("unread_file"))
        self._unread_by_stem = self._path_ends(others, _stem_name, known.get("unread_stem"))
        self._root = (
            indexed.root_folders if indexed else common_length(self._folders(f) for f in images)
        )

    @property
    def indexed(self) -> IndexedNames:
        """What was found out about all files, to be stored."""
        return IndexedNames(
            keys={
                "name": self._by_name,
                "file": self._by_file.index,
                "stem": self._by_stem.index,
                "unread_file": self._unread_by_file.index,
                "unread_stem": self._unread_by_stem.index,
            },
            root_folders=self._root,
        )

    def position(self, name: str) -> int | None:
        """Give the position of the image that has exactly this name in its source."""
        found = self._by_name.candidates(name)
        return next((p for p in found if self._name(p) == name), None)

    def has(self, name: str) -> bool:
        """Whether an image has exactly this name in its source."""
        return self.position(name) is not None

    def find(
        self,
        written: str,
        otherwise: str = "",
        words: Callable[[], frozenset[str]] = frozenset,
    ) -> tuple[str, Reason | None]:
        """Find the image that a document or a list calls `written`.

        Args:
            written: a file name, with folders or without.
            otherwise: the detail of `image_missing`.
            words: the folders that other names there have, folded; asked only where it matters.

        Returns:
            The name of the image, and `filename_differs` if it is not written so.

        Raises:
            RecordError: `image_ambiguous` when several images are called so; `image_missing` when
                none is, or the only one lies in another of the folders that tell images apart;
                `path_escape` instead when the name climbs out of its folder.
        """
        name = parse_name(written)
        match = self._match(name)
        named = f"the document names {written!r}"
        if not match.positions and escapes(written):
            raise RecordError(Reason.PATH_ESCAPE, f"the document names the image {written!r}")
        unread = self._unread(name, match)
        if unread is not None:
            detail = f"{named}; {unread} is called so, but no pattern of annotations.images fits it"
            raise RecordError(Reason.IMAGE_MISSING, detail)
        if len(match.positions) > 1:
            listed = some_of([self._name(position) for position in match.positions])
            raise RecordError(Reason.IMAGE_AMBIGUOUS, f"{written!r} is one of {listed}")
        if not match.positions:
            detail = otherwise or f"{named}; no image is called so"
            raise RecordError(Reason.IMAGE_MISSING, detail)
        (position,) = match.positions
        if self._lies_elsewhere(name, position, match.agreement, words):
            detail = f"{named}; {self._images[position]} has its name, but lies in another folder"
            raise RecordError(Reason.IMAGE_MISSING, detail)
        exact = match.agreement and name.file == _file_name(self._images[position])
        return self._name(position), None if exact else Reason.FILENAME_DIFFERS

    @property
    def all_names(self) -> Sequence[str]:
        """The names of all images, by position; made anew each time."""
        return [self._rule.image_name(file.path) for file in self._images]

    def match(self, written: str) -> Match:
        """Find the images with the longest common end."""
        return self._match(parse_name(written))

    def _match(self, name: WrittenName) -> Match:
        folders = self._counted(name.folders)
        for paths, key in (
            (self._by_file, name.file),
            (self._by_stem, name.file),  # written without its extension
            (self._by_stem, name.stem),  # written with another one
        ):
            shared, best = paths.longest(key, folders)
            if best:
                break
        else:
            return Match((), Agreement.OTHER)
        if len(best) > 1:
            same_case = [
                p for p in best if key in (_file_name(self._images[p]), _stem_name(self._images[p]))
            ]
            best = same_case or best
        agreements = [self._agreement(folders, shared, position) for position in best]
        most = max(agreements)
        if most is Agreement.OTHER and not paths.is_only(key):
            return Match((), most, shared)
        chosen = (p for p, found in zip(best, agreements, strict=True) if found is most)
        return Match(tuple(chosen), most, shared)

    def is_path_of(self, written: str, name: str) -> bool:
        """Whether a written path is that of the image `name`, as far as both go."""
        found = parse_name(written)
        folders = self._counted(found.folders)
        shared, best = self._by_file.longest(found.file, folders)
        return any(
            self._name(p) == name and self._agreement(folders, shared, p) is Agreement.FULL
            for p in best
        )

    def rival(self, document: FileRef, name: str, shared_folders: int) -> FileRef | None:
        """Find a picture that nothing reads and that a document is about rather than an image.

        It has the image's name, and lies in a folder that is called as one of the document is and
        none of the image.

        Args:
            document: a document about one image.
            name: the image that has its name.
            shared_folders: how many folders are above all documents.
        """
        own = self._folders(document)
        last = own[-1:] if len(own) <= shared_folders else ()
        position = self.position(name)
        if position is None:
            raise KeyError(name)
        here = self._folders(self._images[position])
        words = set(own) - set(last) - set(here)
        rivals = self._unread_by_stem.named(_stem_name(self._images[position])) if words else []
        return next((file for file in rivals if words & set(self._folders(file))), None)

    def folders_above(self, files: Iterable[FileRef]) -> int:
        """Count the folders that lie above all of some files."""
        return common_length(self._folders(file) for file in files)

    def _agreement(self, folders: tuple[str, ...], shared: int, position: int) -> Agreement:
        depth = len(self._folders(self._images[position]))
        if shared in (len(folders), depth):
            return Agreement.FULL
        return Agreement.ROOT if depth - shared <= self._root else Agreement.OTHER

    def _lies_elsewhere(
        self,
        name: WrittenName,
        position: int,
        agreement: Agreement,
        words: Callable[[], frozenset[str]],
    ) -> bool:
        # Folders speak against an image if the document, or the source, knows them apart.
        if agreement is Agreement.FULL:
            return False
        folders, own = self._counted(name.folders), self._folders(self._images[position])
        shared = common_length([folders[::-1], own[::-1]])
        written, here = folders[len(folders) - shared - 1], own[: len(own) - shared]
        known = agreement is Agreement.OTHER and written in self._folder_words
        return known or bool(words() & set(here))

    @cached_property
    def _folder_words(self) -> frozenset[str]:
        # Below the folder that all images have in common.
        return frozenset(f for file in self._images for f in self._folders(file)[self._root :])

    def _unread(self, name: WrittenName, match: Match) -> FileRef | None:
        # A picture that the name fits better than any that is read.
        if match.positions and (match.agreement is Agreement.FULL or not name.folders):
            return None
        folders = self._counted(name.folders)
        shared, best = self._unread_by_file.longest(name.file, folders)
        if shared < match.shared_folders or (folders and not shared):
            return None
        fitting = (
            self._others[p]
            for p in best
            if shared in (len(folders), len(self._folders(self._others[p])))
        )
        return next(fitting, None)

    def _name(self, position: int) -> str:
        return self._rule.image_name(self._images[position].path)

    def _path_ends(
        self, files: Sequence[FileRef], key_of: Callable[[FileRef], str], index: KeyIndex | None
    ) -> PathEnds:
        return PathEnds(files, self._folders, key_of, index)

    def _folders(self, file: FileRef) -> tuple[str, ...]:
        return _counted_folders(file.path.rpartition("/")[0], self._inner)

    def _counted(self, folders: Iterable[str]) -> tuple[str, ...]:
        return tuple(f for f in map(_fold, folders) if f not in self._inner)


def folder_words(written: Iterable[str]) -> frozenset[str]:
    """Give the folders that written names have, folded for comparison."""
    folders = {parse_name(name).folders for name in written}
    return frozenset(_fold(folder) for path in folders for folder in path)


def some_of(names: Sequence[str], shown: int = _SHOWN_NAMES) -> str:
    """Write the first of many names.

    >>> some_of(["a", "b", "c", "d"], 2)
    'a, b and 2 more'
    """
    left = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {left:,} more" if left > 0 else "")


def stem_of(file: str) -> str:
    """Give a file name without its extension, as `pathlib` does.

    >>> stem_of("a.b.png"), stem_of("a"), stem_of(".png")
    ('a.b', 'a', '.png')
    """
    head, _, extension = file.rpartition(".")
    return head if head and extension else file


def _fold(name: str) -> str:
    return printable(name).casefold()


@lru_cache(maxsize=1 << 14)
def _counted_folders(folder: str, inner: frozenset[str]) -> tuple[str, ...]:
    return tuple(f for f in map(_fold, folder.split("/")) if f and f not in inner)


def _file_name(file: FileRef) -> str:
    return printable(file.path.rpartition("/")[2])


def _stem_name(file: FileRef) -> str:
    return stem_of(_file_name(file))
