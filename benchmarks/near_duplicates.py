"""Proof of scale: near-duplicates among a million hashes, with planted ones, found exactly.

`make proof-neardup` prints what was planted and found, the time and the peak of memory.
"""

from __future__ import annotations

import argparse
import resource
import time
from hashlib import shake_128

import numpy as np

from sarchat_build.curation.near_duplicates import Hashes, connected_components

DISTANCE = 20


def random_hashes(count: int, name: str) -> Hashes:
    """Make hashes that depend on nothing but their name."""
    data = shake_128(name.encode()).digest(count * 32)
    return np.frombuffer(data, dtype="<u8").astype(np.uint64).reshape(count, 4)


def turn_bits(hashes: Hashes, counts: np.ndarray, name: str) -> Hashes:
    """Turn `counts[i]` different bits of hash i."""
    noise = random_hashes(64 * len(hashes), name).reshape(len(hashes), 256)
    bits = np.unpackbits(hashes.view(np.uint8).reshape(len(hashes), 32), axis=1)
    rank = np.argsort(np.argsort(noise, axis=1), axis=1)
    bits ^= rank < counts[:, None]
    return np.packbits(bits, axis=1).view(np.uint64)


def main() -> None:
    """Plant pairs, a crowd of like hashes and a crowd of far ones that share a band; find them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hashes", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--crowd", type=int, default=20_000)
    arguments = parser.parse_args()
    unrelated = random_hashes(arguments.hashes, "unrelated")
    counts = np.arange(arguments.pairs) % (DISTANCE + 1)
    copies = turn_bits(unrelated[: arguments.pairs], counts, "copies")
    center = np.repeat(random_hashes(1, "crowd"), arguments.crowd, axis=0)
    alike = turn_bits(center, np.arange(arguments.crowd) % (DISTANCE // 2 + 1), "alike")
    # Far from each other, but equal in every eleventh bit: all in one bucket of one band.
    shared = np.unpackbits(random_hashes(arguments.crowd, "far").view(np.uint8).reshape(-1, 32), 1)
    shared[:, ::11] = 1
    far = np.packbits(shared, axis=1).view(np.uint64)
    hashes = np.concatenate([unrelated, copies, alike, far])
    begin = time.perf_counter()
    components = connected_components(hashes, DISTANCE)
    seconds = time.perf_counter() - begin
    sizes = sorted((len(component) for component in components), reverse=True)
    found = {(int(f[0]), int(f[1])) for f in components if len(f) == 2}
    planted = {(i, arguments.hashes + i) for i in range(arguments.pairs)}
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(hashes):,} hashes, distance {DISTANCE}: {seconds:.1f} s, peak {peak_mb:,.0f} MB")
    print(f"planted pairs found: {len(found & planted):,} of {len(planted):,}")
    print(f"other pairs found: {len(found - planted):,} (unrelated hashes: none is expected)")
    print(f"crowd of {arguments.crowd:,} like pictures: one component of {sizes[0]:,}")
    if not (found == planted and sizes[0] == arguments.crowd):
        raise SystemExit("not proven")


if __name__ == "__main__":
    main()
