"""Dataflow without a cloud: what it is told, what is refused, and the flex template."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest
from conftest import REPOSITORY
from gcs_server import program
from typer.core import TyperOption
from typer.main import get_command

from pipelines import flex_template
from pipelines.cli.main import app
from pipelines.runners import engine_ready
from pipelines.runners.dataflow import dataflow_options, demand_dataflow
from sarchat_build.errors import ConfigurationError, InputError

IMAGE = "--sdk_container_image=registry.test/sarchat:1"
GCP = REPOSITORY / ".venv-gcp/bin/python"


def test_where_the_user_says_nothing_workers_run_their_image_alone() -> None:
    told = dataflow_options(["--project=p", "--experiments=use_runner_v2"])
    assert told[2:] == [
        "--no_save_main_session",
        "--sdk_location=container",
        "--experiments=disable_logging_submission_environment",
    ]


@pytest.mark.parametrize(
    "stated",
    [
        "--save_main_session",
        "--no_save_main_session",
        "--sdk_location=gs://bucket/sdk.tar.gz",
        "--experiments=disable_logging_submission_environment",
    ],
)
def test_what_the_user_says_stays(stated: str) -> None:
    told = dataflow_options([stated])
    key = stated.partition("=")[0].replace("--no_", "--")
    assert [o for o in told if o.partition("=")[0].replace("--no_", "--") == key] == [stated]


@pytest.mark.parametrize("option", ["--raw", "--output", "--repacked"])
@pytest.mark.parametrize("location", ["/data/x", "x", "file:///data/x"])
def test_a_folder_of_this_machine_is_refused(option: str, location: str) -> None:
    locations = {"--raw": "gs://b/raw", "--output": "gs://b/out", "--repacked": ""}
    with pytest.raises(InputError) as caught:
        demand_dataflow("DataflowRunner", [IMAGE], locations | {option: location})
    assert str(caught.value).startswith(f"{option} {location}: workers of Dataflow do not see")


@pytest.mark.parametrize("name", ["temp_location", "staging_location", "template_location"])
def test_places_of_beam_are_in_a_bucket(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"--{name}=/data: no place in a bucket"):
        demand_dataflow("DataflowRunner", [IMAGE, f"--{name}=/data"], {})


def test_workers_without_an_image_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="--sdk_container_image: workers need the image"):
        demand_dataflow("DataflowRunner", ["--project=nowhere"], {})


@pytest.mark.skipif(find_spec("apitools") is not None, reason="the extra gcp is installed")
def test_without_its_extra_it_is_said_what_to_install() -> None:
    with pytest.raises(InputError, match=r"pip install 'sarchat-build\[gcp\]'"):
        demand_dataflow("dataflow", [IMAGE], {"--raw": "gs://b/raw"})


def test_a_template_that_is_waited_for_is_refused() -> None:
    options = ["--template_location=gs://b/t"]
    with (
        pytest.raises(ConfigurationError, match="nothing that could be waited for: --no-wait"),
        engine_ready("DataflowRunner", 1, options),
    ):
        pass


def build_options() -> dict[str, TyperOption]:
    command = get_command(app).commands["build"]  # type: ignore[attr-defined]
    return {p.opts[0]: p for p in command.params if isinstance(p, TyperOption)}


def test_every_option_is_a_parameter_of_the_template_or_left_out_by_name() -> None:
    named = {f"--{name.replace('_', '-')}" for name, _ in flex_template.parameters()}
    left = {f"--{name.replace('_', '-')}" for name in flex_template._LEFT_OUT}
    assert named | left == {*build_options(), "--help"}
    assert not named & left


def test_parameters_have_the_help_of_their_options() -> None:
    described = flex_template.metadata()["parameters"]
    assert isinstance(described, list)
    options = build_options()
    for parameter in described[:-1]:
        option = options[f"--{parameter['name'].replace('_', '-')}"]
        assert parameter["isOptional"] is not option.required
        shared = str(option.help).partition(";")[0]
        assert parameter["helpText"].startswith(shared)
        assert "several times" not in parameter["helpText"]
    assert described[-1]["name"] == "sdk_container_image"
    # What the service allows as a name.
    assert all(re.fullmatch("[a-zA-Z][-_a-zA-Z0-9]*", p["name"]) for p in described)


def test_parameters_become_options_and_the_rest_goes_to_beam() -> None:
    given = [
        "--raw=gs://b/raw", "--output=gs://b/out", "--source=ssdd, hrsid", "--keep_going=true",
        "--prove=false", "--strict=false", "--set=ssdd.license=\"a, b\"\nhrsid.priority=3",
        "--runner=DataflowRunner", "--job_name=j", "--template_location=gs://b/t", "--no_auth",
    ]  # fmt: skip
    line = flex_template.command_line(given)
    assert line == [
        "build", "--raw=gs://b/raw", "--output=gs://b/out", "--source=ssdd", "--source=hrsid",
        "--keep-going", "--no-prove", "--set=ssdd.license=\"a, b\"", "--set=hrsid.priority=3",
        "--runner=DataflowRunner", "--no-wait", "--",
        "--job_name=j", "--template_location=gs://b/t", "--no_auth",
    ]  # fmt: skip
    # Typer reads it as it is meant.
    command = get_command(app).commands["build"]  # type: ignore[attr-defined]
    read = command.make_context("build", line[1:]).params
    assert (read["keep_going"], read["prove"], read["strict"], read["wait"]) == (
        True, False, False, False,
    )  # fmt: skip
    assert list(read["source"]) == ["ssdd", "hrsid"]
    assert list(read["beam_options"]) == line[line.index("--") + 1 :]


def test_a_flag_that_is_neither_true_nor_false_is_refused_by_the_command() -> None:
    line = flex_template.command_line(["--strict=perhaps"])
    assert "--strict=perhaps" in line


def test_the_image_has_every_pin_that_users_have() -> None:
    def pins(name: str) -> set[str]:
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        return set(re.findall(r"^[a-z0-9][\w.-]*==[^ \\]+", text, flags=re.MULTILINE))

    image = pins("requirements-gcp.lock")
    assert pins("requirements.lock") < image
    assert {"google-apitools", "gcsfs"} <= {pin.partition("==")[0] for pin in image}
    dockerfile = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements-gcp.lock" in dockerfile
    (beam,) = {pin for pin in image if pin.startswith("apache-beam==")}
    assert f"_sdk:{beam.partition('==')[2]} AS beam" in dockerfile
    entry = re.search(r"FLEX_TEMPLATE_PYTHON_PY_FILE=/opt/sarchat_build/(\S+)", dockerfile)
    assert entry
    assert (REPOSITORY / entry[1]).is_file()


@pytest.mark.skipif(
    not (GCP.exists() and program()), reason="'make dataflow' installs what this needs"
)
def test_job_and_graph_are_what_the_service_should_be_given() -> None:
    done = subprocess.run(
        [str(GCP), "tests/trials/dataflow_trial.py", "--images", "10", "--short"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": ".:tests:tests/support"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT" not in done.stdout


def test_the_file_of_a_template_names_the_image_and_what_may_be_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    flex_template.run(["--image", "registry.test/sarchat:1"])
    told = json.loads(capsys.readouterr().out)
    assert told["image"] == "registry.test/sarchat:1"
    assert told["sdkInfo"] == {"language": "PYTHON"}
    assert told["metadata"] == json.loads(json.dumps(flex_template.metadata()))


def test_a_template_calls_the_command_with_what_was_given(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["template"])
    with pytest.raises(SystemExit) as stopped:
        flex_template.run(["--raw=gs://bucket/raw", "--output=gs://bucket/out", "--source=sdd"])
    assert stopped.value.code == 2
    assert "did you mean 'ssdd'?" in capsys.readouterr().err
