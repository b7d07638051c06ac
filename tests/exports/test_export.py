"""An export as a whole: the same bytes each time, whole files only, and whose pictures they are."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from conftest import REPOSITORY, digests, sarchat
from small_exports import export

from sarchat_build.errors import ConfigurationError, InputError
from sarchat_build.exports import FORMATS
from sarchat_build.exports.export import ExportRequest, run_export
from sarchat_build.exports.folder import ExportFolder, SafeNames
from sarchat_build.exports.formats import BY_NAME, formats_page
from sarchat_build.exports.licenses import may_be_passed_on
from sarchat_build.exports.reading import Dataset, Selection


def test_every_format_that_is_named_is_there() -> None:
    assert list(BY_NAME) == list(FORMATS)


def test_the_page_of_formats_is_that_of_the_code() -> None:
    page = (REPOSITORY / "docs" / "formats.md").read_text(encoding="utf-8")
    assert page == formats_page(), "`make docs`"
    assert "| `qwen-vl` | JSONL of Qwen-VL's own trainer | `qwen3-vl` | `norm1000` | all |" in page
    predict = next(line for line in page.splitlines() if "--do_predict" in line)
    assert "--cutoff_len 4096 --max_new_tokens 2048" in predict


# Documents that name the folder itself, for programs that start in folders of their own.
PLACES = ("register.py", "data.yaml", "meta_train.json", "meta_test.json", "meta_validation.json",
          "export.json")  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_two_exports_are_equal(name: str, built: Path, tmp_path: Path) -> None:
    limit = None if name == "lmms-eval" else 2
    made = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        export(built, name, folder, limit=limit)
        made.append({p: d for p, d in digests(folder).items() if p not in PLACES})
        assert not (folder / ".sarchat").exists()
    assert made[0] == made[1]
    assert made[0] or name == "lmms-eval"


def test_again_writes_nothing_anew(built: Path, tmp_path: Path) -> None:
    first = export(built, "hub", tmp_path / "out")
    before = digests(tmp_path / "out")
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "out/data").iterdir()}
    second = export(built, "hub", tmp_path / "out")
    assert (first.reused, second.reused) == (0, len(stamps))
    assert second.loss == first.loss
    assert digests(tmp_path / "out") == before
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps


def test_an_interrupted_export_goes_on(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(built, "evalscope", tmp_path / "whole")
    write, calls = ExportFolder.write, 0

    def cut_off(folder, path, fill):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return write(folder, path, fill)

    monkeypatch.setattr(ExportFolder, "write", cut_off)
    with pytest.raises(KeyboardInterrupt):
        export(built, "evalscope", tmp_path / "out")
    assert not (tmp_path / "out/export.json").exists()
    calls = 4
    result = export(built, "evalscope", tmp_path / "out")
    assert result.reused == 3
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")


def test_damage_is_written_again(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(built, "ms-swift", out)
    before = digests(out)
    next(out.glob("pictures/train/*/*")).write_bytes(b"")
    (out / "train.jsonl").write_text("torn")
    next(out.glob("pictures/test/*/*")).unlink()
    assert export(built, "ms-swift", out).reused == 2
    assert digests(out) == before


def test_what_is_no_export_stays(built: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    for replace in (False, True):
        with pytest.raises(InputError, match=r"holds thesis\.tex, which is no export"):
            export(built, "coco", tmp_path, replace=replace)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("inside", ["", "exports/coco"])
def test_a_dataset_holds_no_export(built: Path, inside: str) -> None:
    with pytest.raises(ConfigurationError, match="lies in the dataset itself"):
        export(built, "coco", built / inside)
    assert not (built / "exports").exists()


def test_another_export_is_replaced_when_asked(built: Path, tmp_path: Path) -> None:
    export(built, "coco", tmp_path / "out")
    (tmp_path / "out/notes.txt").write_text("mine")
    with pytest.raises(InputError, match="--replace"):
        export(built, "hub", tmp_path / "out")
    export(built, "hub", tmp_path / "out", replace=True)
    (tmp_path / "out/notes.txt").unlink()
    export(built, "hub", tmp_path / "alone")
    assert digests(tmp_path / "out") == digests(tmp_path / "alone")


def test_from_and_into_a_bucket(built: Path, tmp_path: Path) -> None:
    from buckets import objects, upload

    upload(built, f"memory://{tmp_path.name}/dataset")
    place = f"memory://{tmp_path.name}/out"
    export(f"memory://{tmp_path.name}/dataset", "ms-swift", place)
    export(built, "ms-swift", tmp_path / "out")
    found = {path: data for path, data in objects(place).items() if not path.startswith(".sarchat")}
    here = {p.relative_to(tmp_path / "out").as_posix(): p.read_bytes()
            for p in (tmp_path / "out").rglob("*") if p.is_file()}  # fmt: skip
    assert found == here


def test_licenses(built: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"sar_aircraft \(research-only\)") as refused:
        export(built, "coco", tmp_path / "out", accepted=())
    assert "--accept-license research-only; or leave them out: --source ssdd" in str(refused.value)
    assert not (tmp_path / "out").exists()
    # Both advices work when followed.
    for name, options in (
        ("license", {"accepted": ("research-only",)}),
        ("source", {"accepted": ("sar_aircraft",)}),
        ("without", {"accepted": (), "sources": ("ssdd",)}),
    ):
        result = export(built, "coco", tmp_path / name, **options)
        page = (tmp_path / name / "LICENSES.md").read_text()
        assert result.restricted == ([] if name == "without" else ["sar_aircraft"])
        assert ("for the use of who made it" in page) == (name != "without")
        assert ("sar_aircraft" in page) == (name != "without")
        assert list((tmp_path / name).glob("pictures/*/sar_aircraft")) == [] or name != "without"
        assert result.pictures == len(list((tmp_path / name).glob("pictures/*/*/*"))) > 0
    # No pixel is exported, nothing is to be accepted.
    assert export(built, "lmms-eval", tmp_path / "l", limit=None, accepted=()).restricted == []
    with pytest.raises(ConfigurationError, match="did you mean 'research-only'"):
        export(built, "coco", tmp_path / "typo", accepted=("research-onyl",))


@pytest.mark.parametrize(
    ("license_id", "may"),
    [
        ("Apache-2.0", True), ("CC-BY-4.0", True), ("CC-BY-NC-SA-4.0", True), ("CC0-1.0", True),
        ("GPL-3.0-only", True), ("CC-BY-ND-4.0", False), ("CC-BY-NC-ND-4.0", False),
        ("unknown", False), ("research-only", False), ("", False), ("MIT but not really", False),
    ],
)  # fmt: skip
def test_only_known_licenses_allow_it(license_id: str, may: bool) -> None:
    assert may_be_passed_on(license_id) is may


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"boxes": "qwen4-vl"}, "did you mean 'qwen"),
        ({"boxes": "input:9"}, "input:WxH"),
        ({"boxes": "input:qwen9"}, "input:MODEL of qwen2-vl, qwen2.5-vl, qwen3-vl"),
        ({"boxes": "qwen2.5-vl,max_pixels=100"}, "max_pixels is 100 and min_pixels 3,136"),
        ({"sources": ("sdd",)}, "did you mean 'ssdd'"),
    ],
)
def test_options_that_fit_nothing(
    built: Path, tmp_path: Path, options: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        export(built, "hub", tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
    with pytest.raises(ConfigurationError, match="boxes are no text"):
        export(built, "coco", tmp_path / "out", boxes="native")


def test_limit_counts_pictures_of_each_split(built: Path) -> None:
    dataset = Dataset(str(built))
    shards = dataset.shards(Selection(limit=5), ("train", "validation", "test"))
    of_splits = {s: sum(x.pictures for x in shards if x.split == s) for s in ("train", "test")}
    assert of_splits == {"train": 5, "test": 5}


def test_dialogues_out_of_order_are_told(built: Path, tmp_path: Path) -> None:
    import shutil

    import pyarrow.parquet as pq

    shutil.copytree(built, tmp_path / "dataset")
    path = next((tmp_path / "dataset/dialogues/referring").glob("train-*.parquet"))
    table = pq.read_table(path)
    pq.write_table(table.take(list(reversed(range(table.num_rows)))), path)
    with pytest.raises(InputError, match="not in the order of the pictures"):
        export(tmp_path / "dataset", "llava", tmp_path / "out", limit=None)


def test_names_are_safe_everywhere() -> None:
    names = SafeNames()
    ids = ["s/a", "s/A", "s/con", "s/a:b", "s/..", "s/a.", "s/" + "x" * 400, "s/\u8239", "s/a b",
           "s/a/b", "s/.hidden", "s/NUL.txt", "s/a@0,312"]  # fmt: skip
    found = [names.of(image_id) for image_id in ids]
    assert len({name.casefold() for name in found}) == len(ids)
    assert found[0] == "s/a"
    assert found[-1] == "s/a@0,312"
    for name in found:
        source, _, stem = name.partition("/")
        assert source == "s"
        assert stem.isascii()
        assert len(stem) < 200
        assert not set(stem) & set('/\\:*?"<>| ')
        assert stem[0] != "."
        assert stem[-1] != "."
        assert stem.split(".")[0].casefold() not in ("con", "nul")
    assert [names.of(image_id) for image_id in ids] == found


def test_the_command(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("export", built, "--format", "internvl", "--output", out, "--limit", 2)
    refused = sarchat(*command)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    done = sarchat(*command, "--accept-license", "research-only", "--boxes", "norm1000",
                   "--task", "referring", "--task", "instance_counting")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Boxes:    norm1000, frame norm1000; IoU with the exact boxes 0.9" in done.stdout
    assert "Licenses: pictures of sar_aircraft are for your own use" in done.stdout
    assert f"--meta_path {out}/meta_train.json" in done.stdout
    rows = [json.loads(line) for line in (out / "train.jsonl").read_text().splitlines()]
    assert {row["id"].split("/")[-3] for row in rows} <= {"referring", "instance_counting"}
    # No command is shown that reads a split which was not exported.
    done = sarchat(*command, "--accept-license", "research-only", "--split", "test", "--replace")
    assert "Export:" in done.stdout, done.stderr
    assert "Next:" not in done.stdout


def test_what_is_no_dataset_or_a_damaged_one_is_named(built: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"build.json: cannot be read .*; is this a finished data"):
        Dataset(str(tmp_path))
    copy = tmp_path / "copy"
    shutil.copytree(built, copy, copy_function=os.link)
    (picture,) = (copy / "images").glob("test-*.parquet")
    picture.unlink()
    picture.write_bytes(b"PAR1")
    dataset = Dataset(str(copy))
    shards = dataset.shards(Selection(), ("test",))
    with pytest.raises(InputError, match=f"images/{picture.name}"):
        dataset.suffixes(shards)


def test_a_request_is_all_that_decides(built: Path, tmp_path: Path) -> None:
    """Another option is another export, which is not mixed with the first."""
    request = ExportRequest(str(built), "trl", str(tmp_path / "out"), Selection(limit=1),
                            accepted=("research-only",))  # fmt: skip
    run_export(request, BY_NAME["trl"])
    with pytest.raises(InputError, match="with other options"):
        export(built, "trl", tmp_path / "out", limit=2)
