"""Real clients read exports, each in an environment of its own: what each found, and versions.

    python tests/trials/clients_trial.py [--dataset OUT] [--only NAME ...]

Without a dataset, a small synthetic one is built. Environments lie in .venv-clients and stay there;
those of trainers hold torch and take gigabytes. Exit code 1 if anything was not as promised.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from whole_builds import SARCHAT

HERE = Path(__file__).parent / "clients"
ENVIRONMENTS = Path(__file__).parents[2] / ".venv-clients"
TORCH = "torch==2.15.0"


class Client(NamedTuple):
    """A program that reads exports.

    `packages` are those of its environment, none of the one that runs this; `shown` those whose
    versions are printed; `arguments` are names of exports, "dataset", or "new" for a new folder.
    `predictions` are files in the new folder, in which every dialogue of the first export has one.
    """

    script: str
    packages: tuple[str, ...]
    shown: tuple[str, ...]
    arguments: tuple[str, ...]
    predictions: str = ""


PARQUET = ("hub", "trl", "finevision", "webdataset", "dataset")
CLIENTS = {
    "detection": Client("detection_client", (), ("pycocotools", "duckdb"), ("coco", "hub")),
    "datasets-5": Client("datasets_client", (), ("datasets", "pyarrow"), PARQUET),
    **{
        f"datasets-{version[0]}": Client(
            "datasets_client",
            (f"datasets=={version}", "pillow"),
            ("datasets", "pyarrow"),
            PARQUET,
        )
        for version in ("3.6.0", "4.8.4")
    },
    "ms-swift": Client(
        "ms_swift_client",
        ("ms-swift==4.6.0", TORCH, "torchvision"),
        ("ms-swift", "datasets", "transformers"),
        ("ms-swift", "ms-swift:objects", "hub"),
    ),
    "llama-factory": Client(
        "llama_factory_client",
        ("llamafactory==0.9.5",),
        ("llamafactory", "datasets", "transformers"),
        ("llama-factory", "new"),
    ),
    "trl": Client(
        "trl_client",
        ("trl==1.16.0", TORCH, "torchvision", "datasets", "pillow"),
        ("trl", "datasets", "transformers"),
        ("trl",),
    ),
    "lmms-eval": Client(
        "lmms_eval_client",
        ("lmms-eval==0.7.3", "filelock<4", TORCH),
        ("lmms-eval", "datasets"),
        ("lmms-eval", "new"),
    ),
    "vlmevalkit": Client(
        "vlmevalkit_client", ("ms-vlmeval==0.0.20",), ("ms-vlmeval", "pandas"), ("vlmevalkit",)
    ),
    "evalscope": Client(
        "evalscope_client",
        ("evalscope==1.14.1",),
        ("evalscope",),
        ("evalscope", "new"),
        "*/predictions/mock/*.jsonl",
    ),
}
VERSIONS = """
import sys
from importlib.metadata import version
print(", ".join(f"{name} {version(name)}" for name in sys.argv[1:]))
"""


def run(*command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def demand(*command: object, **environment: str) -> str:
    done = run(*command, **environment)
    if done.returncode:
        print(done.stdout, done.stderr)
        raise SystemExit(f"exit code {done.returncode} of {command}")
    return done.stdout.strip()


def python_of(name: str, client: Client) -> str:
    """The interpreter of a client's environment, which is made if it is not there."""
    if not client.packages:
        return sys.executable
    folder = ENVIRONMENTS / name
    python, done = folder / "bin" / "python", folder / ".installed"
    wanted = "\n".join(client.packages)
    if not done.exists() or done.read_text() != wanted:
        print(f"installing {', '.join(client.packages)} …", flush=True)
        uv = Path(sys.executable).with_name("uv")
        demand(uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder)
        demand(uv, "pip", "install", "--quiet", "--python", python, *client.packages)
        done.write_text(wanted)
    return str(python)


def exported(folder: Path, dataset: str, export: str) -> str:
    """Make an export as the command line does; `name:form` is one with that box text."""
    name, _, boxes = export.partition(":")
    output = folder / export.replace(":", "-")
    form = ("--boxes", boxes) if boxes else ()
    demand(*SARCHAT, "export", dataset, "--format", name, "--output", output, *form,
           "--accept-license", "research-only")  # fmt: skip
    return str(output)


def scored(client: Client, places: dict[str, str]) -> str:
    """Score what a client predicted; empty if every dialogue of its export has its row."""
    files = sorted(Path(places["new"]).glob(client.predictions))
    given = (part for file in files for part in ("--predictions", file))
    export = places[client.arguments[0]]
    done = demand(*SARCHAT, "score", places["dataset"], *given, "--export", export, "--json")
    found = json.loads(done)["coverage"]
    whole = found["dialogues"] == found["rows"] and not found["missing"] and not found["unknown"]
    return "" if whole else f"{found}"


def main() -> int:
    """Run the clients and print their table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--dataset", help="a finished dataset with sar_aircraft in it")
    parser.add_argument("--only", nargs="*", choices=CLIENTS, default=list(CLIENTS))
    options = parser.parse_args()
    failed = False
    with TemporaryDirectory(prefix="clients-") as name:
        folder = Path(name)
        dataset = options.dataset or str(folder / "dataset")
        if not options.dataset:
            raw = folder / "raw"
            for source, images in (("ssdd", 60), ("sar_aircraft", 6)):
                demand(*SARCHAT, "synthesize", "--output", raw, "--source", source, "--images",
                       images)  # fmt: skip
            demand(*SARCHAT, "build", "--raw", raw, "--output", dataset)
        places = {"dataset": dataset}
        for name in options.only:
            client = CLIENTS[name]
            python = python_of(name, client)
            for argument in client.arguments:
                if argument == "new":
                    places["new"] = str(folder / f"new-{name}")
                elif argument not in places:
                    places[argument] = exported(folder, dataset, argument)
            started = time.monotonic()
            done = run(
                python,
                HERE / f"{client.script}.py",
                *(places[argument] for argument in client.arguments),
                HF_HUB_OFFLINE="1",
                HF_HOME=str(folder / f"cache-{name}"),
                PYTHONPATH="",
            )
            holds = done.returncode == 0
            said = (done.stdout if holds else done.stderr).strip().splitlines() or [""]
            if holds and client.predictions:
                fault = scored(client, places)
                holds = not fault
                said.append(fault or f"{said[-1]}, each with its score")
            failed |= not holds
            versions = demand(python, "-c", VERSIONS, *client.shown)
            print(
                f"{'as promised' if holds else 'NOT AS PROMISED':<16}{name:<14}"
                f"{time.monotonic() - started:4.0f} s  {said[-1]}  ({versions})",
                flush=True,
            )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
