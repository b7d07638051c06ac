"""The dataset card (`README.md`): a header for Hugging Face `datasets`, and text for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from sarchat_build.dataset.record import BuildRecord, ComparisonRow, FileEntry
from sarchat_build.names import display_name
from sarchat_build.published.hf_features import card_features
from sarchat_build.published.layout import table_folder
from sarchat_build.published.schema import SCHEMAS
from sarchat_build.report.comparison import explain
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.quality_card import quality_section
from sarchat_build.report.statistics.paper import PAPER_SPLITS
from sarchat_build.report.summary import (
    WORDS,
    comparable_rows,
    dialogue_numbers,
    is_of_paper_size,
    source_numbers,
    splits_of,
)

# A citation may list a dozen authors.
_MAX_TITLE_CHARS = 1000


def render_card(record: BuildRecord, figures: QualityFigures) -> str:
    """Write the card of a finished build from its record and its quality figures."""
    header = yaml.safe_dump(_header(record), sort_keys=False, allow_unicode=True, width=100)
    body = "\n\n".join((_INTRODUCTION, *_sections(record, figures), _USE, _citations(record)))
    return f"---\n{header}---\n\n{body}\n"


def _sections(record: BuildRecord, figures: QualityFigures) -> list[str]:
    sections = (
        _tasks(record),
        _language(record),
        quality_section(figures, paper=is_of_paper_size(record)),
        _sources(record),
        comparison_section(comparable_rows(record)),
    )
    return [section for section in sections if section]


def _header(record: BuildRecord) -> dict[str, Any]:
    configs, infos = [], []
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
        splits = [
            {
                "name": split,
                "num_bytes": sum(entry.bytes for entry in entries),
                "num_examples": sum(entry.rows or 0 for entry in entries),
            }
            for split, entries in files.items()
        ]
        features = card_features(SCHEMAS[name])
        infos.append({"config_name": name, "features": features, "splits": splits})
    # `datasets` refuses a configuration whose files hold no row.
    configs.extend(
        {"config_name": name, "data_files": f"{name}/*.parquet"}
        for name in ("rejects", "duplicates")
        if any(e.rows for path, e in record.files.items() if path.startswith(f"{name}/"))
    )
    return {
        "pretty_name": display_name(record.recipe.title),
        "license": "other",
        "language": ["en"],
        "task_categories": ["visual-question-answering", "image-to-text", "object-detection"],
        "tags": ["sar", "radar", "remote-sensing"],
        "configs": configs,
        "dataset_info": infos,
    }


def _files(record: BuildRecord, folder: str, split: str) -> list[FileEntry]:
    return [entry for path, entry in record.files.items() if path.startswith(f"{folder}/{split}-")]


_INTRODUCTION = """# SAR image-text dialogues

Built by `sarchat_build` from the source archives named below. `build.json` holds the digest of
every file and input; `sarchat validate` proves the dataset again from its files alone. Boxes are
x_min, y_min, x_max, y_max in pixels of the stored picture: 0-based, x to the right, y down, maximum
edge exclusive. Box text, `{<x1><y1><x2><y2>}`, is the same rounded to integers."""

_USE = """## Use

```python
from datasets import load_dataset

pictures = load_dataset(PATH, "images", split="train")
rows = load_dataset(PATH, "referring", split="train")
position = {image_id: i for i, image_id in enumerate(pictures["image_id"])}
example = rows[0] | {"image": pictures[position[rows[0]["image_id"]]]["image"]}
```

What was left out, and why, is in `rejects/`; pictures that show the same are in `duplicates/`."""

_LANGUAGE = """## Questions and answers

Questions open with the published tags (`[count]`, `[grounding]`, `[identify]`, `[refer]`; none for
classification and description). `template_ids` names the phrasing of the question, the sentences
around it, and the phrasing of the answer. `ground_truth` holds what the answer states.
{held_out}
* One object has {scales}.
* Sizes are shares of the picture's area, shapes are width to height, cells are the thirds of the
  picture that hold the center of the box; distances and directions are between centers. Of two
  groups the direction is between their mean centers; near or far is said where their mean centers
  and their closest members agree, else left out.
* Numbers are digits, none is "no ships". Long lists say "the first 100" of how many.
* "No" and "none" are said only of classes that the source annotates, and never where an object of
  the class was refused or is cut off. Difficult objects count as present.{cut}{left_out}
* A cell is asked about only where one number can be counted: no object enters it from beside.
* `unique` questions name one object among several of its kind by size, shape, cell, order or
  relation, and are asked only where the phrase fits no other object even if boxes are read less
  exactly; a size is also that of the smallest or largest by comparison, an order by position that
  of the centers and of the outer edges. `nearest` is asked only where one of several objects is
  clearly nearest, by its center and by its edge."""
# What is said where the recipe has "skip" for it.
_CUT = """
* Objects of such a class are neither counted nor referred to as a whole, and their picture is
  neither described nor grounded."""
_LEFT_OUT = """
* A picture is described only where nothing that is too small or too long to be described lies with
  its like in a cell, or is nearly as large as what is described."""


def _language(record: BuildRecord) -> str:
    percent = record.recipe.phrasing.held_out_percent
    held_out = f"{percent} % of the question phrasings are in the test split only.\n"
    two_scales = record.recipe.words.description_size
    scales = (
        "two size scales, one for descriptions" if two_scales else "the same words in every task"
    )
    tasks = record.recipe.tasks
    return _LANGUAGE.format(
        held_out=held_out if percent else "",
        scales=scales,
        cut=_CUT if tasks.cut_objects == "skip" else "",
        left_out=_LEFT_OUT if tasks.fine_grained_description.left_out_objects == "skip" else "",
    )


def _tasks(record: BuildRecord) -> str:
    names: list[str] = [*splits_of(record)]
    if is_of_paper_size(record):
        names += [f"paper {split}" for split in PAPER_SPLITS]
    lines = [
        "## Dialogues",
        "",
        f"| task | {' | '.join(names)} |",
        f"|---|{'---:|' * len(names)}",
    ]
    for numbers in dialogue_numbers(record):
        name = "*pictures*" if numbers.name == "pictures" else numbers.name
        cells = [f"{n:,}" for n in (*numbers.here.values(), *numbers.paper.values())]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _sources(record: BuildRecord) -> str:
    lines = [
        "## Sources",
        "",
        "| source | license | read | rejected | double | kept | pictures | objects | published |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for of in source_numbers(record):
        images = (of.read, of.rejected, of.double, of.kept)
        numbers = (*(amount.images for amount in images), *of.written)
        published = f"{of.published.images:,} / {of.published.objects:,}" if of.published else ""
        cells = (*(f"{number:,}" for number in numbers), published)
        texts = _plain(of.source.title), _plain(of.source.license)
        lines.append(f"| {' | '.join((*texts, *cells))} |")
    lines += [
        "",
        f"Numbers are images. *Double*: {WORDS['double']}. *Pictures*, *objects*: of the dataset. "
        "*Published*: images / objects, where about as many images were read.",
    ]
    return "\n".join(lines)


def comparison_section(comparison: Sequence[ComparisonRow]) -> str:
    """Write the table that holds a build against SARDet-100K; nothing without a row."""
    if not comparison:
        return ""
    lines = [
        "## Beside SARDet-100K",
        "",
        "The published pictures of SARChat-Bench-2M are those of SARDet-100K (arXiv 2403.06534, "
        "table 2). Reasons give images / objects.",
        "",
        "| source | split | images | published | objects | published | why they differ |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for row in comparison:
        here, published = row.here, row.published
        numbers = (here.images, published.images, here.objects, published.objects)
        cells = (row.source, row.split, *(f"{n:,}" for n in numbers), explain(row.reasons))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _citations(record: BuildRecord) -> str:
    lines = ["## Licenses and citations", ""]
    for source in record.sources.values():
        title, license_name = _plain(source.title), _plain(source.license)
        lines.append(
            f"* {title}: {license_name}. {_plain(source.citation)}, {_plain(source.homepage)}"
        )
    return "\n".join(lines)


def _plain(text: str) -> str:
    # Source text is data: it opens no table cell, tag or link of its own, and fills no page.
    text = display_name(" ".join(text.split()), _MAX_TITLE_CHARS)
    for mark, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;")):
        text = text.replace(mark, written)
    return " ".join(text.replace("[", "&#91;").replace("`", "&#96;").split())
