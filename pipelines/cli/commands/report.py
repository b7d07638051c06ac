"""`sarchat report`: the quality figures of a finished dataset, computed anew."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from pipelines.console import console, errors, print_line
from pipelines.progress_display import counting_progress
from sarchat_build.archives.location import local_path, write_bytes
from sarchat_build.dataset.output import json_text
from sarchat_build.errors import InputError
from sarchat_build.publishing.recompute import read_record, recompute_quality
from sarchat_build.publishing.shard_reading import ShardReading


def print_report(location: str, file: str | None, *, prove: bool, workers: int) -> None:
    """Write the figures of `report/quality.json` to a file, or to standard output.

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
    text = json_text(figures.model_dump(mode="json"))
    if file is None:
        console.file.write(text)
        return
    path = local_path(file)
    try:
        if path is None:
            write_bytes(file, text.encode())
        else:
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror})") from error
    print_line(f"Figures: {file}")


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
