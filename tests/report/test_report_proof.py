"""The proof before publishing, and the proof of the report itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest
from report_defects import (
    call_dead,
    change_longest,
    change_negatives,
    change_objects,
    change_rows,
    change_words,
    drop_a_group,
    prove_too_much,
)
from report_figures import (
    quality,
)

from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import InputError
from sarchat_build.validation import check_quality, check_shard, plan_shards


@pytest.fixture(scope="module")
def lying_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phrasings in fine English that say every distance twice over: 9 px becomes 99 px."""
    folder = tmp_path_factory.mktemp("templates") / "templates"
    shutil.copytree(resource_folder("templates"), folder)
    place = folder / "cross_modal_identification/multi/answer"
    for path in place.glob("*.jinja"):
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("{{ distance_px }}", "{{ distance_px }}{{ distance_px }}"),
            encoding="utf-8",
        )
    return folder


def test_an_untrue_answer_stops_the_build_unless_proof_is_off(
    raw: Path, lying_templates: Path, tmp_path: Path
) -> None:
    out = tmp_path / "dataset"
    with pytest.raises(InputError, match=r"nothing was published(.|\n)*answer_") as stopped:
        mini.build(raw, out, templates=lying_templates)
    assert "cross_modal_identification/multi/" in str(stopped.value)
    assert not (out / "build.json").exists()
    assert not (out / "report/quality.json").exists()
    mini.build(raw, out, templates=lying_templates, prove=False)
    unknown = [p for p in quality(out)["proofs"] if p["faults"] is None]
    assert len(unknown) == 5, "what nobody looked at is not called sound"
    near = next(p for p in unknown if p["figure"] == "near-duplicate pictures across splits")
    assert near["sound_percent"] is None
    assert near["established"].startswith("searched for by the build")
    assert "not verified: built without proof" in near["established"]
    assert "answers that do not follow from the boxes" in {p["figure"] for p in unknown}
    assert "not established" in (out / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        change_rows,
        change_longest,
        change_negatives,
        change_words,
        drop_a_group,
        change_objects,
        call_dead,
        prove_too_much,
    ],
)
def test_a_wrong_figure_is_found(
    built: Path, tmp_path: Path, change: Callable[[Any], None]
) -> None:
    build = json.loads((built / "build.json").read_text(encoding="utf-8"))
    reports = [check_shard(str(built), *shard, build) for shard in plan_shards(build)]
    told = quality(built)
    (tmp_path / "report").mkdir()
    target = tmp_path / "report/quality.json"
    target.write_text(json.dumps(told), encoding="utf-8")
    assert check_quality(str(tmp_path), build, reports) == ()
    change(told)
    target.write_text(json.dumps(told), encoding="utf-8")
    found = check_quality(str(tmp_path), build, reports)
    assert found
    assert {finding.check for finding in found} == {"quality_figure"}


def test_a_report_that_is_no_report_is_found(built: Path, tmp_path: Path) -> None:
    build = json.loads((built / "build.json").read_text(encoding="utf-8"))
    (tmp_path / "report").mkdir()
    for text in ("", "[]", "{", '{"dialogues": 3}'):
        (tmp_path / "report/quality.json").write_text(text, encoding="utf-8")
        reports = [check_shard(str(built), *shard, build) for shard in plan_shards(build)[:1]]
        assert check_quality(str(tmp_path), build, reports)
    assert check_quality(str(tmp_path), build | {"files": {}}, [])
