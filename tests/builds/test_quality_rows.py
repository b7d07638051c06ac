"""Every fault that a build promises to react to has a test that shows the reaction.

A test that shows a row says so with `@pytest.mark.quality(row=12)`; a case of a table of tests with
`pytest.param(…, marks=pytest.mark.quality(row=12))`. All tests of one row:

    python -m pytest -m "quality(row=12)"
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COLLECTED

# What is claimed. Stop: a message and an exit code, nothing published. Reject: the record goes to
# `rejects`, the rest goes on. Notice: corrected and counted. Warn: kept and counted.
ROWS = {
    1: "source folder or archive missing or empty: stop, with layout and where to get it",
    2: "archive checksum differs: stop, both digests",
    3: "unknown key or wrong type in manifest or recipe: stop, all faults at once",
    4: "manifest path leaves the raw folder: stop",
    5: "link in the raw folder that leads out: reject",
    6: "annotation names a file outside: reject, never opened",
    7: "archive member that leads out, link members: stop, nothing written outside",
    8: "archive bomb: stop before disk or memory fills",
    9: "encrypted or multi-part archive, missing unpacker: stop with the command",
    10: "truncated archive: stop; others go on with --keep-going",
    11: "XML entities or DTD: reject, fast, no file read",
    12: "malformed XML: reject with line:column, other files unaffected",
    13: "text that is not UTF-8: fix when declared or listed, else reject",
    14: "VOC size differs from the picture: warn; reject if boxes fit neither",
    15: "VOC filename differs, absent, without extension: warn; reject if no image is there",
    16: "difficult in either spelling, names with spaces or capitals: read",
    17: "unknown category: stop with a count per name, or reject by recipe",
    18: "NaN or infinity in a box: reject",
    19: "ids used twice in COCO: stop if they disagree, warn if identical",
    20: "annotation without image: reject; image without annotations: negative by recipe",
    21: "category ids sparse, from 0, huge: read, memory by their number",
    22: "JSON truncated or of gigabytes: stop with the byte, memory bounded",
    23: "YOLO value, class or columns out of range: reject with line; overflow fixed",
    24: "empty label file: a picture without objects",
    25: "DOTA header lines, nine fields: read",
    26: "bow-tie or collinear corners: fix by hull, else reject",
    27: "conventions of rotated boxes: stated, round trip under half a pixel",
    28: "corners swapped, no width: fix, else reject",
    29: "box partly or wholly outside: fix by clipping, reject",
    30: "box cut by a chip's edge: seven tenths; shown in no chip: reject",
    31: "picture of one pixel, empty file: reject",
    32: "truncated picture: decoded fully, reject",
    33: "extension lies: the bytes decide; a web page is a reject",
    34: "PNG that claims 60,000 × 60,000: reject in under 50 MB",
    35: "scene of hundreds of megapixels: by windows, memory bounded",
    36: "16-bit, float, complex, no-data, bands: by the manifest's rule, else reject",
    37: "palette, RGBA, CMYK, orientation tag: no pixel moves against its boxes",
    38: "same picture twice, in one source or two: one kept, one split; conflict warned",
    39: "chips of one scene in two splits: impossible, and proven",
    40: "official lists put one picture into two splits: stop, all listed",
    41: "names in any Unicode form, of 255 bytes, with newlines: read, ids stable",
    42: "phrasing with an unknown variable or bad syntax: stop with file and line",
    43: "phrasing that attacks the engine: stop",
    44: "source text that looks like markup: data, escaped in the card",
    45: "answer that its boxes do not give: validate names the row",
    46: "required column missing: stop",
    47: "too many rejects: stop, rejects written and named",
    48: "disk full while writing: stop, nothing under a final name; the same build finishes",
    49: "killed at any moment: the same command gives the same bytes, finished shards stay",
    50: "Ctrl-C: ends in seconds, one line says how to resume",
    51: "two attempts at one shard at once: one whole file",
    52: "two builds to one output: the second stops and says who writes, since when",
    53: "smaller build in the same folder: nothing of the larger one stays",
    54: "changed input: only what depends on it is built anew; build.json says why",
    55: "byte flipped, shard deleted, foreign file: validate names it",
    56: "output that cannot be written: stop before sources are read",
    57: "no network at all: the local default works",
    58: "nothing survives: stop",
    59: "other counts than published: shown; stop with --strict",
    60: "secrets in options: in no log, record or card",
    61: "synthesize where archives lie that it did not make: stop, nothing overwritten",
    62: "build where another dataset lies: stop, what differs; it stays until the new is proven",
    63: "paths in records of ours that lead out: never opened, never deleted",
    64: "FIFO, device, socket, link in a circle, a gigabyte, 99,999 shards: named, in seconds",
    65: "pattern that backtracks for ever: linear engine, or a fault with its key",
    66: "millions of tiny records, 5,000 boxes in a picture: linear time, bounded memory",
    67: "control characters, marks of direction, names of a megabyte: escaped and shortened",
    68: "credentials in URLs and options: never printed or recorded",
    69: "proxy set, no loopback interface: not asked for this machine; says what is missing",
    70: "SIGTERM, SIGHUP, a second Ctrl-C: as Ctrl-C",
    71: "killed between shard and receipt, then another recipe: nothing stale is published",
    72: "output and inputs in each other: stop",
    73: "code changed, version not: fingerprints of shards cover the code",
    74: "engine failure: one line with the cause, and a log file that it names",
    75: "disk full anywhere: one line, nothing lost, the same command goes on",
    76: "angles: unit, turn and side stated or asked for; outside the unit: stop",
    77: "shares or percents in a format of pixels: stop",
    78: "box whose text has no area, absurd magnitudes: reject",
    79: "the same object twice: one kept, counted",
    80: "fields that contradict each other, ids of another type: reject or stop",
    81: "crowds, regions to ignore, flags in words: as the format defines them",
    82: "split list, scene pattern, glob or key that fits nothing: stop; in part: counted",
    83: "names of other machines: decoded, found by stem or unique name, never guessed",
    84: "two formats of one picture, archive in an archive, scenes beside chips: told, with a cure",
    85: "category listed as ignored: left out, others stay complete",
    86: "mirrored or turned copies across splits: the limit stands on the card",
    87: "damage behind right digests: named, the cause first, what follows summed up",
}

FOLDER = Path(__file__).parents[1]
COLLECT = """
import json, sys, pytest
from test_quality_rows import listed

class Listing:
    def pytest_collection_finish(self, session):
        print("rows:" + json.dumps(listed(session.items)))

sys.exit(pytest.main(["--collect-only", "-q", "-m", "quality", sys.argv[1]], plugins=[Listing()]))
"""


def listed(items: list[pytest.Item]) -> dict[int, list[str]]:
    """The tests that show each row."""
    rows: dict[int, list[str]] = {}
    for item in items:
        for mark in item.iter_markers("quality"):
            # What is skipped on some machines shows nothing there.
            entry = rows.setdefault(mark.kwargs["row"], [])
            if item.get_closest_marker("skipif") is None:
                entry.append(item.nodeid)
    return rows


@pytest.fixture(scope="module")
def tests_by_row(request: pytest.FixtureRequest) -> dict[int, list[str]]:
    """The tests that show each row, collected apart if this run has chosen a few files."""
    items = request.config.stash[COLLECTED]
    if {item.path for item in items}.issuperset(FOLDER.rglob("test_*.py")):
        return listed(items)
    return collected_apart()


def collected_apart() -> dict[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", COLLECT, str(FOLDER)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=FOLDER.parent,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (listing,) = [line for line in done.stdout.splitlines() if line.startswith("rows:")]
    found = json.loads(listing.removeprefix("rows:"))
    return {int(row): nodes for row, nodes in found.items()}


@pytest.mark.parametrize("row", ROWS)
def test_a_claimed_row_has_a_test_that_shows_it(
    tests_by_row: dict[int, list[str]], row: int
) -> None:
    assert tests_by_row.get(row), f"no test is marked quality(row={row}): {ROWS[row]}"


def test_no_test_shows_a_row_that_is_not_claimed(tests_by_row: dict[int, list[str]]) -> None:
    assert set(tests_by_row) == set(ROWS)
