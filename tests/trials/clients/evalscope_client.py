"""EvalScope: its adapter of `general_vqa` turns our rows into samples, and its runs are scored.

The model is its own mock; eight requests are under way at a time, so rows come in any order.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from evalscope import TaskConfig, run_task
from evalscope.api.messages import ContentImage, ContentText
from evalscope.benchmarks.general_vqa.general_vqa_adapter import GeneralVQAAdapter

output = Path(sys.argv[2]).absolute()
os.chdir(sys.argv[1])
count = 0
for path in sorted(Path().glob("*_test.jsonl")):
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        adapter = GeneralVQAAdapter.__new__(GeneralVQAAdapter)
        sample = adapter.record_to_sample(row)
        (message,) = sample.input
        picture, text = message.content
        assert isinstance(picture, ContentImage)
        assert isinstance(text, ContentText)
        assert Path(picture.image).is_file()
        assert sample.target == row["answer"]
        count += 1
subsets = sorted(path.stem for path in Path().glob("*_test.jsonl"))
task = TaskConfig(
    model="mock",
    eval_type="mock_llm",
    datasets=["general_vqa"],
    dataset_args={"general_vqa": {"local_path": ".", "subset_list": subsets}},
    eval_batch_size=8,
    work_dir=str(output),
)
run_task(task)
print(f"{count} samples with their pictures")
