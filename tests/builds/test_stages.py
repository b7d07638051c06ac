"""The benchmark's clocks hang on functions that exist, under the names callers know them by."""

from __future__ import annotations

import importlib
from operator import attrgetter

import pytest

from benchmarks.stages import STAGES


@pytest.mark.parametrize("name", [name for names in STAGES.values() for name in names])
def test_a_stage_is_a_function_that_is_there(name: str) -> None:
    module, _, path = name.partition(":")
    assert callable(attrgetter(path)(importlib.import_module(module)))
