"""Names and paths of the files of a dataset.

build.json                                       record of the build; written last
images/train-00000-of-00002.parquet              pictures and boxes of one shard
dialogues/referring/train-00000-of-00002.parquet one task's dialogues about these pictures
rejects/<source>.parquet, duplicates/duplicates.parquet
README.md, LICENSES.md                           the card; what each source's license allows
croissant.json                                   the same for machines (Croissant 1.1)
report/examples.jpg                              pictures for the card, where a license allows it
report/figures/<name>.png                        figures of the whole, drawn
report/quality.json, report/quality.md           figures of the whole, as data and as tables
report/index.parquet                             per picture what it shows and where its rows lie
report/sample.html                               some pictures with their dialogues, to look at
"""

from __future__ import annotations

import re
from typing import NamedTuple

BUILD_FILE = "build.json"
CARD_FILE = "README.md"
LICENSES_FILE = "LICENSES.md"
CROISSANT_FILE = "croissant.json"
QUALITY_FILE = "report/quality.json"
QUALITY_PAGE = "report/quality.md"
EXAMPLES_FILE = "report/examples.jpg"
FIGURES = ("tasks", "categories", "words", "lengths", "boxes")
INDEX_FILE = "report/index.parquet"
SAMPLE_FILE = "report/sample.html"


def figure_path(name: str) -> str:
    """Give the path of a drawn figure, relative to the dataset.

    >>> figure_path("tasks")
    'report/figures/tasks.png'
    """
    return f"report/figures/{name}.png"


# What every dataset has beside its tables.
DOCUMENTS = (
    BUILD_FILE,
    CARD_FILE,
    LICENSES_FILE,
    CROISSANT_FILE,
    QUALITY_FILE,
    QUALITY_PAGE,
    *map(figure_path, FIGURES),
    INDEX_FILE,
    SAMPLE_FILE,
)
# What builds leave for one another; no part of the dataset.
WORK_FOLDER = ".sarchat"

SPLITS = ("train", "validation", "test")

TASKS = (
    "classification",
    "fine_grained_description",
    "instance_counting",
    "spatial_grounding",
    "cross_modal_identification",
    "referring",
)

_SHARD = re.compile(rf"({'|'.join(SPLITS)})-([0-9]{{5}})-of-([0-9]{{5}})")


def shard_name(split: str, shard: int, shard_count: int) -> str:
    """Give the name of a shard in the form that trainers' globs expect.

    `shard` counts from 0; there are at most 99,999.

    >>> shard_name("train", 3, 64)
    'train-00003-of-00064'
    """
    return f"{split}-{shard:05d}-of-{shard_count:05d}"


def parse_shard_name(name: str) -> tuple[str, int, int]:
    """Give split, number and count of a shard: the inverse of `shard_name`.

    >>> parse_shard_name("train-00003-of-00064")
    ('train', 3, 64)

    Raises:
        ValueError: it is not the name of a shard.
    """
    found = _SHARD.fullmatch(name)
    if not found:
        raise ValueError(f"{name!r} is not a shard's name, such as 'train-00003-of-00064'")
    return found[1], int(found[2]), int(found[3])


def table_folder(table: str) -> str:
    """Give the folder of a table's files: a task's name, "images", "rejects" or "duplicates".

    >>> table_folder("images"), table_folder("referring")
    ('images', 'dialogues/referring')
    """
    return f"dialogues/{table}" if table in TASKS else table


def table_path(table: str, name: str) -> str:
    """Give the path of one file of a table, relative to the dataset.

    >>> table_path("rejects", "ssdd")
    'rejects/ssdd.parquet'
    """
    return f"{table_folder(table)}/{name}.parquet"


def images_path(split: str, shard: int, shard_count: int) -> str:
    """Give the path of a shard's pictures, relative to the dataset.

    >>> images_path("train", 3, 64)
    'images/train-00003-of-00064.parquet'
    """
    return table_path("images", shard_name(split, shard, shard_count))


def dialogues_path(task: str, split: str, shard: int, shard_count: int) -> str:
    """Give the path of a shard's dialogues of one task, relative to the dataset.

    >>> dialogues_path("referring", "test", 0, 1)
    'dialogues/referring/test-00000-of-00001.parquet'
    """
    return table_path(task, shard_name(split, shard, shard_count))


class TableFile(NamedTuple):
    """One file of a table; `shard` is None for rejects and duplicates, which have no shards."""

    table: str
    name: str
    shard: tuple[str, int, int] | None


def parse_table_path(path: str) -> TableFile | None:
    """Tell which table a path belongs to; None for any other file, or one of a wrong name.

    >>> parse_table_path("images/test-00000-of-00001.parquet")
    TableFile(table='images', name='test-00000-of-00001', shard=('test', 0, 1))
    >>> parse_table_path("images/test.parquet")
    """
    folder, _, file = path.rpartition("/")
    name = file.removesuffix(".parquet")
    table = folder.removeprefix("dialogues/")
    if not name or table_path(table, name) != path:
        return None
    if table == "rejects" or path == table_path("duplicates", "duplicates"):
        return TableFile(table, name, None)
    if table != "images" and table not in TASKS:
        return None
    try:
        return TableFile(table, name, parse_shard_name(name))
    except ValueError:
        return None


def is_published_path(path: str) -> bool:
    """Tell whether a path is one of those that the files of a dataset have.

    No other path that a record names is ever opened or deleted.

    >>> is_published_path("images/test-00000-of-00001.parquet"), is_published_path("README.md")
    (True, True)
    >>> is_published_path("../images/test-00000-of-00001.parquet"), is_published_path("/etc/motd")
    (False, False)
    """
    return path in (*DOCUMENTS, EXAMPLES_FILE) or parse_table_path(path) is not None
