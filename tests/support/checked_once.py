"""The built-in phrasings, read and checked when this is imported and by no later build.

Each build reads four hundred files and renders all phrasings on samples, which takes two seconds;
what comes of it follows from their texts alone. Other phrasings are read and checked as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipelines import settings
from pipelines.cli.commands import build
from sarchat_build.config.resources import resource_folder
from sarchat_build.phrasing.engine import load_templates
from sarchat_build.phrasing.lint import check_templates

_FOLDER = resource_folder("templates")
_SOUND = load_templates(_FOLDER)
check_templates(_SOUND, _FOLDER)


def _load_others(folder: Path) -> dict[str, str]:
    return dict(_SOUND) if folder == _FOLDER else load_templates(folder)


def _check_others(templates: Mapping[str, str], folder: Path) -> None:
    if templates != _SOUND:
        check_templates(templates, folder)


settings.load_templates = _load_others
settings.check_templates = build.check_templates = _check_others
