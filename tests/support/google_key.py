"""A key of a service account that nobody gave out, for a server of tokens on 127.0.0.1."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TOKEN = {"access_token": "nothing-opens", "expires_in": 3600, "token_type": "Bearer"}


class _Tokens(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps(TOKEN).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def google_key(folder: Path) -> Iterator[dict[str, str]]:
    """Serve tokens; gives the environment in which Google's libraries use the key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Tokens)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    key = {
        "type": "service_account",
        "project_id": "nowhere",
        "private_key_id": "0",
        "private_key": pem.decode(),
        "client_email": "nobody@nowhere.iam.gserviceaccount.com",
        "client_id": "0",
        "token_uri": f"http://127.0.0.1:{server.server_port}/token",
    }
    path = folder / "key.json"
    path.write_text(json.dumps(key))
    try:
        yield {"GOOGLE_APPLICATION_CREDENTIALS": str(path)}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
