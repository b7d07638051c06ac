"""Documents and official splits of a source in columns, a few bytes each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from sarchat_build.sources.files import FileRef, FileRefs
from sarchat_build.sources.matching.image_names import ImageNames
from sarchat_build.types import SPLITS, Split

_SPLIT_OF: tuple[Split | None, ...] = (None, *SPLITS)


@dataclass(frozen=True, slots=True)
class Document:
    """An annotation document and the official split that its path states.

    `entry` is the entry of `annotations.files` that it belongs to, and by which it is read.
    """

    file: FileRef
    split: Split | None
    entry: int = 0


class Documents(Sequence[Document]):
    """The documents of a source in reading order, each made when somebody asks for it.

    Attributes:
        files: where they lie.
        splits: their official splits, as numbers (0: none, else that of `SPLITS`, from 1 on).
        entries: their entries of `annotations.files`.
    """

    def __init__(
        self, files: FileRefs, splits: NDArray[np.uint8], entries: NDArray[np.int16]
    ) -> None:
        self.files, self.splits, self.entries = files, splits, entries

    @classmethod
    def of(cls, files: FileRefs, documents: Sequence[Document]) -> Documents:
        """Put documents among the files of a source into columns."""
        return cls(
            files.select(document.file for document in documents),
            np.fromiter((_split_number(document.split) for document in documents), np.uint8),
            np.fromiter((document.entry for document in documents), np.int16),
        )

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.files)

    @overload
    def __getitem__(self, position: int) -> Document: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[Document, ...]: ...
    def __getitem__(self, position: int | slice) -> Document | tuple[Document, ...]:
        """Give one document, or several."""
        if isinstance(position, slice):
            return tuple(self[n] for n in range(len(self))[position])
        return Document(
            self.files[position],
            _SPLIT_OF[self.splits[position]],
            int(self.entries[position]),
        )


class ListedSplits(Mapping[str, Split]):
    """The split of each image that an official list names, by the image's name.

    Attributes:
        numbers: the splits of all images by position, as in `Documents`.
    """

    def __init__(self, names: ImageNames, numbers: NDArray[np.uint8]) -> None:
        self._names, self.numbers = names, numbers

    @classmethod
    def of(cls, names: ImageNames, splits: Mapping[str, Split]) -> ListedSplits:
        """Put the splits of images into a column."""
        numbers = (_split_number(splits.get(name)) for name in names.all_names)
        return cls(names, np.fromiter(numbers, np.uint8))

    def __getitem__(self, name: str) -> Split:
        """Give the split of an image."""
        position = self._names.position(name)
        split = None if position is None else _SPLIT_OF[int(self.numbers[position])]
        if split is None:
            raise KeyError(name)
        return split

    def __iter__(self) -> Iterator[str]:
        """Go through the names of images that a list names."""
        pairs = zip(self._names.all_names, self.numbers, strict=True)
        return (name for name, number in pairs if number)

    def __len__(self) -> int:
        """Number of images that a list names."""
        return int(np.count_nonzero(self.numbers))


def _split_number(split: Split | None) -> int:
    return _SPLIT_OF.index(split)
