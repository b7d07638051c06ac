"""Faults that nobody raised on purpose: one line for the terminal, the whole story for a log file.

Engines tell a fault by the text of a traceback that comes from another process, in the middle of
their own. Here the cause is read out of it.
"""

from __future__ import annotations

import io
import logging
import re
import tempfile
import traceback
from pathlib import Path
from types import TracebackType
from typing import TextIO

from sarchat_build.errors import ConfigurationError, InputError
from sarchat_build.names import display_line, redact

LOG_NAME = "engine.log"
_TRACEBACK = "Traceback (most recent call last):"
# Beam adds the step to the message, and numbers it in some engines.
_STEP = re.compile(r" ?\[while running '([^']*?)(?:-ptransform-\d+)?'\]")
_HEAD = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?", re.DOTALL)
_RPC_DETAILS = re.compile(r'details = "(.*?)"\s*$', re.MULTILINE)
_OURS = ("InputError", "NotAnArchiveError", "RecordError", "ConfigurationError")
_AGAIN = "run the same command again to resume"
# What to do, by a word of the cause.
_ADVICE = (
    (("MemoryError", "Cannot allocate memory"), f"{_AGAIN}, with fewer --workers"),
    (("No space left on device", "Disk quota"), f"make room, and {_AGAIN}"),
    (("BrokenProcessPool",), f"most likely for want of memory: {_AGAIN}, with fewer --workers"),
    (
        ("'java'", "JAVA_HOME", "Java runtime"),
        "this runner needs Java: install a Java runtime, or leave --runner out",
    ),
    (
        ("ModuleNotFoundError", "ImportError", "No module named"),
        "install that package, on the workers too",
    ),
    (
        ("Unable to fetch",),
        "this engine is not installed: fetch what is named here beforehand, or leave --runner out",
    ),
    (
        ("_InactiveRpcError", "RpcError", "URLError", "ConnectionError", "Connection refused",
         "FutureTimeoutError", "urlopen error"),
        "the engine cannot be reached: see whether it runs, and its address after '--'",
    ),
    (("PicklingError", "cannot pickle"), "please report this fault of the build"),
    (("OSError", "PermissionError", "FileNotFoundError"), f"see to it, and {_AGAIN}"),
)  # fmt: skip
_REPORT = "a fault of the build and not of its input: please report it with this file"


class EngineError(RuntimeError):
    """A fault of the engine or of the build; the message is one line that names the log file."""


class FaultLog:
    """While it is entered, what libraries log goes to a file, and faults come out as one line.

    The file is thrown away unless there is a fault nobody foresaw. It then lies in `folder`, or
    where that cannot be written in the folder for temporary files, without credentials.

    Attributes:
        stream: what is logged while the work goes on.
        path: its file, for worker processes to append to; None if there are none.
    """

    stream: TextIO

    def __init__(
        self,
        folder: Path | None = None,
        *,
        shared: bool = False,
        foreseen: tuple[type[Exception], ...] = (),
        otherwise: str = _REPORT,
    ) -> None:
        self.path: Path | None = None
        self._otherwise = otherwise
        self._folder = folder
        self._shared = shared
        self._foreseen = (InputError, ConfigurationError, EngineError, *foreseen)

    def __enter__(self) -> FaultLog:
        self.stream = io.StringIO()
        if self._shared:
            self.path, self.stream = _temporary_log()
        root = logging.getLogger()
        self._handlers = root.handlers[:]
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        root.handlers[:] = [handler]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        logging.getLogger().handlers[:] = self._handlers
        try:
            if isinstance(error, InputError):
                raise type(error)(*(_STEP.sub("", str(line)) for line in error.args)) from error
            if isinstance(error, Exception) and not isinstance(error, self._foreseen):
                traceback.print_exception(error, file=self.stream)
                self.stream.flush()
                raise self._explain(error) from error
        finally:
            self.stream.close()
            if self.path:
                self.path.unlink(missing_ok=True)

    def _explain(self, error: Exception) -> Exception:
        name, message, step = root_cause(error)
        if name in _OURS:
            return InputError(*message.split("\n"))
        cause = f"{name}: {message}" if message else name
        advice = next(
            (advice for words, advice in _ADVICE if any(word in cause for word in words)),
            # What a step of ours did is no fault of the engine.
            _REPORT if step else self._otherwise,
        )
        where = f"{step} failed: " if step else ""
        line = display_line(f"{where}{cause}; {advice}; the whole story: ")
        return EngineError(f"{line}{self._keep() or 'no log could be written'}")

    def _keep(self) -> Path | None:
        if isinstance(self.stream, io.StringIO):
            text = redact(self.stream.getvalue())
        elif self.path:
            text = redact(self.path.read_text(encoding="utf-8", errors="backslashreplace"))
        if self._folder is not None:
            kept = self._folder / LOG_NAME
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                kept.unlink(missing_ok=True)
                with kept.open("x", encoding="utf-8") as stream:
                    stream.write(text)
                return kept
            except OSError:
                pass  # a full disk, or a folder that cannot be written: the other one is left
        try:
            path, log = _temporary_log()
            with log:
                log.write(text)
            return path
        except (OSError, InputError):
            return None


def _temporary_log() -> tuple[Path, TextIO]:
    try:
        handle, name = tempfile.mkstemp(prefix="sarchat-", suffix=".log")
    except OSError as error:
        raise InputError(
            f"no temporary file can be made ({error.strerror}); make room there, or set "
            "TMPDIR to another folder"
        ) from error
    # Unlike "w", "a" never writes over what worker processes appended.
    return Path(name), open(handle, "a", encoding="utf-8", errors="backslashreplace")


def root_cause(error: BaseException) -> tuple[str, str, str]:
    r"""Read what really went wrong out of an error, or of the traceback in its message.

    Returns:
        The exception's name without its module, its message, and the step of the graph, "" if it
        is not told.

    >>> root_cause(RuntimeError(
    ...     "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\n"
    ...     "ValueError: no\nnumber [while running 'Read/Parse-ptransform-12']\n"))
    ('ValueError', 'no\nnumber', 'Read/Parse')
    """
    name, message = type(error).__name__, str(error)
    found = _STEP.search(message)
    step = found[1] if found else ""
    head = message.rpartition(_TRACEBACK)[2].split("\n") if _TRACEBACK in message else []
    told = next((i for i, line in enumerate(head) if line and not line[0].isspace()), None)
    if told is not None:
        message = "\n".join(head[told:])
    elif type(error) is not RuntimeError:
        return name, _one_line(name, _STEP.sub("", message).strip()), step
    # What a worker could not raise again it tells as a RuntimeError: "package.Name: message".
    message = _STEP.sub("", message).strip()
    while parts := _HEAD.fullmatch(message):
        inner = parts[1].rpartition(".")[2]
        if "." not in parts[1] and not inner.endswith(("Error", "Exception", "Interrupt", "Exit")):
            break
        name, message = inner, parts[2] or ""
        if name != "RuntimeError":
            break
    return name, _one_line(name, message), step


def _one_line(name: str, message: str) -> str:
    if name in _OURS:
        return message
    details = _RPC_DETAILS.search(message)
    if details:
        return details[1]
    return message
