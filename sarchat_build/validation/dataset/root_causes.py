"""Findings in the order in which a person needs them: causes first, what follows summed up."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import NamedTuple

from sarchat_build.published.layout import BUILD_FILE, TASKS, images_path, parse_table_path
from sarchat_build.validation.findings import FINDINGS_CAP, Finding, Severity

# What a file or the record is, before a row of it is looked at; the first one explains most.
_CAUSES = (
    *("folder", "schema_version", "path_escape", "file_name", "build_json", "irregular_file"),
    *("missing_file", "missing_shard", "file_sha256", "file_bytes", "unreadable", "schema"),
    *(
        "surplus_shard",
        "shard_count",
        "foreign_file",
        "quality_file",
        "quality_form",
        "choice",
        "image_row",
    ),
)
# After these, nothing can be told of the rows of a file.
_UNUSABLE = ("missing_file", "missing_shard", "irregular_file", "unreadable", "schema")
# Sums and numbers: wrong wherever something else is, and a fault of their own only alone.
_FIGURES = (
    *("shard_checked", "file_rows", "source_counts", "conservation", "counts", "comparison"),
    *("template_uses", "unknown_word", "quality_figure", "card", "json_form"),
    *("index_shards", "index_row", "document", "figure"),
)
_SHOWN_OF_A_KIND = 3
# What several dialogues of one picture say alike against its row, the row is wrong in.
_OF_ITS_ROW = ("image_in_shard", "objects_bbox", "objects_ref", "instance_ids", "dialogue_key")
_MANY_DIALOGUES = 3
# Two dialogues with the same foreign number in their ids are no accident.
_MANY_KEYS = 2
# What is wrong in many pictures alike follows from a choice that build.json states otherwise.
_CHOICES = {
    "split_rule": "recipe.split",
    "recipe_share": "recipe.tasks",
    "held_out": "recipe.phrasing.held_out_percent",
    "template_choice": "recipe.phrasing.held_out_percent or templates.uses",
}
_MANY_IMAGES = 10
_IMAGE_OF_DIALOGUE = re.compile(rf"(.*)/(?:{'|'.join(TASKS)})/", re.DOTALL)
# What is not compared, by the warning that says so.
_NOT_COMPARED = {
    "other_phrasings": "what phrasings say",
    "other_version": "documents of another version",
    "other_manifest": "facts of other manifests",
}


class Line(NamedTuple):
    """One line to print: a finding, or how many follow from those above."""

    severity: Severity
    text: str


def lines_of(findings: Iterable[Finding]) -> tuple[Line, ...]:
    """Put findings in order, a few of each kind, and sum up what only follows from them.

    >>> def finding(check, file):
    ...     return Finding("error", check, file, None, "", "1", "2")
    >>> shard = "images/test-00000-of-00001.parquet"
    >>> found = [finding("counts", "build.json"), finding("file_sha256", shard)]
    >>> [line.text for line in lines_of(found)][0][:47]
    'images/test-00000-of-00001.parquet: file_sha256'
    >>> [line.text for line in lines_of(found)][1]
    'build.json: 1 further finding follows from these: counts'
    """
    findings = list(findings)
    unusable = {_unit(f.file) for f in findings if f.check in _UNUSABLE}
    missing = {_unit(f.file) for f in findings if f.check in ("missing_file", "missing_shard")}
    ordered = sorted([*_common_causes(findings, unusable), *findings], key=_rank)
    no_pictures = any(f.check in _UNUSABLE and f.file.startswith("images/") for f in findings)
    wrong_images = {
        f.key for f in ordered if f.file.startswith("images/") and f.check not in _FIGURES
    }
    lines: list[Line] = []
    shown: Counter[tuple[str, str]] = Counter()
    more: Counter[tuple[Severity, str, str]] = Counter()
    follow: dict[str, Counter[str]] = defaultdict(Counter)
    cut = cut_off(findings)
    least = {(_unit(file), check) for check, file in cut}
    for finding in ordered:
        # A file that is not there cannot be read either.
        gone = finding.check == "unreadable" and _unit(finding.file) in missing
        if gone or _follows(finding, unusable, wrong_images, no_pictures, bool(lines)):
            follow[_unit(finding.file)][finding.check] += 1
        elif shown[finding.check, finding.file] < _SHOWN_OF_A_KIND:
            shown[finding.check, finding.file] += 1
            lines.append(Line(finding.severity, finding.message))
        else:
            more[finding.severity, finding.file, finding.check] += 1
    lines += [
        Line(
            severity,
            f"{file}: {check}: {_at_least((check, file) in cut)}{number:,} more like these",
        )
        for (severity, file, check), number in more.items()
    ]
    lines += [
        Line("error", _sum_up(unit, checks, {check for of, check in least if of == unit}))
        for unit, checks in follow.items()
    ]
    return tuple(lines)


def cut_off(findings: Iterable[Finding]) -> frozenset[tuple[str, str]]:
    """Give check and file of the findings of which there may be more than those that are kept."""
    times = Counter((finding.check, finding.file) for finding in findings)
    return frozenset(kind for kind, number in times.items() if number >= FINDINGS_CAP)


def not_compared(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Say what was left out after warnings, since nothing here knows what to compare it with.

    >>> not_compared([Finding("warning", "other_version", "build.json", None, "", "1", "2")])
    ('documents of another version',)
    """
    checks = {finding.check for finding in findings}
    return tuple(part for check, part in _NOT_COMPARED.items() if check in checks)


def _at_least(is_cut: bool) -> str:
    return "at least " if is_cut else ""


def _common_causes(findings: Sequence[Finding], unusable: set[str]) -> Iterator[Finding]:
    """Yield what several findings have in common: a picture's row, or a choice of the recipe.

    Rows of a file that cannot be used (`unusable` names its shard) are none: the file is.
    """
    by_image: dict[tuple[str, str], dict[str, Finding]] = defaultdict(dict)
    images_of: dict[str, set[str]] = defaultdict(set)
    faulty = {finding.key for finding in findings if finding.file.startswith("images/")}
    for finding in findings:
        file, image = parse_table_path(finding.file), _IMAGE_OF_DIALOGUE.match(finding.key)
        if finding.check == "split_rule":
            images_of[finding.check].add(finding.key)
        if finding.severity != "error" or image is None or file is None or not file.shard:
            continue
        images_of[finding.check].add(image[1])
        if finding.check in _OF_ITS_ROW and image[1] not in faulty:
            by_image[images_path(*file.shard), image[1]].setdefault(finding.key, finding)
    for check, key in _CHOICES.items():
        number = len(images_of[check])
        if number >= _MANY_IMAGES:
            found = f"another in {number} pictures or more ({check})"
            yield Finding("error", "choice", BUILD_FILE, None, key, "what the rows follow", found)
    for (path, image_id), dialogues in by_image.items():
        # What one dialogue says of the fewest objects says it best.
        told = min(
            dialogues.values(),
            key=lambda f: (_OF_ITS_ROW.index(f.check), len(f.expected), f.key),
        )
        many = _MANY_KEYS if told.check == "dialogue_key" else _MANY_DIALOGUES
        if len(dialogues) < many or _unit(path) in unusable:
            continue
        have = f"as {len(dialogues)} dialogues about it have"
        expected, found = f"{told.check} {told.found}, {have}", told.expected
        if told.check == "image_in_shard":
            expected, found = f"a row: {len(dialogues)} dialogues are about it", "none"
        elif told.check == "dialogue_key":
            expected = f"an object with the number {told.found} in instance_id, {have}"
        yield Finding("error", "image_row", path, None, image_id, expected, found)


def _rank(finding: Finding) -> tuple[bool, int, bool]:
    """Errors before warnings, causes before rows before figures, pictures before dialogues."""
    check, is_dialogue = finding.check, finding.file.startswith("dialogues/")
    rank = len(_CAUSES)
    if check in _CAUSES:
        rank = _CAUSES.index(check)
    elif check in _FIGURES:
        rank += 1 + _FIGURES.index(check)
    return finding.severity != "error", rank, is_dialogue


def _follows(
    finding: Finding,
    unusable: set[str],
    wrong_images: set[str],
    no_pictures: bool,
    cause_shown: bool,
) -> bool:
    if finding.check in _CAUSES or not cause_shown or finding.severity != "error":
        return False
    if finding.check in _FIGURES or _unit(finding.file) in unusable:
        return True
    if no_pictures and finding.file.startswith(("rejects/", "duplicates/")):
        return True  # which name pictures that could not be read
    image = _IMAGE_OF_DIALOGUE.match(finding.key) if finding.file.startswith("dialogues/") else None
    return image is not None and image[1] in wrong_images


def _unit(path: str) -> str:
    """Name what a fault reaches: a shard's pictures and dialogues together, else the file."""
    file = parse_table_path(path)
    return f"shard {file.name}" if file and file.shard else path


def _sum_up(unit: str, checks: Counter[str], least: Set[str]) -> str:
    total = checks.total()
    if total == 1:
        return f"{unit}: 1 further finding follows from these: {next(iter(checks))}"
    kinds: Sequence[str] = [
        f"{check} {_at_least(check in least)}{n:,}" for check, n in checks.most_common()
    ]
    some = f"{_at_least(bool(least & checks.keys()))}{total:,}"
    return f"{unit}: {some} further findings follow from these: {', '.join(kinds)}"
