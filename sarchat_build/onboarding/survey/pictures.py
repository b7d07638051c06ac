"""Sizes and kinds of pictures, by the headers of some of them."""

from __future__ import annotations

import struct
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PIL import Image, UnidentifiedImageError

from sarchat_build.errors import RecordError
from sarchat_build.images.raster import open_raster
from sarchat_build.onboarding.survey.listing import stem_of
from sarchat_build.reasons import Reason
from sarchat_build.sources.files import FileRef, SourceFiles
from sarchat_build.sources.picture_file import PictureSource, head, open_bytes, sniff


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
