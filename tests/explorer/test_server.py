"""The server: what it answers, and what it refuses."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sarchat_build.errors import InputError
from sarchat_build.explorer.catalog import open_catalog
from sarchat_build.explorer.predictions import Prediction, Predictions
from sarchat_build.explorer.server import HOST, ExplorerServer
from sarchat_build.published.layout import TASKS


@pytest.fixture(scope="module")
def server(built: Path) -> Iterator[ExplorerServer]:
    with ExplorerServer(open_catalog(str(built))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def ask(
    server: ExplorerServer, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(HOST, server.server_port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def get(server: ExplorerServer, path: str) -> Any:
    status, _, body = ask(server, path)
    assert status == 200, body
    return json.loads(body)


def test_it_listens_to_this_machine_alone(server: ExplorerServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    status, headers, body = ask(server, "/")
    assert status == 200
    assert body.startswith(b"<!doctype html>")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; connect-src 'self'; img-src 'self' data:;")
    assert "unsafe-inline'; script-src 'sha256-" in policy


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {"Host": "example.org"}, 421),
        ("/start", {"Host": "127.0.0.1"}, 421),
        ("/start", {"Host": "127.0.0.1:1"}, 421),
        ("/start", {"Origin": "http://example.org"}, 403),
        ("/start", {"Origin": "null"}, 403),
        ("/start", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("/pixels/0", {"Sec_Fetch_Site": "same-site"}, 403),
        # What another page shows in a frame, or follows as a link to data, is no visit.
        ("/", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "iframe"}, 403),
        ("/start", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "document"}, 403),
        ("/", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "document"}, 200),
        ("/start", {"Sec_Fetch_Site": "same-origin"}, 200),
    ],
)
def test_requests_of_others_are_refused(
    server: ExplorerServer, path: str, headers: dict[str, str], status: int
) -> None:
    found, answered, body = ask(server, path, **headers)
    assert found == status
    assert status == 200 or set(json.loads(body)) == {"error"}
    assert answered["X-Frame-Options"] == "DENY"
    assert answered["Cross-Origin-Resource-Policy"] == "same-origin"


def test_localhost_is_its_name_too(server: ExplorerServer) -> None:
    assert ask(server, "/start", Host=f"localhost:{server.server_port}")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/build.json", "/images/", "/../build.json", "/picture", "/picture/", "/picture/-1",
        "/picture/1e3", "/picture/999999", "/picture/٣", "/picture/0/../1", "/pixels/" + "9" * 400,
        "/rejects/0", "/rejects?limit=100000", "/rejects?offset=-1", "//picture//0",
        "/%2e%2e/build.json", "/start/x", "http://[",
    ],
)  # fmt: skip
def test_nothing_but_the_dataset_is_served(server: ExplorerServer, path: str) -> None:
    host = f"Host: {HOST}:{server.server_port}"
    with socket.create_connection((HOST, server.server_port), timeout=20) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\n{host}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_sent_to_it(server: ExplorerServer, method: str) -> None:
    assert ask(server, "/start", method)[0] == 501


def test_a_head_has_no_body(server: ExplorerServer) -> None:
    status, headers, body = ask(server, "/start", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 1000


def test_every_picture_is_its_row_and_its_bytes(server: ExplorerServer, built: Path) -> None:
    start = get(server, "/start")
    ids = start["index"]["image_id"]
    rows = {
        row["image_id"]: row
        for path in (built / "images").iterdir()
        for row in pq.read_table(path).to_pylist()
    }
    assert sorted(ids) == sorted(rows)
    told: dict[str, list[str]] = {}
    for task in TASKS:
        for path in sorted((built / "dialogues" / task).iterdir()):
            for name, of in zip(
                *pq.read_table(path, columns=["dialogue_id", "image_id"]).to_pydict().values(),
                strict=True,
            ):
                told.setdefault(of, []).append(name)
    for position in range(0, len(ids), 7):
        row = rows[ids[position]]
        picture = get(server, f"/picture/{position}")
        assert picture["position"] == position
        assert [o["bbox"] for o in picture["objects"]] == row["objects"]["bbox"]
        assert picture["pixel_sha256"] == row["pixel_sha256"]
        found = [dialogue["dialogue_id"] for dialogue in picture["dialogues"]]
        assert found == told[row["image_id"]]
        assert start["index"]["dialogues"][position] == len(found)
        _, headers, body = ask(server, f"/pixels/{position}")
        assert body == row["image"]["bytes"]
        assert headers["Content-Type"] in ("image/png", "image/jpeg")


def test_rejects_and_duplicates_come_page_by_page(server: ExplorerServer, built: Path) -> None:
    duplicates = pq.read_table(built / "duplicates").to_pylist()
    names = list(dict.fromkeys(row["group_id"] for row in duplicates))
    assert len(names) > 1
    first = get(server, "/duplicates?offset=0&limit=1")
    second = get(server, "/duplicates?offset=1&limit=1")
    assert first["total"] == second["total"] == len(names)
    assert [g[0]["group_id"] for g in first["groups"] + second["groups"]] == names[:2]
    kept = next(member for member in first["groups"][0] if member["kept"])
    assert get(server, f"/picture/{kept['position']}")["image_id"] == kept["image_id"]
    dropped = next(row for row in duplicates if not row["kept"])
    found = get(server, f"/duplicates?text={dropped['image_id']}")["groups"]
    assert dropped["group_id"] in {group[0]["group_id"] for group in found}
    rejects = get(server, "/rejects")
    rows = [row for p in (built / "rejects").iterdir() for row in pq.read_table(p).to_pylist()]
    assert rejects["total"] == len(rows) == sum(kind["rows"] for kind in rejects["kinds"])


def test_a_dataset_behind_a_url_is_read_too(server: ExplorerServer, built: Path) -> None:
    with ExplorerServer(open_catalog(f"fsspec+{built.as_uri()}")) as remote:
        for path in ("/picture/1", "/pixels/1", "/duplicates"):
            assert remote.answer(path, {}) == server.answer(path, {})


def test_a_shard_that_is_gone_is_told(built: Path) -> None:
    catalog = open_catalog(str(built))
    gone = type(catalog)(str(built / "nowhere"), catalog.build, catalog.index)
    told = pytest.raises(InputError, match=r"images/.*: cannot be read")
    with ExplorerServer(gone) as server, told:
        server.answer("/picture/0", {})


def test_a_port_that_is_taken_is_told(server: ExplorerServer, built: Path) -> None:
    with pytest.raises(InputError, match=f"--port {server.server_port}: cannot be used"):
        ExplorerServer(open_catalog(str(built)), port=server.server_port)


def prediction_of(*dialogues: str) -> Predictions:
    return Predictions(dict.fromkeys(dialogues, Prediction("right", (), "")))


@pytest.mark.parametrize(
    "name", ["x/1/referring/single/ship", "one", "{image}/referring/unique/99"]
)
def test_predictions_of_another_dataset_are_refused(built: Path, name: str) -> None:
    """That of another build too: pictures of the same names do not make it this dataset's."""
    catalog = open_catalog(str(built))
    other = prediction_of(name.format(image=catalog.index["image_id"][0]))
    with pytest.raises(InputError, match="none of its 1 dialogues is of this dataset"):
        ExplorerServer(catalog, other)


def test_predictions_that_are_partly_of_another_dataset_are_shown_and_told(built: Path) -> None:
    catalog = open_catalog(str(built))
    own = pq.read_table(built / "dialogues/referring")["dialogue_id"].to_pylist()[:2]
    foreign = f"{own[0].rsplit('/', 3)[0]}/referring/unique/99"
    with ExplorerServer(catalog, prediction_of(own[0], foreign, own[1])) as server:
        told = json.loads(server.answer("/start", {})[1])
        assert told["warning"] == server.warning
        assert server.warning.startswith("1 of the 3 dialogues of --details are not in this")
        assert foreign in server.warning
        outcomes = [name.split("/")[3:] for name in told["index"]["answers"]["names"]]
        assert ["right"] in outcomes
    with ExplorerServer(catalog, prediction_of(*own)) as server:
        assert server.warning == ""
