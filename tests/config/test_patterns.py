"""Row 65: no pattern of a user holds the build up, and the built-in ones mean what they meant."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from fsspec.utils import glob_translate

from sarchat_build.config.manifest import load_manifests
from sarchat_build.config.patterns import compile_glob, compile_pattern
from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import ConfigurationError

pytestmark = [pytest.mark.quality(row=65), pytest.mark.timeout(60)]
MANIFESTS = resource_folder("source_manifests")
NAMES = [
    "P0012_0_800_0_800",
    "SSDD/JPEGImages_train/000001.jpg",
    "ssdd/jpegimages_TRAIN/000001.JPG",
    "a/b/c/d.xml",
    "a\nb.jpg",
    "Gaofen-3 航/1.tiff",
    "[x]/y (1).png",
    "",
]


def test_patterns_that_never_end_in_python_end_at_once() -> None:
    name = "a" * 5000 + "!"
    begun = time.process_time()
    assert compile_pattern(r"^(?P<scene_id>(a+)+)$").search(name) is None
    assert compile_pattern(r"(?P<scene_id>(a|a)*b)").search(name) is None
    assert compile_pattern(r"(?P<scene_id>(.*)*,(.*)*,(.*)*,x)").search(name) is None
    assert compile_glob("*a" * 30 + "b").search("a" * 255) is None
    assert compile_glob("**/" * 30 + "x").search("a/" * 500) is None
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (r"^(?=P)(?P<scene_id>.*)", "looks ahead"),
        (r"(?<!x)(?P<scene_id>.*)", "looks behind"),
        (r"(?P<scene_id>(.)\2)", "back reference"),
        (r"(?P<scene_id>(?>a))", "atomic group"),
        (r"(?P<scene_id>", "missing )"),
        (r"(?P<scene_id>((a{900}){900}){900})", "repetition"),
        ("(?P<scene_id>" + "a" * 5000 + ")", "more than 4,096"),
        ("(.*)_", "needs a named group"),
    ],
)
def test_what_cannot_be_linear_is_a_fault_with_its_key(
    pattern: str, told: str, tmp_path: Path
) -> None:
    text = (MANIFESTS / "hrsid.toml").read_text(encoding="utf-8")
    old = re.search(r"^pattern = .*$", text, re.MULTILINE)
    assert old
    (tmp_path / "hrsid.toml").write_text(
        text.replace(old[0], f"pattern = '{pattern}'"), encoding="utf-8"
    )
    with pytest.raises(ConfigurationError) as caught:
        load_manifests(MANIFESTS, added=tmp_path)
    (issue,) = caught.value.issues
    assert issue.key == "scene.pattern"
    assert told in issue.message


def test_every_pattern_of_a_built_in_manifest_matches_what_python_matches() -> None:
    globs, patterns = set(), set()
    for manifest in load_manifests(MANIFESTS).values():
        rule = manifest.annotations
        globs |= {*rule.images, *(f.path for f in rule.files), *(s.path for s in rule.split_lists)}
        patterns |= {manifest.scene.pattern} if manifest.scene else set()
    assert patterns
    assert len(globs) > 20
    names = NAMES + [
        g.replace("**/", "x/").replace("*", n) for g in globs for n in ("1", "a/b", "")
    ]
    for glob in [
        *globs,
        "[!a]*.jpg",
        "a?c/*",
        "**",
        "*",
        "[[]x]/*",
        "x~&|#-.txt",
        "[a-c]/**/*.xml",
    ]:
        regex = re.compile(glob_translate(glob), re.IGNORECASE)
        ours = compile_glob(glob)
        for name in names:
            assert bool(ours.search(name)) == bool(regex.match(name)), (glob, name)
    for pattern in patterns:
        for name in names:
            found, expected = compile_pattern(pattern).search(name), re.search(pattern, name)
            assert (found and found["scene_id"]) == (expected and expected["scene_id"])
