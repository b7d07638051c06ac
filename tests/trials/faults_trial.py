"""Builds that are disturbed for real: killed or interrupted at moments spread over their length.

    python tests/trials/faults_trial.py [--seed TEXT] [--kills 20] [--others 2] [--raw FOLDER]

One build of each kind of signal and moment; then the same command, whose dataset must have the
bytes of an undisturbed build. What the table says of each: seconds until the command had ended,
processes of it that were left a second later, its exit code, lines of errors, and the comparison.
Exit code 1 if any was not as promised. The moments follow from the seed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

from conftest import REAL_ARCHIVES, digests, link_real_archives
from whole_builds import SARCHAT, hear_signals

from sarchat_build.dataset.output import stage_of
from sarchat_build.synthetic import synthesize

MAX_SECONDS = 10.0
# Signal, how often, to whom, and the exit code that is promised.
KINDS = {
    "SIGKILL to all": (signal.SIGKILL, 1, "group", -signal.SIGKILL),
    "SIGKILL to the launcher": (signal.SIGKILL, 1, "launcher", -signal.SIGKILL),
    "SIGKILL to a worker": (signal.SIGKILL, 1, "worker", 4),
    "SIGTERM": (signal.SIGTERM, 1, "launcher", 143),
    "SIGTERM to all": (signal.SIGTERM, 1, "group", 143),
    "SIGHUP to all": (signal.SIGHUP, 1, "group", 129),
    "Ctrl-C": (signal.SIGINT, 1, "group", 130),
    "Ctrl-C twice": (signal.SIGINT, 2, "group", 130),
}


@dataclass(frozen=True)
class Outcome:
    """What one disturbed build did, and what the same command made of it."""

    kind: str
    moment: float
    seconds: float
    left: int
    code: int
    lines: int
    kept: str
    equal: bool

    @property
    def good(self) -> bool:
        """Whether everything is as promised; a build that ended before its moment shows nothing."""
        number, _, _, promised = KINDS[self.kind]
        silent = number == signal.SIGKILL and promised != 4
        return (
            self.equal
            and self.left == 0
            and self.seconds < MAX_SECONDS
            and self.code in (promised, 0)
            and self.lines == (0 if silent or self.code == 0 else 1)
        )


def moments(seed: str, kind: str, count: int) -> Iterator[float]:
    """Give shares of a build's length, from 5 to 98 percent, that follow from the seed."""
    for number in range(count):
        drawn = blake2b(f"{seed}/{kind}/{number}".encode(), digest_size=4).digest()
        yield 0.05 + 0.93 * int.from_bytes(drawn, "big") / 2**32


def start(raw: Path, out: Path) -> subprocess.Popen[str]:
    """Start a build in a process group of its own."""
    command = [*SARCHAT, "build", "--raw", str(raw), "--output", str(out), "--workers", "2"]
    return subprocess.Popen(
        command,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_signals,
        env=os.environ | {"NO_COLOR": "1"},
    )


def members(group: int) -> list[int]:
    """List the processes of a group that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def send(process: subprocess.Popen[str], kind: str) -> bool:
    """Send the signals of a kind; False where there is nobody to send them to."""
    number, times, whom, _ = KINDS[kind]
    for again in range(times):
        if again:
            time.sleep(0.05)
        try:
            if whom == "group":
                os.killpg(process.pid, number)
            elif whom == "launcher":
                os.kill(process.pid, number)
            else:
                workers = [pid for pid in members(process.pid) if pid != process.pid]
                os.kill(workers[0], number)
        except (ProcessLookupError, IndexError):
            return bool(again)
    return True


def disturb(raw: Path, out: Path, kind: str, moment: float, length_s: float) -> Outcome:
    """Disturb one build, then run the same command."""
    process = start(raw, out)
    time.sleep(moment * length_s)
    sent = time.monotonic()
    while not send(process, kind) and process.poll() is None:
        time.sleep(0.05)  # workers have not started yet
        sent = time.monotonic()
    _, errors = process.communicate(timeout=300)
    seconds = time.monotonic() - sent
    time.sleep(1)
    left = members(process.pid)
    finished = shards(out)
    again = start(raw, out)
    _, said = again.communicate(timeout=600)
    if again.returncode:
        print(said, file=sys.stderr)
    kept = sum(shards(out).get(name) == inode for name, inode in finished.items())
    return Outcome(
        kind,
        moment,
        seconds,
        len(left),
        process.returncode,
        len(errors.splitlines()),
        f"{kept} of {len(finished)}",
        again.returncode == 0 and digests(out) == EXPECTED,
    )


def shards(out: Path) -> dict[str, int]:
    """Give the finished files of shards with receipts, and what tells each from one built anew."""
    receipts = {
        path.stem.rpartition("-")[0] for path in (out / ".sarchat" / "receipts").glob("*.json")
    }
    return {
        path.stem: path.stat().st_ino
        for folder in (out, Path(stage_of(str(out))))
        for path in (folder / "images").glob("*.parquet")
        if path.stem in receipts
    }


EXPECTED: dict[str, str] = {}


def main() -> None:
    """Try every kind, print the table, and exit with 1 if one was not as promised."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", default="0")
    parser.add_argument("--kills", type=int, default=20, help="moments of SIGKILL to all")
    parser.add_argument("--others", type=int, default=2, help="moments of every other kind")
    parser.add_argument("--raw", type=Path, help="raw folder instead of the real archives")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="sarchat-faults-") as folder:
        work = Path(folder)
        raw = asked.raw or work / "raw"
        if asked.raw is None and all(path.exists() for path in REAL_ARCHIVES.values()):
            link_real_archives(raw)
        elif asked.raw is None:
            synthesize("ssdd", raw, 400, workers=os.cpu_count() or 1)
        began = time.monotonic()
        undisturbed = start(raw, work / "undisturbed")
        _, errors = undisturbed.communicate(timeout=600)
        length_s = time.monotonic() - began
        if undisturbed.returncode:
            sys.exit(errors)
        EXPECTED.update(digests(work / "undisturbed"))
        print(f"an undisturbed build takes {length_s:.0f} s; seed {asked.seed!r}")
        print(f"{'signal':<24} moment  ended after  left  exit  lines  shards kept  same bytes")
        outcomes = []
        for kind in KINDS:
            count = asked.kills if kind == "SIGKILL to all" else asked.others
            for moment in moments(asked.seed, kind, count):
                out = work / "out"
                shutil.rmtree(out, ignore_errors=True)
                found = disturb(raw, out, kind, moment, length_s)
                outcomes.append(found)
                verdict = "" if found.good else "   NOT AS PROMISED"
                print(
                    f"{kind:<24} {moment:6.0%} {found.seconds:10.1f} s {found.left:5d} "
                    f"{found.code:5d} {found.lines:6d} {found.kept:>12} "
                    f"{'yes' if found.equal else 'NO':>11}{verdict}",
                    flush=True,
                )
    bad = sum(not outcome.good for outcome in outcomes)
    early = sum(outcome.code == 0 for outcome in outcomes)
    print(f"{len(outcomes)} builds disturbed, {early} had ended before; {bad} not as promised")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
