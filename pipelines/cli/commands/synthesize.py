"""`sarchat synthesize`: raw archives with plausible radar pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.console import print_line
from pipelines.progress_display import counting_progress
from sarchat_build.synthetic import RAW_SOURCES, SYNTHESIZERS, refuse_foreign_files
from sarchat_build.synthetic import synthesize as synthesize_source


def synthesize_sources(
    output: Path, sources: Sequence[str], *, images: int | None, workers: int, overwrite: bool
) -> None:
    """Make the archives of sources; of all raw ones where none is named.

    Args:
        output: raw folder to fill.
        sources: ids.
        images: images of each source; None: as many as are published.
        workers: processes.
        overwrite: whether files of the same names that were not made here are replaced.

    Raises:
        InputError: a source's folder holds something that was not made here; nothing is made then.
    """
    for source_id in () if overwrite else sources or RAW_SOURCES:
        refuse_foreign_files(SYNTHESIZERS[source_id], output)
    for source_id in sources or RAW_SOURCES:
        published = SYNTHESIZERS[source_id].published_images
        number = published if images is None else images
        number = number if sources else min(number, published)
        with counting_progress(source_id, number) as show:
            made = synthesize_source(
                source_id,
                output,
                number,
                workers=workers,
                overwrite=overwrite,
                progress=show,
            )
        print_line(f"{made.path}: {made.images:,} images, {made.instances:,} objects")
