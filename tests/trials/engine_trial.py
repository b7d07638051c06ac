"""Builds by other engines on this machine: bytes, a lost worker, Ctrl-C.

    python tests/trials/engine_trial.py prism|embedded|cluster [--images 200]

The same raw archives are built by the local engine and by Prism, by Flink inside a job server, or
by a Flink cluster of two task managers; the cluster builds into a bucket, too, and loses a task
manager in the middle. What the table says: whether it was as promised, and seconds. Exit code 1 if
anything was not as promised.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from engines import (
    BOOT,
    FlinkServer,
    embedded_flink,
    end_group,
    flink_cluster,
    prism_options,
    prism_runs,
    workers_by,
)
from gcs_server import gcs_server
from gcs_trial import Trial, digests
from whole_builds import SARCHAT, hear_signals

from sarchat_build.synthetic import synthesize

_START_SECONDS = 600.0
# A job that goes on all the same fails with its next piece of work.
_CANCEL_SECONDS = 300.0


class EngineTrial:
    """One engine, one raw folder, and the table of what was found."""

    def __init__(self, folder: Path, runner: str, options: Sequence[str]) -> None:
        self.folder = folder
        self.options = [f"--runner={runner}", "--", *options]
        self.failed = False

    def start(self, raw: str, out: str, *options: str) -> subprocess.Popen[str]:
        command = [*SARCHAT, "build", "--raw", raw, "--output", out, *options]
        log = (self.folder / "command.log").open("w")
        with log:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                text=True,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=hear_signals,
            )

    def said(self) -> str:
        return (self.folder / "command.log").read_text()

    def build(self, raw: str, out: str, *options: str) -> float:
        """Run a build to its end; gives seconds."""
        started = time.monotonic()
        self.finish(self.start(raw, out, *options))
        return time.monotonic() - started

    def finish(self, process: subprocess.Popen[str]) -> None:
        code = process.wait()
        if code:
            print(self.said())
            raise SystemExit(f"exit code {code}")

    def begin(self, out: Path, phase: str) -> subprocess.Popen[str]:
        """Start a build, and come back when a first unit of a phase is done."""
        process = self.start("raw", str(out), *self.options)
        until = time.monotonic() + _START_SECONDS
        while not (out / ".sarchat" / "progress" / phase).is_dir():
            if process.poll() is not None or time.monotonic() > until:
                end_group(process)
                print(self.said())
                raise SystemExit(f"no {phase} was seen")
            time.sleep(0.05)
        return process

    def say(self, what: str, holds: bool, figure: str) -> None:
        self.failed |= not holds
        print(f"{'as promised' if holds else 'NOT AS PROMISED':<16}{what:<44}{figure}", flush=True)


def compare(trial: EngineTrial) -> dict[str, str]:
    """Build locally, and by the engine with relative paths; gives what every build must give."""
    seconds = trial.build("raw", "local", "--workers=2")
    expected = digests(trial.folder / "local")
    engine_seconds = trial.build("raw", "by_engine", *trial.options)
    trial.say(
        "bytes of the local engine",
        "build.json" in expected and digests(trial.folder / "by_engine") == expected,
        f"{len(expected)} files, {engine_seconds:.0f} s; local {seconds:.0f} s",
    )
    return expected


def interrupt(trial: EngineTrial, expected: dict[str, str], has_ended: Callable[[], bool]) -> None:
    """Press Ctrl-C when pictures have been read, see that the job ends, and go on."""
    out = trial.folder / "interrupted"
    process = trial.begin(out, "inspect")
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    code = process.wait(_CANCEL_SECONDS)
    seconds = time.monotonic() - started
    line = trial.said().strip().splitlines()[-1]
    trial.say(
        "Ctrl-C: one line, exit code 130",
        code == 130 and line == "error: interrupted; run the same command again to resume",
        f"{code} after {seconds:.1f} s: {line}",
    )
    while not has_ended() and time.monotonic() - started < _CANCEL_SECONDS:
        time.sleep(0.2)
    seconds = time.monotonic() - started
    trial.say("its job has ended", has_ended(), f"within {seconds:.1f} s")
    left = sorted(digests(out))
    trial.say("nothing is published", not left, ", ".join(left))
    trial.build("raw", str(out), *trial.options)
    trial.say("the same command again: the same bytes", digests(out) == expected, "")


def lose_task_manager(trial: EngineTrial, expected: dict[str, str], server: FlinkServer) -> None:
    """Kill a task manager with its workers when the first shard is written."""
    out = trial.folder / "lost"
    started = time.monotonic()
    process = trial.begin(out, "shards")
    os.killpg(server.task_managers[0].pid, signal.SIGKILL)
    trial.finish(process)
    seconds = time.monotonic() - started
    trial.say(
        "a task manager is lost: the same bytes", digests(out) == expected, f"{seconds:.0f} s"
    )


def hide_output(trial: EngineTrial, server: FlinkServer) -> None:
    """Start workers that have a disk of their own where the launcher has the output folder."""
    hidden, boot = trial.folder / "hidden", trial.folder / "boot-elsewhere"
    hidden.mkdir()
    mounted = f'mount -t tmpfs none {hidden} && exec {BOOT} "$@"'
    boot.write_text(f"#!/bin/sh\nexec unshare --mount sh -c '{mounted}' boot \"$@\"\n")
    boot.chmod(0o755)
    code = trial.start("raw", str(hidden / "out"), *trial.options, *workers_by(boot)).wait()
    line = trial.said().strip().splitlines()[-1]
    wanted = f"error: {hidden}/out: the worker on {socket.gethostname()} does not see"
    trial.say("a folder that workers do not see", code == 3 and line.startswith(wanted), line)


def states_of(server: FlinkServer) -> list[str]:
    with urllib.request.urlopen(f"{server.url}/jobs", timeout=10) as answer:
        return [job["status"] for job in json.load(answer)["jobs"]]


def run(engine: str, folder: Path, images: int, running: ExitStack) -> bool:
    """Every trial of an engine, one after the other."""
    synthesize("ssdd", folder / "raw", images)
    servers = folder / "servers"
    if engine == "prism":
        trial = EngineTrial(folder, "PrismRunner", prism_options())
        interrupt(trial, compare(trial), lambda: not prism_runs())
        return trial.failed
    if engine == "embedded":
        server = running.enter_context(embedded_flink(servers))
        trial = EngineTrial(folder, "PortableRunner", server.options)
        log = servers / "job-server.log"
        ended = ("to CANCELED.", "to FAILED.")
        interrupt(trial, compare(trial), lambda: any(word in log.read_text() for word in ended))
        return trial.failed
    gcs = running.enter_context(gcs_server())
    bucket = Trial(folder, gcs)
    server = running.enter_context(flink_cluster(servers, **gcs.environment))
    trial = EngineTrial(folder, "PortableRunner", server.options)
    expected = compare(trial)
    raw = bucket.upload(folder / "raw", "raw")
    seconds = trial.build(raw, "gs://bucket/out", *trial.options)
    same = bucket.digests("gs://bucket/out") == expected
    trial.say("from and into a bucket: the same bytes", same, f"{seconds:.0f} s")
    running_states = ("RUNNING", "CREATED", "RESTARTING", "CANCELLING", "FAILING")
    interrupt(
        trial, expected, lambda: not any(state in running_states for state in states_of(server))
    )
    # The job server says "cancelled" and lets it go on; without its lock it cannot.
    states = states_of(server)
    trial.say("three jobs finished, not that one", states.count("FINISHED") == 3, " ".join(states))
    if os.geteuid() == 0:  # or nothing can be mounted
        hide_output(trial, server)
    lose_task_manager(trial, expected, server)
    return trial.failed


def main() -> int:
    """Run the trials of an engine and print their table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("engine", choices=("prism", "embedded", "cluster"))
    parser.add_argument("--images", type=int, default=200, help="pictures of the raw archive")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are ended on the way out
    with TemporaryDirectory(prefix="engine-") as name, ExitStack() as running:
        return int(run(options.engine, Path(name), options.images, running))


if __name__ == "__main__":
    sys.exit(main())
