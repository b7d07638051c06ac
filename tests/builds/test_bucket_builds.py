"""Builds from and into a store of objects: the bytes of a disk, and its promises."""

from __future__ import annotations

import re
from pathlib import Path

import buckets
import conftest
import miniatures as mini
import pytest
from buckets import cut_at, memory, objects, upload

from pipelines import launch
from sarchat_build.config.resources import recipe_path
from sarchat_build.dataset.output import STAGE, open_output
from sarchat_build.dataset.receipts import RECEIPTS
from sarchat_build.dataset.switch import finish_switch, switch
from sarchat_build.errors import InputError
from sarchat_build.sources.choose import choose_sources

quality = pytest.mark.quality


def build(raw: str, out: str, **options: object) -> None:
    mini.build(raw, out, **options)  # type: ignore[arg-type]


def smaller_shards(folder: Path) -> str:
    text = recipe_path("sarchat_2m").read_text()
    path = folder / "other.toml"
    path.write_text(re.sub(r"images_per_shard *= *\d+", "images_per_shard = 4", text))
    return str(path)


@pytest.fixture(scope="module")
def small_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.ssdd(10).write_zip(tmp_path_factory.mktemp("small") / "raw")


@pytest.fixture(scope="module")
def on_disk(small_raw: Path) -> dict[str, str]:
    mini.build(small_raw, small_raw.parent / "out")
    return conftest.digests(small_raw.parent / "out")


@pytest.fixture(scope="module")
def other(small_raw: Path) -> Path:
    """The same source under another recipe."""
    out = small_raw.parent / "other"
    mini.build(small_raw, out, recipe=smaller_shards(small_raw.parent))
    return out


@pytest.fixture
def bucket(small_raw: Path, tmp_path: Path) -> str:
    """A bucket with the raw folder in it."""
    upload(small_raw, f"memory://{tmp_path.name}/raw")
    return f"memory://{tmp_path.name}"


def test_a_build_from_a_bucket_into_a_bucket_has_the_bytes_of_one_on_disk(
    bucket: str, on_disk: dict[str, str]
) -> None:
    build(f"{bucket}/raw", f"{bucket}/out")
    assert buckets.digests(f"{bucket}/out") == on_disk
    work = {path.split("/")[1] for path in objects(f"{bucket}/out", work=True) if "/" in path}
    assert work - {path.split("/")[1] for path in on_disk if "/" in path} == {"receipts"}


@quality(row=49)
def test_row_49_a_build_that_is_cut_off_resumes_with_the_shards_that_are_finished(
    bucket: str, on_disk: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = f"{bucket}/out"
    with pytest.raises(BaseException), cut_at(20):  # noqa: B017, PT011 (as the engine tells it)
        build(f"{bucket}/raw", out)
    assert "build.json" not in objects(out)
    finished = {p for p in objects(out, work=True) if p.startswith(RECEIPTS)}
    assert finished
    put: list[str] = []
    real = type(memory).put_file
    monkeypatch.setattr(
        type(memory), "put_file", lambda self, a, b, **k: (put.append(b), real(self, a, b, **k))
    )
    build(f"{bucket}/raw", out)
    assert buckets.digests(out) == on_disk
    for receipt in finished:
        name = receipt.removeprefix(f"{RECEIPTS}/").rpartition("-")[0]
        assert not [path for path in put if f"/{name}." in path], "a finished shard was built again"


def test_a_shard_that_was_damaged_is_built_again(bucket: str, on_disk: dict[str, str]) -> None:
    out = f"{bucket}/out"
    build(f"{bucket}/raw", out)
    path = next(path for path in on_disk if path.startswith("images/"))
    name = f"{out.removeprefix('memory:/')}/{path}"
    data = bytearray(memory.cat_file(name))
    data[len(data) // 2] ^= 1
    memory.pipe_file(name, bytes(data))
    build(f"{bucket}/raw", out)
    assert buckets.digests(out) == on_disk


@quality(row=62)
def test_row_62_a_switch_in_a_bucket_that_is_cut_off_anywhere_is_finished_by_the_next_build(
    small_raw: Path, on_disk: dict[str, str], other: Path, tmp_path: Path
) -> None:
    """Cut at each call that changes the store, until one switch is not cut."""
    new, old = conftest.digests(other), on_disk
    for cut in range(1, 400):
        out = upload(small_raw.parent / "out", f"memory://{tmp_path.name}/{cut}")
        for path in new:
            name = f"/{tmp_path.name}/{cut}/{STAGE}/{path}"
            memory.pipe_file(name, (other / path).read_bytes())
        try:
            with cut_at(cut):
                switch(out)
        except KeyboardInterrupt:
            # The first call declares the new one proven; until then the earlier one is whole.
            found = buckets.digests(out)
            assert found in (old, new) or open_output(out).proven()
            if cut == 1:
                assert found == old
                continue
            if "build.json" in found and found["build.json"] != old["build.json"]:
                assert found == new
            finish_switch(out)
            assert buckets.digests(out) == new
        else:
            break
    assert cut > 30
    assert buckets.digests(out) == new
    assert open_output(out).names(STAGE) == []


@quality(row=62)
def test_row_62_what_fails_on_the_way_leaves_the_earlier_dataset_in_a_bucket_whole(
    bucket: str, tmp_path: Path
) -> None:
    out = f"{bucket}/out"
    build(f"{bucket}/raw", out)
    before = buckets.digests(out)
    source = mini.ssdd(10)
    for stem in ("000001", "000002", "000003"):
        source.document(stem, "<broken")
    upload(source.write_zip(tmp_path / "broken"), f"{bucket}/broken")
    with pytest.raises(InputError, match="3 of 10 images rejected") as caught:
        build(f"{bucket}/broken", out, replace=True)
    assert buckets.digests(out) == before
    assert "ssdd.parquet" in open_output(str(caught.value).rpartition("rejects/ is ")[2]).names("")


@quality(row=54)
def test_row_54_a_dataset_of_something_else_is_replaced_only_when_that_is_said(
    bucket: str, other: Path, tmp_path: Path
) -> None:
    out = f"{bucket}/out"
    build(f"{bucket}/raw", out)
    recipe = smaller_shards(tmp_path)
    with pytest.raises(InputError, match="say --replace"):
        build(f"{bucket}/raw", out, recipe=recipe)
    build(f"{bucket}/raw", out, recipe=recipe, replace=True)
    assert buckets.digests(out) == conftest.digests(other)


@quality(row=72)
@pytest.mark.parametrize("out", ["raw/out", "raw/ssdd", "raw", ""])
def test_row_72_output_and_inputs_may_not_lie_in_each_other_in_a_bucket(
    bucket: str, out: str
) -> None:
    settings = launch.load_settings("sarchat_2m", None, None)
    chosen, _ = choose_sources(settings.manifests, f"{bucket}/raw", [])
    memory.pipe_file(f"{bucket.removeprefix('memory:/')}/.sarchat/x", b"")
    before = objects(bucket)
    # What holds other files is refused for that first.
    with pytest.raises(InputError, match=r"lie in each other|not an earlier build"):
        launch.prepare(settings, chosen, raw=f"{bucket}/raw", out=f"{bucket}/{out}".rstrip("/"))
    assert objects(bucket) == before


def test_a_chain_of_urls_is_not_written_to() -> None:
    with pytest.raises(InputError, match="a chain of URLs is read, not written to"):
        launch.prepare(
            launch.load_settings("sarchat_2m", None, None), {}, raw="raw", out="zip://a::memory://b"
        )


def test_workers_hear_of_no_path_that_depends_on_where_they_run(
    small_raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a cluster have working directories of their own."""
    monkeypatch.chdir(small_raw.parent)
    settings = launch.load_settings("sarchat_2m", None, None)
    chosen, _ = choose_sources(settings.manifests, "raw", [])
    context = launch.prepare(settings, chosen, raw="raw", out=f"../{tmp_path.name}", repacked="re")
    assert context.raw == str(small_raw)
    assert Path(context.out).is_absolute()
    assert ".." not in Path(context.out).parts
    Path(context.out, ".sarchat", "build").rmdir()
