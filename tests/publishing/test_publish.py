"""Publishing, called without a pipeline: what is written, and what stops it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import miniatures as mini
import pytest
from conftest import digests
from plain_build import build_results, prepare

from pipelines.context import BuildContext
from sarchat_build.dataset.folder import STOPPED
from sarchat_build.errors import InputError
from sarchat_build.publishing.publish import BuildResults, publish, read_outcome
from sarchat_build.publishing.tables import sort_rejects
from sarchat_build.types import ReadCount


def raw_folder(folder: Path) -> Path:
    """Two sources with rejects and duplicates."""
    source = mini.ssdd(12)
    source.document("000003", "<broken")
    source.image("000004", mini.picture(7), "train")
    source.image("000007", mini.picture(7), "train")
    source.write_zip(folder)
    return mini.sar_aircraft(2).write_zip(folder)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildContext, BuildResults]:
    folder = tmp_path_factory.mktemp("plain")
    context = prepare(raw_folder(folder / "raw"), folder / "out")
    return context, build_results(context)


def test_plain_functions_make_the_same_dataset_as_the_pipeline(
    plain: tuple[BuildContext, BuildResults], tmp_path: Path
) -> None:
    context, results = plain
    assert results.rejects
    assert results.duplicates
    # The switch takes the stage away, from which the other tests publish again.
    copy = shutil.copytree(context.out, tmp_path / "plain")
    build = replace(context.build, out=str(copy))
    outcome = publish(results, build)
    assert outcome.stopped == ()
    assert outcome.record == read_outcome(build.out)
    mini.build(Path(context.raw), tmp_path / "out", workers=1)
    found = digests(copy)
    assert found == digests(tmp_path / "out")
    assert {"build.json", "README.md", "rejects/ssdd.parquet"} <= set(found)


def staged(context: BuildContext) -> dict[str, bytes]:
    """Everything that lies in the stage, whose folder is none of the published ones."""
    files = (path for path in Path(context.stage).rglob("*") if path.is_file())
    return {path.relative_to(context.stage).as_posix(): path.read_bytes() for path in files}


def test_the_order_in_which_results_arrive_changes_nothing(
    plain: tuple[BuildContext, BuildResults],
) -> None:
    context, results = plain
    publish(results, context.build)
    before = staged(context)
    assert "build.json" in before
    turned = {
        name: getattr(results, name)[::-1]
        for name in ("rejects", "read", "notices", "receipts", "readings")
    }
    publish(replace(results, **turned), context.build)
    assert staged(context) == before


def stopped_by(context: BuildContext, results: BuildResults) -> str:
    """What publishing says; it writes no record."""
    Path(context.out, "build.json").unlink(missing_ok=True)
    outcome = publish(results, context.build)
    assert outcome.record is None
    assert not Path(context.out, "build.json").exists()
    reasons = json.loads(Path(context.out, STOPPED).read_text())
    assert reasons == [str(reason) for reason in outcome.stopped]
    with pytest.raises(InputError, match="nothing was published"):
        read_outcome(context.out)
    Path(context.out, STOPPED).unlink()
    return "\n".join(reasons)


def test_numbers_that_do_not_add_up_stop(plain: tuple[BuildContext, BuildResults]) -> None:
    context, results = plain
    for harmed in (
        replace(results, rejects=results.rejects[1:]),
        replace(results, duplicates=()),
        replace(results, receipts=results.receipts[1:]),
        replace(results, read=[*results.read, ReadCount("ssdd", 0, 1)]),
    ):
        assert " read, but " in stopped_by(context, harmed)


def test_a_fault_that_a_proof_found_stops(plain: tuple[BuildContext, BuildResults]) -> None:
    context, results = plain
    proof = results.readings[0].proof
    assert proof is not None
    harmed = replace(results.readings[0], proof=replace(proof, errors=1))
    message = stopped_by(context, replace(results, readings=[harmed, *results.readings[1:]]))
    assert "1 faults of the build itself, not of its input; please report them" in message
    # Without proof nobody looks.
    unproven = publish(results, replace(context.build, prove=False))
    assert unproven.record is not None


def test_a_reason_to_stop_leaves_rejects_and_nothing_else(tmp_path: Path) -> None:
    source = mini.ssdd(5)
    for number in range(1, 6):
        source.document(f"{number:06d}", "<broken", "train" if number < 5 else "test")
    context = prepare(source.write_zip(tmp_path / "raw"), tmp_path / "out", ["ssdd"])
    results = build_results(context)
    assert "5 of 5 images rejected" in stopped_by(context, results)
    assert list(digests(tmp_path / "out")) == ["rejects/ssdd.parquet"]
    assert len(mini.read_rejects(tmp_path / "out")) == 5


def test_an_engine_and_plain_functions_say_alike_why_they_stopped(tmp_path: Path) -> None:
    source = mini.ssdd(5)
    for number in range(1, 6):
        source.document(f"{number:06d}", "<broken", "train" if number < 5 else "test")
    raw, said = source.write_zip(tmp_path / "raw"), []
    for workers in (0, 1):
        with pytest.raises(InputError) as stopped:
            mini.build(raw, tmp_path / "out", workers=workers)
        said.append((stopped.type, stopped.value.args))
    assert said[0] == said[1]


def test_every_source_has_its_rejects_sorted(plain: tuple[BuildContext, BuildResults]) -> None:
    _, results = plain
    found = sort_rejects(["sar_aircraft", "ssdd", "hrsid"], results.rejects)
    assert list(found) == ["hrsid", "sar_aircraft", "ssdd"]
    assert found["hrsid"] == ()
    again = sort_rejects(["ssdd", "hrsid", "sar_aircraft"], results.rejects[::-1])
    assert again == found
