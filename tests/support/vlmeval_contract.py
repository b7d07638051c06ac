"""What VLMEvalKit demands of the dataset class of an export, as far as its base class says.

`make clients` runs the harness itself. Here are the parts of `vlmeval` that our class names, by
their documented behavior: TSV files are tables of pandas, a picture that many rows share stands in
the first of them, and a row's `index` is what leads to it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pandas as pd
import pytest

# A shorter text in `image` is the index of another row.
_LONGEST_INDEX = 64


def data_root() -> str:
    """Where datasets lie."""
    return os.environ["LMUData"]  # noqa: SIM112 (so it is called)


def load(path: str) -> Any:
    """Read a table."""
    return pd.read_csv(path, sep="\t", keep_default_na=False)


def dump(data: Any, path: str) -> None:
    """Write a table or a document."""
    if path.endswith(".json"):
        Path(path).write_text(json.dumps(data), encoding="utf-8")
    else:
        data.to_csv(path, sep="\t", index=False)


class ImageBaseDataset:
    """Reads a table, and gives each row the picture that its first row holds."""

    DATASET_URL: ClassVar[dict[str, str]] = {}

    def __init__(self, dataset: str) -> None:
        data = self.load_data(dataset)  # type: ignore[attr-defined]
        data["index"] = [str(number) for number in data["index"]]
        shown = dict(zip(data["index"], map(str, data["image"]), strict=True))
        for index, text in shown.items():
            if len(text) <= _LONGEST_INDEX:
                assert len(shown[text]) > _LONGEST_INDEX, index
                shown[index] = shown[text]
        data["image"] = [shown[index] for index in data["index"]]
        self.data = data

    @classmethod
    def supported_datasets(cls) -> list[str]:
        """Give the names that `run.py --data` finds this class by."""
        return list(cls.DATASET_URL)


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `import vlmeval` find these parts."""
    for name, found in {
        "vlmeval": {},
        "vlmeval.dataset": {},
        "vlmeval.dataset.image_base": {"ImageBaseDataset": ImageBaseDataset},
        "vlmeval.smp": {"LMUDataRoot": data_root, "dump": dump, "load": load},
    }.items():
        module = ModuleType(name)
        vars(module).update(found)
        monkeypatch.setitem(sys.modules, name, module)
