"""Checks of the card (`README.md`): its header and tables repeat what build.json says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import table_folder
from sarchat_build.validation.findings import FindingLog, Plain
from sarchat_build.validation.rules import mapping_at, rules_of
from sarchat_build.validation.vocabulary import SPLITS

CARD_FILE = "README.md"
_CONFIG = re.compile(r"^- config_name: (.+)$", re.MULTILINE)
_SPLIT_ROWS = re.compile(r"- name: (\w+)\n\s+num_bytes: \d+\n\s+num_examples: (\d+)$", re.MULTILINE)
_SIZE = re.compile(r"^\s+download_size: (\d+)$", re.MULTILINE)
# Of links those to files that lie beside the card.
_LINK = re.compile(r"\]\(([^)#:\s]+)\)")
_NUMBER = re.compile(r"[0-9][0-9,]*")
# A table's first cell, and the numbers of the other cells in their order.
_Rows = Mapping[str, Sequence[str]]


_LONGEST_PLAIN = 100
# What the card begins with where a program drew pictures: before anything else is read.
_SYNTHETIC_TITLE, _SYNTHETIC_NOTE, _HEAD_LINES = " (synthetic pictures)", " are synthetic:**", 3
_DOI = re.compile(r"10\.\d{4,9}/[\w.;()/:-]+", re.ASCII)


def check_card(folder: DatasetFolder, build: Mapping[str, Any], log: FindingLog) -> None:
    """Compare the card with build.json: what a reader sees must be what a program reads."""
    try:
        text = folder.read(CARD_FILE).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if CARD_FILE in mapping_at(build, "files"):
            found = Plain(f"{type(error).__name__}: {error}")
            log.add("unreadable", CARD_FILE, Plain("a text"), found)
        return
    rest = text.removeprefix("---\n")
    header, separator, body = rest.partition("\n---\n")
    if not text.startswith("---\n") or not separator:
        log.add("card", CARD_FILE, Plain("a header between two lines of ---"), text[:40])
        return
    for fault in (*_header_faults(header, build), *_body_faults(body, build)):
        log.add("card", CARD_FILE, fault[1], fault[2], key=fault[0])


def _header_faults(header: str, build: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    configs, _, infos = header.partition("\ndataset_info:\n")
    title = mapping_at(build, "recipe").get("title")
    if _synthetic(build):
        title = f"{title}{_SYNTHETIC_TITLE}"
    first = " ".join(header.partition("\nlicense:")[0].split())
    if first not in (f"pretty_name: {title}", f"pretty_name: '{title}'", f'pretty_name: "{title}"'):
        yield "pretty_name", title, first
    tables = ("images", *rules_of(build).tasks)
    files = mapping_at(build, "files")
    filled = [
        name
        for name in ("rejects", "duplicates")
        if any(mapping_at(files, p).get("rows") for p in files if p.startswith(f"{name}/"))
    ]
    for part, wanted in ((configs, [*tables, *filled]), (infos, list(tables))):
        if _CONFIG.findall(part) != wanted:
            yield "configs", wanted, _CONFIG.findall(part)
    sections = dict(zip(_CONFIG.findall(infos), _CONFIG.split(infos)[2::2], strict=True))
    for table in tables:
        expected, size = _split_rows(table, build)
        found = _SPLIT_ROWS.findall(sections.get(table, ""))
        if found != expected:
            yield f"dataset_info {table}", expected, found
        stated = _SIZE.findall(sections.get(table, ""))
        if stated != [size]:
            yield f"dataset_info {table} download_size", [size], stated
        for split, _ in expected:
            path = f"    path: {table_folder(table)}/{split}-*.parquet\n"
            if f"  - split: {split}\n{path}" not in f"{configs}\n":
                yield f"configs {table} {split}", path.strip(), Plain("no such line")


def _split_rows(table: str, build: Mapping[str, Any]) -> tuple[list[tuple[str, str]], str]:
    """Give (split, rows) of a table in the order of splits, and its bytes, as text."""
    files, counts = mapping_at(build, "files"), mapping_at(build, "counts")
    found, size = [], 0
    for split in SPLITS:
        if split in counts:
            prefix = f"{table_folder(table)}/{split}-"
            entries = [mapping_at(files, path) for path in files if path.startswith(prefix)]
            found.append((split, str(_sum(entry.get("rows") for entry in entries))))
            size += _sum(entry.get("bytes") for entry in entries)
    return found, str(size)


def _sum(values: Iterator[object]) -> int:
    return sum(value for value in values if isinstance(value, int))


def _body_faults(body: str, build: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    yield from _origin_faults(body, build)
    rows = dict(_table_rows(body))
    counts, sources = mapping_at(build, "counts"), mapping_at(build, "sources")
    splits = [split for split in SPLITS if split in counts]
    units = (("*pictures*", "images"), *((task, task) for task in rules_of(build).tasks))
    for label, unit in units:
        expected = [_written(mapping_at(counts, split).get(unit)) for split in splits]
        found = rows.get(label, [])[: len(expected)]
        if found != expected:
            yield f"dialogues {label}", expected, found
    plain = _unescaped(body)
    for source in sources:
        entry = mapping_at(sources, source)
        title, license_name = _squeezed(entry.get("title")), _squeezed(entry.get("license"))
        expected = _source_numbers(entry)
        drawn = " (synthetic)" if source in _synthetic(build) else ""
        start = f"| `{source}` | {title}{drawn} | {license_name} |"
        lines = [line for line in plain.splitlines() if line.startswith(start)]
        cells = [[cell.strip() for cell in line.removeprefix(start).split("|")] for line in lines]
        if not _is_plain(title) or not _is_plain(license_name):
            # The card displays names of others escaped and shortened: their numbers must be there.
            if expected not in [row[2 : 2 + len(expected)] for row in _cells_after(body)]:
                yield f"sources {source}", expected, Plain("no row with these numbers")
            continue
        if expected not in [found[: len(expected)] for found in cells]:
            row = [license_name, *expected]
            yield f"sources {source}", row, lines[0] if lines else Plain("no such row")
        citation, homepage = _squeezed(entry.get("citation")), _squeezed(entry.get("homepage"))
        if _DOI.fullmatch(citation):
            citation = f"[{citation}](https://doi.org/{citation})"
        cited = f"* `{source}`: {title}, {license_name}. {citation}, {homepage}"
        if cited not in plain.splitlines():
            yield f"citations {source}", cited, Plain("no such line")
    yield from _comparison_faults(plain, build)
    files = mapping_at(build, "files")
    for link in dict.fromkeys(_LINK.findall(body)):
        if link not in files:
            yield "link", Plain("a file of build.json"), link


def _synthetic(build: Mapping[str, Any]) -> list[str]:
    """Give the sources of which an archive says that its pictures are synthetic."""
    sources, found = mapping_at(build, "sources"), []
    for source in sources:
        archives = mapping_at(sources, source).get("archives")
        entries = archives if isinstance(archives, list) else []
        if any(isinstance(entry, Mapping) and entry.get("synthetic") is True for entry in entries):
            found.append(source)
    return sorted(found)


def _origin_faults(body: str, build: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    """Compare who made the pictures with what the beginning of the card says of it."""
    synthetic, sources = _synthetic(build), mapping_at(build, "sources")
    head = body.lstrip().splitlines()[:_HEAD_LINES]
    said = [line for line in head if _SYNTHETIC_NOTE in line]
    some = f"The pictures of {', '.join(synthetic)}"
    pictures = "All pictures" if len(synthetic) == len(sources) else some
    beginning = f"> **{pictures}{_SYNTHETIC_NOTE}"
    is_titled = bool(head) and head[0].endswith(_SYNTHETIC_TITLE)
    if (bool(synthetic) != bool(said)) or (said and not said[0].startswith(beginning)):
        expected = beginning if synthetic else "nothing of synthetic pictures"
        yield "synthetic pictures", Plain(expected), said[0] if said else Plain("no such line")
    elif is_titled != bool(synthetic):
        yield "title", Plain(f"synthetic pictures: {', '.join(synthetic) or 'none'}"), head[0]


def _is_plain(name: str) -> bool:
    return len(name) <= _LONGEST_PLAIN and not any(
        unicodedata.category(char).startswith(("C", "Zl", "Zp")) for char in name
    )


def _cells_after(body: str) -> Iterator[list[str]]:
    """Give the cells of every row of a table behind its first."""
    for line in body.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.split("|")][2:]


def _source_numbers(entry: Mapping[str, Any]) -> list[str]:
    counts = mapping_at(entry, "counts")
    stages = ("read", "rejected", "deduplicated", "kept", "written")
    numbers = [mapping_at(counts, stage).get("images") for stage in stages]
    return [_written(n) for n in (*numbers, mapping_at(counts, "written").get("objects"))]


def _comparison_faults(body: str, build: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    lines = body.splitlines()
    comparison = build.get("comparison")
    for row in comparison if isinstance(comparison, list) else ():
        if isinstance(row, Mapping):
            here, published = mapping_at(row, "here"), mapping_at(row, "published")
            pairs = ((one.get(unit) for one in (here, published)) for unit in ("images", "objects"))
            numbers = [_written(n) for pair in pairs for n in pair]
            start = f"| {' | '.join((str(row.get('source')), str(row.get('split')), *numbers))} |"
            # The card may leave out the table where a build is far from the published size.
            named = f"| {row.get('source')} | {row.get('split')} |"
            there = [line for line in lines if line.startswith(named)]
            if there and not any(line.startswith(start) for line in there):
                key = f"comparison {row.get('source')} {row.get('split')}"
                yield key, start, there[0]


def _table_rows(body: str) -> Iterator[tuple[str, list[str]]]:
    for line in body.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 3 and line.startswith("| ") and all(map(_is_number, cells[2:-1])):
            yield cells[1], cells[2:-1]


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def _written(number: object) -> str:
    return f"{number:,}" if isinstance(number, int) else str(number)


def _unescaped(text: str) -> str:
    """Give text of a source back, in which the card replaces what could open a tag or a cell."""
    marks = (("&lt;", "<"), ("&gt;", ">"), ("&#124;", "|"), ("&#91;", "["), ("&#96;", "`"))
    for written, mark in (*marks, ("&amp;", "&")):
        text = text.replace(written, mark)
    return text


def _squeezed(text: object) -> str:
    return " ".join(str(text).split())
