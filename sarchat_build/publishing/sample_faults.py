"""The sample of a finished dataset, written anew and compared with the file that people open."""

from __future__ import annotations

import base64
import io
import re
import warnings
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image

from sarchat_build.errors import InputError
from sarchat_build.explorer.sample import render_sample
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import SAMPLE_FILE
from sarchat_build.publishing.documents import Documents
from sarchat_build.validation import Finding

# Pictures stand in the page as links with the data inside.
_PICTURE = re.compile(r"data:image/[a-z]+;base64,([A-Za-z0-9+/]*={0,2})")
# Another library for JPEG may round otherwise, by this much at most and on average. Pictures of a
# calm sea are all dark: between two of them lie some two levels on average.
_MOST_LEVELS, _MEAN_LEVELS = 16, 0.5
_CONTEXT = 30


def check_sample(
    location: str, documents: Documents, findings: Iterable[Finding]
) -> tuple[Finding, ...]:
    """Write the sample anew, and name the first difference.

    It repeats shards, rejects and duplicates, and is not compared where these have a fault. Of
    pictures that are made smaller only the look is: their bytes are those of the library that
    wrote them.

    Args:
        location: the dataset, whose shards have no error.
        documents: what was read of it; a sample of another version is not compared.
        findings: what was found in the dataset as a whole.
    """
    faulty = any(finding.severity == "error" for finding in findings)
    if faulty or documents.record is None or documents.figures is None:
        return ()
    try:
        found = DatasetFolder(location).read(SAMPLE_FILE).decode("utf-8", "replace")
        written = render_sample(location, documents.record.model_dump(mode="json"))
    except (OSError, InputError):
        return ()  # a file that cannot be read, which the independent checks name
    return tuple(
        Finding("error", "sample", SAMPLE_FILE, None, *fault) for fault in _faults(written, found)
    )


def _faults(written: str, found: str) -> Iterator[tuple[str, str, str]]:
    """Yield key, expected and found of the first difference of two pages, if there is one.

    >>> list(_faults("<p>a ship</p>", "<p>a tank</p>"))
    [('character 5', "'<p>a ship</p>'", "'<p>a tank</p>'")]
    """
    if written == found:
        return
    texts = [_PICTURE.split(page)[::2] for page in (written, found)]
    start = 0
    for ours, theirs in zip(*texts, strict=False):
        if ours != theirs:
            yield _first_difference(ours, theirs, start)
            return
        start += len(ours)
    pictures = [_PICTURE.findall(page) for page in (written, found)]
    if len(pictures[0]) != len(pictures[1]):
        yield "pictures", f"{len(pictures[0])}", f"{len(pictures[1])}"
        return
    for number, (ours, theirs) in enumerate(zip(*pictures, strict=True)):
        if ours != theirs and not _look_alike(ours, theirs):
            yield f"picture {number}", "what the dataset's picture shows", "another picture"
            return


def _first_difference(ours: str, theirs: str, start: int) -> tuple[str, str, str]:
    pairs = enumerate(zip(ours, theirs, strict=False))
    shorter = min(len(ours), len(theirs))
    place = next((number for number, (one, other) in pairs if one != other), shorter)
    around = slice(max(0, place - _CONTEXT), place + _CONTEXT)
    return f"character {start + place:,}", repr(ours[around]), repr(theirs[around])


def _look_alike(ours: str, theirs: str) -> bool:
    """Tell whether both links hold a JPEG of one size whose pixels differ by rounding at most."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            one, other = (
                Image.open(io.BytesIO(base64.b64decode(link)), formats=["JPEG"])
                for link in (ours, theirs)
            )
        if (one.size, one.mode) != (other.size, other.mode):
            return False
        levels = [np.asarray(picture, dtype=np.int16) for picture in (one, other)]
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return False
    apart = np.abs(levels[0] - levels[1])
    return int(apart.max()) <= _MOST_LEVELS and float(apart.mean()) <= _MEAN_LEVELS
