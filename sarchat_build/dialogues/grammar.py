"""English that phrasings need: number, article, lists. These functions are their only filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sarchat_build.types import CATEGORIES

# The six nouns of this field. A library for all of English agrees (see the tests), but takes two
# seconds to import, in every process.
PLURALS: dict[str, str] = {
    **{category: f"{category}s" for category in CATEGORIES},
    "aircraft": "aircraft",
}


def noun(category: str, n: int) -> str:
    """Give the noun that agrees with a number.

    >>> noun("ship", 1), noun("ship", 0), noun("aircraft", 3)
    ('ship', 'ships', 'aircraft')
    """
    return category if n == 1 else PLURALS[category]


def counted(category: str, n: int) -> str:
    """Give the number with its noun; zero is "no".

    >>> counted("harbor", 0), counted("harbor", 1), counted("harbor", 12)
    ('no harbors', '1 harbor', '12 harbors')
    """
    return f"{n or 'no'} {noun(category, n)}"


def a(phrase: str) -> str:
    """Put the indefinite article before a phrase of our vocabulary, where letters are sounds.

    >>> a("aircraft"), a("large ship")
    ('an aircraft', 'a large ship')

    Raises:
        ValueError: there is no word to put an article before.
    """
    if not isinstance(phrase, str) or not phrase:
        raise ValueError(f"no article fits {phrase!r}")
    return f"an {phrase}" if phrase[0] in "aeiou" else f"a {phrase}"


def another(category: str, first: str) -> str:
    """Name a second object after a first one.

    >>> another("ship", "ship"), another("aircraft", "ship")
    ('another ship', 'an aircraft')
    """
    return f"another {category}" if category == first else a(category)


def pair(first: str, second: str) -> str:
    """Name two objects in one breath.

    >>> pair("ship", "ship"), pair("aircraft", "ship")
    ('2 ships', 'an aircraft and a ship')
    """
    return counted(first, 2) if first == second else f"{a(first)} and {a(second)}"


def listed(items: Sequence[str], conjunction: str = "and") -> str:
    """Write a list as a sentence has it.

    >>> listed(["ship"]), listed(["ship", "car", "tank"])
    ('ship', 'ship, car and tank')
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"


def sentence(text: str) -> str:
    """Begin with a capital.

    >>> sentence("3 ships lie here."), sentence("an aircraft stands here.")
    ('3 ships lie here.', 'An aircraft stands here.')
    """
    return text[:1].upper() + text[1:]


FILTERS: dict[str, Callable[..., str]] = {
    "noun": noun,
    "counted": counted,
    "a": a,
    "another": another,
    "pair": pair,
    "listed": listed,
    "sentence": sentence,
}
