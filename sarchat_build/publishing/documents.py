"""The documents of a finished dataset, written anew and compared: record, figures, card.

Beside the independent validation this is the other half of a proof: what a build would write from
the same record and the same figures is known to the last byte, and so is every difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple, TypeVar

from sarchat_build.config.manifest import Manifest
from sarchat_build.config.resources import resource_folder
from sarchat_build.config.toml import Model, load_toml
from sarchat_build.dataset.output import json_text
from sarchat_build.dataset.record import (
    BuildRecord,
    SourceFacts,
    manifest_digest,
    parse_document,
    versions,
)
from sarchat_build.errors import InputError
from sarchat_build.phrasing.constant_text import constant_text
from sarchat_build.phrasing.engine import Phrasing, load_templates
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import BUILD_FILE, CARD_FILE, EXAMPLES_FILE, QUALITY_FILE
from sarchat_build.published.reader import UNREADABLE
from sarchat_build.publishing.presentation import presentation
from sarchat_build.publishing.shard_reading import add_up_packed, count_proofs
from sarchat_build.reasons import Reason
from sarchat_build.report.quality import DEFINITIONS, QualityFigures, quality_report
from sarchat_build.validation import Finding, ShardReport

ModelT = TypeVar("ModelT", bound=Model)


class Documents(NamedTuple):
    """The documents as they could be read, and whatever is not as a build writes it."""

    record: BuildRecord | None
    figures: QualityFigures | None
    findings: tuple[Finding, ...]


def check_documents(location: str) -> Documents:
    """Read the documents of a dataset, and hold them against what a build would write.

    Nothing is raised for a bad dataset. A document of another version of this program is not
    compared: that it may be written otherwise is said once, as a warning.
    """
    folder, findings = DatasetFolder(location), list[Finding]()
    record = _read(folder, BUILD_FILE, BuildRecord, "build_json", findings)
    if record is None:
        return Documents(None, None, tuple(findings))
    ours, theirs = (
        of["sarchat_build"] for of in (versions(), {"sarchat_build": ""} | record.versions)
    )
    if ours != theirs:
        known = f"sarchat_build {ours}, whose documents are known here"
        findings.append(_finding("warning", "other_version", BUILD_FILE, "", known, theirs))
        return Documents(record, None, tuple(findings[-1:]))
    findings += _source_faults(record)
    figures = _read(folder, QUALITY_FILE, QualityFigures, "quality_form", findings)
    if figures is not None:
        differing = _difference(DEFINITIONS, figures.definitions, "definitions")
        if differing:
            findings.append(_finding("error", "quality_figure", QUALITY_FILE, *differing))
    return Documents(record, figures, tuple(findings))


def check_presentation(
    location: str, documents: Documents, *, drawn: bool = True
) -> tuple[Finding, ...]:
    """Write card, licenses, Croissant and the page of figures anew, and compare every byte.

    Pictures are drawn anew where this installation has the Pillow of the build. Where a shard
    cannot be read nothing is compared: other checks name it.

    Args:
        location: the dataset.
        documents: what was read of it.
        drawn: whether pictures are compared, too.
    """
    record, figures = documents.record, documents.figures
    if record is None or figures is None:
        return ()
    alike = record.versions.get("pillow") == versions()["pillow"]
    try:
        made = dict(presentation(location, record, figures, drawn=drawn and alike))
    except (*UNREADABLE, InputError, LookupError, TypeError, ValueError):
        return ()
    findings, folder = list[Finding](), DatasetFolder(location)
    for path, data in made.items():
        try:
            found = folder.read(path)
        except OSError:
            continue  # which the independent checks name
        if found != data:
            findings.append(_written_otherwise(path, data, found))
    if drawn and alike and EXAMPLES_FILE in record.files and EXAMPLES_FILE not in made:
        expected, found_file = "none, as no license allows to show a picture", "a file"
        findings.append(_finding("error", "figure", EXAMPLES_FILE, "", expected, found_file))
    return tuple(findings)


def _written_otherwise(path: str, expected: bytes, found: bytes) -> Finding:
    if path.endswith((".png", ".jpg")):
        told = f"the picture as it is drawn, {len(expected):,} bytes"
        return _finding("error", "figure", path, "", told, f"another one, {len(found):,} bytes")
    check = "card" if path == CARD_FILE else "document"
    number, one, other = _first_line(expected.decode(), found.decode("utf-8", "replace"))
    return _finding("error", check, path, f"line {number}", one, other)


def check_figures(
    documents: Documents,
    tallies: Iterable[bytes],
    proofs: Sequence[ShardReport],
    whole: Iterable[Finding],
) -> tuple[Finding, ...]:
    """Compute every figure anew from the sums of all shards, and name the first that differs.

    Args:
        documents: what was read.
        tallies: the packed sums of every shard.
        proofs: the reports of all shards, none with an error.
        whole: what was found in the dataset as a whole.
    """
    record, stated = documents.record, documents.figures
    if record is None or stated is None:
        return ()
    proven = count_proofs(proofs, whole, record.recipe.duplicates)
    is_proven = any(proof.faults is not None for proof in stated.proofs if proof.unit == "scenes")
    figures = quality_report(
        tallies=add_up_packed(tallies),
        recipe=record.recipe,
        template_ids=record.templates.uses,
        proven=proven if is_proven else None,
    )
    differing = _difference(figures.model_dump(mode="json"), stated.model_dump(mode="json"))
    if differing is None:
        return ()
    path, expected, found = differing
    return (_finding("error", "quality_figure", QUALITY_FILE, path, expected, found),)


def known_text(
    build: Mapping[str, Any],
) -> tuple[dict[str, tuple[str, ...]], tuple[Finding, ...]]:
    """Give the constant text of a build's phrasings, if they are those of this installation.

    Of others only the ids are known: a warning says so.
    """
    templates = load_templates(resource_folder("templates"))
    stated = build.get("templates")
    found = str(stated.get("sha256")) if isinstance(stated, Mapping) else "none"
    known = Phrasing(templates).digest
    if found == known:
        return constant_text(templates), ()
    expected = f"{known}, the phrasings that are known here; what others say is not compared"
    return {}, (
        _finding("warning", "other_phrasings", BUILD_FILE, "templates.sha256", expected, found),
    )


def _read(
    folder: DatasetFolder, path: str, model: type[ModelT], check: str, findings: list[Finding]
) -> ModelT | None:
    """Read a document, and record what is not as a build writes it."""
    try:
        data = folder.read(path)
        document = parse_document(data, path, model)
    except OSError:
        return None  # which the independent checks name
    except InputError as error:
        for line in str(error).splitlines():
            _, _, fault = line.partition(" › ")
            key, _, what = fault.partition(": ")
            expected = "a document as a build writes it"
            findings.append(
                _finding(
                    "error",
                    check,
                    path,
                    key,
                    expected,
                    what.removeprefix("Value error, ") or line.removeprefix(f"{path}: "),
                )
            )
        return None
    plain = document.model_dump(mode="json")
    if data == json_text(plain).encode():
        return document
    differing = _difference(plain, folder.json(path))
    if differing is not None:
        key, expected, found = differing
        findings.append(_finding("error", check, path, key, expected, found))
    else:
        number, expected, found = _first_line(json_text(plain), data.decode("utf-8", "replace"))
        key = f"line {number}"
        findings.append(_finding("error", "json_form", path, key, expected, found))
    return document


def _source_faults(record: BuildRecord) -> Iterator[Finding]:
    """Compare what the record repeats of each manifest with the manifest's digest.

    Of the manifest it leaves out the names of archives alone: those of the built-in one are taken,
    and a manifest of somebody's own cannot be compared.
    """
    reasons = {str(reason) for reason in Reason}
    for source_id, source in record.sources.items():
        key = f"sources.{source_id}"
        for reason in sorted(set(source.fixes) - reasons):
            expected = "a reason of docs/reasons.md"
            yield _finding("error", "build_json", BUILD_FILE, f"{key}.fixes", expected, reason)
        path = resource_folder("source_manifests") / f"{source_id}.toml"
        if not path.is_file():
            continue
        known = load_toml(path, Manifest)
        facts = {name: getattr(source, name) for name in SourceFacts.model_fields}
        stated = known.model_copy(update=facts)
        if source.manifest_sha256 == manifest_digest(stated):
            yield from _other_license(known, source.license, f"{key}.license")
        elif source.manifest_sha256 == manifest_digest(known):
            # The record names the manifest that is known here, and says something else.
            ours, theirs = (of.model_dump(mode="json") for of in (known, stated))
            differing = _difference(ours, theirs, key)
            if differing is not None:
                yield _finding("error", "source_facts", BUILD_FILE, *differing)
        else:
            expected = f"{manifest_digest(stated)}, of what is said here of {source_id}"
            found = f"{source.manifest_sha256}, of another manifest"
            key = f"{key}.manifest_sha256"
            yield _finding("warning", "other_manifest", BUILD_FILE, key, expected, found)


def _other_license(known: Manifest, found: str, key: str) -> Iterator[Finding]:
    if found != known.license:
        expected = f"{known.license!r}, as the manifest that is known here says"
        yield _finding("warning", "other_license", BUILD_FILE, key, expected, repr(found))


def _first_line(expected: str, found: str) -> tuple[int, str, str]:
    """Give number and text of the first line in which two texts differ."""
    lines = zip_longest(expected.split("\n"), found.split("\n"), fillvalue="no more lines")
    for number, (one, other) in enumerate(lines, 1):
        if one != other:
            return number, repr(one), repr(other)
    return 0, "the same bytes", "other bytes of the same text"


def _difference(expected: Any, found: Any, path: str = "") -> tuple[str, str, str] | None:
    """Give key path and both values of the first difference of two JSON documents.

    >>> _difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]})
    ('a.1.b', '2', '3')
    """
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key in (*expected, *(key for key in found if key not in expected)):
            below = f"{path}.{key}".lstrip(".")
            if key not in found:
                return below, _short(expected[key]), "no such key"
            if key not in expected:
                return below, "no such key", _short(found[key])
            differing = _difference(expected[key], found[key], below)
            if differing:
                return differing
        return None
    if isinstance(expected, list) and isinstance(found, list):
        for number, (one, other) in enumerate(zip(expected, found, strict=False)):
            differing = _difference(one, other, f"{path}.{number}".lstrip("."))
            if differing:
                return differing
        lengths = len(expected), len(found)
        return None if len(set(lengths)) == 1 else (path, *(f"{n} entries" for n in lengths))  # type: ignore[return-value]
    same = expected == found and isinstance(expected, bool) == isinstance(found, bool)
    return None if same else (path, _short(expected), _short(found))


def _short(value: object) -> str:
    text = json_text(value).strip()
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:120]}…"


def _finding(severity: Any, check: str, file: str, key: str, expected: str, found: str) -> Finding:
    return Finding(severity, check, file, None, key, expected, found)
