"""The header of the card: configurations, features and sizes, as `datasets` and hubs read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from sarchat_build.dataset.record import BuildRecord, FileEntry
from sarchat_build.names import display_name
from sarchat_build.published.hf_features import card_features
from sarchat_build.published.layout import LICENSES_FILE, table_folder
from sarchat_build.published.schema import SCHEMAS
from sarchat_build.report.origin import synthetic_sources, titled
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.summary import splits_of, totals

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


def render_header(record: BuildRecord, figures: QualityFigures) -> str:
    """Give the YAML between the two lines of `---`."""
    return yaml.safe_dump(
        _header(record, figures.arrow_bytes), sort_keys=False, allow_unicode=True, width=100
    )


def size_category(dialogues: int) -> str:
    """Say how large a dataset is in the words of hubs.

    >>> size_category(21_931)
    '10K<n<100K'
    """
    return next((name for limit, name in _SIZES if dialogues < limit), "n>10M")


def _header(record: BuildRecord, arrow_bytes: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    configs, infos = [], []
    synthetic = synthetic_sources(record.sources)
    for name in ("images", *record.recipe.tasks.enabled):
        folder = table_folder(name)
        files = {split: _files(record, folder, split) for split in splits_of(record)}
        configs.append(
            {
                "config_name": name,
                "data_files": [
                    {"split": split, "path": f"{folder}/{split}-*.parquet"} for split in files
                ],
                **({"default": True} if name == "images" else {}),
            }
        )
        # To `datasets`, `num_bytes` are those of the rows in memory; those of files come last.
        decoded = arrow_bytes.get(name, {})
        splits = [
            {
                "name": split,
                "num_bytes": decoded.get(split, 0),
                "num_examples": sum(entry.rows or 0 for entry in entries),
            }
            for split, entries in files.items()
        ]
        infos.append(
            {
                "config_name": name,
                "features": card_features(SCHEMAS[name]),
                "splits": splits,
                "download_size": sum(e.bytes for entries in files.values() for e in entries),
                "dataset_size": sum(decoded.get(split, 0) for split in files),
            }
        )
    # `datasets` refuses a configuration whose files hold no row.
    configs.extend(
        {"config_name": name, "data_files": f"{name}/*.parquet"}
        for name in ("rejects", "duplicates")
        if any(e.rows for path, e in record.files.items() if path.startswith(f"{name}/"))
    )
    return {
        "pretty_name": titled(display_name(record.recipe.title), synthetic),
        "license": "other",
        "license_name": "per-source",
        "license_link": LICENSES_FILE,
        "language": ["en"],
        "annotations_creators": ["machine-generated"],
        "source_datasets": ["extended"],
        "size_categories": [size_category(totals(record)[1])],
        "task_categories": [
            "image-text-to-text",
            "visual-question-answering",
            "object-detection",
        ],
        "tags": [
            "sar",
            "synthetic-aperture-radar",
            "remote-sensing",
            "grounding",
            "counting",
            "referring-expressions",
            *(["synthetic"] if synthetic else []),
        ],
        "configs": configs,
        "dataset_info": infos,
    }


def _files(record: BuildRecord, folder: str, split: str) -> list[FileEntry]:
    return [entry for path, entry in record.files.items() if path.startswith(f"{folder}/{split}-")]
