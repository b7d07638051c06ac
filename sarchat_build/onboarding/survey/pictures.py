"""What the pictures of a group are, by the headers of some of them."""

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
class Pictures:
    """Sizes and kinds of the pictures looked at; `kinds` are words like "8-bit L (JPEG)"."""

    looked_at: int = 0
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    size_by_stem: dict[str, tuple[int, int]] = field(default_factory=dict)
    deep: int = 0
    unreadable: list[str] = field(default_factory=list)

    @property
    def largest_px(self) -> int:
        """The longest side seen."""
        return max((max(size) for size in self.sizes), default=0)


def look_at(
    place: SourceFiles,
    files: Sequence[FileRef],
    limit: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Pictures:
    """Read the headers of at most `limit` pictures, evenly from all over the list; 0: of all."""
    found = Pictures()
    count = min(limit, len(files)) if limit else len(files)
    chosen = [files[number * len(files) // count] for number in range(count)]
    for number, file in enumerate(place.in_reading_order(chosen), start=1):
        try:
            with place.contents(file) as source:
                size, kind, deep = _header(source)
        except RecordError as error:
            found.unreadable.append(f"{file}: {error.detail}")
        else:
            found.sizes[size] += 1
            found.kinds[kind] += 1
            found.size_by_stem[stem_of(file.path)] = size
            found.deep += deep
        found.looked_at += 1
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
            warnings.simplefilter("ignore")  # size is only told here; nothing is decoded
            picture = Image.open(stream, formats=("JPEG", "PNG", "BMP", "GIF", "WEBP"))
            deep = picture.mode.startswith(("I", "F"))
            return picture.size, f"8-bit {picture.mode} ({picture.format})", deep
    except UnidentifiedImageError:
        raise RecordError(Reason.NOT_AN_IMAGE, f"begins with {head(source)[:24]!r}") from None
    except Image.DecompressionBombError as error:
        raise RecordError(Reason.PIXEL_LIMIT, str(error)) from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise RecordError(Reason.IMAGE_TRUNCATED, str(error)) from error
