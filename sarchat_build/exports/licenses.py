"""Whose pictures an export may carry: a license that does not allow it has to be accepted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from sarchat_build.dataset.record import SourceRecord
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.names import display_name
from sarchat_build.suggestions import advice

# SPDX ids under which copies may be passed on, on conditions that LICENSES.md repeats. Creative
# Commons licenses without derivatives are none of them: chips are cut and rendered.
_MAY_BE_PASSED_ON = re.compile(
    r"(?:Apache-2\.0|MIT|MIT-0|ISC|BSD-\d-Clause|CC0-1\.0|CC-BY(?:-NC)?(?:-SA)?-\d\.\d"
    r"|(?:A|L)?GPL-\d\.\d(?:-only|-or-later)?|ODbL-1\.0|ODC-By-1\.0|PDDL-1\.0|CDLA-[\w.-]+|Unlicense)"
)


def may_be_passed_on(license_id: str) -> bool:
    """Tell whether a license allows to redistribute pictures.

    >>> may_be_passed_on("CC-BY-NC-4.0"), may_be_passed_on("research-only")
    (True, False)
    """
    return _MAY_BE_PASSED_ON.fullmatch(license_id) is not None


def refuse_unaccepted(sources: Mapping[str, SourceRecord], accepted: Collection[str]) -> list[str]:
    """Give the ids of sources whose pictures are exported on the user's own responsibility.

    Args:
        sources: those of the export, by id.
        accepted: ids of sources or of licenses.

    Raises:
        ConfigurationError: a license that does not allow to pass pictures on is not accepted, or
            what is accepted is none of the dataset's.
    """
    restricted = {i: s.license for i, s in sources.items() if not may_be_passed_on(s.license)}
    known = {*sources, *(source.license for source in sources.values())}
    for name in accepted:
        if name not in known:
            message = f"no source or license of this export{advice(name, sorted(known))}"
            raise ConfigurationError([Issue("--accept-license", name, message)])
    left = {i: name for i, name in restricted.items() if not {i, name} & set(accepted)}
    if left:
        which = ", ".join(f"{i} ({display_name(name)})" for i, name in sorted(left.items()))
        needed = " ".join(f"--accept-license {name}" for name in sorted(set(left.values())))
        others = sorted(set(sources) - set(left))
        without = " ".join(f"--source {name}" for name in others)
        message = (
            f"pictures of {which} may not be passed on, or nobody says that they may. For your own "
            f"use add {needed}" + (f"; or leave them out: {without}" if others else "")
        )
        raise ConfigurationError([Issue("--accept-license", "", message)])
    return sorted(restricted)


def licenses_text(sources: Mapping[str, SourceRecord], restricted: Collection[str]) -> str:
    """Give the page that lies beside exported pictures: whose they are, and what may be done."""
    return "\n".join(_lines(sources, restricted)) + "\n"


def _lines(sources: Mapping[str, SourceRecord], restricted: Collection[str]) -> Iterator[str]:
    yield "# Licenses of the pictures\n"
    if restricted:
        yield (
            "The license of some sources does not allow to pass their pictures on, or is not "
            f"stated: {', '.join(restricted)}. This export is for the use of who made it.\n"
        )
    for source_id, source in sorted(sources.items()):
        title, license_id, cited, homepage = map(
            display_name, (source.title, source.license, source.citation, source.homepage)
        )
        yield f"* `{source_id}`: {title}. License: {license_id}. Cite {cited}, {homepage}"
