"""lmms-eval: a folder of tasks that read the dataset itself, so that no picture is exported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sarchat_build.archives.location import absolute, local_path
from sarchat_build.dataset.output import json_text
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.exports.export import Export, FileUnit, Format

_HERE = Path(__file__).parent
_TASK = """\
task: sarchat_{task}{suffix}
dataset_path: {dataset}
dataset_name: {task}
test_split: {split}
output_type: generate_until
doc_to_visual: !function utils.doc_to_visual
doc_to_text: !function utils.doc_to_text
doc_to_target: !function utils.doc_to_target
process_results: !function utils.process_results
generation_kwargs:
  max_new_tokens: 2048
  temperature: 0
  do_sample: false
metric_list:
  - metric: sarchat
    aggregation: !function utils.mean
    higher_is_better: true
metadata:
  version: 1
"""
_GROUP = """\
group: sarchat
task:
{tasks}
aggregate_metric_list:
  - metric: sarchat
    aggregation: mean
    weight_by_size: true
metadata:
  version: 1
"""


def _no_units(export: Export) -> list[FileUnit]:
    if local_path(export.request.dataset) is None:
        message = "lmms-eval reads the dataset itself, from a folder of this machine"
        raise ConfigurationError([Issue("OUT", export.request.dataset, message)])
    selection = export.request.selection
    part = "openai-batch, vlmevalkit and evalscope export a part"
    if selection.sources:
        message = f"lmms-eval reads the dataset itself, with all of its sources; {part}"
        raise ConfigurationError([Issue("--source", ", ".join(selection.sources), message)])
    if selection.limit is not None:
        message = "lmms-eval reads the dataset itself; give --limit to it, which counts dialogues"
        raise ConfigurationError([Issue("--limit", str(selection.limit), message)])
    return []


def task_folder(export: Export, rows: Mapping[str, int]) -> dict[str, str]:
    """Give the tasks, their group, and the code they call."""
    del rows
    import yaml

    dataset = absolute(export.request.dataset)
    found, names = {}, []
    for split in export.splits:
        suffix = "" if split == "test" else f"_{split}"
        for task in export.tasks:
            if export.dataset.count(split, task):
                names.append(f"sarchat_{task}{suffix}")
                place = yaml.safe_dump(dataset, width=1 << 16).splitlines()[0]
                found[f"{names[-1]}.yaml"] = _TASK.format(
                    task=task, suffix=suffix, split=split, dataset=place
                )
    return found | {
        "sarchat.yaml": _GROUP.format(tasks="\n".join(f"  - {name}" for name in names)),
        "settings.json": json_text({"dataset": dataset, "boxes": export.boxes}),
        "utils.py": (_HERE / "lmms_eval_utils.py").read_text(encoding="utf-8"),
        "text_match.py": (_HERE / "text_match.py").read_text(encoding="utf-8"),
        "box_text.py": (_HERE.parent / "box_text.py").read_text(encoding="utf-8"),
    }


FORMAT = Format(
    "lmms-eval",
    _no_units,
    task_folder,
    has_pixels=False,
    splits=("test",),
    next_steps=(
        "python -m lmms_eval --model MODEL --model_args pretrained=CHECKPOINT --include_path {dir} "
        "--tasks sarchat --log_samples --output_path results",
    ),
)
