"""Raw archives in a source's own layout, with plausible pictures: for demo, tests and load.

`pictures` paints, `formats` writes annotation documents, `layouts` puts them together as each
source does. Add a source: one module in `layouts` with a `LAYOUT` (see `archive.Layout`) and one
line in `SYNTHESIZERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sarchat_build.synthetic.archive import (
    Layout,
    SyntheticArchive,
    refuse_foreign_files,
    write_archive,
)
from sarchat_build.synthetic.layouts import (
    air_sarship,
    hrsid,
    msar,
    ogsod,
    sadd,
    sar_aircraft,
    sar_ship_dataset,
    sardet_100k,
    sived,
    ssdd,
)
from sarchat_build.synthetic.planted import Expectation, Quirk

__all__ = [
    "RAW_SOURCES",
    "SYNTHESIZERS",
    "Expectation",
    "Layout",
    "Quirk",
    "SyntheticArchive",
    "refuse_foreign_files",
    "synthesize",
]

SYNTHESIZERS: dict[str, Layout] = {
    layout.source_id: layout
    for layout in (
        air_sarship.LAYOUT_1,
        air_sarship.LAYOUT_2,
        hrsid.LAYOUT,
        msar.LAYOUT,
        sadd.LAYOUT,
        sar_aircraft.LAYOUT,
        sar_ship_dataset.LAYOUT,
        ssdd.LAYOUT,
        ogsod.LAYOUT,
        sived.LAYOUT,
        sardet_100k.LAYOUT,
    )
}

# SARDet-100K is the other ten once more: a build takes it or them.
RAW_SOURCES = tuple(source_id for source_id in SYNTHESIZERS if source_id != "sardet_100k")


def synthesize(
    source_id: str,
    output: Path,
    images: int,
    *,
    workers: int = 1,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> SyntheticArchive:
    """Write `output/<source_id>/<the source's archive>` with `images` synthetic images.

    Beside it, `output/<source_id>.planted.json` lists every oddity that was put in on purpose, and
    what a build must make of it (`planted.Expectation`).
    The same arguments give the same bytes for any number of `workers`, and image k is the same in
    every archive that has it.

    Args:
        source_id: a key of `SYNTHESIZERS`.
        output: the raw folder; made if absent, an archive of an earlier run is replaced.
        images: how many images, at least 1.
        workers: how many processes paint; with 1 the caller's own does.
        overwrite: whether files of the same names that were not made here are replaced too.
        progress: called after each image with the number of images written so far.

    Raises:
        ValueError: no such source, or `images` or `workers` is below 1.
        InputError: the source's folder holds something that was not made here, or the disk is full.
        OSError: `output` cannot be written.
    """
    if source_id not in SYNTHESIZERS:
        known = ", ".join(sorted(SYNTHESIZERS))
        raise ValueError(f"no synthetic layout for source {source_id!r}; there are: {known}")
    if images < 1 or workers < 1:
        raise ValueError(f"images and workers must be at least 1, not {images} and {workers}")
    layout = SYNTHESIZERS[source_id]
    return write_archive(
        layout, output, images, workers=workers, overwrite=overwrite, progress=progress
    )
