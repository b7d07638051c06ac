"""Formats: each module turns one document's bytes into `RawImage`s, and knows no source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sarchat_build.readers import voc
from sarchat_build.types import RawImage

# document bytes, encodings the manifest lists -> images
Reader = Callable[[bytes, Sequence[str]], Iterator[RawImage]]

READERS: dict[str, Reader] = {"voc": voc.read}
