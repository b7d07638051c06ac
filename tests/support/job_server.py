"""A job server of Beam's own, as a process: it goes on with a job when the launcher has left."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conftest import REPOSITORY

# Workers run inside the server.
EMBEDDED = "--environment_type=beam:env:embedded_python:v1"
_PATIENCE_SECONDS = 60.0


@contextmanager
def job_server(folder: Path) -> Iterator[list[str]]:
    """Run a server; gives the options for Beam with which it is asked."""
    port = folder / "port"
    command = [sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main",
               "--port_file", str(port)]  # fmt: skip
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=REPOSITORY)
    try:
        wait_for(lambda: port.exists() and port.read_text().strip() != "")
        yield [f"--job_endpoint=localhost:{port.read_text().strip()}", EMBEDDED]
    finally:
        process.kill()
        process.wait()


def wait_for(happened: object, seconds: float = _PATIENCE_SECONDS) -> None:
    """Wait until something is true."""
    assert callable(happened)
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.2)
