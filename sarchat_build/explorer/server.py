"""The server of the page: it answers this machine alone, and with nothing but the dataset."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from sarchat_build.errors import InputError
from sarchat_build.explorer.catalog import Catalog
from sarchat_build.explorer.page_text import content_policy, render_page, to_json
from sarchat_build.explorer.pictures import PictureReader, media_type
from sarchat_build.explorer.predictions import Predictions
from sarchat_build.explorer.side_tables import SideTables

HOST = "127.0.0.1"
_MOST_ROWS = 200
_HTML, _JSON = "text/html; charset=utf-8", "application/json"


class NotThere(Exception):
    """What was asked for is no part of the dataset."""


class ExplorerServer(ThreadingHTTPServer):
    """Serves one dataset on the loopback interface until it is shut down.

    Args:
        catalog: the dataset.
        predictions: answers of a model to show beside the truth.
        port: the port; 0 is one that is free.

    Raises:
        InputError: the port is taken, or no prediction is about this dataset.

    Attributes:
        warning: what a reader must know of the predictions; empty if all are of this dataset.
    """

    daemon_threads = True
    # A second server on a port that is taken must fail, not share it.
    allow_reuse_address = False

    def __init__(
        self, catalog: Catalog, predictions: Predictions | None = None, port: int = 0
    ) -> None:
        self._catalog = catalog
        self._predictions = predictions
        self._pictures = PictureReader(catalog.location, catalog.index)
        self._tables = SideTables(catalog.location, catalog.build)
        self.warning = ""
        if predictions is not None:
            foreign = predictions.foreign_to(catalog)
            self.warning = _warning(foreign, len(predictions))
            self._predictions = predictions.without(foreign)
        self._page = render_page().encode()
        self._start = to_json(self._start_data()).encode()
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise InputError(
                f"--port {port}: cannot be used ({error}); give another one"
            ) from error

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.server_port}/"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of this server that a request may use; any other is somebody's trick."""
        return f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"

    def _start_data(self) -> dict[str, Any]:
        outcomes = None
        if self._predictions is not None:
            outcomes = self._predictions.outcomes(self._catalog.positions)
        return {
            "dataset": self._catalog.facts(),
            "index": self._catalog.columns(outcomes),
            "warning": self.warning,
            # A browser keeps pictures; under this name they are those of no other dataset.
            "version": sha256(to_json(self._catalog.build).encode()).hexdigest()[:16],
        }

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that goes away in the middle; tell any other fault."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def answer(self, path: str, query: Mapping[str, str]) -> tuple[str, bytes]:
        """Give media type and content of what is asked for.

        Raises:
            NotThere: there is no such thing.
            InputError: a file of the dataset cannot be read.
        """
        kind, _, rest = path.strip("/").partition("/")
        if not rest:
            if kind == "":
                return _HTML, self._page
            if kind == "start":
                return _JSON, self._start
            if kind in ("rejects", "duplicates"):
                return _JSON, to_json(self._rows(kind, query)).encode()
        elif kind in ("picture", "pixels"):
            position = _number(rest, len(self._pictures) - 1)
            if kind == "pixels":
                data = self._pictures.pixels(position)
                return media_type(data), data
            picture = self._pictures.picture(position)
            if self._predictions is not None:
                picture = self._predictions.add_to(picture)
            return _JSON, to_json(picture).encode()
        raise NotThere(path)

    def _rows(self, table: str, query: Mapping[str, str]) -> dict[str, Any]:
        offset = _number(query.get("offset", "0"), 1 << 40)
        limit, text = _number(query.get("limit", "50"), _MOST_ROWS), query.get("text", "")
        if table == "rejects":
            kind = {name: query.get(name, "") for name in ("source", "reason")}
            return self._tables.rejects(**kind, text=text, offset=offset, limit=limit)
        positions = self._catalog.positions
        return self._tables.duplicates(positions, text=text, offset=offset, limit=limit)


def _warning(foreign: Sequence[str], total: int) -> str:
    """Say that predictions are of another dataset, if some are."""
    if not foreign:
        return ""
    return (
        f"{len(foreign):,} of the {total:,} dialogues of --details are not in this dataset (the "
        f"first: {foreign[0]}): the file was scored with another one, or with another build of it, "
        "and what is shown of the others may be about other pictures."
    )


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= most):
        raise NotThere(text)
    return int(text)


class _Handler(BaseHTTPRequestHandler):
    """Refuses whatever is no plain request of the page's own, and answers the rest."""

    server: ExplorerServer
    server_version, sys_version = "sarchat", ""
    protocol_version = "HTTP/1.1"
    timeout = 60
    _HEADERS: ClassVar[Mapping[str, str]] = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }

    def do_GET(self) -> None:
        """Answer one request."""
        self._respond(lambda data: self.wfile.write(data))

    def do_HEAD(self) -> None:
        """Answer one request with the head alone."""
        self._respond(lambda data: None)

    def _respond(self, write: Callable[[bytes], object]) -> None:
        status, kind, data = self._answer()
        try:
            self.send_response(status)
            for name, value in self._HEADERS.items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Content-Security-Policy", content_policy(served=True))
            keep = "private, max-age=3600" if kind.startswith("image/") else "no-store"
            self.send_header("Cache-Control", keep)
            self.end_headers()
            write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # who asked has gone to another page

    def _answer(self) -> tuple[HTTPStatus, str, bytes]:
        if self.headers.get("Host", "").lower() not in self.server.names:
            return _refusal(HTTPStatus.MISDIRECTED_REQUEST, "not the name of this server")
        origin = self.headers.get("Origin")
        own = {f"http://{name}" for name in self.server.names}
        site = self.headers.get("Sec-Fetch-Site", "none")
        # A link to the page may be followed from anywhere: the page itself holds nothing.
        followed = self.headers.get("Sec-Fetch-Dest") == "document" and self.path == "/"
        foreign = site not in ("same-origin", "none") and not followed
        if foreign or (origin is not None and origin not in own):
            return _refusal(HTTPStatus.FORBIDDEN, "asked for by the page of another site")
        try:
            target = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(target.query).items()}
            return HTTPStatus.OK, *self.server.answer(target.path, query)
        except (NotThere, ValueError):
            return _refusal(HTTPStatus.NOT_FOUND, "no such thing in this dataset")
        except InputError as error:
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the page tells what went wrong."""


def _refusal(status: HTTPStatus, reason: str) -> tuple[HTTPStatus, str, bytes]:
    return status, _JSON, to_json({"error": reason}).encode()
