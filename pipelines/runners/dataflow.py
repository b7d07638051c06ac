"""Dataflow: what it is told where the user says nothing, and what is refused before it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from apache_beam import Pipeline
from apache_beam.options.pipeline_options import (
    DebugOptions,
    GoogleCloudOptions,
    PipelineOptions,
    WorkerOptions,
)

from sarchat_build.archives.location import local_path
from sarchat_build.errors import ConfigurationError, InputError, Issue

# A worker has what its image has: nothing of this process, and nothing of this machine.
_DEFAULTS = {"--save_main_session": "--no_save_main_session", "--sdk_location": "container"}
# Else Beam sends the list of this machine's packages, with their paths.
_KEPT_PRIVATE = "disable_logging_submission_environment"


def is_dataflow(runner: str) -> bool:
    """Tell whether a runner is that of Dataflow.

    >>> is_dataflow("dataflow"), is_dataflow("TestDataflowRunner"), is_dataflow("FlinkRunner")
    (True, True, False)
    """
    return runner.casefold().removesuffix("runner").removeprefix("test") == "dataflow"


def dataflow_options(stated: Sequence[str]) -> list[str]:
    """Add to the user's options what Dataflow must be told, and they do not say.

    >>> dataflow_options(["--sdk_location=gs://b/beam.tar.gz", "--project=p"])[2:]
    ['--no_save_main_session', '--experiments=disable_logging_submission_environment']
    """
    names = {option.partition("=")[0].replace("--no_", "--") for option in stated}
    options = list(stated)
    for name, value in _DEFAULTS.items():
        if name not in names:
            options.append(value if value.startswith("--") else f"{name}={value}")
    debug = PipelineOptions(options).view_as(DebugOptions)
    if not debug.lookup_experiment(_KEPT_PRIVATE):
        options.append(f"--experiments={_KEPT_PRIVATE}")
    return options


def demand_dataflow(runner: str, options: Sequence[str], locations: Mapping[str, str]) -> None:
    """See before any input is read that Dataflow can be asked, and its workers can reach the data.

    Args:
        runner: what the user calls it.
        options: for Beam, as `dataflow_options` gives them.
        locations: what workers read and write, by the option that names it.

    Raises:
        ConfigurationError: options that Beam refuses, or that lack the image of the workers.
        InputError: the extra `gcp` is not installed, or a location is a path of this machine.
    """
    for option, location in locations.items():
        if location and local_path(location) is not None:
            raise InputError(
                f"{option} {location}: workers of Dataflow do not see this machine's folders; give "
                "a URL such as gs://bucket/folder"
            )
    parsed = PipelineOptions(list(options))
    google = parsed.view_as(GoogleCloudOptions)
    # In the place of one that it cannot use, Beam makes a bucket of its own.
    issues = [
        Issue("-- BEAM OPTIONS", f"--{name}={stated}", "no place in a bucket; give gs://bucket/…")
        for name in ("temp_location", "staging_location", "template_location")
        if (stated := getattr(google, name)) and not stated.startswith("gs://")
    ]
    if issues:
        raise ConfigurationError(issues)
    if not parsed.view_as(WorkerOptions).sdk_container_image:
        raise ConfigurationError(
            [
                Issue(
                    "-- BEAM OPTIONS",
                    "--sdk_container_image",
                    "workers need the image of this project's Dockerfile; say where it is",
                )
            ]
        )
    if find_spec("apitools") is None:
        raise InputError(
            f"--runner {runner}: needs the extra gcp: pip install 'sarchat-build[gcp]'"
        )
    try:
        Pipeline(options=PipelineOptions([*options, f"--runner={runner}"]))
    except (ValueError, NotImplementedError) as error:
        raise ConfigurationError(
            [Issue("-- BEAM OPTIONS", "", " ".join(str(error).split()))]
        ) from error
