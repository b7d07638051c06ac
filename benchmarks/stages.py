"""Where a build's time goes: the real build in one process, with a clock around each stage.

    python -m benchmarks.stages RAW OUT

A stage's time is its own: what it calls that is a stage itself counts there. What no clock covers,
the engine above all, is the rest.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from rich.console import Console
from rich.table import Table

# Stage by stage, the functions under the name by which their callers know them.
STAGES: dict[str, tuple[str, ...]] = {
    "read members of archives": ("sarchat_build.sources.files:SourceFiles.read",),
    "parse annotations": ("sarchat_build.sources.batches:read_document",),
    "decode pictures": (
        "sarchat_build.images.inspection:decode",
        "sarchat_build.images.publishing:decode",
        "sarchat_build.images.raster:paint",
    ),
    "hash pixels": (
        "sarchat_build.images.inspection:pixel_sha256",
        "sarchat_build.images.inspection:perceptual_hash",
        "sarchat_build.images.publishing:pixel_sha256",
        "sarchat_build.images.publishing:perceptual_hash",
    ),
    "join, other digests": ("sarchat_build.chips.blocks:inspect_images",),
    "quality figures": ("sarchat_build.report.reading:count_pictures",),
    "prove shards": ("sarchat_build.publishing.shard_reading:check_shard",),
    "boxes, categories": ("sarchat_build.chips.blocks:normalize_image",),
    "cut into windows": ("sarchat_build.chips.blocks:cut_chips",),
    "duplicates, splits, shards": (
        "sarchat_build.curation.plan:resolve_duplicates",
        "sarchat_build.curation.plan:assign_splits",
        "sarchat_build.curation.plan:assign_shards",
    ),
    "encode chips": ("sarchat_build.images.publishing:encode_png",),
    "labels and questions": ("sarchat_build.dataset.shards:dialogue_rows",),
    "render text": ("sarchat_build.phrasing.engine:Phrasing.render",),
    "image rows": ("sarchat_build.dataset.shards:image_row",),
    "rows to Arrow": ("sarchat_build.published.schema:to_table",),
    "write Parquet": ("sarchat_build.dataset.shards:write_parquet",),
    "digest of files": ("sarchat_build.dataset.output.local:digest_file",),
}
_END = object()


class Clock:
    """Adds up each stage's own time."""

    def __init__(self) -> None:
        self.own_s: dict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._inner_s = [0.0]

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function."""

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self.calls[stage] += 1
            with self._running(stage):
                result = function(*args, **kwargs)
            return self._watch(stage, result) if isinstance(result, Iterator) else result

        return timed

    def _watch(self, stage: str, items: Iterator[Any]) -> Iterator[Any]:
        # A generator works whenever the next item is asked for.
        while True:
            with self._running(stage):
                item = next(items, _END)
            if item is _END:
                return
            yield item

    @contextmanager
    def _running(self, stage: str) -> Iterator[None]:
        self._inner_s.append(0.0)
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.own_s[stage] += spent - self._inner_s.pop()
            self._inner_s[-1] += spent

    def install(self) -> None:
        """Put a clock around every stage."""
        for stage, places in STAGES.items():
            for place in places:
                module, _, path = place.partition(":")
                *parents, name = path.split(".")
                owner: Any = importlib.import_module(module)
                for parent in parents:
                    owner = getattr(owner, parent)
                setattr(owner, name, self.around(stage, getattr(owner, name)))


def main(raw: str, out: str) -> None:
    """Build once and print the shares."""
    from pipelines import launch
    from pipelines.build_dataset import build_dataset
    from pipelines.runners import run
    from sarchat_build.publishing.publish import read_outcome
    from sarchat_build.sources.choose import choose_sources

    clock = Clock()
    clock.install()
    start = time.perf_counter()
    settings = launch.load_settings("sarchat_2m", None, None)
    chosen, _ = choose_sources(settings.manifests, raw, [])
    context = launch.prepare(settings, chosen, raw=raw, out=out)
    run(lambda pipeline: build_dataset(pipeline, context), "local", 1)
    read_outcome(out)
    wall_s = time.perf_counter() - start
    table = Table(title=f"own time of each stage, one process: {wall_s:.1f} s")
    for column in ("stage", "s", "share", "calls"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    rest_s = wall_s - sum(clock.own_s.values())
    slowest = sorted(clock.own_s.items(), key=lambda entry: -entry[1])
    for stage, own_s in [*slowest, ("the engine and the rest", rest_s)]:
        calls = f"{clock.calls[stage]:,}" if clock.calls[stage] else ""
        table.add_row(stage, f"{own_s:.1f}", f"{own_s / wall_s:.1%}", calls)
    Console().print(table)


if __name__ == "__main__":
    main(*sys.argv[1:3])
