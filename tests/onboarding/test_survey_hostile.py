"""No file breaks a survey of a source, and no name in one can write into its manifest."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import miniatures as mini
from hypothesis import given, settings
from hypothesis import strategies as st

from sarchat_build.onboarding.manifest_draft.draft import draft_manifest
from sarchat_build.onboarding.manifest_draft.toml_text import one_line, quoted_list
from sarchat_build.onboarding.survey.findings import survey

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

wild = st.sampled_from(
    [b"<annotation><object>", b"0 inf .5 nan 1e999\n", b"1 2 9 2 9 8 1 8 ship 0\n", b"[1", b"\xff"]
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["xml", "json", "txt", "yaml", "png", "names"]),
                       st.one_of(st.binary(max_size=60), st.lists(wild).map(b"".join))),
             min_size=1, max_size=5)
)  # fmt: skip
def test_no_file_breaks_a_survey(files: list[tuple[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = mini.sadd(2)
        for number, (extension, data) in enumerate(files, start=2):
            source.files[f"SADD/labels/{number:05d}.{extension}"] = data
        source.write_folder(Path(folder))
        found = survey(str(Path(folder) / "sadd"))
        assert tomllib.loads(draft_manifest(found, "sadd").text)["id"] == "sadd"


def test_names_cannot_write_the_manifest(tmp_path: Path) -> None:
    evil = 'ship"\nid = "other"\n[x]\n#\x7f'
    source = mini.Source("evil")
    for number in range(3):
        source.files[f"a\nb = 1/{number}.png"] = mini.picture(number, form="PNG")
        document = json.loads(mini.coco_document(["0.png", "1.png", "2.png"]))
        document["categories"][0]["name"] = evil
        source.files["labels.json"] = json.dumps(document).encode()
    source.write_folder(tmp_path)
    text = draft_manifest(survey(str(tmp_path / "evil")), "evil").text
    document = tomllib.loads(text)
    assert document["id"] == "evil"
    assert list(document["categories"]["names"]) == [evil]
    assert "x" not in document


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=4))
def test_any_text_can_be_written(texts: list[str]) -> None:
    lines = [f"# {one_line(text)}" for text in texts]
    written = "\n".join([*lines, f"value = {quoted_list(texts)}"])
    assert tomllib.loads(written) == {"value": texts}
