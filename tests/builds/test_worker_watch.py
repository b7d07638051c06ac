"""The watch over worker processes: what it says, and what it keeps to the log."""

from __future__ import annotations

import threading

import pytest

from pipelines.runners.watch import WorkerWatch


def test_threads_of_the_engine_that_fail_are_told_in_the_log_alone(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def lose() -> None:
        raise ConnectionError("the worker is gone")

    with WorkerWatch():
        thread = threading.Thread(target=lose, name="read_grpc_client_inputs")
        thread.start()
        thread.join()
    assert capsys.readouterr().err == ""
    assert "read_grpc_client_inputs" in caplog.text
    assert "the worker is gone" in caplog.text
