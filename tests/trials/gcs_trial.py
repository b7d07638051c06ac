"""Builds from and into a bucket, on a server of the real protocol: bytes, kills, writers, traffic.

    python tests/trials/gcs_trial.py [--images 600]

The same raw archives are built on this disk and in the bucket, there also killed and resumed,
beside a second writer, after damage, and in few and many shards. What the table says: whether it
was as promised, seconds, and what was fetched of the archives for each pass over them. Exit code 1
if anything was not as promised.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gcs_server import GcsServer, gcs_server
from whole_builds import SARCHAT

from sarchat_build.config.resources import recipe_path
from sarchat_build.synthetic import synthesize

# Digests, pictures when they are inspected, and when their shard is written.
PASSES = 3
MAX_PER_PASS = 1.3


class Trial:
    """One server, one raw folder, and the table of what was found."""

    def __init__(self, folder: Path, server: GcsServer) -> None:
        import fsspec

        self.folder = folder
        self.server = server
        self.failed = False
        os.environ.update(server.environment)
        self.system: Any = fsspec.filesystem(
            "gs", token="anon", endpoint_url=server.url, use_listings_cache=False
        )

    def command(self, *arguments: object) -> list[str]:
        return [*SARCHAT, *map(str, arguments)]

    def build(self, raw: str, out: str, *more: object, code: int = 0) -> str:
        """Run a build to its end; gives what it said."""
        done = subprocess.run(
            self.command("build", "--raw", raw, "--output", out, "--workers", 2, *more),
            capture_output=True,
            text=True,
        )
        if done.returncode != code:
            print(done.stdout, done.stderr)
            raise SystemExit(f"exit code {done.returncode}, not {code}")
        return done.stdout + done.stderr

    def status(self, out: str) -> tuple[int, str]:
        """Exit code and text of `sarchat status`."""
        done = subprocess.run(self.command("status", out), capture_output=True, text=True)
        return done.returncode, done.stdout

    def upload(self, folder: Path, name: str) -> str:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.system.put_file(
                    str(path), f"bucket/{name}/{path.relative_to(folder).as_posix()}"
                )
        return f"gs://bucket/{name}"

    def digests(self, out: str) -> dict[str, str]:
        root = out.removeprefix("gs://")
        self.system.invalidate_cache()
        return {
            name.removeprefix(f"{root}/"): hashlib.sha256(self.system.cat_file(name)).hexdigest()
            for name in self.system.find(root)
            if f"{root}/.sarchat/" not in name
        }

    def receipts(self, out: str) -> list[str]:
        self.system.invalidate_cache()
        return list(self.system.find(f"{out.removeprefix('gs://')}/.sarchat/receipts"))

    def say(self, what: str, holds: bool, figure: str) -> None:
        self.failed |= not holds
        print(f"{'as promised' if holds else 'NOT AS PROMISED':<16}{what:<44}{figure}", flush=True)


def digests(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".sarchat" not in path.parts
    }


def recipe_of(folder: Path, images_per_shard: int) -> Path:
    text = recipe_path("sarchat_2m").read_text()
    path = folder / f"shards_of_{images_per_shard}.toml"
    found, times = re.subn(
        r"images_per_shard *= *[\d_]+", f"images_per_shard = {images_per_shard}", text
    )
    assert times == 1
    path.write_text(found)
    return path


def run(trial: Trial, images: int) -> None:
    """Every trial, one after the other."""
    local = trial.folder / "raw"
    synthesize("ssdd", local, images)
    raw = trial.upload(local, "raw")
    packed = sum(path.stat().st_size for path in local.rglob("*.zip"))
    for shard in (images // 20, images // 2):
        recipe = recipe_of(trial.folder, max(1, shard))
        on_disk = trial.folder / f"disk-{shard}"
        trial.build(str(local), str(on_disk), "--recipe", recipe)
        expected = digests(on_disk)
        since, started = len(trial.server.downloads), time.monotonic()
        out = f"gs://bucket/out-{shard}"
        trial.build(raw, out, "--recipe", recipe)
        seconds = time.monotonic() - started
        shards = sum(name.startswith("images/") for name in expected)
        trial.say(
            f"{shards} shards: bytes of a disk", trial.digests(out) == expected, f"{seconds:.0f} s"
        )
        fetched = [size for name, size in trial.server.downloads[since:] if name.endswith(".zip")]
        share = sum(fetched) / PASSES / packed
        trial.say(
            f"{shards} shards: fetched for each pass",
            0.9 < share <= MAX_PER_PASS,
            f"{share:.2f} × {packed / 1e6:.1f} MB, {len(fetched)} requests in all",
        )

    out, many = "gs://bucket/killed", recipe_of(trial.folder, images // 20)
    process = subprocess.Popen(
        trial.command("build", "--raw", raw, "--output", out, "--recipe", many),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while process.poll() is None and not trial.receipts(out):
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGSTOP)  # it stays where it is while the other one tries
    said = trial.build(raw, out, code=3)
    trial.say("a second writer is refused", "another build writes here" in said, said.strip()[-90:])
    under_way, said = trial.status(out)
    trial.say("status: under way", under_way == 5 and "Shards: " in said, said.splitlines()[-3])
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    trial.say("status: cut off", trial.status(out)[0] == 1, "")
    kept = trial.receipts(out)
    built_before = {name: trial.system.info(name)["generation"] for name in kept}
    trial.say(
        "killed: nothing is published",
        "build.json" not in trial.digests(out),
        f"{len(kept)} shards kept",
    )
    trial.build(raw, out, "--recipe", many)
    expected = digests(trial.folder / f"disk-{images // 20}")
    trial.system.invalidate_cache()
    reused = sum(trial.system.info(name)["generation"] == g for name, g in built_before.items())
    trial.say(
        "resumed: bytes of a disk",
        trial.digests(out) == expected,
        f"{reused} of {len(kept)} shards reused",
    )
    left = [
        name
        for name in trial.system.find(out.removeprefix("gs://"))
        if "/.sarchat/" in name and "/receipts/" not in name and "/log/" not in name
    ]
    trial.say("leftovers are deleted", not left, ", ".join(left))

    path = sorted(name for name in expected if name.startswith("images/"))[0]
    data = bytearray(trial.system.cat_file(f"bucket/killed/{path}"))
    data[len(data) // 2] ^= 1
    trial.system.pipe_file(f"bucket/killed/{path}", bytes(data))
    done = subprocess.run(trial.command("validate", out), capture_output=True, text=True)
    trial.say("damage is found by validate", done.returncode == 1, done.stderr.strip()[:90])
    trial.build(raw, out, "--recipe", many)
    trial.say("damage is built again", trial.digests(out) == expected, "")
    done = subprocess.run(trial.command("validate", out), capture_output=True, text=True)
    trial.say("validate proves it where it lies", done.returncode == 0, done.stdout.strip()[-90:])


def main() -> int:
    """Run the trials and print their table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", type=int, default=600, help="pictures of the raw archive")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="gcs-") as name, gcs_server() as server:
        trial = Trial(Path(name), server)
        run(trial, options.images)
    return int(trial.failed)


if __name__ == "__main__":
    sys.exit(main())
