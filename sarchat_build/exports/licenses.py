"""Whose pictures an export may carry: a license that does not allow it has to be accepted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from sarchat_build.dataset.record import SourceFacts, SourceRecord
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.names import display_name
from sarchat_build.report.origin import synthetic_line
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


class LicenseAnswers(NamedTuple):
    """What people ask about a license, each answer a few words.

    They are a reading of the id and no advice: the text of the license decides.
    """

    named: str
    commercial: str
    redistribution: str
    models: str


_PERMISSIVE = re.compile(
    r"(?:Apache|MIT|ISC|BSD|CC0|CC-BY-\d|ODC-By|PDDL|CDLA|Unlicense).*", re.ASCII
)
_ANSWERS = {
    "permissive": LicenseAnswers("yes", "yes", "yes, with its notice", "yes"),
    "share alike": LicenseAnswers(
        "yes", "yes", "yes, under the same license", "not settled: ask before you pass weights on"
    ),
    "non-commercial": LicenseAnswers(
        "yes", "no", "yes, for no profit and with its notice", "for no profit"
    ),
    "research-only": LicenseAnswers(
        "no: the authors say research only", "no", "no", "for research"
    ),
    "unknown": LicenseAnswers("no: the authors state none", *["not known: ask them"] * 3),
    "other": LicenseAnswers("yes", *["not known here: read it"] * 3),
}


def license_answers(license_id: str) -> LicenseAnswers:
    """Answer four questions: is it named; are business, passing on, training models allowed?

    >>> license_answers("GPL-3.0-only").redistribution, license_answers("unknown").named
    ('yes, under the same license', 'no: the authors state none')
    """
    return _ANSWERS[_kind_of(license_id)]


def _kind_of(license_id: str) -> str:
    if license_id in ("research-only", "unknown"):
        return license_id
    if not may_be_passed_on(license_id):
        return "other"
    if "-NC" in license_id:
        return "non-commercial"
    is_permissive = _PERMISSIVE.fullmatch(license_id) and "-SA" not in license_id
    return "permissive" if is_permissive else "share alike"


def answers_table(sources: Mapping[str, SourceFacts]) -> Iterator[str]:
    """Give the lines of a table: of each source the license, and the four answers."""
    yield "| source | license | named? | commercial use? | redistribution? | training models? |"
    yield "|---|---|---|---|---|---|"
    for source_id, source in sorted(sources.items()):
        cells = (f"`{source_id}`", plain(source.license), *license_answers(source.license))
        yield f"| {' | '.join(cells)} |"


# A citation may list a dozen authors.
_MAX_TITLE_CHARS = 1000


def plain(text: str) -> str:
    """Make text of a source fit for Markdown: it opens no cell, tag or link, and fills no page.

    >>> plain("<b>a | b</b>")
    '&lt;b&gt;a &#124; b&lt;/b&gt;'
    """
    text = display_name(" ".join(text.split()), _MAX_TITLE_CHARS)
    for mark, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;")):
        text = text.replace(mark, written)
    return " ".join(text.replace("[", "&#91;").replace("`", "&#96;").split())


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
    synthetic = synthetic_line(sources)
    if synthetic:
        yield f"{synthetic}\n"
    if restricted:
        yield (
            "The license of some sources does not allow to pass their pictures on, or is not "
            f"stated: {', '.join(restricted)}. This is for the use of who made it.\n"
        )
    yield from answers_table(sources)
    yield (
        "\nThe answers are a reading of the license's name, no advice; its text decides, and the "
        "authors' word.\n"
    )
    for source_id, source in sorted(sources.items()):
        title, license_id, cited, homepage = map(
            plain, (source.title, source.license, source.citation, source.homepage)
        )
        yield f"* `{source_id}`: {title}. License: {license_id}. Cite {cited}, {homepage}"
