"""The dataset card (`README.md`): a header for hubs and `datasets`, and text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sarchat_build.card.citations import citations
from sarchat_build.card.columns import columns_tables
from sarchat_build.card.examples import Example
from sarchat_build.card.header import render_header
from sarchat_build.card.statements import NO_PURPOSE, PURPOSE, biases, limits
from sarchat_build.card.tables import (
    categories_table,
    comparison_section,
    dialogues_table,
    sensors_table,
    size_text,
    sizes_table,
    sources_table,
)
from sarchat_build.dataset.record import BuildRecord
from sarchat_build.exports.licenses import answers_table, may_be_passed_on, plain
from sarchat_build.names import display_name
from sarchat_build.published.layout import (
    CROISSANT_FILE,
    EXAMPLES_FILE,
    LICENSES_FILE,
    QUALITY_FILE,
    QUALITY_PAGE,
    SAMPLE_FILE,
    figure_path,
    parse_table_path,
)
from sarchat_build.report.origin import synthetic_line, synthetic_sources, titled
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.summary import comparable_rows, splits_of, totals


def render_card(
    record: BuildRecord, figures: QualityFigures, examples: Sequence[Example] = ()
) -> str:
    """Write the card of a finished build from its record, its figures and its examples."""
    body = "\n\n".join(section for section in _sections(record, figures, examples) if section)
    return f"---\n{render_header(record, figures)}---\n\n{body}\n"


def _sections(
    record: BuildRecord, figures: QualityFigures, examples: Sequence[Example]
) -> Iterator[str]:
    yield _opening(record, figures)
    yield _examples(examples)
    yield _what_it_is(record, figures)
    yield _use(record)
    yield f"## Dialogues\n\n{_picture('tasks', 'Dialogues by task and split')}"
    yield dialogues_table(record)
    yield f"## Categories\n\n{_picture('categories', 'Objects by category and split')}"
    yield categories_table(record, figures)
    yield f"## Words\n\n{_picture('words', 'The most frequent words')}"
    yield _words(figures)
    yield f"## Sources\n\n{sources_table(record, figures)}"
    yield f"## Sensors\n\n{sensors_table(record, figures)}\n\n{_SENSORS}"
    yield _licenses(record)
    yield "## Columns\n\n" + "\n\n".join(columns_tables())
    yield _language(record, figures)
    yield _limits(record)
    yield comparison_section(comparable_rows(record))
    yield f"## Files\n\n{sizes_table(record)}\n\n{_FILES}"
    yield citations(record)


def _opening(record: BuildRecord, figures: QualityFigures) -> str:
    pictures, dialogues = totals(record)
    objects = sum(counts.get("objects", 0) for counts in record.counts.values())
    shards = [
        entry.bytes
        for path, entry in record.files.items()
        if (table := parse_table_path(path)) and table.shard
    ]
    proof = next(p for p in figures.proofs if p.figure.startswith("answers that do not follow"))
    checked = (
        "Every answer follows from the boxes, and was checked against them."
        if proof.faults == 0
        else "Every answer is made from the boxes."
    )
    sources = _several(len(record.sources), "source")
    tasks = _several(len(record.recipe.tasks.enabled), "task")
    synthetic = synthetic_sources(record.sources)
    head = [f"# {titled(plain(record.recipe.title), synthetic)}"]
    if synthetic:
        head.append(synthetic_line(record.sources))
    head.append(
        f"**{dialogues:,} dialogues about {pictures:,} pictures** of synthetic-aperture radar "
        f"(SAR), with {objects:,} objects in boxes, from {sources}: {tasks}, from naming what is "
        f"there to finding one object by a phrase. {size_text(sum(shards))} of Parquet. {checked}"
    )
    closed = _closed(record)
    if closed:
        head.append(
            f"> **Do not publish this dataset as it is:** nothing allows to pass on the pictures "
            f"of {', '.join(closed)} ([licenses](#licenses)). `sarchat export` leaves them out, or "
            "asks."
        )
    return "\n\n".join(head)


def _closed(record: BuildRecord) -> list[str]:
    """Give the sources whose pictures no license allows to pass on."""
    return [f"`{s}`" for s, of in record.sources.items() if not may_be_passed_on(of.license)]


def _several(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _examples(examples: Sequence[Example]) -> str:
    if not examples:
        return ""
    shown = [n for n, example in enumerate(examples, 1) if may_be_passed_on(example.license)]
    if shown:
        task = "one dialogue of each task" if len(shown) == len(examples) else "some dialogues"
        picture = f"![Chips with boxes: {task}]({EXAMPLES_FILE})\n\n"
        note = "Orange: what the dialogue speaks of. Blue: other objects."
    else:
        picture, note = "", ""
    if len(shown) < len(examples):
        hidden = "Pictures" if not shown else "Pictures of the other dialogues"
        note = (
            f"{note} {hidden} are not shown here, because no license allows to pass them on; "
            f"`{SAMPLE_FILE}` and `sarchat explore` show them."
        )
    lines = [
        f"{number}. `{example.task}` ({example.subtask}), "
        f"`{display_name(example.image_id)}`<br>\n"
        f"   *Question:* {_quoted(example.question)}<br>\n"
        f"   *Answer:* {_quoted(example.answer)}"
        for number, example in enumerate(examples, 1)
    ]
    return f"{picture}{note.strip()}\n\n" + "\n".join(lines)


def _quoted(text: str) -> str:
    """Show a text of the dataset as it is: boxes look like tags, tags of tasks like links."""
    return plain(text)


_IS = """## What this is, and what it is not

* {purpose}
* Built by `sarchat_build` from the source archives named below, after the description of
  SARChat-Bench-2M (arXiv [2502.08168](https://arxiv.org/abs/2502.08168)), whose data and generator
  were never released. It is no copy of that dataset: counts, wordings and answers are its own.
* Questions and answers are made by rules from the boxes that the authors of the sources drew. No
  person and no model wrote a dialogue, and what the boxes do not say (type of a ship, what a scene
  is for) is never asked.
* Boxes are x_min, y_min, x_max, y_max in pixels of the stored picture: 0-based, x to the right, y
  down, maximum edge exclusive. Box text, `{{<x1><y1><x2><y2>}}`, is the same rounded to integers.
* {proofs}
* {leaks}
* Licenses are those of the sources: [four answers for each](#licenses).
* `build.json` holds the digest of every file and input; `sarchat validate` proves the dataset again
  from its files alone."""


def _what_it_is(record: BuildRecord, figures: QualityFigures) -> str:
    known = [proof for proof in figures.proofs if proof.faults is not None]
    bad = [proof for proof in known if proof.faults]
    looked = f"{len(known)} kinds of faults were looked for in every row: "
    found = (
        ", ".join(f"{proof.faults:,} {plain(proof.figure)}" for proof in bad) or "none was found"
    )
    rest = len(figures.proofs) - len(known)
    missing = f"; {rest} more were not established" if rest else ""
    page = f" ([what must be zero]({QUALITY_PAGE}))."
    near = next(p for p in figures.proofs if p.figure.startswith("near-duplicate"))
    scenes = next(p for p in figures.proofs if p.figure == "scenes in two splits")
    splits = (
        "No scene lies in two splits; of which sources it is known what a scene is, [limits]"
        "(#limits) say."
        if scenes.faults == 0
        else "Whether a scene lies in two splits was not established."
    )
    if near.faults is None:
        alike = "Whether near-duplicates lie in two splits was not established"
    else:
        alike = f"Near-duplicates in two splits: {near.faults:,} of {near.of:,} pictures"
    return _IS.format(
        purpose=f"For {PURPOSE[0].lower()}{PURPOSE[1:]} {NO_PURPOSE}",
        proofs=f"{looked}{found}{missing}{page}",
        leaks=f"{splits}\n* {alike}; {near.established}.",
    )


def _picture(name: str, text: str) -> str:
    return f"![{text}]({figure_path(name)})"


def _words(figures: QualityFigures) -> str:
    whole = next(d for d in figures.dialogues if not (d.split or d.task or d.source))
    return (
        f"{whole.sentences:,} sentences of {whole.words:,} words; {figures.vocabulary['all']:,} "
        "different words, not counting those of sizes, shapes and cells. Lengths, phrasings, how "
        "far one gets without looking, what box text keeps of boxes, crowded pictures: "
        f"[{QUALITY_PAGE}]({QUALITY_PAGE}) in tables, `{QUALITY_FILE}` as data; "
        f"[lengths]({figure_path('lengths')}) and [boxes]({figure_path('boxes')}) as pictures."
    )


_SENSORS = """What the authors of a source state of all its pictures together; nobody says which
picture is from which sensor."""


def _licenses(record: BuildRecord) -> str:
    lines = "\n".join(answers_table(record.sources))
    closed = _closed(record)
    warning = (
        f"Nothing allows to pass on the pictures of {', '.join(closed)}."
        if closed
        else "All sources allow to pass their pictures on, each under its own terms."
    )
    return (
        f"## Licenses\n\n{warning}\n\n{lines}\n\nThe column `license` names the terms of each "
        f"picture. The answers are a reading of the license's name, no advice: [{LICENSES_FILE}]"
        f"({LICENSES_FILE})."
    )


_USE = """## Load it

`PATH` is this folder, or the name of the dataset on a hub. A picture is stored once, its dialogues
name it; three ways to bring them together:

**1. With `datasets`**, any row by its number:

```python
from datasets import load_dataset

pictures = load_dataset(PATH, "images", split="{split}")
rows = load_dataset(PATH, "{task}", split="{split}")
position = {{image_id: i for i, image_id in enumerate(pictures["image_id"])}}
example = rows[0] | {{"image": pictures[position[rows[0]["image_id"]]]["image"]}}
```

**2. As a stream**, without a copy on disk: dialogues come in the order of their pictures.

```python
from datasets import load_dataset

pictures = iter(load_dataset(PATH, "images", split="{split}", streaming=True))
picture = next(pictures)
for row in load_dataset(PATH, "{task}", split="{split}", streaming=True):
    while picture["image_id"] != row["image_id"]:
        picture = next(pictures)
    example = row | {{"image": picture["image"]}}
```

**3. With `pyarrow` alone**, shard by shard: shard *k* of a task speaks of shard *k* of the
pictures.

```python
import pyarrow.parquet as pq

pictures = pq.read_table(f"{{PATH}}/images/{shard}.parquet")
rows = pq.read_table(f"{{PATH}}/dialogues/{task}/{shard}.parquet")
position = {{image_id: i for i, image_id in enumerate(pictures["image_id"].to_pylist())}}
example = rows.slice(0, 1).to_pylist()[0]
example["image"] = pictures["image"][position[example["image_id"]]].as_py()["bytes"]
```

Also: `{croissant}` for Croissant; `sarchat export` writes the formats of trainers, harnesses and
detectors; `sarchat explore` shows every picture in the browser, `{sample}` some of them without
any program."""


def _use(record: BuildRecord) -> str:
    split = splits_of(record)[0]
    tasks = [t for t in record.recipe.tasks.enabled if record.counts[split].get(t)]
    task = tasks[-1] if tasks else record.recipe.tasks.enabled[-1]
    shard = next(name for name in sorted(record.shards) if name.startswith(f"{split}-"))
    return _USE.format(
        split=split, task=task, shard=shard, croissant=CROISSANT_FILE, sample=SAMPLE_FILE
    )


_LANGUAGE = """## How questions and answers are made

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


def _language(record: BuildRecord, figures: QualityFigures) -> str:
    asked = [phrasing for phrasing in figures.phrasings if phrasing.side == "question"]
    held, of = (sum(of) for of in zip(*((p.held_out, p.phrasings) for p in asked), strict=True))
    held_out = f"{held:,} of the {of:,} phrasings of questions are in the test split only.\n"
    two_scales = record.recipe.words.description_size
    scales = (
        "two size scales, one for descriptions" if two_scales else "the same words in every task"
    )
    tasks = record.recipe.tasks
    return _LANGUAGE.format(
        held_out=held_out if held else "",
        scales=scales,
        cut=_CUT if tasks.cut_objects == "skip" else "",
        left_out=_LEFT_OUT if tasks.fine_grained_description.left_out_objects == "skip" else "",
    )


def _limits(record: BuildRecord) -> str:
    said = (*biases(record), *limits(record, plain))
    return "\n".join(["## Limits", "", *(f"* {sentence}" for sentence in said)])


_FILES = f"""What was left out, and why, is in `rejects/`; pictures that show the same are in
`duplicates/`; `report/index.parquet` says where every picture lies and what it shows;
`{SAMPLE_FILE}` shows some forty pictures in one page; `build.json` is the record of the build."""
