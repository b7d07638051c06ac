"""EvalScope: its adapter of `general_vqa` turns our rows into samples."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from evalscope.api.messages import ContentImage, ContentText
from evalscope.benchmarks.general_vqa.general_vqa_adapter import GeneralVQAAdapter

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
print(f"{count} samples with their pictures")
