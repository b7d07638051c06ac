"""Damage to a finished dataset behind right digests: each kind is named, by its cause first."""

from __future__ import annotations

import dataclasses
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from operator import is_
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from checks_world import World, assert_named, validate
from damage import Damage, Target
from damage_kinds import kinds
from damage_rows import one_of_a_scene
from miniatures import build
from remembered import Notes, noted, still_holds

from sarchat_build import validation as checks
from sarchat_build.published.layout import INDEX_FILE, QUALITY_FILE, SAMPLE_FILE, shard_name
from sarchat_build.publishing import documents
from sarchat_build.publishing.documents import (
    check_documents,
    check_figures,
    check_presentation,
    known_text,
)
from sarchat_build.publishing.sample_faults import check_sample
from sarchat_build.report.reading import shard_statistics
from sarchat_build.synthetic import synthesize
from sarchat_build.validation.dataset import check_dataset, shard
from sarchat_build.validation.dataset.documents.picture_index import check_index_rows
from sarchat_build.validation.findings import FindingLog

quality = pytest.mark.quality
# 16 bits, chips, corners, outlines, and a duplicate; one picture is refused.
SOURCES = {"ssdd": 12, "hrsid": 4, "sived": 4, "sar_aircraft": 10, "air_sarship_2": 2}
KINDS = dict(kinds())


class ReadShard(NamedTuple):
    """A shard of the undamaged dataset: what was found, and what was read of build.json."""

    report: checks.ShardReport
    notes: Notes
    pictures: Any
    rows: Any


class Finished(NamedTuple):
    """A finished dataset and all that was read of it before it is damaged."""

    folder: Path
    record: dict[str, Any]
    known: tuple[Any, ...]
    shards: dict[tuple[str, int, int], ReadShard]
    tallies: list[bytes]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    folder = tmp_path_factory.mktemp("damage")
    for source, images in SOURCES.items():
        synthesize(source, folder / "raw", images)
    with zipfile.ZipFile(next((folder / "raw" / "hrsid").glob("*.zip")), "a") as archive:
        archive.writestr("HRSID_JPG/JPEGImages/P0999_0_800_0_800.jpg", b"no picture")
    build(folder / "raw", folder / "dataset")
    with pytest.MonkeyPatch.context() as patch:
        # These depend on nothing but their arguments.
        for module, name in ((documents, "quality_report"), (documents, "_read"),
                             (check_dataset, "check_quality"),
                             (check_dataset, "check_index")):  # fmt: skip
            patch.setattr(module, name, ONCE[name](getattr(module, name)))
        yield read(folder / "dataset")


def quality_report_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compute the figures of the same sums, recipe, phrasings and proofs once."""
    made: dict[Any, Any] = {}

    def once(*, tallies: Any, recipe: Any, template_ids: Any, proven: Any) -> Any:
        key = tallies.pack(), recipe.model_dump_json(), tuple(template_ids), proven
        if key not in made:
            made[key] = function(
                tallies=tallies, recipe=recipe, template_ids=template_ids, proven=proven
            )
        return made[key]

    return once


def read_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Read a document of the same bytes once."""
    done: dict[Any, Any] = {}

    def once(folder: Any, path: str, model: Any, check: str, findings: list[Any]) -> Any:
        try:
            key = path, folder.read(path)
        except OSError:
            return function(folder, path, model, check, findings)
        if key not in done:
            own: list[Any] = []
            done[key] = function(folder, path, model, check, own), own
        document, own = done[key]
        findings += own
        return document

    return once


def file_once(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Compare a file with the same reports, and a record that says the same, once."""
    done: list[tuple[bytes, list[checks.ShardReport], Notes, Any]] = []

    def once(out: str, build: dict[str, Any], reports: list[checks.ShardReport]) -> Any:
        path = Path(out, name)
        data = path.read_bytes() if path.is_file() else b""
        for known, of, notes, found in done:
            same = known == data and len(of) == len(reports) and all(map(is_, of, reports))
            if same and still_holds(notes, build):
                return found
        notes = {}
        found = function(out, noted(build, notes), reports)
        done.append((data, [*reports], notes, found))
        return found

    return once


ONCE = {
    "quality_report": quality_report_once,
    "_read": read_once,
    "check_quality": lambda function: file_once(function, QUALITY_FILE),
    "check_index": lambda function: file_once(function, INDEX_FILE),
}


def read(folder: Path) -> Finished:
    """Check and count every shard once."""
    out, record = str(folder), checks.read_build(str(folder))[0]
    known = known_text(record)
    shards, tallies = {}, []
    for plan in checks.plan_shards(record):
        notes: Notes = {}
        seen: list[Any] = []
        with pytest.MonkeyPatch.context() as patch:

            def compare(*given: Any, seen: list[Any] = seen) -> None:
                seen.extend(given[2:4])
                check_index_rows(*given)

            patch.setattr(shard, "check_index_rows", compare)
            report = checks.check_shard(out, *plan, noted(record, notes), known[0])
        shards[plan] = ReadShard(report, notes, *(seen or (None, None)))
        name, recipe = shard_name(*plan), record["recipe"]
        found = shard_statistics(
            out, name, tasks=recipe["tasks"]["enabled"], candidates=recipe["candidates"]
        )
        tallies.append(found.pack())
    return Finished(folder, record, known, shards, tallies)


def report_of(
    folder: Path, plan: tuple[str, int, int], build: dict[str, Any], text: Any, finished: Finished
) -> checks.ShardReport:
    """Check a shard, or only its rows of the index if nothing else of it is changed."""
    old, name = finished.shards.get(plan), f"/{plan[0]}-{plan[1]:05d}-"
    files = finished.record["files"]
    changed = old is None or text is not finished.known[0]
    changed = changed or any(
        files.get(path) != entry for path, entry in build["files"].items() if name in path
    )
    if old is None or changed or old.report.errors or not still_holds(old.notes, build):
        return checks.check_shard(str(folder), *plan, build, text)
    if files.get(INDEX_FILE) == build["files"].get(INDEX_FILE):
        return old.report
    log = FindingLog()
    check_index_rows(str(folder), plan, old.pictures, old.rows, log)
    return dataclasses.replace(
        old.report,
        findings=log.findings,
        errors=log.totals["error"],
        warnings=log.totals["warning"],
    )


def findings_of(
    folder: Path, finished: Finished | None = None, *, drawn: bool = False
) -> list[checks.Finding]:
    """Do what `sarchat validate` does, but read shards and phrasings that are unchanged only once.

    Figures are counted of a dataset whose rows are those of `finished`.
    """
    out = str(folder)
    build, found = checks.read_build(out)
    if not build:
        return [*found]
    read_documents = check_documents(out)
    unchanged = finished and finished.record["templates"] == build.get("templates")
    constant_text, other = finished.known if finished and unchanged else known_text(build)
    findings = [*found, *checks.check_files(out, build), *read_documents.findings, *other]
    reports = [
        report_of(folder, plan, build, constant_text, finished)
        if finished
        else checks.check_shard(out, *plan, build, constant_text)
        for plan in checks.plan_shards(build)
    ]
    findings += [finding for report in reports for finding in report.findings]
    whole = checks.check_whole(out, build, reports)
    findings += whole
    same = finished and reports == [one.report for one in finished.shards.values()]
    if not finished or same:
        findings += check_presentation(out, read_documents, drawn=drawn)
    if finished and same:
        findings += check_figures(read_documents, finished.tallies, reports, whole)
    before = finished.record if finished else {}
    page = build["files"].get(SAMPLE_FILE)
    if before.get("files", {}).get(SAMPLE_FILE) != page and not any(r.errors for r in reports):
        findings += check_sample(out, read_documents, whole)
    return findings


@pytest.mark.parametrize("kind", ["index: a width", "record: conflicts"])
def test_what_is_not_read_again_says_the_same(
    finished: Finished, tmp_path: Path, kind: str
) -> None:
    """The short way of these tests and the whole one, which reads every shard anew."""
    target = Target(Path(shutil.copytree(finished.folder, tmp_path / "dataset")))
    KINDS[kind].do(target)
    target.seal()
    out, build = str(target.folder), target.build
    text = finished.known[0]
    for plan in checks.plan_shards(build):
        whole = checks.check_shard(out, *plan, build, text)
        assert report_of(target.folder, plan, build, text, finished) == whole


def test_the_dataset_itself_is_sound(finished: Finished) -> None:
    assert [f.message for f in findings_of(finished.folder, finished, drawn=True)] == []


@quality(row=87)
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_named(finished: Finished, tmp_path: Path, kind: str) -> None:
    damage: Damage = KINDS[kind]
    target = Target(Path(shutil.copytree(finished.folder, tmp_path / "dataset")))
    damage.do(target)
    target.seal()
    found = findings_of(target.folder, finished, drawn="figure" in damage.checks)
    severity = "warning" if damage.warning else "error"
    lines = checks.lines_of(found)
    named = [
        line
        for line in lines
        if line.severity == severity and any(f": {check}: " in line.text for check in damage.checks)
    ]
    assert named, lines[:10]
    assert not damage.first or lines[0] in named, lines[:3]


@quality(row=63)
@pytest.mark.parametrize("path", ["../victim.txt", "/etc/passwd", "a/../../b", "C:/x", "a\\b"])
def test_a_path_that_leads_out_is_named_and_never_opened(
    finished: Finished, tmp_path: Path, path: str
) -> None:
    target = Target(Path(shutil.copytree(finished.folder, tmp_path / "dataset")))
    victim = tmp_path / "victim.txt"
    os.mkfifo(victim)  # whoever opens it waits for ever
    target.build["files"][path] = {"bytes": 1, "sha256": "0" * 64, "rows": None}
    target.seal()
    found = checks.check_files(str(target.folder), target.build)
    assert [f.check for f in found] == ["path_escape"]
    assert path in checks.lines_of(found)[0].text or repr(path) in checks.lines_of(found)[0].text


@quality(row=78)
def test_a_box_whose_text_has_no_area_is_named(world: World, tmp_path: Path) -> None:
    objects = world.image("alpha/b")["objects"]
    objects["bbox"][0], objects["area"][0] = [10.1, 10.0, 10.4, 40.0], 0.3 * 30.0
    world.write(tmp_path)
    assert_named(validate(tmp_path), "box", "alpha/b")


@quality(row=87)
def test_one_flipped_byte_is_one_cause(finished: Finished, tmp_path: Path) -> None:
    target = Target(Path(shutil.copytree(finished.folder, tmp_path / "dataset")))
    path = target.paths("images")[0]
    data = bytearray((target.folder / path).read_bytes())
    data[len(data) // 3] ^= 1
    (target.folder / path).write_bytes(data)
    found = findings_of(target.folder)
    first, second, *rest = checks.lines_of(found)
    assert first.text.startswith(f"{path}: file_sha256")
    assert second.text.startswith(f"{path}: unreadable")
    assert len(found) > 50
    assert len(rest) < 6
    assert all("from these" in line.text for line in rest)


@quality(row=87)
def test_the_chip_that_differs_from_its_siblings_is_named(
    finished: Finished, tmp_path: Path
) -> None:
    target = Target(Path(shutil.copytree(finished.folder, tmp_path / "dataset")))
    chip = one_of_a_scene(target)
    target.seal()
    first, *rest = checks.lines_of(findings_of(target.folder, finished))
    assert f"{chip!r}: file_sha256_per_scene" in first.text
    assert all("README.md: " in line.text and "from these" in line.text for line in rest)


@quality(row=87)
def test_what_may_be_more_is_told_as_a_lower_bound() -> None:
    one = checks.Finding("error", "box", "images/test-00000-of-00001.parquet", 0, "a", "1", "2")
    few, many = (checks.lines_of([one] * number)[-1].text for number in (99, 100))
    assert few.endswith("box: 96 more like these")
    assert many.endswith("box: at least 97 more like these")
