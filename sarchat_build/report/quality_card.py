"""The section of quality figures in the dataset card: short tables of what matters most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sarchat_build.report.proofs import ProofFigures
from sarchat_build.report.quality import QualityFigures
from sarchat_build.report.statistics.figures import DialogueFigures, SubtaskFigures
from sarchat_build.report.statistics.paper import PaperCount, PaperFigures
from sarchat_build.report.statistics.phrasings import PhrasingFigures
from sarchat_build.report.statistics.pictures import CrowdingFigures, PictureFigures


def quality_section(figures: QualityFigures) -> str:
    """Write the card's section of quality figures."""
    parts = [
        "## Quality\n\nEvery figure, per split, task, subtask and source, is in "
        "`report/quality.json` with its definition.",
        _proofs(figures.proofs),
        _without_looking(figures.dialogues),
        _lengths(figures.dialogues),
        _crowding(figures.crowding),
        _boxes(figures.pictures),
        _phrasings(figures.phrasings),
        _paper(figures.paper),
    ]
    return "\n\n".join(part for part in parts if part)


def _table(title: str, columns: str, rows: Iterable[Sequence[str]], note: str = "") -> str:
    """Write a table; the names of its columns of text end in ":"."""
    names = columns.split(" | ")
    lines = [
        f"### {title}",
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


def _without_looking(dialogues: Sequence[DialogueFigures]) -> str:
    blind = {(d.task, d.subtask): d.blind_percent for d in subtask_figures(dialogues, "test")}
    rows = (
        (
            f"{d.task}/{d.subtask}",
            _number(d.rows),
            _percent(d.answers.majority_percent),
            _number(d.answers.entropy_bits),
            _percent(blind.get((d.task, d.subtask))),
            _percent(d.facts_in_prompt_percent),
            _percent(d.balance_percent),
            _percent(d.negatives_percent),
        )
        for d in subtask_figures(dialogues, None)
    )
    columns = (
        "subtask: | rows | majority answer | bits | blind on test | facts in prompt | "
        "yes / first | negatives"
    )
    note = (
        "*Majority answer*: how often the most frequent answer is right. *Blind on test*: right "
        "answers of someone who knows the train split's answers to each kind of question and never "
        "looks. *Facts in prompt*: what the question's own boxes and words already imply. *Yes / "
        "first*: answers that are yes, or the option named first."
    )
    return _table("How far one gets without looking", columns, rows, note)


def _lengths(dialogues: Sequence[DialogueFigures]) -> str:
    rows = []
    for d in subtask_figures(dialogues, None):
        of = d.lengths
        cells = [
            f"{_number(length.p50)} / {_number(length.p99)} / {_number(length.max)}"
            for length in (of.question_chars, of.question_words, of.answer_chars, of.answer_words)
        ]
        rows.append((f"{d.task}/{d.subtask}", *cells))
    columns = "subtask: | question, characters | words | answer, characters | words"
    return _table("Lengths (median / 99 % / longest)", columns, rows)


def _crowding(crowding: Sequence[CrowdingFigures]) -> str:
    rows = (
        (
            f"{c.split}, {c.task or 'all tasks'}",
            _number(c.pictures),
            _number(c.rows_per_picture),
            _number(c.max),
            _percent(c.max_share_percent),
            _percent(c.top_1_percent_share),
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
            _percent(f.below_half_percent),
        )
        for name, f in whole.box_text_iou.items()
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


def subtask_figures(
    dialogues: Iterable[DialogueFigures], split: str | None
) -> Iterator[SubtaskFigures]:
    """Give the figures of each subtask in one split (None: all together), over all sources."""
    for figures in dialogues:
        if isinstance(figures, SubtaskFigures) and figures.split == split and not figures.source:
            yield figures


def _number(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} %"
