"""Proofreading: faults of English in a finished text, each with its quotation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import re2

from sarchat_build.dialogues.attributes import CELLS, SHAPES, SIZE_WORDS
from sarchat_build.dialogues.grammar import noun
from sarchat_build.types import CATEGORIES


def _any_of(*words: str) -> str:
    return f"(?:{'|'.join(sorted(words, key=lambda word: (-len(word), word)))})"


_PLURALS = tuple(noun(category, 2) for category in CATEGORIES)
# "aircraft" is both, so it proves nothing by itself.
_ONLY_SINGULAR = _any_of(*(c for c in CATEGORIES if c not in _PLURALS))
_ONLY_PLURAL = _any_of(*(p for p in _PLURALS if p not in CATEGORIES))
_NOUN = _any_of(*CATEGORIES, *_PLURALS)
_SIZE = _any_of(*SIZE_WORDS.values())
_ADJECTIVES = rf"(?:{_any_of(*SIZE_WORDS.values(), *SHAPES, 'other', 'more', 'single')},? )*"
_SEVERAL = r"(?:[02-9]|[1-9]\d+|no|two|three|four|several|many|these|those|both)"
_ONE = r"(?:1|an?|one|this|every|each|another)"
_PLACE = rf"(?: (?:in|at) the {_any_of(*CELLS)}(?: of the (?:image|picture|scene))?)?"
_PLURAL_VERB = "(?:are|were|lie|stand|appear|occur|occupy|have)"
_SINGULAR_VERB = "(?:is|was|lies|stands|appears|occurs|occupies|has)"
_STARTS = (
    "The|There|This|These|It|Its|They|Their|In|At|An?|Here|One|Which|What|Where|How|Is|Are|Does|"
    "Find|Locate|Look|Give|Name|Count|Identify"
)
_IGNORE_CASE, _CASE = re.IGNORECASE, re.RegexFlag(0)

# Each is a fault that has been published somewhere in this field, or that phrasings invite.
_FAULTS: tuple[tuple[str, re.RegexFlag, str], ...] = (
    (rf"\b{_ONE} {_ADJECTIVES}{_ONLY_PLURAL}\b", _IGNORE_CASE, "plural noun after one"),
    (rf"\b{_SEVERAL} {_ADJECTIVES}{_ONLY_SINGULAR}\b", _IGNORE_CASE, "singular noun"),
    (rf"\b(?:are|were) (?:there )?any {_ONLY_SINGULAR}\b", _IGNORE_CASE, "singular noun"),
    (rf"\bhow many {_ONLY_SINGULAR}\b", _IGNORE_CASE, "singular noun"),
    (r"\baircrafts\b", _IGNORE_CASE, "the plural of aircraft is aircraft"),
    (rf"\b0 {_ADJECTIVES}{_NOUN}\b", _IGNORE_CASE, "zero is written as 'no'"),
    (r"\ba [aeiou]\w", _IGNORE_CASE, "'a' before a vowel"),
    (r"\ban [^aeiou\W]", _IGNORE_CASE, "'an' before a consonant"),
    (rf"\b(?:{_SEVERAL}|an?|the) an? \w", _IGNORE_CASE, "two articles"),
    (r"\ban other\b", _IGNORE_CASE, "another is one word"),
    (
        rf"(?<!\band )\b(?:1|an?|one|this|that) {_ADJECTIVES}{_any_of(*CATEGORIES)}{_PLACE} "
        rf"{_PLURAL_VERB}\b",
        _IGNORE_CASE,
        "plural verb",
    ),
    (
        rf"(?<!\band )\bthe {_ADJECTIVES}{_ONLY_SINGULAR}{_PLACE} {_PLURAL_VERB}\b",
        _IGNORE_CASE,
        "plural verb",
    ),
    (
        rf"(?<!\bof )(?<!how )\b{_SEVERAL} {_ADJECTIVES}{_any_of(*_PLURALS)}{_PLACE} "
        rf"{_SINGULAR_VERB}\b",
        _IGNORE_CASE,
        "singular verb",
    ),
    (
        rf"(?<!\bof )\bthe {_ADJECTIVES}{_ONLY_PLURAL}{_PLACE} {_SINGULAR_VERB}\b",
        _IGNORE_CASE,
        "singular verb",
    ),
    (rf"\b{_PLURAL_VERB} 1 \w+(?! and)\b(?! and)", _IGNORE_CASE, "plural verb before 1"),
    (
        rf"\b{_PLURAL_VERB} an? {_ADJECTIVES}{_any_of(*CATEGORIES)}[.:;]",
        _IGNORE_CASE,
        "plural verb before one",
    ),
    (
        rf"\b(?:lies|stands|appears|occurs|(?:here|there|marked|found|located|{_any_of(*CELLS)}) "
        rf"(?:is|was)) (?:no|[02-9]|[1-9]\d+) {_ADJECTIVES}{_NOUN}\b",
        _IGNORE_CASE,
        "singular verb before several",
    ),
    (r"\b(?:lies|stands|appears) an? [^.;:]*? and (?:\d|an? )", _IGNORE_CASE, "singular verb"),
    (r"\bthere (?:are|were) (?:1|an?|one)\b", _IGNORE_CASE, "plural verb before one"),
    (r"\bare there an?\b", _IGNORE_CASE, "plural verb before one"),
    (rf"\b1 {_NOUN}[^.]*\. (?:They|Their)\b", _CASE, "'they' for one"),
    (rf"\b(?:[2-9]|[1-9]\d+) {_NOUN}[^.]*\. Its?\b", _CASE, "'it' for several"),
    (r"\bboxes(?: are|:)? \{[^{}]*\}(?! ?[{(,;]| in| and)", _IGNORE_CASE, "'boxes' for one"),
    (rf"\b{_SIZE},? (?:and )?{_SIZE} ", _IGNORE_CASE, "two sizes for one object"),
    (rf"\bin {_any_of(*CELLS)}\b", _IGNORE_CASE, "no article before the cell"),
    (r"\bto (?:left|right|upper|lower)\b", _IGNORE_CASE, "no article in the direction"),
    (r"\bnear (?:of|from|to)\b|\bfar (?:of|to|it)\b", _IGNORE_CASE, "wrong preposition"),
    (r"\b([a-z]+(?: [a-z]+)?) \1\b", _IGNORE_CASE, "doubled word"),
    (r"[\w})] (?:Ship|Aircraft|Car|Tank|Bridge|Harbor)s?\b", _CASE, "capital inside a sentence"),
    (r" [.,;:?!]", _CASE, "space before punctuation"),
    (r"[.,;:?!]{2}", _CASE, "doubled punctuation"),
    (r"[a-z)}][.?!][A-Za-z]|[a-z)}][,;:][a-z]", _CASE, "no space after punctuation"),
    (r"[.?!] [a-z]", _CASE, "sentence begins without a capital"),
    (rf"[a-z0-9)}}>] (?:{_STARTS})\b", _CASE, "missing sentence break"),
    (r"[})] \d+ [a-z]", _CASE, "missing sentence break"),
    (r"\{\{|\{%|%\}|\bNone\b(?! of)|\b(?:True|False|Undefined)\b", _CASE, "no text"),
    (r"<image>", _IGNORE_CASE, "an image mark, which belongs to the frame of the message"),
    (r" {2}|^ | $|\n", _CASE, "surplus space"),
)
_COMPILED = [(re.compile(pattern, flags), message) for pattern, flags, message in _FAULTS]
# What a pattern demands of the text beside it, and a group that is repeated: RE2 knows neither.
_LOOK_BESIDE = re.compile(r"\(\?<?[!=](?:\[[^\]]*\]|[^()\[])*\)")
_BACK_REFERENCE = r"\1"


def _looser_set() -> re2.Set:
    """Compile all patterns into one automaton, which finds at least what each of them finds.

    Nearly every text is free of faults: one passage through it tells so, instead of forty.
    """
    options = re2.Options()
    options.max_mem = 1 << 26
    looser = re2.Set.SearchSet(options)
    for pattern, flags, _ in _FAULTS:
        # A pattern with a back reference is tried on every text: the empty one is in all.
        loose = "" if _BACK_REFERENCE in pattern else _LOOK_BESIDE.sub("", pattern)
        looser.Add(f"(?i:{loose})" if flags else loose)
    looser.Compile()
    return looser


_LOOSER = _looser_set()
# "Does a ship lie here?", "a ship and a tank lie": the verb is not the noun's own.
_OTHER_VERB = re.compile(
    r"\b(?:do|does|did|would|can|could|should|will|and|or)\b[^.?!]*$", re.IGNORECASE
)
_BOX = re.compile(r"\{<\d+><\d+><\d+><\d+>\}")
_DISTANCE = re.compile(r"\b\d+ px\b")


def grammar_faults(text: str) -> Iterator[str]:
    """Name the faults of one rendered text, and quote the words.

    >>> list(grammar_faults("Identify 4 ship in the image."))
    ["singular noun: '4 ship'"]
    """
    # Which box or distance it is makes no difference to grammar, and texts repeat.
    plain = _DISTANCE.sub("99 px", _BOX.sub("{<1><1><1><1>}", text))
    return iter(_faults(plain))


@lru_cache(maxsize=1 << 15)
def _faults(text: str) -> tuple[str, ...]:
    found = []
    # RE2 knows the letters of ASCII alone.
    candidates = sorted(_LOOSER.Match(text)) if text.isascii() else range(len(_COMPILED))
    for pattern, message in map(_COMPILED.__getitem__, candidates):
        for match in pattern.finditer(text):
            own = message != "plural verb" or not _OTHER_VERB.search(text[: match.start()])
            if own:
                found.append(f"{message}: {match[0].strip()!r}")
                break
    if text.count("(") != text.count(")") or text.count('"') % 2:
        found.append(f"a bracket or quotation mark without its partner: {text[:60]!r}")
    return tuple(found)
