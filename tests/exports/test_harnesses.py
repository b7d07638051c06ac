"""What harnesses get: the contract of each, and the id by which a score is joined."""

from __future__ import annotations

import base64
import csv
import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
import vlmeval_contract
import yaml
from PIL import Image
from small_exports import Exporter, export

from sarchat_build.errors import ConfigurationError
from sarchat_build.exports import harnesses
from sarchat_build.exports.harnesses.text_match import score


def test_vlmevalkit_has_a_picture_once(exported: Exporter, built: Path) -> None:
    folder = exported("vlmevalkit")
    csv.field_size_limit(1 << 24)
    seen = set()
    for path in folder.glob("SARChat_*_test.tsv"):
        with open(path, newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
        shown: dict[str, str] = {}
        for number, row in enumerate(rows):
            assert int(row["index"]) == number
            if len(row["image"]) > 64:
                assert row["image_path"] not in shown
                shown[row["image_path"]] = row["index"]
                with Image.open(io.BytesIO(base64.b64decode(row["image"]))) as picture:
                    picture.load()
            else:  # the index of the row that has it
                assert row["image"] == shown[row["image_path"]]
            assert "<image>" not in row["question"]
            seen.add(row["dialogue_id"])
    ids = duckdb.sql(
        f"select dialogue_id from read_parquet('{built}/dialogues/*/test*.parquet', "
        "union_by_name=true)"
    ).fetchall()
    assert len(seen) > 20
    assert seen <= {name for (name,) in ids}


HARNESSES = Path(harnesses.__file__).parent


def same_text(exported: Path, name: str) -> Path:
    """The module that an export carries a copy of: a measurement of coverage knows its name."""
    module = HARNESSES / name
    assert exported.read_bytes() == module.read_bytes()
    return module


def test_the_class_of_vlmevalkit_finds_pictures_and_scores_the_truth(
    exported: Exporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its base class as it is documented; `make clients` has the harness itself."""
    folder = exported("vlmevalkit")
    monkeypatch.setenv("LMUData", str(folder))
    vlmeval_contract.install(monkeypatch)
    same_text(folder / "text_match.py", "text_match.py")
    module = imported(same_text(folder / "sarchat_vlmevalkit.py", "vlmevalkit_dataset.py"))
    names = {path.stem for path in folder.glob("*.tsv")}
    assert len(names) == 6
    assert names <= set(module.SARChatDataset.supported_datasets())
    for name in sorted(names):
        dataset = module.SARChatDataset(name)
        of_picture: dict[str, set[str]] = {}
        for image_id, text in zip(dataset.data["image_id"], dataset.data["image"], strict=True):
            of_picture.setdefault(image_id, set()).add(text)
        assert all(len(texts) == 1 for texts in of_picture.values())
        for answers, expected in ((dataset.data["answer"], 100.0), ("", 0.0)):
            table = dataset.data.drop(columns=["image"]).assign(prediction=answers)
            file = tmp_path / f"{name}.tsv"
            vlmeval_contract.dump(table, str(file))
            scores = dataset.evaluate(str(file))
            assert scores == {"overall": expected}, name
            assert json.loads((tmp_path / f"{name}_score.json").read_text()) == scores


def test_requests_hold_their_picture(exported: Exporter) -> None:
    folder = exported("openai-batch", model="org/name", tasks=("referring",))
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.jsonl")]
    rows = [json.loads(line) for text in texts for line in text.splitlines()]
    assert len({row["custom_id"] for row in rows}) == len(rows) > 3
    for row in rows:
        assert (row["method"], row["url"]) == ("POST", "/v1/chat/completions")
        assert row["body"]["model"] == "org/name"
        (message,) = row["body"]["messages"]
        picture, text = message["content"]
        head, _, data = picture["image_url"]["url"].partition(";base64,")
        with Image.open(io.BytesIO(base64.b64decode(data))) as opened:
            assert head == f"data:image/{str(opened.format).lower()}"
        assert "<image>" not in text["text"]


def test_rows_of_evalscope(exported: Exporter) -> None:
    folder = exported("evalscope")
    for path in folder.glob("*_test.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            picture, text = row["messages"][0]["content"]
            assert (folder / picture["image_url"]["url"]).is_file()
            assert text["type"] == "text"
            assert row["answer"]
            assert row["dialogue_id"].split("/")[2] in path.name


class _Loader(yaml.SafeLoader):
    """Reads `!function utils.name` as that name."""


_Loader.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))


def imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("exported_utils", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUN = """
import importlib.util, json, sys
module, folder, dataset = {module!r}, {folder!r}, {dataset!r}
name = "sarchat_build.exports.harnesses.lmms_eval_utils"
spec = importlib.util.spec_from_file_location(name, module)
utils = importlib.util.module_from_spec(spec); spec.loader.exec_module(utils)
utils.__file__ = folder + "/utils.py"  # the same text, in the folder of the tasks
import datasets
docs = datasets.load_dataset(dataset, "referring", split="test")
results = []
for doc in docs:
    (picture,) = utils.doc_to_visual(doc)
    assert picture.mode == "RGB"
    assert "<image>" not in utils.doc_to_text(doc)
    target = utils.doc_to_target(doc)
    assert '"bbox_2d": [' in target, target
    results.append(utils.process_results(doc, [target])["sarchat"])
assert [r["dialogue_id"] for r in results] == docs["dialogue_id"][:]
wrong = utils.process_results(docs[0], ["There is nothing."])["sarchat"]["score"]
assert "sarchat_build" not in sys.modules
print("mean", utils.mean(results), wrong)
"""


def test_tasks_of_lmms_eval_read_the_dataset(
    exported: Exporter, built: Path, tmp_path: Path
) -> None:
    folder = exported("lmms-eval", limit=None, boxes="qwen3-vl")
    group = yaml.load((folder / "sarchat.yaml").read_text(), _Loader)
    module = same_text(folder / "utils.py", "lmms_eval_utils.py")
    utils = imported(module)
    for name in group["task"]:
        task = yaml.load((folder / f"{name}.yaml").read_text(), _Loader)
        assert task["task"] == name
        assert task["dataset_path"] == str(built)
        functions = [value for value in task.values() if str(value).startswith("utils.")]
        functions.append(task["metric_list"][0]["aggregation"])
        assert len(functions) == 5
        assert all(hasattr(utils, function.split(".")[1]) for function in functions)
    done = subprocess.run(
        [sys.executable, "-c",
         RUN.format(module=str(module), folder=str(folder), dataset=str(built))],
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.strip() == "mean 1.0 0.0", done.stderr


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({"limit": 3}, "--limit › 3: lmms-eval reads the dataset itself; give --limit to it"),
        ({"limit": None, "sources": ("ssdd",), "accepted": ()},
         "--source › ssdd: lmms-eval reads the dataset itself, with all of its sources; "
         "openai-batch, vlmevalkit and evalscope export a part"),
    ],
    ids=["limit", "source"],
)  # fmt: skip
def test_lmms_eval_has_no_part_of_a_dataset(
    built: Path, tmp_path: Path, options: dict[str, Any], advice: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        export(built, "lmms-eval", tmp_path / "out", **options)
    assert advice in str(caught.value)


@pytest.mark.parametrize("name", ["openai-batch", "vlmevalkit", "evalscope"])
def test_other_harnesses_have_a_part_of_a_dataset(name: str, built: Path, tmp_path: Path) -> None:
    """What the message above advises."""
    done = export(built, name, tmp_path / "out", limit=9, sources=("ssdd",), accepted=(),
                  tasks=("referring",))  # fmt: skip
    assert done.rows > 0


@pytest.mark.parametrize(
    ("prediction", "answer", "expected"),
    [
        ("{<1><1><9><9>}", "{<1><1><9><9>}", 1.0),
        ("{<1><1><9><9>}{<1><1><9><9>}", "{<1><1><9><9>}", 0.5),
        ("", "{<1><1><9><9>}", 0.0),
        ("[[1, 1, 9, 9]]", "<ref>ship</ref><box>[[1, 1, 9, 9]]</box>", 1.0),
        ("<loc_1><loc_2><loc_3><loc_4>", "ship<loc_1><loc_2><loc_3><loc_4>", 1.0),
        ("It is a ship.", "Ship.", 1.0),
        ("It is a bridge.", "Ship.", 0.0),
        ("There are 12 ships.", "12 ships are there.", 1.0),
        ("There are 11 ships.", "12 ships are there.", 0.0),
    ],
)
def test_the_simple_score(prediction: str, answer: str, expected: float) -> None:
    assert score(prediction, answer) == expected
