"""What the user states instead of a manifest, and what manifests own up to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sarchat_build.config.annotation_options import DotaRule
from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import ConfigurationError

# What the user states instead of a manifest.
MANIFESTS = resource_folder("source_manifests")
OGSOD_TEXT = (MANIFESTS / "ogsod.toml").read_text()


def test_set_states_any_key() -> None:
    manifests = load_manifests(
        MANIFESTS,
        [
            "msar.annotations.pixel_origin=0",
            "hrsid.annotations.files.1.optional = true",
            'msar.annotations.encodings=["gbk"]',
            'ssdd.title="a=b"',
        ],
    )
    assert manifests["msar"].annotations.convention.pixel_origin == 0
    assert manifests["msar"].annotations.encodings == ("gbk",)
    assert manifests["hrsid"].annotations.files[1].optional
    assert manifests["ssdd"].title == "a=b"


def test_set_of_the_documented_alternative() -> None:
    comment = " ".join(
        line.removeprefix("#").strip() for line in OGSOD_TEXT.splitlines() if line.startswith("#")
    )
    found = re.search(r"--set '(ogsod\.annotations=\{.*\})'", comment)
    assert found is not None
    manifest = load_manifests(MANIFESTS, [found[1]])["ogsod"]
    rule = manifest.annotations
    assert isinstance(rule, DotaRule)
    assert rule.document_name("x/train/labelTxt/7.txt") == rule.image_name("sar/images/train/7.png")


def test_set_faults_are_message_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_manifests(
            MANIFESTS,
            [
                "msar.annotations.pixel_origin=3",
                "ogsod.title=OGSOD",
                "nosuch.title=1",
                "ssdd=1",
                "hrsid.annotations.files.9.path='x'",
                "sived.annotations.header_line=2",
                'sadd.unverified={"annotations.nothing" = "?"}',
                "ogsod.id=1\nx=2",
            ],
        )
    message = str(caught.value)
    for part in (
        "--set msar.annotations.pixel_origin=3: Input should be 0 or 1",
        "--set ogsod.title=OGSOD: 'OGSOD' is not a TOML value; text needs quotes: "
        "--set 'ogsod.title=\"OGSOD\"'",
        "--set nosuch.title=1: no source 'nosuch'; known: air_sarship_1",
        "--set ssdd=1: expected SOURCE.key.path=VALUE, such as ssdd.annotations.pixel_origin=1",
        "--set hrsid.annotations.files.9.path='x': there is no annotations.files.9: "
        "annotations.files is a list, whose entries are numbered (0 to 1)",
        "--set sived.annotations.header_line=2: unknown key; did you mean 'header_lines'?",
        "unverified: no key of a manifest is annotations.nothing",
        "is not a TOML value",
    ):
        assert part in message


def test_manifests_name_what_nobody_verified() -> None:
    manifests = load_manifests(MANIFESTS)
    assert len(manifests) == 11
    assert set(manifests["sardet_100k"].contains) == set(manifests) - {"sardet_100k"}
    silent = {source_id for source_id, manifest in manifests.items() if not manifest.unverified}
    assert silent == {"ssdd"}  # the only source whose real archive was read
    totals = manifests["sardet_100k"].sardet
    for unit in ("images", "instances"):
        for split in ("train", "validation", "test"):
            parts = sum(
                getattr(getattr(manifest.sardet, unit), split)
                for source_id, manifest in manifests.items()
                if source_id != "sardet_100k"
            )
            assert parts == getattr(getattr(totals, unit), split)
