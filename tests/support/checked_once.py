"""The built-in phrasings, checked when this is imported and by no later build of this process.

Each build renders all phrasings on samples, which takes two seconds; what comes of it follows from
their texts alone. Other phrasings are checked as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipelines import settings
from pipelines.cli.commands import build
from sarchat_build.config.resources import resource_folder
from sarchat_build.phrasing.engine import load_templates
from sarchat_build.phrasing.lint import check_templates

_SOUND = load_templates(resource_folder("templates"))
check_templates(_SOUND, resource_folder("templates"))


def _check_others(templates: Mapping[str, str], folder: Path) -> None:
    if templates != _SOUND:
        check_templates(templates, folder)


settings.check_templates = build.check_templates = _check_others
