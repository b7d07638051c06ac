"""Options for Beam itself: misspelled ones are refused with the nearest known name."""

from __future__ import annotations

import pytest

from pipelines.runners.beam_options import check_beam_options
from sarchat_build.errors import ConfigurationError


@pytest.mark.parametrize(
    ("runner", "option", "says"),
    [
        ("local", "--direct_runing_mode=in_memory", "did you mean '--direct_running_mode'?"),
        ("DataflowRunner", "--temp_locaton=gs://x", "did you mean '--temp_location'?"),
        ("DirectRunner", "stray", "options begin with --"),
        ("local", "--direct_num_workers=many", "invalid int value: 'many'"),
    ],
)
def test_an_option_that_beam_does_not_know_is_refused(runner: str, option: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_beam_options(runner, [option])
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("runner", "options"),
    [
        ("local", ["--job_name=x", "--direct_running_mode", "in_memory"]),
        ("DataflowRunner", ["--project=p", "--region=r", "--experiments=a", "--experiments=b"]),
        ("flink", ["--parallelism=3"]),  # its job server knows more
        ("mine.Runner", ["--speed=3"]),
    ],
)
def test_known_options_pass(runner: str, options: list[str]) -> None:
    check_beam_options(runner, options)
