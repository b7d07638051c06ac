"""`sarchat score` as a user calls it: tables, JSON, files, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import sarchat
from rich.console import Console
from small_exports import export

from pipelines.cli.commands.score import benchmark_table, coverage_lines, size_table
from sarchat_build.scoring import score_files


@pytest.fixture(scope="module")
def answers(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own answers of the test split, every fourth of them none."""
    path = tmp_path_factory.mktemp("answers") / "answers.jsonl"
    lines = []
    for file in sorted(built.glob("dialogues/*/test-*.parquet")):
        for row in pq.read_table(file, columns=["dialogue_id", "messages"]).to_pylist():
            text = row["messages"][1]["content"] if len(lines) % 4 else "I am unable to tell."
            lines.append({"dialogue_id": row["dialogue_id"], "prediction": text})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_tables_and_details(built: Path, answers: Path, tmp_path: Path) -> None:
    details = tmp_path / "details.jsonl"
    arguments = ("score", built, "--predictions", answers, "--details", details)
    done = sarchat(*arguments, COLUMNS="80")
    assert done.returncode == 0, done.stderr
    assert all(
        len(line) <= 80 for line in done.stdout.splitlines() if line != f"Details: {details}"
    )
    for title in ("Scores", "Answers", "Objects found", "Beside the paper"):
        assert f"\n{title}" in done.stdout
    assert "refusal" in done.stdout
    assert "mean rotated IoU of " in done.stdout
    rows = details.read_text(encoding="utf-8").splitlines()
    assert len(rows) == len(answers.read_text(encoding="utf-8").splitlines())
    before = details.read_bytes()
    again = sarchat(*arguments)
    assert again.returncode == 3
    assert again.stderr.count("\n") == 1
    assert "is there already; give another name, or --overwrite" in again.stderr
    assert details.read_bytes() == before
    assert sarchat(*arguments, "--overwrite").returncode == 0


def test_json_says_what_the_tables_say(built: Path, answers: Path) -> None:
    done = sarchat("score", built, "--predictions", answers, "--json", "--task", "referring")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    (task,) = figures["tasks"]
    assert task["outcomes"]["refusal"] + task["outcomes"]["right"] == task["dialogues"]
    assert figures["coverage"]["unknown"] == figures["coverage"]["rows"] - task["dialogues"]
    assert figures["overall"]["weighted"] is None
    assert 0 < figures["rotated_pairs"] < sum(size["boxes"] for size in figures["sizes"])
    assert 0 < figures["rotated_iou"] < figures["mean_iou"]  # upright answers, turned ships


MISTAKES = [
    (["--boxes", "pixels"], 2, "--boxes › pixels: expected native, norm1"),
    (["--boxes", "norm0"], 2, "--boxes › norm0"),
    (["--boxes", "input:qwen9"], 2, "MODEL one of qwen2-vl, qwen2.5-vl"),
    (["--boxes", "qwen3_vl"], 2, "did you mean 'qwen3-vl'?"),
    (["--boxes", "qwen2.5-vl,max_pixels=100"], 2, "max_pixels is 100 and min_pixels 3,136"),
    (["--task", "refering"], 2, "referring"),
    (["--split", "dev"], 2, "'dev'"),
    (["--details", "x.csv"], 2, "must end in .jsonl or .parquet"),
    (["--details", "nowhere/x.jsonl"], 3, "no folder nowhere"),
    (["--split", "train"], 3, "none of"),
]


@pytest.mark.parametrize(
    ("more", "code", "why"), MISTAKES, ids=[" ".join(m) for m, _, _ in MISTAKES]
)
def test_mistakes_are_one_line(
    more: list[str], code: int, why: str, built: Path, answers: Path
) -> None:
    done = sarchat("score", built, "--predictions", answers, *more)
    assert done.returncode == code, done.stderr
    assert why in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


def test_what_is_no_dataset_and_what_is_no_file(built: Path, tmp_path: Path) -> None:
    assert sarchat("score", tmp_path, "--predictions", "x").returncode == 3
    done = sarchat("score", built, "--predictions", tmp_path / "none.jsonl")
    assert done.returncode == 3
    assert done.stderr.endswith("none.jsonl: cannot be read (No such file or directory)\n")
    assert sarchat("score", built).returncode == 2


def test_an_export_in_part_is_scored_as_what_it_is(
    built: Path, answers: Path, tmp_path: Path
) -> None:
    """By the advice that the message about missing dialogues gives."""
    export(built, "evalscope", tmp_path / "part", tasks=("referring",), limit=2)
    rows = [
        json.loads(line)["dialogue_id"]
        for line in (tmp_path / "part" / "referring_test.jsonl").read_text("utf-8").splitlines()
    ]
    own = [line for line in answers.read_text(encoding="utf-8").splitlines()
           if json.loads(line)["dialogue_id"] in rows]  # fmt: skip
    assert 0 < len(own) == len(rows)
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(own), encoding="utf-8")
    done = sarchat("score", built, "--predictions", path)
    assert "dialogues have no prediction and count as wrong\n" in done.stdout
    assert "If they were not exported, --export DIR leaves them out\n" in done.stdout
    done = sarchat("score", built, "--predictions", path, "--export", tmp_path / "part")
    assert done.returncode == 0, done.stderr
    assert f"Dialogues:   {len(rows)} of split test, boxes in native (as the export declares)" in (
        done.stdout
    )
    assert "no prediction" not in done.stdout
    assert "Nothing was predicted" not in done.stdout


def test_what_is_missing_is_said_and_not_left_blank(
    built: Path, answers: Path, tmp_path: Path
) -> None:
    rows = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    some = [row for row in rows if "/classification/" in row["dialogue_id"]]
    some += [{"dialogue_id": "ssdd/none/referring/all/ship", "prediction": "A ship."}]
    path = tmp_path / "some.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
    figures = score_files(str(built), [path])
    lines = list(coverage_lines(figures))
    assert lines[2].startswith("1 row is of no dialogue of this split and these tasks, such as ")
    assert "ssdd/none/referring/all/ship" in lines[2]
    assert lines[3].startswith("Nothing was predicted of fine_grained_description, instance_")
    assert size_table(figures) is None
    console = Console(width=100, record=True, file=None, quiet=False)
    with console.capture() as shown:
        console.print(benchmark_table(figures))
    (overall,) = (line for line in shown.get().splitlines() if line.startswith("overall, n / N"))
    assert overall.split()[4:6] == ["–", "–"]
    counted = figures.model_copy(update={"counted_boxes": 2})
    assert any(line.startswith("2 counts were taken from") for line in coverage_lines(counted))
