"""Engines on 127.0.0.1 from parts that make fetches: Prism, Flink in a process, a Flink cluster."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

# Made by the targets of the Makefile.
PARTS = Path(__file__).parents[2] / ".engines"
PRISM = PARTS / "bin" / "prism"
# Starts a Python worker for whoever asks for one: Beam's own, as in its containers.
BOOT = PARTS / "bin" / "container"
JOB_SERVER = PARTS / "job-server"
FLINK = PARTS / "flink" / "lib"
_HERE = "127.0.0.1"
_START_SECONDS = 90.0
# What Flink reaches into, which Java 17 keeps closed.
_OPENS = [
    f"--add-opens=java.base/java.{package}=ALL-UNNAMED"
    for package in (
        "lang", "lang.reflect", "net", "io", "nio", "text", "time", "util", "util.concurrent",
        "util.concurrent.atomic", "util.concurrent.locks",
    )
] + ["--add-opens=java.base/sun.nio.ch=ALL-UNNAMED"]  # fmt: skip
# Flink's scripts would work these out; without them it must be told every part.
_CLUSTER = """\
jobmanager.rpc.address: {here}
jobmanager.rpc.port: {rpc}
jobmanager.bind-host: {here}
jobmanager.memory.heap.size: 512m
jobmanager.memory.off-heap.size: 128m
jobmanager.memory.jvm-metaspace.size: 256m
jobmanager.memory.jvm-overhead.min: 192m
jobmanager.memory.jvm-overhead.max: 192m
rest.address: {here}
rest.bind-address: {here}
rest.port: {rest}
taskmanager.host: {here}
taskmanager.bind-host: {here}
taskmanager.numberOfTaskSlots: 2
taskmanager.cpu.cores: 1.0
taskmanager.memory.task.heap.size: 384m
taskmanager.memory.task.off-heap.size: 0m
taskmanager.memory.managed.size: 128m
taskmanager.memory.network.min: 128m
taskmanager.memory.network.max: 128m
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 192m
taskmanager.memory.jvm-overhead.max: 192m
heartbeat.interval: 1000
heartbeat.timeout: 10000
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 3
restart-strategy.fixed-delay.delay: 1s
"""


@dataclass
class FlinkServer:
    """A job server that takes pipelines, and the task managers behind it.

    Attributes:
        options: what follows `--` on the command line of a build.
        folder: logs of every process.
        url: where Flink itself answers; "" where it runs inside the job server.
        task_managers: none where it does.
    """

    options: list[str]
    folder: Path
    url: str = ""
    task_managers: list[subprocess.Popen[bytes]] = field(default_factory=list)


def missing(*parts: Path) -> list[Path]:
    """List the parts that are not there."""
    return [part for part in parts if not part.exists()]


def prism_options() -> list[str]:
    """Give what follows `--` to build with Prism."""
    return [f"--prism_location={PRISM}"]


def prism_runs() -> bool:
    """Tell whether a Prism of these parts runs anywhere on this machine."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has just ended
            if path.read_bytes().startswith(os.fsencode(PRISM)):
                return True
    return False


@contextmanager
def embedded_flink(folder: Path) -> Iterator[FlinkServer]:
    """Run Flink inside a job server; Python workers are threads of the one who builds."""
    with ExitStack() as running:
        endpoints = _job_server(running, folder, "[local]")
        yield FlinkServer([*endpoints, "--environment_type=LOOPBACK", "--parallelism=2"], folder)


@contextmanager
def flink_cluster(folder: Path, **environment: str) -> Iterator[FlinkServer]:
    """Run a session cluster, of whose two task managers each could do all work, and a job server.

    Args:
        folder: for logs, and for the working folders of the task managers.
        environment: variables for the workers, such as where a bucket is.
    """
    rpc, rest = _free_port(), _free_port()
    conf = folder / "conf"
    conf.mkdir(parents=True)
    (conf / "config.yaml").write_text(_CLUSTER.format(here=_HERE, rpc=rpc, rest=rest))
    # Workers are started by Beam's boot program, which takes the first Python on the path.
    given = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT": "1",
        **environment,
    }
    start = ("-cp", f"{FLINK}/*")
    with ExitStack() as running:
        _java(
            running, folder, "job-manager", *start,
            "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
            "--configDir", str(conf),
        )  # fmt: skip
        _await_port(rest)
        managers = [
            _java(
                running, folder, f"task-manager-{number}", *start,
                "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
                "--configDir", str(conf), **given,
            )
            for number in (1, 2)
        ]  # fmt: skip
        endpoints = _job_server(running, folder, f"{_HERE}:{rest}")
        options = [*endpoints, "--parallelism=2", *workers_by(BOOT)]
        yield FlinkServer(options, folder, f"http://{_HERE}:{rest}", managers)


def workers_by(boot: Path) -> list[str]:
    """Give the options by which task managers start their workers with a program."""
    return ["--environment_type=PROCESS", f'--environment_config={{"command": "{boot}"}}']


def _job_server(running: ExitStack, folder: Path, master: str) -> list[str]:
    job, artifacts = _free_port(), _free_port()
    _java(
        running, folder, "job-server", "-cp", f"{JOB_SERVER}/*",
        "org.apache.beam.runners.flink.FlinkJobServerDriver",
        "--job-host", _HERE, "--job-port", str(job), "--artifact-port", str(artifacts),
        "--expansion-port", "-1", "--flink-master", master,
        "--artifacts-dir", str(folder / "artifacts"),
    )  # fmt: skip
    _await_port(job)
    return [f"--job_endpoint={_HERE}:{job}", f"--artifact_endpoint={_HERE}:{artifacts}"]


def _java(
    running: ExitStack, folder: Path, name: str, *arguments: str, **environment: str
) -> subprocess.Popen[bytes]:
    """Start a Java process that ends with `running`, with what it and its children started."""
    work = folder / name
    work.mkdir(parents=True)
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            ["java", *_OPENS, *arguments],
            cwd=work,
            env=os.environ | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running.callback(end_group, process)
    return process


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started in a session of its own, with all of that session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
        time.sleep(0.5 if number == signal.SIGTERM else 0)
    process.wait()


def _free_port() -> int:
    with socket.create_server((_HERE, 0)) as free:
        return int(free.getsockname()[1])


def _await_port(port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        try:
            with socket.create_connection((_HERE, port), 1):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"nothing answers on port {port} after {_START_SECONDS:.0f} s")
