"""Damage to a finished dataset behind right digests: each kind is named, by its cause first."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from damage import Damage, Target, kinds
from miniatures import build

from sarchat_build import validation as checks
from sarchat_build.synthetic import synthesize

quality = pytest.mark.quality
# 16 bits, chips, corners, outlines, and a duplicate; one picture is refused.
SOURCES = {"ssdd": 12, "hrsid": 4, "sived": 4, "sar_aircraft": 6, "air_sarship_2": 2}
KINDS = dict(kinds())


class Finished(NamedTuple):
    """A finished dataset and the reports of its shards."""

    folder: Path
    reports: dict[tuple[str, int, int], checks.ShardReport]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("damage")
    for source, images in SOURCES.items():
        synthesize(source, folder / "raw", images)
    with zipfile.ZipFile(next((folder / "raw" / "hrsid").glob("*.zip")), "a") as archive:
        archive.writestr("HRSID_JPG/JPEGImages/P0999_0_800_0_800.jpg", b"no picture")
    record = build(folder / "raw", folder / "dataset")
    out = str(folder / "dataset")
    reports = {plan: checks.check_shard(out, *plan, record) for plan in checks.plan_shards(record)}
    return Finished(folder / "dataset", reports)


def findings_of(folder: Path, finished: Finished | None = None) -> list[checks.Finding]:
    """Check everything, but shards whose files are those of `finished` only once."""
    out = str(folder)
    build, found = checks.read_build(out)
    findings = [*found, *checks.check_files(out, build)]
    before = checks.read_build(str(finished.folder))[0] if finished else {}
    reports = []
    for plan in checks.plan_shards(build):
        name = f"/{plan[0]}-{plan[1]:05d}-"
        changed = before.get("recipe") != build.get("recipe") or any(
            before[part] != build.get(part) for part in ("sources", "versions")
        )
        changed = changed or any(
            before["files"].get(path) != entry
            for path, entry in build["files"].items()
            if name in path
        )
        old = finished.reports.get(plan) if finished and not changed else None
        reports.append(old or checks.check_shard(out, *plan, build))
    findings += [finding for report in reports for finding in report.findings]
    findings += checks.check_dataset(out, build, reports)
    return [*findings, *checks.check_quality(out, build, reports)]


def test_the_dataset_itself_is_sound(finished: Finished) -> None:
    assert [f.message for f in findings_of(finished.folder, finished)] == []


@quality(row=87)
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_named(finished: Finished, tmp_path: Path, kind: str) -> None:
    damage: Damage = KINDS[kind]
    target = Target(Path(shutil.copytree(finished.folder, tmp_path / "dataset")))
    damage.do(target)
    target.seal()
    found = findings_of(target.folder, finished)
    named = [f for f in found if f.check in damage.checks and f.severity == "error"]
    assert named, [f.message for f in found[:10]]
    lines = checks.lines_of(found)
    assert any(named_one.message == line.text for line in lines for named_one in named), lines[:3]
