"""The loopback interface: the launcher and its workers talk through it, and through no proxy."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from sarchat_build.errors import InputError

# Read by gRPC alone: what users' own URLs go through stays as they set it.
_GRPC_EXCEPTIONS, _EXCEPTIONS = "no_grpc_proxy", "no_proxy"
_HERE = ("localhost", "127.0.0.1", "::1")
_TIMEOUT_SECONDS = 5.0


@contextmanager
def without_proxy() -> Iterator[None]:
    """Keep gRPC, here and in worker processes, from asking a proxy for this machine itself."""
    before = os.environ.get(_GRPC_EXCEPTIONS)
    stated = before or os.environ.get(_EXCEPTIONS) or os.environ.get(_EXCEPTIONS.upper()) or ""
    os.environ[_GRPC_EXCEPTIONS] = ",".join(filter(None, (stated, *_HERE)))
    try:
        yield
    finally:
        if before is None:
            del os.environ[_GRPC_EXCEPTIONS]
        else:
            os.environ[_GRPC_EXCEPTIONS] = before


def demand_loopback() -> None:
    """Try once what worker processes will do: reach the launcher as `localhost`.

    Raises:
        InputError: it cannot be reached; the engine would wait for its workers for ever.
    """
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = ("localhost", server.getsockname()[1])
            with socket.create_connection(address, _TIMEOUT_SECONDS):
                return
    except OSError as error:
        raise InputError(
            f"this machine does not reach itself as localhost ({error.strerror or error}), which "
            "worker processes need: switch its loopback interface on ('ip link set lo up'), or "
            "say --workers 1"
        ) from error
