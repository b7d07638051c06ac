"""A server on 127.0.0.1 that speaks the protocol of Google Cloud Storage, and what it gave out."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

PROGRAM = "fake-gcs-server"
_KEPT = ("content-type", "content-range", "content-length", "range", "location")


@dataclass
class GcsServer:
    """A running server; `downloads` are object and bytes of every download."""

    url: str
    downloads: list[tuple[str, int]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What tells gcsfs to ask this server, and nobody else."""
        return {
            "STORAGE_EMULATOR_HOST": self.url,
            "FSSPEC_GCS_TOKEN": "anon",
            "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
        }


class _Counting(BaseHTTPRequestHandler):
    """Hands every request on: the log of the server itself does not say how much it gave out."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *given: object, port: int, server_of_gcs: GcsServer) -> None:
        self._port, self._gcs = port, server_of_gcs
        super().__init__(*given)  # type: ignore[arg-type]

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        upstream = http.client.HTTPConnection("127.0.0.1", self._port, timeout=300)
        try:
            # As it came: bytes and length are those of the one who asks.
            upstream.request(self.command, self.path, body, dict(self.headers.items()))
            answer = upstream.getresponse()
            data = answer.read()
        finally:
            upstream.close()
        url = urlsplit(self.path)
        if "alt=media" in url.query and answer.status in (200, 206):
            bucket, _, name = url.path.partition("/b/")[2].partition("/o/")
            self._gcs.downloads.append((f"{bucket}/{unquote(name)}", len(data)))
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() in _KEPT and key.lower() != "content-length":
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _hand_on

    def log_message(self, *words: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *given: object) -> None:
        pass  # whoever was killed in the middle of a request


def program() -> str | None:
    """Give the path of the server's program, where it is installed."""
    folder = Path(os.environ.get("GOPATH", Path.home() / "go"), "bin")
    return shutil.which(PROGRAM) or shutil.which(PROGRAM, path=str(folder))


@contextmanager
def gcs_server() -> Iterator[GcsServer]:
    """Run a server with an empty bucket that is called `bucket`, in memory."""
    found = program()
    if found is None:
        raise FileNotFoundError(f"{PROGRAM} is not installed; 'make gcs' does that")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gcs = GcsServer("")
    proxy = _Server(("127.0.0.1", 0), partial(_Counting, port=port, server_of_gcs=gcs))
    gcs.url = f"http://127.0.0.1:{proxy.server_port}"
    host = f"127.0.0.1:{proxy.server_port}"
    command = [
        found, "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory",
        "-public-host", host, "-external-url", gcs.url,
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        _make_bucket(port)
        yield gcs
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
        process.kill()
        process.wait()


def _make_bucket(port: int) -> None:
    for _ in range(100):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/storage/v1/b", b'{"name": "bucket"}', headers)
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise TimeoutError(f"{PROGRAM} does not answer on port {port}")
