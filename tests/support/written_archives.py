"""Synthetic archives that several modules read; each is written once in a run."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from conftest import made_once

from sarchat_build.synthetic import SYNTHESIZERS, SyntheticArchive, synthesize

# Pictures of each source in the archives that are looked at.
SIZES = dict.fromkeys(SYNTHESIZERS, 20) | {
    "air_sarship_1": 1,
    "air_sarship_2": 6,
    "ssdd": 62,
    "sar_aircraft": 18,
}


def written_archive(
    factory: pytest.TempPathFactory, source_id: str, images: int
) -> SyntheticArchive:
    """An archive of so many pictures, and its list of quirks; nobody may change them."""

    def make(folder: Path) -> None:
        written = synthesize(source_id, folder / "raw", images)
        (folder / "written.pickle").write_bytes(pickle.dumps(written))

    folder = made_once(factory, f"{source_id}-{images}", make)
    return pickle.loads((folder / "written.pickle").read_bytes())
