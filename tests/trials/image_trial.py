"""The image of launcher and workers, built from the Dockerfile without a registry, and looked into.

    python tests/trials/image_trial.py [--rootfs FOLDER]

Needs root, buildah, debootstrap and Go. Bases that stand in: a minimal Debian with its own Python
3.11 (FOLDER, made where it is not there), Beam's boot program built from its source, and a script
in the place of Dataflow's launcher. Everything else is the Dockerfile's own: packages by their
hashes, the project, the environment. What is not tried: the bases of the registries, and
Dataflow's launcher. Exit code 1 if anything was not as promised.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

REPOSITORY = Path(__file__).parents[2]
IMAGE = "localhost/sarchat-build-trial:1"
PYTHON, BEAM, LAUNCHER = "python:3.11-slim", "apache/beam_python3.11_sdk:2.77.0", "launcher:1"
BOOT = "github.com/apache/beam/sdks/v2/python/container@v2.77.0"
PACKAGES = "python3,python3-pip,python-is-python3,ca-certificates"
# The launcher program runs the file that the environment names, with the arguments it was given.
SCRIPT = '#!/bin/sh\nexec python "$FLEX_TEMPLATE_PYTHON_PY_FILE" "$@"\n'
# On one machine, and then what Dataflow's launcher does.
WORK = f"""cd /tmp && sarchat synthesize --output raw --source ssdd --images 12 \\
&& sarchat build --raw raw --output out --workers 1 && sarchat validate out \\
&& ! /opt/google/dataflow/python_template_launcher --raw=/tmp/raw --output=/tmp/out \\
  --project=nowhere --region=europe-west1 --sdk_container_image={IMAGE} 2>&1
"""
# How this machine reaches the index of packages is its own affair: it goes into the stand-in.
OF_PIP = ("/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")


def run(*command: str | Path, **options: object) -> str:
    """Run a command; gives what it said."""
    done = subprocess.run(
        [str(word) for word in command],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,  # type: ignore[call-overload]
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}")
    return str(done.stdout)


def inside(*command: str) -> str:
    """Run a command in a container of the image; gives what it said."""
    container = run("buildah", "from", "--pull-never", IMAGE).strip().splitlines()[-1]
    try:
        return run("buildah", "run", "--isolation", "chroot", container, "--", *command)
    finally:
        run("buildah", "rm", container)


def make_bases(folder: Path, rootfs: Path) -> None:
    """Make the three bases that the Dockerfile names."""
    if not (rootfs / "usr/bin/python3").exists():
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", rootfs)
    boot = folder / "boot"
    run("go", "install", BOOT, env=os.environ | {"GOBIN": str(folder)})
    (folder / "container").rename(boot)
    script = folder / "python_template_launcher"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    base = run("buildah", "from", "scratch").strip()
    run("buildah", "add", base, rootfs, "/")
    # Debian keeps pip out of its own Python; the official image has one of its own.
    marker = "/usr/lib/python3.11/EXTERNALLY-MANAGED"
    run("buildah", "run", "--isolation", "chroot", base, "--", "rm", "-f", marker)
    for path in filter(os.path.exists, OF_PIP):
        run("buildah", "add", base, path, path)
    for name, value in os.environ.items():
        if name.startswith("PIP_"):
            run("buildah", "config", "--env", f"{name}={value}", base)
    run("buildah", "commit", "--rm", base, f"localhost/{PYTHON}")
    for image, file, target in (
        (BEAM, boot, "/opt/apache/beam/boot"),
        (LAUNCHER, script, "/opt/google/dataflow/python_template_launcher"),
    ):
        base = run("buildah", "from", "scratch").strip()
        run("buildah", "add", "--chmod", "755", base, file, target)
        run("buildah", "commit", "--rm", base, f"localhost/{image}")


def main() -> int:
    """Build the image, look into it, and print what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rootfs", type=Path, help="folder of a minimal Debian, made if need be")
    options = parser.parse_args()
    missing = [name for name in ("buildah", "debootstrap", "go") if shutil.which(name) is None]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)}")
    failed = False

    def say(what: str, holds: bool, figure: str = "") -> None:
        nonlocal failed
        failed |= not holds
        print(f"{'as promised' if holds else 'NOT AS PROMISED':<16}{what:<44}{figure}", flush=True)

    with TemporaryDirectory(prefix="image-") as name:
        started = time.monotonic()
        make_bases(Path(name), options.rootfs or Path(name, "rootfs"))
        say("bases that stand in", True, f"{time.monotonic() - started:.0f} s")
    started = time.monotonic()
    run(
        "buildah", "bud", "--isolation", "chroot", "--pull-never", "--build-arg",
        f"TEMPLATE_LAUNCHER=localhost/{LAUNCHER}", "--tag", IMAGE, REPOSITORY,
    )  # fmt: skip
    (inspected,) = json.loads(run("buildah", "images", "--json", IMAGE))
    say("the Dockerfile builds", True, f"{time.monotonic() - started:.0f} s, {inspected['size']}")
    config = json.loads(run("buildah", "inspect", "--type", "image", IMAGE))["OCIv1"]["config"]
    say("entry is Beam's boot program", config["Entrypoint"] == ["/opt/apache/beam/boot"])
    said = inside("/opt/apache/beam/boot", "--help")
    say("it starts", "-provision_endpoint" in said)
    spec = json.loads(inside("python", "-m", "pipelines.flex_template", "--image", IMAGE))
    say("the template is made inside", spec["image"] == IMAGE)
    said = inside("sh", "-c", WORK)
    say("it builds and proves on one machine", "proven" in said)
    refused = said.strip().splitlines()[-1]
    say(
        "the launcher comes to the checks of Dataflow",
        refused.startswith("error: --raw /tmp/raw: workers of Dataflow"),
        refused[:90],
    )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
