"""The example scripts run as their own text says, and the library says what a build says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import miniatures as mini
import pyarrow.parquet as pq
import pytest
from conftest import REPOSITORY
from rsar import IMAGES, MISSING, rsar

from sarchat_build import Picture, ask, open_source, read_images, render
from sarchat_build.errors import ConfigurationError
from sarchat_build.types import Reject

EXAMPLES = REPOSITORY / "examples"


def run(script: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_has_its_test() -> None:
    scripts = {path.name for path in EXAMPLES.glob("*.py")}
    text = Path(__file__).read_text(encoding="utf-8")
    assert scripts
    assert not {name for name in scripts if f'run("{name}"' not in text}


def test_one_picture(tmp_path: Path) -> None:
    output = run("one_picture.py", mini.ssdd(5).write_zip(tmp_path), "ssdd")
    # The archive lists the official test part first.
    assert output.startswith("ssdd/000005: 1 objects\n")
    assert output.count("objects\n") == 1
    assert "{<20><30><90><80>}" in output
    assert all(f"\n{tag} " in output for tag in ("[count]", "[grounding]", "[identify]", "[refer]"))


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What scripts started here keep of `datasets` lies in a folder of the test."""
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def pictures_of_referring(out: Path) -> list[tuple[str, str]]:
    """Each dialogue of the training split with the size of its picture, in the published order."""
    files = [sorted(out.glob(f"{folder}/train-*.parquet"))
             for folder in ("images", "dialogues/referring")]  # fmt: skip
    sizes = {
        row["image_id"]: f"({row['width']}, {row['height']})"
        for file in files[0]
        for row in pq.read_table(file, columns=["image_id", "width", "height"]).to_pylist()
    }
    return [
        (row["dialogue_id"], sizes[row["image_id"]])
        for file in files[1]
        for row in pq.read_table(file, columns=["image_id", "dialogue_id"]).to_pylist()
    ]


@pytest.mark.parametrize("script", ["train_one_row.py", "stream.py"])
def test_scripts_for_training_are_short(script: str) -> None:
    lines = (EXAMPLES / script).read_text(encoding="utf-8").splitlines()
    assert sum(bool(line.strip()) for line in lines) < 15


@pytest.mark.usefixtures("offline")
def test_train_one_row(built: Path) -> None:
    output = run("train_one_row.py", built)
    assert output.startswith(f"{pictures_of_referring(built)[0][1]} [{{")
    assert "<image>" in output


@pytest.mark.usefixtures("offline")
def test_stream(built: Path) -> None:
    expected = [f"{name} {size}" for name, size in pictures_of_referring(built)]
    assert expected
    assert run("stream.py", built).splitlines() == expected


def test_custom_task(tmp_path: Path) -> None:
    source = mini.ssdd(5)
    left, right = (("ship", x, 30, x + 20, 60) for x in (10, 250))
    document = mini.voc_xml([left, (*left[:3], 50, 90), right], filename="000001.jpg")
    source.document("000001", document)
    output = run("custom_task.py", source.write_folder(tmp_path), "ssdd").splitlines()
    answers = {line.partition(":")[0]: line.partition(" → ")[2] for line in output}
    assert answers == {
        "ssdd/000001": "'The left side, 2 to 1.'",
        **{f"ssdd/00000{number}": "'The left side, 1 to 0.'" for number in (2, 3, 4, 5)},
    }


def test_custom_source(tmp_path: Path) -> None:
    output = run("custom_source.py", rsar().write_zip(tmp_path), EXAMPLES / "rsar.toml")
    assert output.startswith(f"{IMAGES - 1} pictures\n")
    assert f"/{MISSING}.bmp › rsar/train/{MISSING}: no annotation document" in output


def test_score(built: Path, tmp_path: Path) -> None:
    rows = pq.read_table(next(built.glob("dialogues/referring/test-*.parquet"))).to_pylist()
    lines = [
        {"dialogue_id": row["dialogue_id"], "prediction": row["messages"][1]["content"]}
        for row in rows
    ]
    lines[0]["prediction"] = "I cannot see it."
    answers = tmp_path / "answers.jsonl"
    answers.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    output = run("score.py", built, answers)
    assert output.startswith("referring: ")
    assert f"of {len(rows)} dialogues" in output
    assert f"'right': {len(rows) - 1}, " in output
    assert "'refusal': 1" in output
    assert len((EXAMPLES / "score.py").read_text(encoding="utf-8").splitlines()) < 15


def pictures_and_rejects(source: str, raw: Path) -> tuple[list[Picture], list[Reject]]:
    rejects: list[Reject] = []
    return list(read_images(open_source(source, raw), rejects=rejects)), rejects


@pytest.mark.parametrize("source_id", ["ssdd", "sar_aircraft"])
def test_the_library_gives_what_a_build_publishes(source_id: str, raw: Path, built: Path) -> None:
    """Pictures, boxes, words and ids of all published rows; sar_aircraft is cut into chips."""
    images = {
        row["image_id"]: row
        for path in sorted(built.glob("images/*.parquet"))
        for row in pq.read_table(path).to_pylist()
        if row["source"] == source_id
    }
    rows = {
        row["dialogue_id"]: row
        for path in sorted(built.glob("dialogues/*/*.parquet"))
        for row in pq.read_table(path).to_pylist()
        if row["source"] == source_id
    }
    pictures = {
        picture.chip.image_id: picture for picture in pictures_and_rejects(source_id, raw)[0]
    }
    assert images
    assert images.keys() <= pictures.keys()
    rendered = {}
    for image_id, image in images.items():
        picture = pictures[image_id]
        assert [list(i.bbox) for i in picture.chip.instances] == image["objects"]["bbox"]
        assert picture.read_bytes() == image["image"]["bytes"]
        for question in ask(picture):
            dialogue = render(picture, question, split=image["split"])
            rendered[dialogue.dialogue_id] = dialogue
    assert rows.keys() <= rendered.keys()
    for dialogue_id, row in rows.items():
        assert rendered[dialogue_id].messages == row["messages"]
        assert list(rendered[dialogue_id].text.template_ids) == row["template_ids"]
    # A build leaves out only what reads the same as another dialogue of its picture.
    published = {(row["image_id"], str(row["messages"])) for row in rows.values()}
    texts = {(d.dialogue_id.rsplit("/", 3)[0], str(d.messages)) for d in rendered.values()}
    assert texts == published


def test_the_library_accounts_for_every_image(tmp_path: Path) -> None:
    source = mini.ssdd(5)
    source.image("000002", b"")
    pictures, rejects = pictures_and_rejects("ssdd", source.write_folder(tmp_path))
    kept = sorted(picture.chip.image_id for picture in pictures)
    assert kept == [f"ssdd/00000{number}" for number in (1, 3, 4, 5)]
    assert [(reject.key, reject.reason) for reject in rejects] == [("ssdd/000002", "empty_file")]


def test_an_unknown_source_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere: no such source; known: .*ssdd"):
        open_source("nowhere", tmp_path)
