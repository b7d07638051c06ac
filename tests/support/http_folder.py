"""A folder behind http://127.0.0.1, by a server that gives parts of files as buckets do."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Parts(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not part or not path.is_file():
            super().do_GET()
            return
        whole = path.read_bytes()
        data = whole[int(part[1]) : int(part[2]) + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {part[1]}-{part[2]}/{len(whole)}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def copyfile(self, source: object, outputfile: object) -> None:
        with suppress(ConnectionError):  # whoever asks only for the headers hangs up
            super().copyfile(source, outputfile)  # type: ignore[type-var]

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; gives its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Parts, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
