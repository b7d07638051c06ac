"""Words of texts: the phrases that state a fact, and the words known to carry none.

Written from the dataset's description and not taken from the builder, so that a word that goes
wrong there is noticed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from sarchat_build.validation.vocabulary import (
    CATEGORIES,
    CELLS,
    DIRECTION_PHRASES,
    PLURALS,
    PROXIMITY_PHRASES,
    SHAPES,
    SIZE_WORDS,
    VERDICTS,
)

# Vocabulary that stands alone is a phrase gone wrong; the other words say what the vocabulary says
# in a way that cannot be read back. "one" and "both" are left out: they are also pronouns.
_STRAYS = """
top bottom left right middle center upper lower far medium centre central corner edge border north
south east west northern southern eastern western northeast northwest southeast southwest beneath
under underneath beside adjacent close closer nearby distant next farther further opposite big
bigger biggest huge tiny little giant gigantic massive enormous miniature long short broad narrow
thin slim elongated square squarish round wider taller larger smaller widest tallest leftmost
rightmost topmost bottommost largest smallest uppermost lowermost third fourth fifth zero two
three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen twenty thirty
forty fifty hundred dozen dozens couple several many few multiple numerous twice most vessel
vessels boat boats airplane airplanes plane planes jet jets helicopter helicopters vehicle
vehicles truck trucks automobile automobiles port ports dock docks pier piers airport runway
building buildings island false untrue incorrect wrong maybe perhaps possibly probably
"""
STRAY_WORDS = tuple(_STRAYS.split())

# Words of answers that are known to carry no fact: articles, pronouns, prepositions, and what goes
# with one or with many. Any other word is judged by `wording`.
_PLAIN = """
a an the this that these those it its they their them i you we me my which what who where here
there one ones both other another each every any all some same such so as also besides and or but
then thus only altogether is are was were be been being am has have had do does did can could may
must will would should in on at of to from by with within into for off out up between about around
among inside onto per than while if when how lie lies lay appear appears show shows hold holds
contain contains find finds found see sees seen mark marks marked sit sits occur occurs belong
belongs come comes fall falls look looks occupy occupies cover covers fill fills stand stands rest
rests include includes exist exists give gives make makes apply applies match matches fit fits box
boxes object objects target targets class classes category categories label labels kind kinds item
items thing things tag tags group groups relation relations image picture scene chip area areas
place places part region position location outline outlines extent extents coordinate coordinates
answer count total content contents moreover finally list listed option options candidate
candidates first second former latter nearest closest given away apart distance direction detected
located placed situated visible present shown recognized reported counted identified boxed pixel
pixels px
"""
PLAIN_WORDS = frozenset(_PLAIN.split())

# How an answer says that there is nothing; what denies a fact is stray in every answer.
ABSENCES = (
    *("none", "nothing", "without", "neither", "nor", "absent", "free", "empty", "lack", "lacks"),
    "devoid",
)
DENIALS = ("not", "never", "cannot", "n't")


class Word(NamedTuple):
    """What one vocabulary phrase means.

    `kind` is one letter: (n)oun, n(o) such thing, (c)ell, si(z)e, s(h)ape, (d)irection,
    (p)roximity, (y)es or no, (a)bsence or a stray word (!);
    it is empty for what says nothing. `plural` is None where both numbers
    are written alike ("aircraft").
    """

    kind: str
    value: str
    plural: bool | None = None


def _words() -> dict[str, Word]:
    words = {cell: Word("c", cell) for cell in CELLS}
    words |= {word: Word("z", label) for label, word in SIZE_WORDS.items()}
    words |= {shape: Word("h", shape) for shape in SHAPES}
    words |= {phrase: Word("d", label) for label, phrase in DIRECTION_PHRASES.items()}
    words |= {phrase: Word("p", label) for label, phrase in PROXIMITY_PHRASES.items()}
    for category, plural in zip(CATEGORIES, PLURALS, strict=True):
        words[f"no {plural}"] = Word("o", category, plural=True)
        words[plural] = Word("n", category, plural=True)
        words[category] = Word("n", category, plural=None if plural == category else False)
    # "How large" asks for a size and names none.
    words |= {f"how {word}": Word("", word) for word in ("large", "small", "wide", "tall", "far")}
    words |= {verdict: Word("y", verdict) for verdict in VERDICTS}
    words |= {word: Word("a", word) for word in ABSENCES}
    words |= {word: Word("!", word) for word in (*STRAY_WORDS, *DENIALS)}
    return words


WORDS = _words()


def any_of(phrases: Iterable[str]) -> str:
    """Give a pattern that finds the longest of some phrases.

    >>> any_of(["px", "pixels"])
    '(?:pixels|px)'
    """
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return f"(?:{'|'.join(map(re.escape, longest_first))})"


# A phrase of the vocabulary in lower-cased text without numbers, or a character that is markup.
PHRASE = re.compile(rf"(?:(?<![a-z_])|(?=n't)){any_of(WORDS)}(?![a-z_])|[<>{{}}]")

# Any other word, in letters of any script.
LETTERS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")

# What follows a number that counts something: " ships", " very small ship".
COUNTED = re.compile(
    rf" (?:{any_of([*SIZE_WORDS.values(), *SHAPES])},? )*{any_of([*CATEGORIES, *PLURALS])}\b"
)

# What stands between the words: something in braces, or a number.
BRACED_OR_NUMBER = re.compile(r"(\{[<>0-9]*\}?|[0-9]+)")

# A box in its one spelling, without leading zeros.
_INTEGER = "(?:0|[1-9][0-9]*)"
BOX = re.compile(rf"\{{<{_INTEGER}><{_INTEGER}><{_INTEGER}><{_INTEGER}>\}}")

# A number before this is a distance.
PIXELS = re.compile(r" ?(?:px|pixels?)\b")

# What a question may never carry besides its own "<image>": markup, template code, chat tokens.
INJECTION = re.compile(r"<image>|\{\{|\}\}|\{%|<(?:[a-z]{2,}|[/!|])", re.IGNORECASE)
