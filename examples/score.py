"""Score a model's answers: `python examples/score.py dataset answers.jsonl`."""

import sys
from pathlib import Path

from sarchat_build.scoring import score_files

figures = score_files(sys.argv[1], [Path(name) for name in sys.argv[2:]], boxes="native")
for task in figures.tasks:
    print(
        f"{task.task}: {100 * (task.score or 0):.1f} of {task.dialogues} dialogues", task.outcomes
    )
for warning in figures.warnings:
    print("warning:", warning)
