"""What people and machines read of a dataset first: made at the end, and again as a check."""

from __future__ import annotations

from collections.abc import Iterator

from sarchat_build.card.croissant import render_croissant
from sarchat_build.card.examples import choose_examples, draw_examples
from sarchat_build.card.figures import draw_figures
from sarchat_build.card.readme import render_card
from sarchat_build.dataset.output import json_text
from sarchat_build.dataset.record import BuildRecord
from sarchat_build.explorer.catalog import open_catalog
from sarchat_build.explorer.pictures import PictureReader
from sarchat_build.exports.licenses import licenses_text, may_be_passed_on
from sarchat_build.published.layout import (
    CARD_FILE,
    CROISSANT_FILE,
    EXAMPLES_FILE,
    LICENSES_FILE,
    QUALITY_PAGE,
)
from sarchat_build.report.origin import synthetic_line
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.quality_page import quality_page
from sarchat_build.report.summary import is_of_paper_size


def presentation(
    location: str, record: BuildRecord, figures: QualityFigures, *, drawn: bool = True
) -> Iterator[tuple[str, bytes]]:
    """Give path and content of card, licenses, Croissant, page of figures, and what is drawn.

    Args:
        location: the dataset, whose shards and index are written.
        record: its record, with its tables at least.
        figures: its figures.
        drawn: whether pictures are drawn, too.

    Raises:
        InputError: a shard cannot be read.
    """
    index = open_catalog(location, build=record.model_dump(mode="json")).index
    reader = PictureReader(location, index)
    examples = choose_examples(reader, index, {s: of.license for s, of in record.sources.items()})
    yield CARD_FILE, render_card(record, figures, examples).encode()
    closed = [s for s, of in record.sources.items() if not may_be_passed_on(of.license)]
    yield LICENSES_FILE, licenses_text(record.sources, closed).encode()
    yield CROISSANT_FILE, json_text(render_croissant(record)).encode()
    page = quality_page(
        figures, paper=is_of_paper_size(record), synthetic=synthetic_line(record.sources)
    )
    yield QUALITY_PAGE, page.encode()
    if drawn:
        chips = draw_examples(reader, examples)
        if chips is not None:
            yield EXAMPLES_FILE, chips
        yield from draw_figures(record, figures).items()
