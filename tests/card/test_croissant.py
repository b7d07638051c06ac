"""`croissant.json`: mlcroissant accepts it and joins dialogues with their pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sarchat_build.card.croissant import render_croissant
from sarchat_build.publishing.recompute import read_record

# The terms that mlcroissant knows; of dataManipulationProtocol it has another spelling.
RAI = (
    "annotationsPerItem", "annotatorDemographics", "dataAnnotationAnalysis",
    "dataAnnotationPlatform", "dataAnnotationProtocol", "dataBiases", "dataCollection",
    "dataCollectionMissingData", "dataCollectionRawData", "dataCollectionType",
    "dataImputationProtocol", "dataLimitations", "dataManipulationProtocol",
    "dataPreprocessingProtocol", "dataReleaseMaintenancePlan", "dataSocialImpact", "dataUseCases",
    "machineAnnotationTools", "personalSensitiveInformation",
)  # fmt: skip


# What it imports warns of its own future.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def dataset(built: Path) -> Any:
    mlcroissant = pytest.importorskip("mlcroissant", reason="it is one of the tools of development")
    return mlcroissant.Dataset(built / "croissant.json")


def test_it_is_valid_and_says_all_that_can_be_known(dataset: Any) -> None:
    issues = dataset.metadata.ctx.issues
    assert issues.errors == set()
    # There is no clock in a build: who publishes knows the date.
    assert all("datePublished" in warning for warning in issues.warnings)


def test_dialogues_come_with_their_pictures(dataset: Any, built: Path) -> None:
    expected = {
        row["dialogue_id"]: row
        for path in (built / "dialogues/referring").glob("*.parquet")
        for row in pq.read_table(path).to_pylist()
    }
    found = list(dataset.records("referring"))
    assert len(found) == len(expected)
    for record in found:
        row = expected[record["referring/dialogue_id"].decode()]
        size = record["referring/width"], record["referring/height"]
        assert record["referring/image"].size == size
        turns = [text.decode() for text in record["referring/messages.content"]]
        assert turns == [message["content"] for message in row["messages"]]
        assert record["referring/objects.bbox"] == row["objects"]["bbox"]


def test_every_source_and_every_question_of_responsible_use_is_there(built: Path) -> None:
    record = read_record(str(built))
    told = render_croissant(record)
    assert json.loads((built / "croissant.json").read_text(encoding="utf-8")) == told
    assert {f"rai:{name}" for name in RAI} <= set(told)
    files = json.loads((built / "build.json").read_text(encoding="utf-8"))["files"]
    objects = [entry for entry in told["distribution"] if entry["@type"] == "cr:FileObject"]
    assert {(e["contentUrl"], e["sha256"], e["contentSize"]) for e in objects} == {
        (path, entry["sha256"], f"{entry['bytes']} B")
        for path, entry in files.items()
        if path.startswith(("images/", "dialogues/"))
    }
    assert (built / told["url"]).is_file()
    derived = {entry["@id"]: entry for entry in told["prov:wasDerivedFrom"]}
    assert set(derived) == {f"source/{source_id}" for source_id in record.sources}
    assert all(entry["url"] and entry["license"] for entry in derived.values())
