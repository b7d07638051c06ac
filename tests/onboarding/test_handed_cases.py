"""Cases from public trackers, where they are: what the commands make of each."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from conftest import REAL_DATA

from pipelines.cli.main import app
from sarchat_build.config.manifest import load_manifests
from sarchat_build.errors import InputError
from sarchat_build.onboarding.inspection import read_source
from sarchat_build.sources.index import index_source

CASES = REAL_DATA.parent / "cases"
needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the cases are not here")
# Case: source, pictures with one ship each.
PICTURES = {
    "split-list-lines-with-a-flag": ("flags", 8),
    "nested-names-that-repeat": ("nested", 9),
    "one-picture-in-two-formats": ("twoext", 4),
    "zip-with-gbk-names": ("gbkzip", 4),
    "scene-beside-its-chips": ("scenes", 16),
}
INSIDE = "dataset/data.zip is an archive itself: unpack the outer one first"


def sarchat(*arguments: object) -> None:
    app([str(argument) for argument in arguments], standalone_mode=False)


@needs_cases
@pytest.mark.parametrize("case", PICTURES)
def test_a_survey_reads_all_of_a_case(tmp_path: Path, case: str) -> None:
    source_id, pictures = PICTURES[case]
    raw, path = CASES / case / "raw", tmp_path / f"{source_id}.toml"
    sarchat("sources", "new", raw / source_id, "--id", source_id, "--output", path)
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'^# (title|homepage|license|citation) *= ""$', r'\1 = "t"', text, flags=re.M)
    text = text.replace('pixel_origin = "decide"', "pixel_origin = 0")
    path.write_text(text.replace('max_edge = "decide"', 'max_edge = "exclusive"'), "utf-8")
    manifest = load_manifests(tmp_path)[source_id]
    index = index_source(manifest, str(raw))
    summary = read_source(manifest, index, 0)
    assert [len(image.instances) for image in summary.kept] == [1] * pictures
    splits = Counter(index.split_by_name.values())
    lists = {"flags": {"train": 6, "test": 2}, "scenes": {"train": 12, "test": 4}}
    assert splits == lists.get(source_id, {})
    scenes = {image.scene_id for image in summary.kept}
    assert len(scenes) == {"nested": 3, "scenes": 4}.get(source_id, pictures)


@needs_cases
def test_an_archive_inside_an_archive_is_named_by_every_command(tmp_path: Path) -> None:
    raw, mine = (CASES / "archive-inside-an-archive" / name for name in ("raw", "m"))
    source = ("--source", "nested", "--manifests", mine)
    for arguments in (
        ("sources", "new", raw / "nested", "--id", "nested", "--output", tmp_path / "nested.toml"),
        ("sources", "inspect", "--raw", raw, *source),
        ("sources", "check", "--raw", raw, "--manifests", mine),
        ("build", "--raw", raw, "--output", tmp_path / "out", *source),
    ):
        with pytest.raises(InputError, match=INSIDE):
            sarchat(*arguments)
