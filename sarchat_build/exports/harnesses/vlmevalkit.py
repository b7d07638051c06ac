"""VLMEvalKit: a TSV file for each task, in which a picture stands once, and a dataset class."""

from __future__ import annotations

import base64
import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from sarchat_build.exports.export import Export, FileUnit, Format
from sarchat_build.exports.reading import Item

_COLUMNS = (
    *("index", "image", "image_path", "question", "answer", "category", "l2-category", "split"),
    *("dialogue_id", "image_id"),
)


def _units(export: Export) -> list[FileUnit]:
    def fill(name: str, items: Iterator[Item]) -> int:
        index = 0
        with open(name, "w", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream, delimiter="\t", lineterminator="\n")
            table.writerow(_COLUMNS)
            for picture, dialogues in items:
                # The first row has the picture, later ones the index of that row.
                shown = base64.b64encode(picture.content).decode() if dialogues else ""
                file = export.picture_name(picture).replace("/", "__")
                for dialogue in dialogues:
                    table.writerow((
                        index, shown, file, dialogue.question, dialogue.answer, dialogue.subtask,
                        dialogue.task, picture.split, dialogue.dialogue_id, picture.image_id,
                    ))  # fmt: skip
                    if dialogue is dialogues[0]:
                        shown = str(index)
                    index += 1
        return index

    return [
        FileUnit(f"SARChat_{task}_{split}.tsv", export.of_split(split), (task,), fill, content=True)
        for split in export.splits
        for task in export.tasks
    ]


def _class(export: Export, rows: Mapping[str, int]) -> dict[str, str]:
    del export, rows
    here = Path(__file__).parent
    return {
        "sarchat_vlmevalkit.py": (here / "vlmevalkit_dataset.py").read_text(encoding="utf-8"),
        "text_match.py": (here / "text_match.py").read_text(encoding="utf-8"),
    }


FORMAT = Format(
    "vlmevalkit",
    _units,
    _class,
    splits=("test",),
    next_steps=(
        "LMUData={dir} python run.py --data SARChat_referring_test --model MODEL --mode infer",
    ),
)
