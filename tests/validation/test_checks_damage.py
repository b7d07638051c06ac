"""Damage to a finished dataset behind right digests: each kind is named, by its cause first."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from checks_world import World, assert_named, validate
from damage import Damage, Target
from damage_kinds import kinds
from damage_rows import one_of_a_scene
from miniatures import build

from sarchat_build import validation as checks
from sarchat_build.published.layout import INDEX_FILE, SAMPLE_FILE, shard_name
from sarchat_build.publishing.documents import (
    check_documents,
    check_figures,
    check_presentation,
    known_text,
)
from sarchat_build.publishing.sample_faults import check_sample
from sarchat_build.report.reading import shard_statistics
from sarchat_build.synthetic import synthesize

quality = pytest.mark.quality
# 16 bits, chips, corners, outlines, and a duplicate; one picture is refused.
SOURCES = {"ssdd": 12, "hrsid": 4, "sived": 4, "sar_aircraft": 10, "air_sarship_2": 2}
KINDS = dict(kinds())


class Finished(NamedTuple):
    """A finished dataset, its record and constant text, reports of its shards, sums of its rows."""

    folder: Path
    record: dict[str, Any]
    known: tuple[Any, ...]
    reports: dict[tuple[str, int, int], checks.ShardReport]
    tallies: list[bytes]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("damage")
    for source, images in SOURCES.items():
        synthesize(source, folder / "raw", images)
    with zipfile.ZipFile(next((folder / "raw" / "hrsid").glob("*.zip")), "a") as archive:
        archive.writestr("HRSID_JPG/JPEGImages/P0999_0_800_0_800.jpg", b"no picture")
    build(folder / "raw", folder / "dataset")
    return read(folder / "dataset")


def read(folder: Path) -> Finished:
    """Check and count every shard once."""
    out, record = str(folder), checks.read_build(str(folder))[0]
    known = known_text(record)
    reports, tallies = {}, []
    for plan in checks.plan_shards(record):
        reports[plan] = checks.check_shard(out, *plan, record, known[0])
        name, recipe = shard_name(*plan), record["recipe"]
        found = shard_statistics(
            out, name, tasks=recipe["tasks"]["enabled"], candidates=recipe["candidates"]
        )
        tallies.append(found.pack())
    return Finished(folder, record, known, reports, tallies)


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
    documents = check_documents(out)
    before = finished.record if finished else {}
    unchanged = finished and before["templates"] == build.get("templates")
    constant_text, other = finished.known if finished and unchanged else known_text(build)
    findings = [*found, *checks.check_files(out, build), *documents.findings, *other]
    reports = []
    for plan in checks.plan_shards(build):
        name = f"/{plan[0]}-{plan[1]:05d}-"
        changed = any(
            before.get(part) != build.get(part) for part in ("recipe", "sources", "versions")
        )
        changed = changed or before["files"].get(INDEX_FILE) != build["files"].get(INDEX_FILE)
        changed = changed or any(
            before["files"].get(path) != entry
            for path, entry in build["files"].items()
            if name in path
        )
        old = finished.reports.get(plan) if finished and not changed else None
        reports.append(old or checks.check_shard(out, *plan, build, constant_text))
    findings += [finding for report in reports for finding in report.findings]
    whole = checks.check_whole(out, build, reports)
    findings += whole
    if not finished or reports == list(finished.reports.values()):
        findings += check_presentation(out, documents, drawn=drawn)
    if finished and reports == list(finished.reports.values()):
        findings += check_figures(documents, finished.tallies, reports, whole)
    page = build["files"].get(SAMPLE_FILE)
    if before.get("files", {}).get(SAMPLE_FILE) != page and not any(r.errors for r in reports):
        findings += check_sample(out, documents, whole)
    return findings


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
