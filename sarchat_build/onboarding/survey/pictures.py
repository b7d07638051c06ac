"""Pictures: sizes and kinds by the headers of some, and which lie there twice."""

from __future__ import annotations

import struct
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from sarchat_build.errors import RecordError
from sarchat_build.images.raster import open_raster
from sarchat_build.onboarding.survey.listing import FileGroup, extension_of, folder_of, stem_of
from sarchat_build.reasons import Reason
from sarchat_build.sources.files import FileRef, SourceFiles
from sarchat_build.sources.picture_file import PictureSource, head, open_bytes, sniff

# Pairs that are compared; copies of a folder are copies throughout.
_PAIRS = 5
_MAX_PIXELS = 50_000_000
# Of the deviation of its gray values, what a JPEG of a picture may differ by.
_SAME_SHARE = 0.3
_LOSSLESS = (".png", ".tif", ".tiff", ".bmp")


@dataclass
class PictureSummary:
    """Sizes and kinds of the pictures inspected; `kinds` are words like "8-bit L (JPEG)"."""

    inspected: int = 0
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    size_by_stem: dict[str, tuple[int, int]] = field(default_factory=dict)
    not_8_bit: int = 0
    unreadable: list[str] = field(default_factory=list)

    @property
    def largest_px(self) -> int:
        """The longest side seen."""
        return max((max(size) for size in self.sizes), default=0)


def read_headers(
    source_files: SourceFiles,
    files: Sequence[FileRef],
    limit: int,
    progress: Callable[[int], None] = lambda done: None,
) -> PictureSummary:
    """Read the headers of at most `limit` pictures, evenly from all over the list; 0: of all."""
    found = PictureSummary()
    count = min(limit, len(files)) if limit else len(files)
    chosen = [files[number * len(files) // count] for number in range(count)]
    for number, file in enumerate(source_files.in_reading_order(chosen), start=1):
        try:
            with source_files.contents(file) as source:
                size, kind, deep = _header(source)
        except RecordError as error:
            found.unreadable.append(f"{file}: {error.detail}")
        else:
            found.sizes[size] += 1
            found.kinds[kind] += 1
            found.size_by_stem[stem_of(file.path)] = size
            found.not_8_bit += deep
        found.inspected += 1
        progress(number)
    found.unreadable.sort()
    return found


def _header(source: PictureSource) -> tuple[tuple[int, int], str, bool]:
    kind = sniff(head(source))
    if kind != "picture":
        with open_raster(source, kind) as dataset:
            dtype, bands = str(dataset.dtypes[0]), int(dataset.count)
            words = f"{dtype}, {bands} band{'s' if bands > 1 else ''} ({dataset.driver})"
            return (int(dataset.width), int(dataset.height)), words, dtype != "uint8"
    try:
        with warnings.catch_warnings(), open_bytes(source) as stream:
            warnings.simplefilter("ignore")  # only the header is read; nothing is decoded
            picture = Image.open(stream, formats=("JPEG", "PNG", "BMP", "GIF", "WEBP"))
            deep = picture.mode.startswith(("I", "F"))
            return picture.size, f"8-bit {picture.mode} ({picture.format})", deep
    except UnidentifiedImageError:
        raise RecordError(Reason.NOT_AN_IMAGE, f"begins with {head(source)[:24]!r}") from None
    except Image.DecompressionBombError as error:
        raise RecordError(Reason.PIXEL_LIMIT, str(error)) from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise RecordError(Reason.IMAGE_TRUNCATED, str(error)) from error


@dataclass(frozen=True, slots=True)
class TwinFormat:
    """Pictures of a folder that lie there again with another extension, and are left out."""

    template: str
    extension: str
    kept: str
    count: int
    only_here: int


def one_format_each(
    groups: Sequence[FileGroup], wanted: frozenset[str] = frozenset()
) -> tuple[tuple[FileGroup, ...], tuple[TwinFormat, ...]]:
    """Leave one format of pictures that lie in one folder in several.

    Args:
        groups: pictures.
        wanted: extensions that documents write.

    Returns:
        The groups, and what was left out of them: the format with fewer pictures, then the one
        that documents do not write, then the one that loses gray values.
    """
    kept, twins = [], []
    for group in groups:
        stems: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for file in group.files:
            stems[extension_of(file)].add((folder_of(file), stem_of(file.path).casefold()))
        ranked = sorted(
            stems, key=lambda e: (-len(stems[e]), e not in wanted, e not in _LOSSLESS, e)
        )
        chosen: list[str] = []
        for extension in ranked:
            first = next((e for e in chosen if stems[e] & stems[extension]), None)
            if first is None:
                chosen.append(extension)
                continue
            covered = set().union(*(stems[e] for e in chosen))
            only = len(stems[extension] - covered)
            count = len(stems[extension])
            twins.append(TwinFormat(group.template, extension, first, count, only))
        files = tuple(file for file in group.files if extension_of(file) in chosen)
        kept.append(replace(group, files=files))
    return tuple(kept), tuple(twins)


def are_copies(source: SourceFiles, pairs: Sequence[tuple[FileRef, FileRef]]) -> bool:
    """Whether pictures of one name show the same; what cannot be decoded counts as a copy."""
    step = max(1, len(pairs) // _PAIRS)
    return all(_same(source, first, second) for first, second in pairs[::step][:_PAIRS])


def _same(source: SourceFiles, first: FileRef, second: FileRef) -> bool:
    grays = []
    for file in (first, second):
        try:
            with source.contents(file) as content:
                grays.append(_gray(content))
        except RecordError:
            return True
    if grays[0].shape != grays[1].shape:
        return False
    difference = np.abs(grays[0] - grays[1]).mean()
    return bool(difference <= _SAME_SHARE * grays[0].std() + 1)


def _gray(content: PictureSource) -> npt.NDArray[np.float64]:
    try:
        with warnings.catch_warnings(), open_bytes(content) as stream:
            warnings.simplefilter("ignore")
            picture = Image.open(stream, formats=("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF"))
            if picture.width * picture.height > _MAX_PIXELS:
                raise RecordError(Reason.PIXEL_LIMIT, f"{picture.size}")
            return np.asarray(picture.convert("L"), np.float64)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise RecordError(Reason.NOT_AN_IMAGE, str(error)) from error
