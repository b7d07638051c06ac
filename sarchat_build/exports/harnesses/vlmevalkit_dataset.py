"""The dataset class of VLMEvalKit for exported TSV files; it needs no `sarchat_build`.

Import it before `run.py` looks for datasets, or add it to `vlmeval/dataset/__init__.py`; the TSV
files belong into the folder that `LMUData` names. `text_match.py` belongs beside this file.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any, ClassVar

from vlmeval.dataset.image_base import ImageBaseDataset
from vlmeval.smp import LMUDataRoot, dump, load

_TASKS = (
    "classification",
    "fine_grained_description",
    "instance_counting",
    "spatial_grounding",
    "cross_modal_identification",
    "referring",
)


def _score(prediction: str, answer: str) -> float:
    path = Path(__file__).with_name("text_match.py")
    spec = importlib.util.spec_from_file_location("sarchat_text_match", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported; it was exported beside this file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return float(module.score(prediction, answer))


class SARChatDataset(ImageBaseDataset):  # type: ignore[misc]
    """One task and split: `SARChat_referring_test` and so on."""

    TYPE = "VQA"
    DATASET_URL: ClassVar[dict[str, str]] = {
        f"SARChat_{task}_{split}": ""
        for task in _TASKS
        for split in ("test", "validation", "train")
    }
    DATASET_MD5: ClassVar[dict[str, str]] = {}

    def load_data(self, dataset: str) -> Any:
        """Read the TSV file of a dataset."""
        return load(os.path.join(LMUDataRoot(), f"{dataset}.tsv"))

    @classmethod
    def evaluate(cls, eval_file: str, **judge_kwargs: Any) -> dict[str, float]:
        """Give the mean of a simple score; `sarchat score` reads the same file and says more."""
        del judge_kwargs
        table = load(eval_file)
        pairs = zip(table["prediction"], table["answer"])  # noqa: B905 (Python 3.9)
        scores = [_score(str(prediction), str(answer)) for prediction, answer in pairs]
        found = {"overall": 100 * sum(scores) / len(scores) if scores else 0.0}
        dump(found, str(Path(eval_file).with_suffix("")) + "_score.json")
        return found
