"""Options for Beam itself: a misspelled one is refused, which Beam would leave out silently."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import NoReturn

from apache_beam.options.pipeline_options import PipelineOptions

from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.suggestions import advice

# Their job servers have options of their own, which Beam asks them for.
_OPTIONS_ELSEWHERE = ("flink", "kafka", "portable", "prism", "spark")


def check_beam_options(runner: str, options: Sequence[str]) -> None:
    """Refuse options that Beam does not know, and values that they cannot have.

    Engines that know more options than Beam, and those of other packages, judge them themselves.

    Raises:
        ConfigurationError: names each, with the nearest known option.
    """
    if "." in runner or runner.casefold().startswith(_OPTIONS_ELSEWHERE):
        return
    parser = _Parser(add_help=False, allow_abbrev=False, conflict_handler="resolve")
    for model in _models(PipelineOptions):
        # Beam's own way; the base class has nothing to add.
        add = getattr(model, "_add_argparse_args", None)
        if add is not None:
            add(parser)
    _, unknown = parser.parse_known_args(list(options))
    known = [name for name in parser._option_string_actions if name.startswith("--")]
    issues = []
    for option in unknown:
        name = option.partition("=")[0]
        hint = advice(name, known) if name.startswith("-") else "; options begin with --"
        issues.append(Issue("-- BEAM OPTIONS", option, f"Beam has no such option{hint}"))
    if issues:
        raise ConfigurationError(issues)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigurationError([Issue("-- BEAM OPTIONS", "", message)])


def _models(model: type[PipelineOptions]) -> Iterator[type[PipelineOptions]]:
    for found in model.__subclasses__():
        yield found
        yield from _models(found)
