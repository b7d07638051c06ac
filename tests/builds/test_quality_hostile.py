"""Rows 57, 60, 67, 68, 69, 74 through the real command: names, secrets, nets, engines."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest
from conftest import REPOSITORY, sarchat
from job_server import job_server
from prepared_python import COMMAND, loaded
from small_ssdd import finished, in_process, one_line, ssdd

from sarchat_build.config.resources import resource_folder
from sarchat_build.names import visible

quality = pytest.mark.quality
pytestmark = pytest.mark.timeout(240)
NAME = "a\x1b[2J\u202egnp.exe"


@pytest.fixture(scope="module", name="small")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished(tmp_path_factory.mktemp("small"))


# Rows 67, 68, 60


@quality(row=67)
def test_row_67_hostile_names_reach_neither_terminal_nor_card(tmp_path: Path) -> None:
    ssdd(tmp_path / "raw", ("000001", "000002", "000003", f"x{NAME}1", f"{NAME}2"))
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    text = (resource_folder("source_manifests") / "ssdd.toml").read_text(encoding="utf-8")
    title = "T\\u202e\\u001b[2J|<script>`" + "long " * 50_000
    lines = [
        f'title = "{title}"' if line.startswith("title") else line for line in text.splitlines()
    ]
    (manifests / "ssdd.toml").write_text("\n".join(lines), encoding="utf-8")
    out = tmp_path / "out"
    arguments = ("--raw", tmp_path / "raw", "--manifests", manifests, "--workers", 1)
    done = sarchat("build", *arguments, "--output", out)
    assert done.returncode == 0, done.stderr[-2000:]
    listed = sarchat("sources", "list", "--manifests", manifests)
    card = (out / "README.md").read_text(encoding="utf-8")
    for text in (done.stdout, done.stderr, listed.stdout, listed.stderr, card):
        assert visible(text.replace("\n", "")) == text.replace("\n", "")
        assert len(text) < 100_000
    assert "<script>" not in card
    ids = set(mini.read_images(out))
    assert f"ssdd/{NAME}2" in ids, "what rows are joined by stays as it is"
    proven = sarchat("validate", out, "--workers", 1)
    assert proven.returncode == 0, proven.stderr


@quality(row=68)
@quality(row=60)
def test_rows_60_and_68_no_command_prints_or_records_a_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://user:hunter2@127.0.0.1:9/raw?sig=hunter2"
    out = tmp_path / "out"
    for arguments in (
        ["build", "--raw", url, "--output", out, "--workers", "1", "--source", "ssdd"],
        ["sources", "check", "--raw", url],
        ["sources", "new", url, "--id", "x", "--output", tmp_path / "x.toml"],
        ["validate", url, "--workers", "1"],
        ["report", url, "--workers", "1"],
    ):
        monkeypatch.setattr(sys, "argv", ["sarchat", *map(str, arguments)])
        from pipelines.cli.main import main

        with pytest.raises(SystemExit) as stopped:
            main()
        told = capsys.readouterr()
        assert stopped.value.code not in (0, None)
        assert "hunter2" not in told.out + told.err, arguments
        assert "Traceback" not in told.err
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"hunter2" not in path.read_bytes(), path


# Rows 57 and 69


@contextmanager
def proxy() -> Iterator[tuple[str, list[object]]]:
    """A web proxy that nobody may ask: it notes who does, and never answers."""
    asked: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        done = threading.Event()

        def accept() -> None:
            while not done.is_set():
                try:
                    asked.append(server.accept())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        finally:
            done.set()
            thread.join()
            for connection, _ in asked:  # type: ignore[misc]
                connection.close()


@quality(row=69)
def test_row_69_no_proxy_is_asked_for_this_machine_itself(small: Path) -> None:
    with proxy() as (url, asked):
        names = ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy")
        environment = {n: url for name in names for n in (name, name.upper())}
        done = sarchat("validate", small, "--workers", 2, **environment)
    assert done.returncode == 0, done.stderr
    assert not asked


@quality(row=69)
def test_the_exception_for_this_machine_leaves_what_the_user_excepts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pipelines.runners.loopback import without_proxy

    monkeypatch.delenv("no_grpc_proxy", raising=False)
    monkeypatch.setenv("no_proxy", "storage.example")
    with without_proxy():
        names = ("no_grpc_proxy", "no_proxy")
        stated = [os.environ[name] for name in names]
    assert stated == ["storage.example,localhost,127.0.0.1,::1", "storage.example"]
    assert names[0] not in os.environ


def _can_unshare() -> bool:
    tried = (
        subprocess.run(["unshare", "-n", "true"], capture_output=True)
        if shutil.which("unshare")
        else None
    )
    return tried is not None and tried.returncode == 0


needs_namespace = pytest.mark.skipif(not _can_unshare(), reason="no network namespace can be made")
# Switches the loopback interface of a namespace on (SIOCSIFFLAGS, IFF_UP | IFF_RUNNING).
LOOPBACK_ON = (
    "import fcntl, socket, struct; "
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh', b'lo', 0x49)); "
)


# Puts the process and all that it starts into a namespace without any network (CLONE_NEWNET).
NO_NET = "import ctypes; assert ctypes.CDLL(None).unshare(0x40000000) == 0; "


def without_net(before: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command where there is no network but, at most, the loopback interface."""
    env = os.environ | {"NO_COLOR": "1", "COLUMNS": "400"}
    return loaded().run(f"{NO_NET}{before}{COMMAND}", *arguments, cwd=REPOSITORY, env=env)


@needs_namespace
@quality(row=57)
@quality(row=69)
def test_row_69_without_loopback_it_says_what_is_missing_at_once(small: Path) -> None:
    begun = time.monotonic()
    line = one_line(without_net("", "validate", small, "--workers", 2), 3)
    assert time.monotonic() - begun < 60
    assert "ip link set lo up" in line
    followed = without_net("", "validate", small, "--workers", 1)
    assert followed.returncode == 0, followed.stderr
    followed = without_net(LOOPBACK_ON, "validate", small, "--workers", 2)
    assert followed.returncode == 0, followed.stderr


@quality(row=57)
def test_row_57_no_connection_leads_away_from_this_machine(
    small: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no namespace can be made: a socket that leads elsewhere ends the run."""
    connect = socket.socket.connect

    def here(self: socket.socket, address: object) -> None:
        assert not isinstance(address, tuple) or address[0] == "127.0.0.1", address
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", here)
    code, told = in_process(["validate", small, "--workers", 1], capsys, monkeypatch)
    assert code == 0, told


# Row 74


@quality(row=74)
def test_row_74_an_engine_that_cannot_start_is_one_line_and_a_log(tmp_path: Path) -> None:
    ssdd(tmp_path / "raw")
    out = tmp_path / "out"
    # Nobody answers at this address: a port that was free a moment ago.
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    portable = ("build", "--raw", tmp_path / "raw", "--output", out, "--runner", "PortableRunner",
                "--", "--s3_secret_access_key=hunter2")  # fmt: skip
    done = sarchat(*portable, f"--job_endpoint=localhost:{port}", "--job_server_timeout=2")
    assert f"localhost:{port}: no job server answers" in one_line(done, 3)
    assert not out.exists()
    with job_server(tmp_path) as options:
        done = sarchat(*portable, *options, "--environment_type=nonsense")
    line = one_line(done, 4)
    assert "--runner" in line or "the engine cannot be reached" in line
    log = Path(line.rpartition("the whole story: ")[2])
    assert log == out / ".sarchat" / "log" / "engine.log"
    text = log.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "hunter2" not in text + done.stdout + done.stderr
    assert "--runner" in one_line(
        sarchat("build", "--raw", tmp_path / "raw", "--output", out, "--runner", "Nonsense"), 2
    )


RAISED = {
    "input": ("raise InputError('x.zip: gone', 'fetch it')", 3, ["x.zip: gone", "fetch it"]),
    "record": ("raise RecordError(Reason.TOO_LARGE, 'y.json')", 3, ["too_large: y.json"]),
    "settings": ("raise ConfigurationError([Issue('f', 'k', 'bad')])", 3, ["f › k: bad"]),
    "ours": ("return {}['hunter']", 4, ["Fail failed: KeyError: "]),
    "disk": ("raise OSError(28, 'No space left on device', 'd')", 4, ["No space left on device"]),
    "memory": ("raise MemoryError", 4, ["Fail failed: MemoryError; run the same"]),
    "pickle": ("return __import__('threading').Lock()", 4, ["pickle"]),
}
# As a program of its own: what it defines reaches worker processes by value.
SCRIPT = """
import apache_beam as beam
from sarchat_build.errors import ConfigurationError, InputError, Issue, RecordError
from sarchat_build.reasons import Reason

def fail(number):
    {raising}

def graph(pipeline):
    found = pipeline | beam.Create([1]) | "Fail" >> beam.Map(fail)
    found | "Key" >> beam.WithKeys("k") | beam.GroupByKey()
"""


@quality(row=74)
@pytest.mark.parametrize(
    ("kind", "workers"), [*((kind, 1) for kind in RAISED), ("input", 2), ("ours", 2)]
)
def test_row_74_what_is_raised_in_a_worker_arrives_as_its_own_line(
    kind: str,
    workers: int,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pipelines.cli import main as command
    from pipelines.runners import run

    raising, code, told = RAISED[kind]
    log = tmp_path / "log"
    defined = {"__name__": "__main__"}
    exec(SCRIPT.format(raising=raising), defined)
    graph: Any = defined["graph"]

    def app(prog_name: str, standalone_mode: bool) -> None:
        run(graph, "local", workers, log_folder=log)

    monkeypatch.setattr(command, "app", app)
    with pytest.raises(SystemExit) as stopped:
        command.main()
    written = capfd.readouterr().err
    assert stopped.value.code == code, written
    assert "Traceback" not in written
    lines = [line for line in written.splitlines() if line.startswith("error: ")]
    assert len(lines) == len(told) == len(written.splitlines())
    for line, expected in zip(lines, told, strict=True):
        assert expected in line
    assert (log / "engine.log").exists() == (code == 4)
    if code == 4:
        assert lines[0].endswith(f"the whole story: {log / 'engine.log'}")
        assert "Traceback" in (log / "engine.log").read_text(encoding="utf-8")


@quality(row=74)
def test_where_the_log_cannot_be_written_another_file_is_named(tmp_path: Path) -> None:
    from pipelines.faults import EngineError, FaultLog

    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError) as caught, FaultLog(tmp_path / "file" / "log"):
        raise KeyError("x")
    log = Path(str(caught.value).rpartition(": ")[2])
    assert "KeyError" in log.read_text(encoding="utf-8")
    log.unlink()
