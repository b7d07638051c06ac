"""The laws of the house hold on the real tree, and each of them fails on a planted violation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import laws
import pytest
from laws import House, write_tree

HERE = House(Path(__file__).parents[1])
Law = Callable[[House], Iterator[str]]


def long_module(lines: int) -> str:
    return "\n" * lines


# One tree for each way to break a law, and what is then said of it.
PLANTED: list[tuple[Law, dict[str, str], str]] = [
    (laws.homeless, {"sarchat_build/attic/lamp.py": ""}, "sarchat_build.attic.lamp is in no room"),
    (
        laws.against_the_flow,
        {
            "sarchat_build/config/recipe.py": "from sarchat_build.dialogues.labels import cell",
            "sarchat_build/dialogues/labels.py": "",
        },
        "sarchat_build.config.recipe:1 imports sarchat_build.dialogues.labels",
    ),
    (
        laws.against_the_flow,
        {
            "sarchat_build/config/recipe.py": "def late():\n    from sarchat_build import images",
            "sarchat_build/images/raster.py": "",
        },
        "sarchat_build.config.recipe:2 imports sarchat_build.images",
    ),
    (
        laws.against_the_flow,
        {
            "sarchat_build/config/recipe.py": "if TYPE_CHECKING:\n    from ..chips import tiling",
            "sarchat_build/chips/tiling.py": "",
        },
        "sarchat_build.config.recipe:2 imports sarchat_build.chips.tiling",
    ),
    (
        laws.against_the_flow,
        {"sarchat_build/types.py": "import sarchat_build.config", "sarchat_build/config/a.py": ""},
        "sarchat_build.types:1 imports sarchat_build.config",
    ),
    (
        laws.against_the_flow,
        {
            "pipelines/launch.py": "from pipelines.cli.main import app",
            "pipelines/cli/main.py": "",
        },
        "pipelines.launch:1 imports pipelines.cli.main",
    ),
    (
        laws.mutual,
        {
            "sarchat_build/report/card.py": "import sarchat_build.dataset.rows",
            "sarchat_build/dataset/rows.py": "def f():\n    import sarchat_build.report.card",
        },
        "sarchat_build.dataset and sarchat_build.report import each other",
    ),
    (
        laws.not_alone,
        {"sarchat_build/validation/rules.py": "from sarchat_build.types import Box"},
        "sarchat_build.validation.rules:1 imports sarchat_build.types",
    ),
    (
        laws.not_alone,
        {"sarchat_build/published/schema.py": "from sarchat_build.errors import InputError"},
        "sarchat_build.published.schema:1 imports sarchat_build.errors",
    ),
    (
        laws.synthetic_in_build,
        {"sarchat_build/onboarding/a.py": "from sarchat_build.synthetic import SYNTHESIZERS"},
        "sarchat_build.onboarding.a:1 imports sarchat_build.synthetic",
    ),
    (
        laws.synthetic_in_build,
        {"pipelines/launch.py": "import sarchat_build.synthetic.planted"},
        "pipelines.launch:1 imports sarchat_build.synthetic.planted",
    ),
    (
        laws.beam_in_domain,
        {"sarchat_build/curation/plan.py": "def f():\n    import apache_beam as beam"},
        "sarchat_build.curation.plan:2 imports apache_beam",
    ),
    (
        laws.beam_in_domain,
        {"sarchat_build/library.py": "from pipelines import launch"},
        "sarchat_build.library:1 imports pipelines",
    ),
    (laws.too_long, {"pipelines/a.py": long_module(401)}, "pipelines.a has 401 lines"),
    (
        laws.too_long,
        {f"pipelines/{name}.py": long_module(151) for name in "abcde"},
        "the median module has 151 lines",
    ),
    (
        laws.badly_filled,
        {"sarchat_build/chips/a.py": "", "sarchat_build/chips/b.py": ""},
        "sarchat_build.chips has 2 members",
    ),
    (
        laws.badly_filled,
        {f"sarchat_build/chips/{name}.py": "" for name in "abcdefghijk"},
        "sarchat_build.chips has 11 members",
    ),
    (
        laws.badly_filled,
        {
            "sarchat_build/chips/a.py": "",
            "sarchat_build/chips/b/c.py": "",
            "sarchat_build/chips/b/d.py": "",
            "sarchat_build/chips/b/e.py": "",
        },
        "sarchat_build.chips has 2 members",
    ),
]
LAWS = list(dict.fromkeys(law for law, _, _ in PLANTED))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_house_keeps_a_law(law: Law) -> None:
    broken = list(law(HERE))
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("law", "files", "message"), PLANTED, ids=[f"{law.__name__}-{text}" for law, _, text in PLANTED]
)
def test_a_law_fails_on_a_planted_violation(
    law: Law, files: dict[str, str], message: str, tmp_path: Path
) -> None:
    assert message in "\n".join(law(write_tree(tmp_path, files.items())))


def test_a_small_tree_without_a_fault_breaks_no_law(tmp_path: Path) -> None:
    """The checkers do not say no to everything."""
    tree = {f"sarchat_build/{room}/{name}.py": "" for room in ("published", "validation")
            for name in "abc"}  # fmt: skip
    tree["sarchat_build/validation/a.py"] = "import numpy\nfrom sarchat_build.published import b"
    house = write_tree(tmp_path, tree.items())
    assert [line for law in LAWS for line in law(house)] == []


def test_the_checkers_read_the_whole_real_tree() -> None:
    assert len(HERE.modules) > 150
    assert {"sarchat_build.types", "pipelines.cli.main"} <= set(HERE.modules)
    assert any(target == "apache_beam" for _, _, target in HERE.imports)
