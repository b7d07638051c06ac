"""Builds whose launcher submits and leaves: engines that can, and what is known of their job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    PortableOptions,
)
from apache_beam.runners.runner import PipelineResult

from sarchat_build.errors import ConfigurationError, Issue

# They work in the launcher's own process, or in one that ends with it.
_INSIDE = (
    "local",
    "bundlebaseddirectrunner",
    "directrunner",
    "fnapirunner",
    "interactiverunner",
    "prismrunner",
    "switchingdirectrunner",
    "testdirectrunner",
)


@dataclass(frozen=True)
class Job:
    """A job as its engine knows it; "" is what the engine does not tell."""

    id: str = ""
    name: str = ""
    template: str = ""

    def __str__(self) -> str:
        """Say what to look for in the engine's own list of jobs."""
        if self.template:
            return f"{self.name} (its launcher submits {self.template})".lstrip()
        return " ".join(filter(None, (self.id, self.name and f"({self.name})"))) or "without a name"


def demand_detachable(runner: str, beam_options: Sequence[str] = ()) -> None:
    """Refuse to leave a build alone that would end with its launcher.

    Raises:
        ConfigurationError: the engine, or its workers, are part of this process.
    """
    name = runner.casefold().removesuffix("runner")
    if f"{name}runner" in _INSIDE or name in _INSIDE:
        raise ConfigurationError(
            [
                Issue(
                    "--no-wait",
                    f"--runner {runner}",
                    "this engine ends with the command; leave --no-wait out, or give a --runner "
                    "that goes on by itself (DataflowRunner, FlinkRunner, PortableRunner …)",
                )
            ]
        )
    portable = PipelineOptions(list(beam_options)).view_as(PortableOptions)
    if portable.environment_type == "LOOPBACK":
        raise ConfigurationError(
            [
                Issue(
                    "--no-wait",
                    "--environment_type=LOOPBACK",
                    "workers of this kind end with the command; give another environment type",
                )
            ]
        )


def demand_a_job(runner: str, beam_options: Sequence[str] = ()) -> None:
    """Refuse to wait for a job that is only described.

    Raises:
        ConfigurationError: the options ask for a template.
    """
    if PipelineOptions(list(beam_options)).view_as(GoogleCloudOptions).template_location:
        message = f"{runner} writes a template and runs nothing that could be waited for: --no-wait"
        raise ConfigurationError([Issue("-- BEAM OPTIONS", "--template_location", message)])


def job_of(result: PipelineResult, beam_options: Sequence[str] = ()) -> Job:
    """Read what an engine tells of a job that was submitted."""
    google = PipelineOptions(list(beam_options)).view_as(GoogleCloudOptions)
    if google.template_location:
        return Job(name=google.job_name or "", template=google.template_location)
    of_dataflow = getattr(result, "_job", None)  # Beam has no public name for its own
    if of_dataflow is not None:
        return Job(id=str(of_dataflow.id), name=str(of_dataflow.name))
    return Job(id=str(getattr(result, "_job_id", "")), name=google.job_name or "")
