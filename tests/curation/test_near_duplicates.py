"""Near-duplicates: the hash, the search for close pairs, and what becomes of the groups."""

from __future__ import annotations

import io
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from sarchat_build.curation import near_duplicates
from sarchat_build.curation.near_duplicates import (
    connected_components,
    greedy_clusters,
    hamming,
    unpack_hashes,
)
from sarchat_build.images.hashing import perceptual_hash
from sarchat_build.synthetic.pictures.noise import keyed

DISTANCE = 20


def speckle(name: str, side_px: int = 256, ships: int = 3) -> Image.Image:
    """A dark, speckled sea with bright bars; equal names give equal pictures."""
    rng = keyed("near", name)
    sea = Image.fromarray(np.clip(rng.gamma(4.0, 8.0, (side_px, side_px)), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(sea)
    for _ in range(ships):
        x, y = (int(v) for v in rng.integers(0, side_px - 40, 2))
        draw.rectangle((x, y, x + int(rng.integers(8, 40)), y + int(rng.integers(8, 40))), fill=240)
    return sea


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


def apart(first: str, second: str) -> int:
    return (int(first, 16) ^ int(second, 16)).bit_count()


@pytest.mark.parametrize("name", list("abcdefgh"))
def test_copies_are_close_and_others_far(name: str) -> None:
    picture = speckle(name)
    own = perceptual_hash(picture)
    half = picture.resize((128, 128), Image.Resampling.BICUBIC)
    brighter = picture.point(lambda v: min(255, int(1.2 * v + 10)))
    copies = [jpeg(picture, 60), half, brighter, picture.convert("RGB")]
    assert all(apart(own, perceptual_hash(copy)) <= DISTANCE for copy in copies)
    assert all(apart(own, perceptual_hash(speckle(f"{name}{i}"))) > 60 for i in range(20))


def test_the_size_of_a_copy_does_not_matter() -> None:
    large = speckle("large", 1200, ships=40)
    own = perceptual_hash(large)
    for side_px in (1000, 800, 512, 300, 256, 224, 128):
        copy = large.resize((side_px, side_px), Image.Resampling.BICUBIC)
        assert apart(own, perceptual_hash(copy)) <= DISTANCE, side_px


def test_a_border_without_data_does_not_make_pictures_alike() -> None:
    hashes = []
    for i in range(12):
        picture = speckle(f"border {i}")
        ImageDraw.Draw(picture).polygon([(0, 0), (200, 0), (0, 170)], fill=0)
        hashes.append(perceptual_hash(picture))
    assert min(apart(a, b) for a, b in combinations(hashes, 2)) > DISTANCE


def test_a_picture_that_shows_nothing_has_no_hash() -> None:
    assert perceptual_hash(Image.new("L", (256, 256), 9), min_variance=1.0) == ""
    assert len(perceptual_hash(speckle("full"), min_variance=1.0)) == 64


def test_the_hash_is_that_of_whole_numbers() -> None:
    """Python's own integers give the same bits: nothing depends on a matrix library."""
    from sarchat_build.images import hashing as module

    picture = speckle("whole")
    small = picture.point(module._LEVELS).resize((64, 64), Image.Resampling.HAMMING)
    assert picture.size == (256, 256), "small enough not to be reduced before"
    rows = [[int(v) for v in row] for row in np.asarray(small)]
    cosines = [[int(v) for v in row] for row in module._COSINES]
    half = [[sum(c * v for c, v in zip(u, row, strict=True)) for u in cosines] for row in rows]
    low = [
        sum(c * half[y][f] for y, c in enumerate(u)) for u in cosines for f in range(len(cosines))
    ]
    median = sorted(low)[127]
    bits = "".join("1" if value > median else "0" for value in low)
    assert perceptual_hash(picture) == f"{int(bits, 2):064x}"


def all_pairs(hashes: near_duplicates.Hashes, distance: int) -> set[frozenset[int]]:
    """The connected components by comparing each with each."""
    component = [{i} for i in range(len(hashes))]
    for i, j in combinations(range(len(hashes)), 2):
        if hamming(hashes[i], hashes[j]) <= distance and component[i] is not component[j]:
            component[i] |= component[j]
            for member in component[j]:
                component[member] = component[i]
    return {frozenset(members) for members in component if len(members) > 1}


@st.composite
def hash_sets(draw: st.DrawFn) -> near_duplicates.Hashes:
    """A few far centers, and around them hashes that differ in any number of any bits."""
    seed = draw(st.integers(0, 1 << 32))
    centers = [int.from_bytes(np.random.default_rng([seed, i]).bytes(32), "big") for i in range(3)]
    turned = st.sets(st.integers(0, 255), max_size=24)
    found = []
    for _ in range(draw(st.integers(1, 25))):
        value = draw(st.sampled_from(centers))
        for bit in draw(turned):
            value ^= 1 << bit
        found.append(f"{value:064x}")
    return unpack_hashes(found)


@given(hash_sets(), st.integers(0, 24))
@settings(max_examples=200, deadline=None)
def test_every_close_pair_is_found(hashes: near_duplicates.Hashes, distance: int) -> None:
    components = connected_components(hashes, distance)
    assert {frozenset(f.tolist()) for f in components} == all_pairs(hashes, distance)
    assert [f[0] for f in components] == sorted(f[0] for f in components)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_every_close_pair_is_found_with_little_memory(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut comparisons, and lists that are cleared of what components have taken."""
    monkeypatch.setattr(near_duplicates, "_CHUNK_PAIRS", chunk)
    monkeypatch.setattr(near_duplicates, "_ROOTS", 13)
    rng = np.random.default_rng(5)
    center = rng.integers(0, 1 << 63, (3, 4), dtype=np.uint64)
    noise = np.zeros((120, 256), dtype=np.uint8)
    for row in noise:
        row[rng.choice(256, size=int(rng.integers(0, 14)), replace=False)] = 1
    hashes = center[rng.integers(0, 3, 120)] ^ np.packbits(noise, axis=1).view(np.uint64)
    found = {frozenset(f.tolist()) for f in connected_components(hashes, DISTANCE)}
    assert found == all_pairs(hashes, DISTANCE)


@given(st.sets(st.integers(0, 255), min_size=20, max_size=20))
def test_the_farthest_close_pair_is_found_however_its_bits_lie(bits: set[int]) -> None:
    hashes = unpack_hashes([f"{0:064x}", f"{sum(1 << bit for bit in bits):064x}"])
    assert len(connected_components(hashes, DISTANCE)) == 1
    assert connected_components(hashes, DISTANCE - 1) == []


@given(hash_sets(), st.integers(0, 24))
def test_clusters_have_no_chains(hashes: near_duplicates.Hashes, distance: int) -> None:
    clusters = greedy_clusters(hashes, distance)
    assert sorted(i for cluster in clusters for i in cluster) == list(range(len(hashes)))
    centers = [int(cluster[0]) for cluster in clusters]
    for cluster in clusters:
        assert (hamming(hashes[cluster], hashes[cluster[0]]) <= distance).all()
        assert cluster[0] == min(cluster)
    assert all(hamming(hashes[a], hashes[b]) > distance for a, b in combinations(centers, 2))
