"""`report/quality.md`: the figures of `report/quality.json` as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sarchat_build.report.proofs import ProofFigures
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.statistics.boxes import AREAS_PX2, ASPECT_RATIOS, FORMATS
from sarchat_build.report.statistics.paper import PaperCount, PaperFigures
from sarchat_build.report.statistics.phrasings import PhrasingFigures
from sarchat_build.report.statistics.pictures import CrowdingFigures, PictureFigures
from sarchat_build.report.summary import WORDS, percent_text, subtask_numbers
from sarchat_build.report.words import by_frequency
from sarchat_build.types import CATEGORIES


def quality_page(figures: QualityFigures, *, paper: bool, synthetic: str = "") -> str:
    """Write the page of a dataset's figures.

    Args:
        figures: the figures.
        paper: whether they stand beside the paper's counts.
        synthetic: the paragraph that says whose pictures no radar took; "" where all are real.
    """
    parts = [
        "# Figures",
        synthetic,
        "Every figure, per split, task, subtask and source, is in "
        "[`report/quality.json`](quality.json) with its definition.",
        _proofs(figures.proofs),
        _paper(figures.paper) if paper else "",
        _without_looking(figures),
        _drawn("lengths", _lengths(figures)),
        _texts(figures),
        _drawn("words", _words(figures)),
        _crowding(figures.crowding),
        _drawn("categories", _categories(figures.pictures)),
        _drawn("boxes", _shapes(figures.pictures)),
        _boxes(figures.pictures),
        _phrasings(figures.phrasings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _drawn(name: str, section: str) -> str:
    """Put the drawn figure below the heading of a section."""
    heading, _, rest = section.partition("\n")
    return f"{heading}\n\n![{heading.lstrip('# ')}](figures/{name}.png)\n{rest}"


def _table(title: str, columns: str, rows: Iterable[Sequence[str]], note: str = "") -> str:
    """Write a table; the names of its columns of text end in ":"."""
    names = columns.split(" | ")
    lines = [
        f"## {title}",
        "",
        f"| {' | '.join(name.rstrip(':') for name in names)} |",
        f"|{''.join('---|' if name.endswith(':') else '---:|' for name in names)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join([*lines, "", note] if note else lines)


def _proofs(proofs: Sequence[ProofFigures]) -> str:
    rows = (
        (p.figure, _number(p.faults), f"{_number(p.of)} {p.unit}", p.established) for p in proofs
    )
    return _table("What must be zero", "fault: | found | of: | how it is known:", rows)


def _without_looking(figures: QualityFigures) -> str:
    rows = (
        (
            name,
            _number(d.rows),
            percent_text(d.answers.majority_percent),
            _number(d.answers.entropy_bits),
            percent_text(blind),
            percent_text(d.facts_in_prompt_percent),
            percent_text(d.half_solvable_from_prompt_percent),
            percent_text(d.balance_percent),
            percent_text(d.negatives_percent),
        )
        for name, d, blind in subtask_numbers(figures)
    )
    columns = (
        "subtask: | rows | majority | bits | blind | facts in prompt | half given | balance | "
        "negatives"
    )
    explained = [
        f"*{name.capitalize()}*: {WORDS[name]}."
        for name in ("majority", "blind", "half given", "balance")
    ]
    note = (
        f"{' '.join(explained)} *Bits*: per answer. *Facts in prompt*: what the question's own "
        "boxes and words already imply."
    )
    return _table("How far one gets without looking", columns, rows, note)


def _lengths(figures: QualityFigures) -> str:
    rows = []
    for name, d, _ in subtask_numbers(figures):
        of = d.lengths
        cells = [
            f"{_number(length.p50)} / {_number(length.p99)} / {_number(length.max)}"
            for length in (of.question_chars, of.question_words, of.answer_chars, of.answer_words)
        ]
        rows.append((name, *cells))
    columns = "subtask: | question, characters | words | answer, characters | words"
    return _table("Lengths (median / 99 % / longest)", columns, rows)


def _texts(figures: QualityFigures) -> str:
    rows = []
    for of in figures.dialogues:
        if of.split is None and of.source is None and of.subtask is not None:
            sentences = of.sentences / (2 * of.rows) if of.rows else None
            per_row = of.words / of.rows if of.rows else None
            numbers = map(_number, (of.rows, of.words, of.sentences, per_row, sentences))
            rows.append((f"{of.task}/{of.subtask}", *numbers))
    columns = "subtask: | rows | words | sentences | words per row | sentences per text"
    note = (
        "Words are separated by blanks. A sentence ends with a full stop, a question or an "
        "exclamation mark; a text without any, such as boxes alone, counts as one. The picture's "
        "mark and the task's tag do not count. Different words: "
        + ", ".join(f"{split} {number:,}" for split, number in sorted(figures.vocabulary.items()))
        + "."
    )
    return _table("Words and sentences", columns, rows, note)


def _words(figures: QualityFigures) -> str:
    rows = ((word, _number(texts)) for word, texts in by_frequency(figures.words))
    note = (
        "How many questions and answers hold each; without words of sizes, shapes and cells, and "
        "without articles, prepositions and the like."
    )
    return _table("Most frequent words", "word: | texts", rows, note)


def _categories(pictures: Sequence[PictureFigures]) -> str:
    rows = (
        (
            p.source or "all",
            category,
            _number(p.objects_of[category]),
            _number(p.pictures_of[category]),
        )
        for p in _of_sources(pictures)
        for category in CATEGORIES
        if category in p.objects_of
    )
    columns = "source: | category: | objects | pictures that show any"
    return _table("Categories by source", columns, rows)


def _shapes(pictures: Sequence[PictureFigures]) -> str:
    rows = (
        (p.source or "all", kind, name, _number(counts[name]))
        for p in _of_sources(pictures)
        for kind, classes, counts in (
            ("width to height", ASPECT_RATIOS, p.aspect_ratios),
            ("area", AREAS_PX2, p.areas_px2),
        )
        for name in classes
        if name in counts
    )
    columns = "source: | of the box: | class: | objects"
    note = "A class begins with its first number and ends before its second."
    return _table("Aspect ratios and areas", columns, rows, note)


def _of_sources(pictures: Sequence[PictureFigures]) -> Iterator[PictureFigures]:
    """Give the figures of the whole, then those of each source over all splits."""
    yield from (p for p in pictures if not (p.split or p.source))
    yield from (p for p in pictures if p.source and not p.split)


def _crowding(crowding: Sequence[CrowdingFigures]) -> str:
    rows = (
        (
            f"{c.split}, {c.task or 'all tasks'}",
            _number(c.pictures),
            _number(c.rows_per_picture),
            _number(c.max),
            percent_text(c.max_share_percent),
            percent_text(c.top_1_percent_share),
        )
        for c in crowding
        if not c.source
    )
    columns = "dialogues: | pictures | per picture | most | its share | share of top 1 %"
    return _table("Dialogues per picture", columns, rows)


def _boxes(pictures: Sequence[PictureFigures]) -> str:
    whole = next((p for p in pictures if not p.split and not p.source), None)
    if whole is None:
        return ""
    rows = (
        (
            name,
            *(f"{iou:.3f}" for iou in (f.mean_iou, f.p1_iou, f.min_iou)),
            percent_text(f.below_half_percent),
        )
        for name in FORMATS
        if (f := whole.box_text_iou.get(name))
    )
    columns = "box text: | mean IoU | 1 % below | least | below 0.5"
    return _table("What a model's box format keeps of the boxes", columns, rows)


def _phrasings(phrasings: Sequence[PhrasingFigures]) -> str:
    sides = {(p.task, p.subtask, p.side): p for p in phrasings}
    rows = []
    for (task, subtask, side), asked in sides.items():
        if side == "question":
            answered = sides.get((task, subtask, "answer"))
            cells = [_use(asked), _use(answered) if answered else ""]
            held_out = f"{asked.held_out} ({asked.held_out_in_training})"
            rows.append((f"{task}/{subtask}" if subtask else task, *cells, held_out))
    columns = "phrasings: | questions | answers | held out for test (seen in training)"
    note = "Each: how many there are, how many were never used, and how often the others were."
    return _table("Phrasings", columns, rows, note)


def _use(side: PhrasingFigures) -> str:
    often = f"{_number(side.least_used)} to {_number(side.most_used)}"
    return f"{side.phrasings}, {len(side.dead)} unused, {often}"


def _paper(paper: PaperFigures) -> str:
    rows = [
        (
            f"{r.task}, {r.split}",
            _number(r.paper),
            _number(r.here),
            *(f"{number:+,}" for _, number in r.because),
            r.rest_is,
        )
        for r in paper.tasks
    ]
    columns = (
        "dialogues: | paper | here | pictures | not in the paper | negatives | rest | the rest is:"
    )
    totals = "; ".join(
        f"{_number(total.here)} {name} (paper: {_number(total.paper)})"
        for name, total in paper.totals
        if isinstance(total, PaperCount)
    )
    note = (
        f"Train and test together: {totals}. Sentences as the paper counts them: one question and "
        "one answer each. *Pictures* is the difference that more or fewer pictures make at the "
        "paper's rows per picture."
    )
    return _table("The paper's counts", columns, rows, note)


def _number(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
