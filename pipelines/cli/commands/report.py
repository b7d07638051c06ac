"""`sarchat report`: the figures of a finished dataset, computed anew: data, tables, pictures."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from pipelines.cli.arguments import names_file
from pipelines.console import console, errors, print_line
from pipelines.progress_display import counting_progress
from sarchat_build.archives.location import join, local_path, write_bytes
from sarchat_build.card.figures import draw_figures
from sarchat_build.dataset.output import json_text
from sarchat_build.dataset.record import BuildRecord
from sarchat_build.errors import InputError
from sarchat_build.publishing.recompute import read_record, recompute_quality
from sarchat_build.publishing.shard_reading import ShardReading
from sarchat_build.report.origin import synthetic_line
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.quality_page import quality_page
from sarchat_build.report.summary import is_of_paper_size


def print_report(location: str, output: str | None, *, prove: bool, workers: int) -> None:
    """Write the figures of a dataset.

    Args:
        location: the dataset, as a path or a URL.
        output: a file that ends in `.json` or `.md`, or a folder for data, tables and pictures;
            None is standard output, for data.
        prove: whether every row is checked first.
        workers: number of processes.

    Raises:
        InputError: the dataset cannot be read or has an error, or the file cannot be written.
    """
    record = read_record(location)
    with counting_progress("read shards", len(record.shards), on=errors) as show:

        def map_shards(
            read: Callable[[str], ShardReading], names: Iterable[str]
        ) -> Iterator[ShardReading]:
            for done, reading in enumerate(_read_all(read, names, workers), 1):
                show(done)
                yield reading

        figures = recompute_quality(location, record, prove=prove, map_shards=map_shards)
    files = dict(_files(record, figures))
    if output is None:
        console.file.write(files[_DATA].decode())
    elif names_file(output):
        _write(output, files[_PAGE if output.endswith(".md") else _DATA])
        print_line(f"Figures: {output}")
    else:
        for name, content in files.items():
            _write(join(output, name), content)
        print_line(f"Figures: {output}, {len(files)} files; begin with {join(output, _PAGE)}")


_DATA, _PAGE = "quality.json", "quality.md"


def _files(record: BuildRecord, figures: QualityFigures) -> Iterator[tuple[str, bytes]]:
    """Give data, tables and pictures, as they lie in `report/` of a dataset."""
    yield _DATA, json_text(figures.model_dump(mode="json")).encode()
    synthetic = synthetic_line(record.sources)
    page = quality_page(figures, paper=is_of_paper_size(record), synthetic=synthetic)
    yield _PAGE, page.encode()
    for path, picture in draw_figures(record, figures).items():
        yield path.removeprefix("report/"), picture


def _write(output: str, content: bytes) -> None:
    path = local_path(output)
    try:
        if path is None:
            write_bytes(output, content)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise InputError(f"{output}: cannot be written ({error.strerror})") from error


def _read_all(
    read: Callable[[str], ShardReading], names: Iterable[str], workers: int
) -> Iterator[ShardReading]:
    """Read shards in some processes, in the order in which they are finished."""
    if workers == 1:
        yield from map(read, names)
        return
    # A fork would copy the threads that draw progress and read files.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        for future in as_completed([pool.submit(read, name) for name in names]):
            yield future.result()
