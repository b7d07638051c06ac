"""What Dataflow would be given, made on this machine without a cloud: specification, image, checks.

    python tests/trials/dataflow_trial.py [--images 40] [--short]

Needs the packages of requirements-gcp.lock and fake-gcs-server: `make dataflow`. The launcher of
the flex template runs as it does in the image, with Beam's own checks of options on, against a
server of the protocol of Google Cloud Storage and with a key that nobody gave out. What is not
tried: that the service accepts the job, fuses its steps, starts workers, and lets them in. Exit
code 1 if anything was not as promised.
"""

from __future__ import annotations

import argparse
import base64
import bz2
import hashlib
import json
import os
import pickletools
import re
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gcs_server import GcsServer, gcs_server
from google_key import google_key
from whole_builds import SARCHAT

from pipelines.flex_template import specification
from sarchat_build.synthetic import synthesize

REPOSITORY = Path(__file__).parents[2]
IMAGE, MACHINE, WORKERS = "registry.test/sarchat/build:1", "n2-standard-4", 50
OPTIONS = (
    "--project=nowhere",
    "--region=europe-west1",
    "--temp_location=gs://bucket/beam/tmp",
    "--staging_location=gs://bucket/beam/staging",
    f"--sdk_container_image={IMAGE}",
    f"--machine_type={MACHINE}",
    f"--max_num_workers={WORKERS}",
)
JOB = "gs://bucket/beam/job.json"
# In the order of the data.
STEPS = (
    "ReadAnnotations", "GatherBlocks", "InspectImages", "NormalizeImages", "CutChips",
    "PlanDataset", "AssignShards", "BuildShards", "ReadShards", "Publish", "Conclude",
)  # fmt: skip
# Stands for a raw folder of this machine.
RAW = "<raw>"
# What is refused: arguments of `sarchat build`; options to add, and those of OPTIONS to leave out;
# exit code, and words of the one line.
REFUSED = (
    ("an output on this machine", ["--output", "out"], [], 3, "--output out: workers of Dataflow"),
    ("a raw folder on this machine", ["--raw", RAW], [], 3, f"--raw {RAW}: workers of Dataflow"),
    ("no image", [], [f"--sdk_container_image={IMAGE}"], 2, "--sdk_container_image"),
    ("no project", [], ["--project=nowhere"], 2, "project"),
    ("a project's number", [], ["--project=nowhere", "--project=12"], 2, "Project ID"),
    ("no region", [], ["--region=europe-west1"], 2, "region"),
    (
        "temporary files on this machine",
        [],
        [OPTIONS[2], "--temp_location=/data"],
        2,
        "--temp_location=/data: no place in a bucket",
    ),
    ("a template that is waited for", ["--wait"], [f"--template_location={JOB}"], 2, "--no-wait"),
)


class Trial:
    """One server, one key, and the table of what was found."""

    def __init__(self, folder: Path, server: GcsServer, key: dict[str, str]) -> None:
        import fsspec

        self.folder = folder
        self.failed = False
        # Beam asks `gcloud` for a region that is not said; here nobody may answer.
        self.environment = os.environ | server.environment | key | {"PYTHONSAFEPATH": "1"}
        os.environ.update(server.environment)
        self.system: Any = fsspec.filesystem(
            "gs", token="anon", endpoint_url=server.url, use_listings_cache=False
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, env=self.environment)

    def build(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(*SARCHAT, "build", *arguments)

    def names(self) -> set[str]:
        self.system.invalidate_cache()
        return {f"gs://{name}" for name in self.system.find("bucket")}

    def read(self, url: str) -> bytes:
        return self.system.cat_file(url.removeprefix("gs://"))

    def say(self, what: str, holds: bool, figure: str = "") -> None:
        self.failed |= not holds
        print(f"{'as promised' if holds else 'NOT AS PROMISED':<16}{what:<44}{figure}", flush=True)


def submit(trial: Trial, images: int) -> None:
    """What the launcher of the flex template does, with the arguments that Dataflow gives it."""
    raw = trial.folder / "raw"
    synthesize("ssdd", raw, images)
    for path in raw.rglob("*.zip"):
        trial.system.put_file(str(path), f"bucket/raw/{path.relative_to(raw).as_posix()}")
    started = time.monotonic()
    done = trial.run(
        sys.executable, str(REPOSITORY / "pipelines/flex_template.py"),
        "--raw=gs://bucket/raw", "--output=gs://bucket/out", "--source=ssdd", "--strict=false",
        "--runner=DataflowRunner", "--job_name=sarchat-build", f"--template_location={JOB}",
        *OPTIONS,
    )  # fmt: skip
    spent = time.monotonic() - started
    trial.say("the launcher submits and leaves", done.returncode == 0, f"{spent:.0f} s")
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    last = done.stdout.splitlines()[-2:]
    trial.say(
        "job and next command are said",
        "sarchat-build" in last[0] and last[1].endswith("sarchat status gs://bucket/out"),
        last[0],
    )
    done = trial.run(*SARCHAT, "status", "gs://bucket/out", "--json")
    status = json.loads(done.stdout)
    trial.say(
        "status: under way, held by the job",
        done.returncode == 5 and status["holder"]["engine"] == "DataflowRunner",
        f"job {status['job']}, {status['images_listed']} images listed",
    )
    done = trial.build("--raw", "gs://bucket/raw", "--output", "gs://bucket/out", "--workers", "1")
    trial.say("a second build is refused", done.returncode == 3, done.stderr.strip()[-80:])


def inspect(trial: Trial) -> None:
    """The job and its graph, as the service would read them."""
    job = json.loads(trial.read(JOB))
    options = job["environment"]["sdkPipelineOptions"]["options"]
    (pool,) = job["environment"]["workerPools"]
    images = {pool["workerHarnessContainerImage"]} | {
        harness["containerImage"] for harness in pool["sdkHarnessContainerImages"]
    }
    trial.say("image of the workers", images == {IMAGE}, IMAGE)
    most = pool["autoscalingSettings"]["maxNumWorkers"]
    trial.say(
        "machine and number of workers",
        (pool["machineType"], most) == (MACHINE, WORKERS),
        f"{pool['machineType']}, at most {most}",
    )
    experiments = job["environment"]["experiments"]
    trial.say(
        "nothing of the launcher is sent",
        not options.get("save_main_session")
        and options["sdk_location"] == "container"
        and "disable_logging_submission_environment" in experiments,
        "no main session, no packages, no list of them",
    )
    staged = sorted(n for n in trial.names() if n.startswith("gs://bucket/beam/") and n != JOB)
    trial.say("staged files", [Path(n).name for n in staged] == ["pipeline.pb"], " ".join(staged))
    content = trial.read(options["pipelineUrl"])
    trial.say(
        "graph is the one that the job names",
        hashlib.sha256(content).hexdigest() == options["pipelineProtoHash"],
        f"{len(content):,} bytes; a request may have 10 MB",
    )

    from apache_beam.portability.api import beam_runner_api_pb2 as beam

    graph = beam.Pipeline.FromString(content)
    environments = graph.components.environments.values()
    docker = [beam.DockerPayload.FromString(e.payload).container_image for e in environments]
    artifacts = [e for e in environments if e.dependencies]
    trial.say("one environment, without artifacts", docker == [IMAGE] and not artifacts)
    transforms = graph.components.transforms.values()
    top = {t.unique_name for t in transforms if "/" not in t.unique_name}
    trial.say("steps by name", set(STEPS) <= top, f"{len(top)} steps, {len(transforms)} in all")
    shuffles = [
        t.unique_name.partition("/")[0]
        for t in transforms
        if t.spec.urn == "beam:transform:group_by_key:v1"
    ]
    trial.say(
        "shuffles, one of them before the last step",
        set(shuffles) <= set(STEPS) and "Conclude" in shuffles,
        f"{len(shuffles)}: {', '.join(sorted(shuffles))}",
    )
    strings = {text for t in transforms for text in texts_of(t)}
    urls = {text for text in strings if re.match(r"\w+://", text)}
    data = {text for text in urls if text.startswith("gs://bucket/")}
    trial.say(
        "locations of data",
        {"gs://bucket/raw", "gs://bucket/out"} <= data,
        " ".join(sorted(data)),
    )
    homes = {str(p) for p in (REPOSITORY, trial.folder, Path.home(), Path(sys.prefix), Path.cwd())}
    local = {text for text in strings if any(home in text for home in homes - {"/"})}
    # Beam's own lambdas say where Beam lies; in the image that is the same place everywhere.
    local = {text for text in local if "/site-packages/apache_beam/" not in text}
    trial.say(
        "no path of this machine in the graph",
        not local and not any(home.encode() in content for home in homes - {"/"}),
        f"{len(strings):,} texts read{''.join(f' {text}' for text in sorted(local)[:3])}",
    )


def texts_of(transform: Any) -> Iterator[str]:
    """Every text in what a step carries, packed as Beam packs it; nothing is unpickled."""
    from apache_beam.portability.api import beam_runner_api_pb2 as beam

    if transform.spec.urn == "beam:transform:pardo:v1":
        payload = beam.ParDoPayload.FromString(transform.spec.payload).do_fn.payload
        packed = base64.b64decode(payload)
        try:
            content = bz2.decompress(packed)
        except OSError:
            content = zlib.decompress(packed)
        for _, value, _ in pickletools.genops(content):
            if isinstance(value, str):
                yield value


def refuse(trial: Trial) -> None:
    """What must be said before anything is read."""
    raw = str(trial.folder / "raw")
    for what, stated, more, code, words in REFUSED:
        kept = [option for option in OPTIONS if option not in more]
        added = [option for option in more if option not in OPTIONS]
        ours, says = [raw if o == RAW else o for o in stated], words.replace(RAW, raw)
        arguments = ["--raw", "gs://bucket/raw", "--output", "gs://bucket/refused", "--runner",
                     "DataflowRunner", "--no-wait", *ours, "--", *kept, *added]  # fmt: skip
        done = trial.build(*arguments)
        lines = done.stderr.strip().splitlines()
        trial.say(
            f"refused: {what}",
            (done.returncode, len(lines)) == (code, 1) and says in lines[0],
            lines[0][:100] if lines else "",
        )
    written = [name for name in trial.names() if name.startswith("gs://bucket/refused")]
    trial.say("what was refused wrote nothing", not written)


def template(trial: Trial) -> None:
    """The specification file, read by Google's own types."""
    from google.cloud.dataflow_v1beta3 import ContainerSpec

    spec = ContainerSpec.from_json(json.dumps(specification(IMAGE)), ignore_unknown_fields=False)
    names = [parameter.name for parameter in spec.metadata.parameters]
    trial.say(
        "template: read by Google's types",
        spec.image == IMAGE and spec.sdk_info.language.name == "PYTHON" and "raw" in names,
        f"{len(names)} parameters",
    )


def main() -> int:
    """Run the trials and print their table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", type=int, default=40, help="pictures of the raw archive")
    parser.add_argument("--short", action="store_true", help="without what is refused")
    options = parser.parse_args()
    with (
        TemporaryDirectory(prefix="dataflow-") as name,
        gcs_server() as server,
        google_key(Path(name)) as key,
    ):
        trial = Trial(Path(name), server, key)
        submit(trial, options.images)
        inspect(trial)
        template(trial)
        if not options.short:
            refuse(trial)
    return int(trial.failed)


if __name__ == "__main__":
    sys.exit(main())
