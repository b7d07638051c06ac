"""`sarchat synthesize`: raw archives with plausible radar pictures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import typer

from pipelines.console import counting_progress, print_line
from sarchat_build.synthetic import RAW_SOURCES, SYNTHESIZERS
from sarchat_build.synthetic import synthesize as synthesize_source


def synthesize_sources(
    output: Path, sources: Sequence[str], *, images: int | None, workers: int
) -> None:
    """Make the archives of sources; of all raw ones where none is named.

    Args:
        output: raw folder to fill.
        sources: ids.
        images: images of each source; None: as many as are published.
        workers: processes; 0: one per core.

    Raises:
        BadParameter: a source cannot be made; the known ones are named.
    """
    unknown = sorted(set(sources) - set(SYNTHESIZERS))
    if unknown:
        raise typer.BadParameter(
            f"cannot make {', '.join(unknown)}; known: {', '.join(SYNTHESIZERS)}",
            param_hint="--source",
        )
    for source_id in sources or RAW_SOURCES:
        published = SYNTHESIZERS[source_id].published_images
        number = published if images is None else images
        number = number if sources else min(number, published)
        with counting_progress(source_id, number) as show:
            made = synthesize_source(
                source_id, output, number, workers=workers or os.cpu_count() or 1, progress=show
            )
        print_line(f"{made.path}: {made.images:,} images, {made.instances:,} objects")
