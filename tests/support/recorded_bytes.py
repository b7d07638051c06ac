"""Build small sources under both recipes and compare every published byte with what was recorded.

    make bytes                               # compare; exit code 1 names the files that differ
    make bytes RECORD=--record               # after bytes were changed on purpose

Two synthetic sources are always built, the real archives where they are (`SARCHAT_REAL_DATA`). What
is compared are the files of `images`, `dialogues`, `rejects` and `duplicates`; versions and digests
in `build.json` and the card change with the code.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from conftest import REAL_ARCHIVES, digests, link_real_archives

from pipelines import launch
from pipelines.build_dataset import build_dataset
from pipelines.runners import run
from sarchat_build.publishing.publish import read_outcome
from sarchat_build.sources.choose import choose_sources
from sarchat_build.synthetic import synthesize

RECORD = Path(__file__).parents[1] / "golden" / "digests.json"
RECIPES = ("sarchat_2m", "paper")
FOLDERS = ("images", "dialogues", "rejects", "duplicates")
# Whole pictures, and scenes that are cut into chips.
SYNTHETIC = {"ssdd": 60, "sar_aircraft": 6}

Digests = Mapping[str, str]


def raw_folders(work: Path) -> Iterator[tuple[str, Path]]:
    """Make the raw folders; the real archives only where they are."""
    for source_id, images in SYNTHETIC.items():
        synthesize(source_id, work / "synthetic", images, workers=os.cpu_count() or 1)
    yield "synthetic", work / "synthetic"
    if all(path.exists() for path in REAL_ARCHIVES.values()):
        yield "real", link_real_archives(work / "real")
    else:
        print("real: the archives are not here; name their folder in SARCHAT_REAL_DATA")


def published(raw: Path, out: Path, recipe: str) -> Digests:
    """Build without the proof, and give the sha256 of every file that must not change."""
    settings = launch.load_settings(recipe, None, None)
    chosen, _ = choose_sources(settings.manifests, str(raw), [])
    context = launch.prepare(
        settings, chosen, raw=str(raw), out=str(out), strict=False, prove=False
    )
    run(lambda pipeline: build_dataset(pipeline, context), "local", os.cpu_count() or 1)
    read_outcome(str(out))
    return {name: d for name, d in digests(out).items() if name.partition("/")[0] in FOLDERS}


def differences(recorded: Digests, found: Digests) -> list[str]:
    """Name the files that differ, are new or are missing.

    >>> differences({"a": "1", "b": "2"}, {"b": "3", "c": "4"})
    ['a: missing', 'b: differs', 'c: new']
    """
    lines = []
    for name in sorted({*recorded, *found}):
        if name not in found:
            lines.append(f"{name}: missing")
        elif name not in recorded:
            lines.append(f"{name}: new")
        elif recorded[name] != found[name]:
            lines.append(f"{name}: differs")
    return lines


def main() -> int:
    """Compare or record; give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--record", action="store_true", help="write what is found as the record")
    recording = parser.parse_args().record
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    changed = 0
    with TemporaryDirectory(prefix="sarchat-bytes-") as work:
        for kind, raw in raw_folders(Path(work)):
            for recipe in RECIPES:
                name = f"{kind}, {recipe}"
                found = published(raw, Path(work, "out", kind, recipe), recipe)
                lines = differences(record.get(name, {}), found)
                record[name] = dict(sorted(found.items()))
                changed += len(lines)
                print(f"{name}: {len(found)} files, {len(lines)} differ", *lines, sep="\n  ")
    if recording:
        text = json.dumps(record, indent=1, sort_keys=True) + "\n"
        RECORD.write_text(text, encoding="utf-8")
        print(f"recorded in {RECORD}")
        return 0
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
