"""How many objects of a category an answer speaks of: digits and number words."""

from __future__ import annotations

import re

from sarchat_build.scoring.words import CATEGORY_OF, NOUN_PATTERN, mentions

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ARTICLES = ("a", "an")
_NUMBERS = {word: value for value, word in enumerate(_UNITS)}
_NUMBERS |= {"no": 0, "a": 1, "an": 1, "single": 1, "lone": 1}
_NUMBERS |= {"pair": 2, "couple": 2, "both": 2, "dozen": 12}
_NUMBERS |= {tens: 10 * (place + 2) for place, tens in enumerate(_TENS)}
_NUMBERS |= {
    f"{tens}-{_UNITS[unit]}": 10 * (place + 2) + unit
    for place, tens in enumerate(_TENS)
    for unit in range(1, 10)
}
_WHOLE = _NUMBERS.keys() - {*_ARTICLES}
_WORDS = "|".join(sorted(_WHOLE, key=lambda word: (-len(word), word)))
_WORDS += r"|an?(?! (?:dozen|pair|couple|single|lone)\b)"
_NUMBER = rf"(?<![\w.,-])(\d{{1,3}}(?:,\d{{3}})+|\d{{1,6}}|{_WORDS})(?![\w-]|\.\d|,\d)"
_NOUN = rf"(?:{NOUN_PATTERN})(?:e?s)?\b"
_NO_ADJECTIVE = (
    r"(?:(?:of|in|on|at) the|and|or|px|pixels?|m|shows?|has|have|holds?|contains?|is|are|with|near"
    r"|by|to|from|for|as|in|on|at)\b"
)
# Between a number and its noun: adjectives and "of", but neither a unit nor another phrase.
_NUMBERED = re.compile(
    rf"{_NUMBER}\s+"
    rf"(?:(?!{_NO_ADJECTIVE})[a-z-]+\s+){{0,4}}?"
    rf"(?={_NOUN})"
)
_NOUN_NUMBER = re.compile(
    rf"\b({NOUN_PATTERN})(?:e?s)?\b[\"'*()]*\s*(?:count\s*)?"
    rf"(?:[:=-]|is|are|equals?|totals?|x)?\s*[\"'*]*{_NUMBER}(?!\s*(?:px|pixels?|%|m\b))"
)
_LED = re.compile(
    r"\b(?:count|total|number|sum|tally|amount|answer)\b[^.\d\n]{0,40}?"
    rf"{_NUMBER}|\bthere (?:is|are) (?:exactly |only )?{_NUMBER}"
    rf"|{_NUMBER} (?:of (?:them|these|those)\b|in total\b|objects?\b|instances?\b|targets?\b)"
)
_ALONE = re.compile(rf"\W*{_NUMBER}\W*")
_NOUN_ONLY = re.compile(NOUN_PATTERN)


def count_of(text: str, category: str) -> int | None:
    """Give how many objects of a category a text without boxes speaks of; None if it says none.

    The number beside the category's own noun counts first, then one that a word such as "total"
    leads in; a number anywhere else does not.

    >>> count_of("i see 3 very small ships and 2 cars", "ship"), count_of("no ships", "ship")
    (3, 0)
    >>> count_of("taken in 2024, it shows ships: 4", "ship"), count_of("in 2024", "ship")
    (4, None)
    """
    has_article = False
    for found in _NUMBERED.finditer(text):
        noun = _NOUN_ONLY.match(text, found.end())
        if noun is None or CATEGORY_OF[noun[0]] != category:
            continue
        if found[1] not in _ARTICLES:
            return _value(found[1])
        has_article = True
    for found in _NOUN_NUMBER.finditer(text):
        if CATEGORY_OF[found[1]] == category and found[2] not in (*_ARTICLES, "no", "both"):
            return _value(found[2])
    alone = _ALONE.fullmatch(text)
    if alone:
        return _value(alone[1])
    for found in _LED.finditer(text):
        word = next(group for group in found.groups() if group)
        if word not in (*_ARTICLES, "no"):
            return _value(word)
    if has_article:
        return 1
    own = [mention for mention in mentions(text) if mention.category == category]
    return 0 if own and all(mention.denied for mention in own) else None


def _value(word: str) -> int:
    return _NUMBERS[word] if word in _NUMBERS else int(word.replace(",", ""))
