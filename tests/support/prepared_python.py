"""Python in a process of its own, forked from one that has made its imports already.

What is run has its own process id, streams, environment and exit code, as if it were started from
nothing; only the two or three seconds of imports are spent once and not for each command. What
must be true of a start itself (hash seeds, what is imported) is shown with a process that is new.

Run as a program, this is the process that forks: a request is a line of JSON on its standard input.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

COMMAND = "from pipelines.cli.main import main; main()"
# What help, faults of usage and wrong names load: none of it is heavy.
LIGHT = (
    *("pipelines.cli.main", "pipelines.cli.commands.sources", "pipelines.cli.commands.templates"),
    *("sarchat_build.config.manifest", "sarchat_build.config.recipe"),
)
# What a build and its proof load.
LOADED = (
    *(*LIGHT, "pipelines.cli.commands.build", "pipelines.cli.commands.onboarding"),
    *("pipelines.cli.commands.report", "pipelines.cli.commands.synthesize", "pipelines.launch"),
    *("pipelines.build_dataset", "pipelines.validate_dataset", "pipelines.runners"),
    "checked_once",
)


class PreparedPython:
    """A process that has imported some modules, and forks one for each code that is to run."""

    def __init__(self, *modules: str) -> None:
        folders = [folder for folder in sys.path if folder]
        self._parent = subprocess.Popen(
            [sys.executable, __file__, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # so that `select` sees every answer that was not heard
            env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        )
        atexit.register(self._end)

    def _end(self) -> None:
        for stream in (self._parent.stdin, self._parent.stdout):
            assert stream is not None
            stream.close()
        self._parent.wait()

    def run(
        self,
        code: str,
        *arguments: object,
        cwd: Path,
        env: Mapping[str, str],
        timeout_seconds: float = 240,
    ) -> subprocess.CompletedProcess[str]:
        """Run code with arguments as `python -c` does.

        Raises:
            subprocess.TimeoutExpired: it took too long, and was killed.
        """
        return self.start(code, *arguments, cwd=cwd, env=env).wait(timeout_seconds)

    def start(
        self,
        code: str,
        *arguments: object,
        cwd: Path,
        env: Mapping[str, str],
        session: bool = False,
    ) -> Started:
        """Start code as `run` does; nothing else is run or started before it is waited for.

        `session` makes the process the first of a session and a group of its own.
        """
        folder = tempfile.TemporaryDirectory()
        to = [str(Path(folder.name, name)) for name in ("out", "err")]
        command = ["-c", *map(str, arguments)]
        told = {"code": code, "argv": command, "cwd": str(cwd), "env": dict(env), "to": to}
        self._tell({**told, "session": session})
        return Started(self._hear(), command, folder, self._hear)

    def _tell(self, request: dict[str, Any]) -> None:
        assert self._parent.stdin is not None
        line = json.dumps(request).encode() + b"\n"
        assert self._parent.stdin.write(line) == len(line)

    def _hear(self, timeout_seconds: float | None = None) -> int:
        assert self._parent.stdout is not None
        if not select.select([self._parent.stdout], [], [], timeout_seconds)[0]:
            raise TimeoutError
        return int(self._parent.stdout.readline())


class Started:
    """A process that runs.

    Attributes:
        pid: its process id.
    """

    def __init__(
        self,
        pid: int,
        command: list[str],
        streams: tempfile.TemporaryDirectory[str],
        hear: Callable[[float], int],
    ) -> None:
        self.pid = pid
        self._command, self._streams, self._hear = command, streams, hear
        self._code: int | None = None

    def has_ended(self, timeout_seconds: float = 0) -> bool:
        """Tell whether it has ended, after so many seconds at most."""
        if self._code is None:
            with suppress(TimeoutError):
                self._code = self._hear(timeout_seconds)
        return self._code is not None

    def wait(self, timeout_seconds: float = 240) -> subprocess.CompletedProcess[str]:
        """Give exit code and streams of the process when it has ended.

        Raises:
            subprocess.TimeoutExpired: it took too long, and was killed.
        """
        with self._streams as folder:
            in_time = self.has_ended(timeout_seconds)
            if not in_time:
                os.kill(self.pid, signal.SIGKILL)
                self.has_ended(60)
                raise subprocess.TimeoutExpired(self._command, timeout_seconds)
            told = [Path(folder, name).read_text("utf-8") for name in ("out", "err")]
        assert self._code is not None
        return subprocess.CompletedProcess(self._command, self._code, *told)


@lru_cache
def light() -> PreparedPython:
    """A process that has loaded what faults of usage load."""
    return PreparedPython(*LIGHT)


@lru_cache
def loaded() -> PreparedPython:
    """A process that has loaded what a build loads."""
    return PreparedPython(*LOADED)


def _serve() -> str:
    """Fork for each request; gives in each child the code that it is to run."""
    gc.collect()
    gc.freeze()  # what is shared with the children is not copied for their collections
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            return _become(json.loads(line))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    sys.exit()


def _become(request: dict[str, Any]) -> str:
    """Take the streams, the environment, the folder and the arguments of a request."""
    if request["session"]:
        os.setsid()
    names = (os.devnull, *request["to"])
    for number, name in enumerate(names):
        opened = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND if number else os.O_RDONLY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    tempfile.tempdir = None
    os.chdir(request["cwd"])
    sys.argv = request["argv"]
    return request["code"]


def _end(code: int) -> None:
    """End this process as Python does, without taking everything apart that was imported.

    That takes most of a second, in which every page that is shared is copied.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    for _module in sys.argv[1:]:
        importlib.import_module(_module)
    # Behind all functions, as in any program; what else is raised is left to Python.
    try:
        exec(_serve(), {"__name__": "__main__"})
    except SystemExit as _exit:
        if not isinstance(_exit.code, int | None):
            raise
        _end(_exit.code or 0)
    _end(0)
