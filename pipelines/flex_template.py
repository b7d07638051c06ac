"""The flex template of Dataflow: its parameters are the options of `sarchat build`.

The launcher program of Dataflow runs this file with parameters and options for Beam side by side,
as `--name=value`. Run by hand, it prints the specification of the template, a JSON document for a
bucket:

    python -m pipelines.flex_template --image IMAGE > sarchat.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from typer.core import TyperOption
from typer.main import get_command

from pipelines.cli.main import app, main

# Of the machine on which the command is run, or not for a job to choose.
_LEFT_OUT = ("help", "workers", "runner", "wait", "manifests", "templates", "log_format")
_FOLDERS = {"raw": "GCS_READ_FOLDER", "output": "GCS_WRITE_FOLDER", "repacked": "GCS_WRITE_FOLDER"}
# What parts the items of a list; those of `set` are TOML, in which a comma means something.
_BETWEEN = {"source": ",", "set": "\n"}
_PARTED = {"source": "parted by commas", "set": "one a line"}
_IN_FOLDER = r"gs://.+"
# An option for Beam that no job can do without.
_IMAGE = {
    "name": "sdk_container_image",
    "label": "Image of the workers",
    "helpText": "The image of this template: launcher and workers run the same one.",
    "isOptional": False,
    "paramType": "TEXT",
}


def parameters() -> Iterator[tuple[str, TyperOption]]:
    """Give the options of `sarchat build` that a template has, by the parameter's name."""
    command: Any = get_command(app)
    for option in command.commands["build"].params:
        if isinstance(option, TyperOption):
            name = option.opts[0].removeprefix("--").replace("-", "_")
            if name not in _LEFT_OUT:
                yield name, option


def metadata() -> dict[str, object]:
    """Describe the template, with the help that the command has."""
    return {
        "name": "sarchat build",
        "description": "Build a dataset of image-text dialogues over radar pictures, and prove it.",
        "parameters": [*(_describe(name, option) for name, option in parameters()), _IMAGE],
    }


def specification(image: str) -> dict[str, object]:
    """Make the file that a template is launched from; `image` is that of the Dockerfile."""
    return {"image": image, "sdkInfo": {"language": "PYTHON"}, "metadata": metadata()}


def command_line(given: Sequence[str]) -> list[str]:
    """Make the arguments of `sarchat` from those of the launcher program.

    >>> given = ["--raw=gs://b/raw", "--source=ssdd,hrsid", "--strict=true", "--region=r"]
    >>> " ".join(command_line(given)[:5])
    'build --raw=gs://b/raw --source=ssdd --source=hrsid --strict'
    >>> " ".join(command_line(given)[5:])
    '--runner=DataflowRunner --no-wait -- --region=r'
    """
    known = dict(parameters())
    ours, for_beam = [], []
    for argument in given:
        name, _, value = argument.removeprefix("--").partition("=")
        option = known.get(name)
        if name == "runner":
            continue
        if option is None:
            for_beam.append(argument)
        elif option.is_flag:
            ours += _flag(option, value)
        else:
            items = value.split(_BETWEEN[name]) if option.multiple else [value]
            ours += (f"{option.opts[0]}={item.strip()}" for item in items if item.strip())
    return ["build", *ours, "--runner=DataflowRunner", "--no-wait", "--", *for_beam]


def _flag(option: TyperOption, value: str) -> list[str]:
    """Give a flag for "true", its opposite or nothing for "false"; else what Typer will refuse."""
    if value.lower() == "true":
        return [option.opts[0]]
    if value.lower() == "false":
        return list(option.secondary_opts[:1])
    return [f"{option.opts[0]}={value}"]


def _describe(name: str, option: TyperOption) -> dict[str, object]:
    help_text = str(option.help)
    if option.multiple:
        help_text = help_text.replace("may be given several times", _PARTED[name])
    described: dict[str, object] = {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "helpText": help_text,
        "isOptional": not option.required,
        "paramType": _FOLDERS.get(name, "BOOLEAN" if option.is_flag else "TEXT"),
    }
    if option.is_flag:
        described["defaultValue"] = str(bool(option.default)).lower()
    if name in _FOLDERS:
        described["regexes"] = [_IN_FOLDER if option.required else f"({_IN_FOLDER})?"]
    return described


def run(given: Sequence[str]) -> None:
    """Print the specification, or submit a build."""
    if given[:1] == ["--image"] and len(given) == 2:
        print(json.dumps(specification(given[1]), indent=2))
        return
    sys.argv = ["sarchat", *command_line(given)]
    main()


if __name__ == "__main__":
    run(sys.argv[1:])
