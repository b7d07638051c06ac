"""Worker processes of the local engine: they stand by from the start, with everything imported.

A process that imports Beam and this package takes two to three seconds of CPU and 150 MB of memory.
A fork of the launcher has both already, and shares the memory. It is only taken while the launcher
has one thread and has spoken to nobody (gRPC does not survive a fork); later, and where systems do
not fork well, a worker is a fresh process.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

from apache_beam.portability.api.org.apache.beam.model.pipeline.v1 import endpoints_pb2
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    GrpcWorkerHandler,
    WorkerHandler,
)
from apache_beam.runners.worker import sdk_worker_main  # noqa: F401 - for the forks
from apache_beam.transforms.environments import Environment, python_sdk_capabilities
from google.protobuf import json_format, text_format

from pipelines.interrupts import held_back
from pipelines.worker import Work, serve

_URN = "sarchat:env:standing_by:v1"


class _Worker(NamedTuple):
    process: BaseProcess
    orders: Connection


class _State:
    def __init__(self) -> None:
        self.standing_by: list[_Worker] = []
        self.has_run = False


_state = _State()


@contextmanager
def standing_by(number: int) -> Iterator[None]:
    """While it is entered, workers wait to be taken; those left over end with it.

    Entered where some stand by already, it has them. They are started by the thread that enters it,
    which must outlive them: Linux ends them with it.
    """
    if _state.standing_by:
        yield
        return
    _state.standing_by = [_start() for _ in range(number)]
    try:
        yield
    finally:
        _dismiss()


def _start() -> _Worker:
    alone = threading.active_count() == 1 and not _state.has_run
    context = multiprocessing.get_context("fork" if alone and sys.platform == "linux" else "spawn")
    orders, end = context.Pipe()
    # mypy knows no contexts by variable names.
    process: BaseProcess = context.Process(  # type: ignore[attr-defined]
        target=serve, args=(end, os.getpid()), name="worker"
    )
    with held_back():
        process.start()
    end.close()
    return _Worker(process, orders)


@atexit.register
def _dismiss() -> None:
    while _state.standing_by:
        process, orders = _state.standing_by.pop()
        orders.close()
        process.kill()
        process.join()


def workers_environment(log: Path | None) -> Environment:
    """Give the environment of Beam that takes its workers from those that stand by.

    Args:
        log: the file for what they print; None: nowhere.
    """
    return _StandingBy(str(log or os.devnull))


class _StandingBy(Environment):
    def __init__(self, log: str) -> None:
        super().__init__(capabilities=python_sdk_capabilities())
        self._log = log

    def to_runner_api_parameter(self, context: Any) -> tuple[str, bytes]:
        return _URN, self._log.encode()

    @staticmethod
    def from_payload(payload: bytes, *_: Any) -> _StandingBy:
        """Give the environment that is told by its parameter."""
        return _StandingBy(payload.decode())


Environment.register_urn(_URN, bytes, _StandingBy.from_payload)


@WorkerHandler.register_environment(_URN, bytes)
class _StandingByHandler(GrpcWorkerHandler):
    def __init__(self, log: bytes, state: Any, provision_info: Any, grpc_server: Any) -> None:
        super().__init__(state, provision_info, grpc_server)
        self._log = log.decode()

    def start_worker(self) -> None:
        _state.has_run = True
        worker = _state.standing_by.pop()
        control = endpoints_pb2.ApiServiceDescriptor(url=self.control_address)
        environment = {
            **os.environ,  # it may have changed since the worker began to wait
            "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(control),
            "PIPELINE_OPTIONS": json_format.MessageToJson(
                self.provision_info.provision_info.pipeline_options
            ),
            "WORKER_ID": self.worker_id,
        }
        with suppress(OSError):  # it is dead, which the thread tells
            worker.orders.send(Work(environment, self._log))
        # By this name `WorkerWatch` knows it.
        self._thread = threading.Thread(target=_wait, args=(worker,), name="run_worker")
        self._thread.start()

    def stop_worker(self) -> None:
        self._thread.join()


def _wait(worker: _Worker) -> None:
    worker.process.join()
    worker.orders.close()
    if worker.process.exitcode:
        raise RuntimeError(f"exit code {worker.process.exitcode}")
