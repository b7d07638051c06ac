"""Options for Beam itself: a misspelled one is refused, which Beam would leave out silently.

A job server knows options of its own. One that runs is asked for them; where Beam starts it, as
for `FlinkRunner`, nobody knows them yet.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import NoReturn

import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

from pipelines.runners.loopback import without_proxy
from sarchat_build.errors import ConfigurationError, InputError, Issue
from sarchat_build.suggestions import advice

# Beam starts a job server for these, which has options of its own.
_OPTIONS_ELSEWHERE = ("flink", "kafka", "spark")
_NO_SERVER = ("", "embed")  # the second one is a part of Beam
_ANSWER_SECONDS = 20.0


def check_beam_options(runner: str, options: Sequence[str]) -> None:
    """Refuse options that Beam does not know, and values that they cannot have.

    Engines of other packages judge them themselves.

    Raises:
        ConfigurationError: names each, with the nearest known option.
        InputError: no job server answers where one is said to run.
    """
    endpoint = _job_endpoint(options)
    server_knows_more = endpoint in _NO_SERVER and runner.casefold().startswith(_OPTIONS_ELSEWHERE)
    if "." in runner or server_knows_more:
        return
    parser = _Parser(add_help=False, allow_abbrev=False, conflict_handler="resolve")
    for model in _models(PipelineOptions):
        # Beam's own way; the base class has nothing to add.
        add = getattr(model, "_add_argparse_args", None)
        if add is not None:
            add(parser)
    if endpoint not in _NO_SERVER:
        for name in _options_of_server(endpoint):
            # Of any form: the server judges their values.
            parser.add_argument(f"--{name}", nargs="?")
    _, unknown = parser.parse_known_args(list(options))
    known = [name for name in parser._option_string_actions if name.startswith("--")]
    issues = []
    for option in unknown:
        name = option.partition("=")[0]
        hint = advice(name, known) if name.startswith("-") else "; options begin with --"
        issues.append(Issue("-- BEAM OPTIONS", option, f"Beam has no such option{hint}"))
    if issues:
        raise ConfigurationError(issues)


def _job_endpoint(options: Sequence[str]) -> str:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--job_endpoint", default="")
    return str(parser.parse_known_args(list(options))[0].job_endpoint)


def _options_of_server(endpoint: str) -> list[str]:
    """Ask a job server which options it knows beside those of Beam."""
    request = beam_job_api_pb2.DescribePipelineOptionsRequest()
    try:
        with without_proxy(), grpc.insecure_channel(endpoint) as channel:
            server = beam_job_api_pb2_grpc.JobServiceStub(channel)
            answer = server.DescribePipelineOptions(request, timeout=_ANSWER_SECONDS)
    except grpc.RpcError as error:
        raise InputError(
            f"--job_endpoint={endpoint}: no job server answers there "
            f"({error.code().name.lower().replace('_', ' ')}): see whether it runs, and its address"
        ) from error
    return [option.name for option in answer.options]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigurationError([Issue("-- BEAM OPTIONS", "", message)])


def _models(model: type[PipelineOptions]) -> Iterator[type[PipelineOptions]]:
    for found in model.__subclasses__():
        yield found
        yield from _models(found)
