"""The score as a reward: as TRL and ms-swift call it, and cheap to import."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import REPOSITORY
from small_exports import Exporter

from sarchat_build.errors import ConfigurationError
from sarchat_build.scoring import Reward, reward

BOX = "{<10><10><50><50>}"


@pytest.mark.parametrize(
    ("completion", "solution", "columns", "expected"),
    [
        (BOX, f"It is at {BOX}.", {}, 1.0),
        ("nothing", f"It is at {BOX}.", {}, 0.0),
        (BOX * 2, BOX, {}, 0.5),  # one of two is right at each threshold
        ("{<10><10><50><30>}", BOX, {}, pytest.approx(2 / 3)),  # IoU 0.5
        (f"2 ships: {BOX}", f"2 ships: {BOX}", {"task": "instance_counting"}, 1.0),
        (f"3 ships: {BOX}", f"2 ships: {BOX}", {"task": "instance_counting"}, 0.5),
        ("No ships.", "There are no ships.", {"task": "instance_counting"}, 1.0),
        ("yes", "Yes, a ship is there.", {}, 1.0),
        ("no", "Yes, a ship is there.", {}, 0.0),
        ("a vessel", "Tag: ship.", {}, 1.0),
        ("It is a ship.", "A ship.", {"channel": "cross_modal_identification"}, 1.0),
        ("A ship in the top left.", "A ship lies in the top left.",
         {"task": "fine_grained_description", "subtask": "all"}, 1.0),
        ("<think>[1, 2, 3, 4]</think>" + BOX, BOX, {}, 1.0),
        ("There are 3.", "3", {"task": "instance_counting"}, 1.0),
        ("There are 4.", "3", {"task": "instance_counting"}, 0.0),
        ("It lies to the left.", "To the left.", {"task": "cross_modal_identification"}, 1.0),
        ("It lies to the right.", "To the left.", {"task": "cross_modal_identification"}, 0.0),
    ],
)  # fmt: skip
def test_one_completion(
    completion: str, solution: str, columns: dict[str, str], expected: float
) -> None:
    assert reward(completion, solution, **columns) == expected


def test_as_trl_calls_it() -> None:
    """By keywords, with message lists and columns that it does not know."""
    completions = [[{"role": "assistant", "content": BOX}], [{"role": "assistant", "content": "?"}]]
    columns = {"prompts": [[], []], "completion_ids": [[1], [2]], "task": ["referring"] * 2,
               "trainer_state": object(), "width": [512, 512], "height": [512, 512]}  # fmt: skip
    given = {"completions": completions, "solution": [BOX, BOX], **columns}
    assert reward(**given) == [1.0, 0.0]  # type: ignore[call-overload]
    assert Reward().__name__ == "sarchat"


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        ([{"role": "assistant", "content": [{"type": "text", "text": BOX[:9]},
                                            {"type": "text", "text": BOX[9:]}]}], 1.0),
        ({"role": "assistant", "content": BOX}, 1.0),
        ([], 0.0),
        (None, 0.0),
    ],
)  # fmt: skip
def test_a_completion_is_text_messages_or_parts_of_one(completion: Any, expected: float) -> None:
    assert reward([completion], [BOX]) == [expected]


def test_as_ms_swift_calls_it() -> None:
    made = Reward(boxes="norm1000")
    rewards = made(
        ["[100, 100, 500, 500]"], solution=["[100, 100, 500, 500]"], channel=["referring"]
    )
    assert rewards == [1.0]


def test_the_frame_is_declared() -> None:
    """Pixels and thousandths are told apart by nothing but `boxes`: here both are of one."""
    assert reward("(250,500),(500,750)", "<box>(250,500),(500,750)</box>", boxes="norm1000") == 1.0
    with pytest.raises(ConfigurationError, match="--boxes"):
        reward("a", "b", boxes="pixels")


def test_unequal_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="2 completions and 1 solutions"):
        reward(["a", "b"], ["a"])


@pytest.mark.parametrize("solutions", [[BOX, None], [BOX, ["x"]]])
def test_a_row_without_a_solution_is_told(solutions: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"solution 1 of the batch is .*, and not the text of"):
        reward(["a", "b"], solutions)


def test_a_frame_that_is_none_is_refused_before_the_training_begins() -> None:
    with pytest.raises(ConfigurationError, match="--boxes"):
        Reward(boxes="foo")


def python_of_the_page() -> list[str]:
    page = (REPOSITORY / "docs" / "scoring.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


def test_what_the_page_shows_for_trl_runs(
    exported: Exporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows have a prompt and all columns that the reward reads; TRL itself: `make clients`."""
    (tmp_path / "D").symlink_to(exported("trl", boxes="qwen3-vl"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setitem(sys.modules, "trl", SimpleNamespace(GRPOTrainer=SimpleNamespace))
    made: dict[str, Any] = {}
    exec(python_of_the_page()[0], made)
    rows = list(made["trainer"].train_dataset)
    assert all([turn["role"] for turn in row["prompt"]] == ["user"] for row in rows)
    # As TRL does: columns by their names beside prompts and completions.
    columns = {
        key: [row[key] for row in rows] for key in rows[0] if key not in ("prompt", "images")
    }
    prompts = [row["prompt"] for row in rows]
    said = [[{"role": "assistant", "content": row["solution"]}] for row in rows]
    (score,) = made["trainer"].reward_funcs
    assert sum(score(prompts=prompts, completions=said, **columns)) > 0.98 * len(rows) > 20


def test_what_the_page_shows_for_ms_swift_runs(
    exported: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    orms: dict[str, Any] = {}
    monkeypatch.setitem(sys.modules, "swift", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "swift.rewards", SimpleNamespace(ORM=object, orms=orms))
    exec(python_of_the_page()[1], {"__name__": "sarchat_reward"})
    file = exported("ms-swift", boxes="objects") / "train.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    assert sum(orms["sarchat"]()(columns["solution"], **columns)) > 0.98 * len(rows) > 20


def test_it_imports_nothing_heavy() -> None:
    heavy = ("apache_beam", "pyarrow", "numpy", "pandas", "pydantic", "rasterio", "shapely")
    code = (
        "import sys; from sarchat_build.scoring import reward; reward('{<1><2><3><4>}', 'a ship');"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY
    )
    assert done.stdout == "[]\n", done.stderr
