"""What lies in an output folder is never lost: other datasets, forged records, cut-off runs."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest
from conftest import digests, sarchat
from plain_build import build_results
from whole_builds import record

from pipelines import launch
from sarchat_build.config.resources import recipe_path
from sarchat_build.dataset.output import WrittenFile, stage_of
from sarchat_build.dataset.receipts import RECEIPTS, load_receipt, receipt_path, save_receipt
from sarchat_build.dataset.shards import ShardReceipt
from sarchat_build.dataset.switch import finish_switch, switch
from sarchat_build.errors import InputError
from sarchat_build.sources.choose import choose_sources

quality = pytest.mark.quality


def other_recipe(folder: Path) -> str:
    """A recipe that makes smaller shards."""
    text = recipe_path("sarchat_2m").read_text()
    path = folder / "other.toml"
    path.write_text(re.sub(r"images_per_shard *= *\d+", "images_per_shard = 4", text))
    return str(path)


def ask(raw: Path, out: Path, *, recipe: str = "sarchat_2m", stated: tuple[str, ...] = ()) -> Any:
    """Ask for a build, as far as it may stop before it reads a picture."""
    settings = launch.load_settings(recipe, None, None, stated)
    chosen, _ = choose_sources(settings.manifests, str(raw), [])
    return launch.prepare(settings, chosen, raw=str(raw), out=str(out))


@pytest.fixture(scope="module")
def small_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.ssdd(10).write_zip(tmp_path_factory.mktemp("small") / "raw")


@pytest.fixture(scope="module")
def small(small_raw: Path) -> Path:
    """A finished dataset; tests take a copy."""
    out = small_raw.parent / "out"
    mini.build(small_raw, out)
    return out


@pytest.fixture(scope="module")
def other(small_raw: Path) -> Path:
    """The same source under another recipe, built into an empty folder."""
    out = small_raw.parent / "other"
    mini.build(small_raw, out, recipe=other_recipe(small_raw.parent))
    return out


@pytest.fixture
def out(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "out"))


def changed_archive(folder: Path) -> Path:
    """The same source with one picture changed."""
    source = mini.ssdd(10)
    source.image("000005", mini.picture(77), "test")
    return source.write_zip(folder / "changed")


def more_sources(folder: Path) -> Path:
    mini.ssdd(10).write_zip(folder / "more")
    return mini.sar_aircraft(2).write_zip(folder / "more")


OTHERS: dict[str, tuple[Callable[[Path, Path], Any], tuple[str, ...]]] = {
    "recipe": (
        lambda folder, raw: {"raw": raw, "recipe": other_recipe(folder)},
        ("recipe: output.images_per_shard = ", " there, 4 now"),
    ),
    "inputs": (
        lambda folder, raw: {"raw": changed_archive(folder)},
        ("ssdd: input a copy.zip is another file (sha256 ",),
    ),
    "sources": (
        lambda folder, raw: {"raw": more_sources(folder)},
        ("sources: ssdd there, sar_aircraft, ssdd now",),
    ),
    "manifest": (
        lambda folder, raw: {"raw": raw, "stated": ("ssdd.priority=21",)},
        ("manifest of ssdd: priority = 20 there, 21 now",),
    ),
}


@quality(row=53)
@quality(row=62)
@pytest.mark.parametrize("what", OTHERS)
def test_row_62_another_dataset_is_not_built_over(
    small_raw: Path, out: Path, tmp_path: Path, what: str
) -> None:
    make, parts = OTHERS[what]
    before = digests(out)
    with pytest.raises(InputError) as caught:
        ask(out=out, **make(tmp_path, small_raw))
    message = str(caught.value)
    for part in ("holds a finished dataset (10 pictures of ssdd, recipe sarchat_2m)", *parts):
        assert part in message
    assert "say --replace" in message
    assert digests(out) == before


@quality(row=62)
def test_row_62_advice_to_say_replace_works_and_gives_the_bytes_of_a_clean_build(
    small_raw: Path, out: Path, other: Path, tmp_path: Path
) -> None:
    options = ("--raw", small_raw, "--recipe", other_recipe(tmp_path), "--workers", 1)
    before = digests(out)
    done = sarchat("build", "--output", out, *options)
    assert done.returncode == 3
    assert "say --replace" in done.stderr
    assert "Traceback" not in done.stderr
    assert digests(out) == before
    done = sarchat("build", "--output", out, *options, "--replace")
    assert done.returncode == 0, done.stderr
    assert digests(out) == digests(other)


@quality(row=62)
@pytest.mark.parametrize("state", ["missing", "torn", "of another program", "a folder"])
def test_row_62_a_dataset_without_a_record_is_not_built_over(
    small_raw: Path, small: Path, out: Path, state: str
) -> None:
    path = out / "build.json"
    text = path.read_text()
    path.unlink()
    if state == "a folder":
        path.mkdir()
    elif state != "missing":
        path.write_text(text[:500] if state == "torn" else '{"name": "my-app"}')
    before = digests(out)
    with pytest.raises(InputError, match=r"holds \d+ files of a dataset .*build.json .*--replace"):
        ask(small_raw, out)
    assert digests(out) == before
    if state in ("missing", "torn"):
        mini.build(small_raw, out, replace=True)
        assert digests(out) == digests(small)


@quality(row=62)
def test_row_62_what_fails_on_the_way_leaves_the_earlier_dataset_whole(
    out: Path, tmp_path: Path
) -> None:
    source = mini.ssdd(10)
    for stem in ("000001", "000002", "000003"):
        source.document(stem, "<broken")
    before = digests(out)
    with pytest.raises(InputError, match="3 of 10 images rejected") as caught:
        mini.build(source.write_zip(tmp_path / "broken"), out, replace=True)
    assert digests(out) == before
    folder = Path(str(caught.value).rpartition("rejects/ is ")[2])
    assert len(list(folder.glob("ssdd.parquet"))) == 1


@quality(row=62)
def test_row_62_a_switch_that_is_cut_off_anywhere_is_finished_by_the_next_build(
    small: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut at each rename and each removal in turn, until one switch is not cut."""
    old, new = digests(small), digests(other)
    for cut in range(1, 100):
        out = Path(shutil.copytree(small, tmp_path / str(cut)))
        shutil.copytree(other, stage_of(str(out)), ignore=shutil.ignore_patterns(".sarchat"))
        calls = 0

        def counting(real: Callable[..., Any], cut: int = cut) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls == cut:
                    raise KeyboardInterrupt
                return real(*arguments, **named)

            return call

        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", counting(os.replace))
            patched.setattr(os, "unlink", counting(os.unlink))
            patched.setattr(shutil, "rmtree", counting(shutil.rmtree))
            try:
                switch(str(out))
            except KeyboardInterrupt:
                # The first rename begins it, the second takes the old record away.
                assert (digests(out) == old) == (cut <= 2)
                if cut == 1:
                    continue
            else:
                break
        if cut > 2 and (out / "build.json").exists():
            assert digests(out) == new
        finish_switch(str(out))
        assert digests(out) == new
    assert cut > 10
    assert digests(out) == new


@quality(row=54)
def test_row_54_only_what_depends_on_a_changed_input_is_built_anew(
    out: Path, small: Path, tmp_path: Path
) -> None:
    raw = changed_archive(tmp_path)
    before = {path: path.stat().st_ino for path in (out / "images").iterdir()}
    found = mini.build(raw, out, replace=True)
    mini.build(raw, tmp_path / "clean")
    assert digests(out) == digests(tmp_path / "clean")
    inodes = {path: path.stat().st_ino for path in (out / "images").iterdir()}
    kept = {path.stem for path, inode in inodes.items() if inode == before.get(path)}
    earlier = record(small)
    same = {name for name, value in found["shards"].items() if earlier["shards"][name] == value}
    assert kept == same
    changed = mini.read_images(out)["ssdd/000005"]["split"]
    assert {name.partition("-")[0] for name in set(found["shards"]) - same} == {changed}
    # The two records say why: the archive, and nothing else that goes into a fingerprint.
    causes = ("recipe", "versions", "code_digest")
    assert {key: found[key] for key in causes} == {key: earlier[key] for key in causes}
    assert found["templates"]["sha256"] == earlier["templates"]["sha256"]
    now, then = found["sources"]["ssdd"], earlier["sources"]["ssdd"]
    assert now["manifest_sha256"] == then["manifest_sha256"]
    assert now["archives"] != then["archives"]


@quality(row=73)
def test_row_73_other_code_is_an_update_that_needs_no_replace(
    small_raw: Path, small: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.stat().st_ino for path in (out / "images").iterdir()}
    monkeypatch.setattr(launch, "digest_code", lambda: "0" * 32)
    found = mini.build(small_raw, out)
    assert not any(path.stat().st_ino == inode for path, inode in before.items())
    assert found["code_digest"] == "0" * 32 != record(small)["code_digest"]
    assert set(found["shards"].values()).isdisjoint(record(small)["shards"].values())


# Row 63: paths in records of ours.
@quality(row=63)
@pytest.mark.parametrize("form", ["../victim.txt", "absolute", "images/../../victim.txt", "a link"])
def test_row_63_a_path_that_leads_out_is_not_deleted(
    small_raw: Path, out: Path, other: Path, tmp_path: Path, form: str
) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    forged = record(out)
    name = str(victim) if form == "absolute" else form
    if form == "a link":
        # The record lists a file in a folder that is a link.
        (tmp_path / "elsewhere").mkdir()
        victim = victim.rename(tmp_path / "elsewhere" / "test-00008-of-00009.parquet")
        (out / "rejects").rename(tmp_path / "rejects")
        (out / "rejects").symlink_to(tmp_path / "elsewhere")
        name = "rejects/test-00008-of-00009.parquet"
    forged["files"][name] = {"bytes": 4, "sha256": "0" * 64, "rows": None}
    (out / "build.json").write_text(json.dumps(forged))
    with pytest.raises(InputError) as caught:
        ask(small_raw, out)
    said = "a link or a file where a dataset has a folder" if form == "a link" else name
    assert said in str(caught.value)
    if form == "a link":
        (out / "rejects").unlink()
    mini.build(small_raw, out, recipe=other_recipe(tmp_path), replace=True)
    assert victim.read_text() == "mine"
    assert digests(out) == digests(other)


@quality(row=63)
@pytest.mark.parametrize("form", ["../victim.txt", "absolute", "other shard", "not a receipt"])
def test_row_63_a_receipt_that_names_other_files_counts_as_none(tmp_path: Path, form: str) -> None:
    out, name = tmp_path / "out", "train-00000-of-00001"
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    path = {"absolute": str(victim), "other shard": "images/test-00000-of-00001.parquet"}.get(form)
    import hashlib

    file = WrittenFile(path or form, 4, hashlib.sha256(b"mine").hexdigest(), 1)
    save_receipt(str(out), ShardReceipt(name, "f", (file,), {}, {}))
    listing = out / receipt_path(name, "f")
    if form == "other shard":
        (out / "images").mkdir()
        (out / file.path).write_text("mine")
    if form == "not a receipt":
        files = [asdict(file), 3]
        listing.write_text(json.dumps({"name": name, "fingerprint": "f", "files": files}))
    assert load_receipt(str(out), name, "f") is None
    assert victim.read_text() == "mine"
    assert not Path(stage_of(str(out)), "victim.txt").exists()


@quality(row=71)
def test_row_71_a_shard_without_a_receipt_is_not_published_under_another_recipe(
    small_raw: Path, other: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    # All shards are written and none has a receipt: the moment of the kill, for each of them.
    build_results(ask(small_raw, out))
    shutil.rmtree(out / RECEIPTS)
    stale = {path.name for path in Path(stage_of(str(out)), "images").iterdir()}
    assert stale
    mini.build(small_raw, out, recipe=other_recipe(tmp_path))
    assert digests(out) == digests(other)


# Row 72: output and inputs in each other.
@quality(row=72)
@pytest.mark.parametrize(
    "form", ["in a source", "raw itself", "in raw", "raw in output", "by a link", "by an archive"]
)
def test_row_72_output_and_inputs_may_not_lie_in_each_other(tmp_path: Path, form: str) -> None:
    raw = mini.ssdd(3).write_folder(tmp_path / "raw")
    out = {
        "in a source": raw / "ssdd" / "out",
        "raw itself": raw,
        "in raw": raw / "out",
        "raw in output": tmp_path,
        "by a link": tmp_path / "elsewhere" / "out",
        "by an archive": tmp_path / "elsewhere",
    }[form]
    if form == "by a link":
        (raw / "ssdd").rename(tmp_path / "elsewhere")
        (raw / "ssdd").symlink_to(tmp_path / "elsewhere")
    if form == "by an archive":
        mini.ssdd(3).write_zip(tmp_path / "zipped")
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / ".sarchat").mkdir()
        shutil.rmtree(raw)
        (raw / "ssdd").mkdir(parents=True)
        made = (tmp_path / "zipped/ssdd/a copy.zip").rename(tmp_path / "elsewhere" / "x.zip")
        (raw / "ssdd" / "x.zip").symlink_to(made)
    if form == "raw in output":
        (tmp_path / ".sarchat").mkdir()  # else it is refused for what lies in it
    before = sorted(tmp_path.rglob("*"))
    done = sarchat("build", "--raw", raw, "--output", out) if form == "in raw" else None
    if done is None:
        # A raw folder is full of what is no dataset: for that it is refused first.
        message = "lie in each other" if form != "raw itself" else "not an earlier build"
        with pytest.raises(InputError, match=message):
            ask(raw, out)
    else:
        assert done.returncode == 3
        assert "--output and the raw archives lie in each other" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@quality(row=72)
def test_row_72_repacked_archives_may_not_lie_in_a_source(tmp_path: Path) -> None:
    raw = mini.ssdd(3).write_folder(tmp_path / "raw")
    settings = launch.load_settings("sarchat_2m", None, None)
    chosen, _ = choose_sources(settings.manifests, str(raw), [])
    with pytest.raises(InputError, match="--repacked lies in a source's folder"):
        launch.prepare(
            settings, chosen, raw=str(raw), out=str(tmp_path / "out"), repacked=str(raw / "ssdd/re")
        )
