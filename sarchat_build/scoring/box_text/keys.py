"""What a key of JSON says of its value: with its last word that says anything."""

from __future__ import annotations

import re
from typing import NamedTuple

from sarchat_build.scoring.box_text.meaning import MEASURE, PLURAL

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+")
_BOX = re.compile(
    r"(?:b?box|bnd|bound|coord|rect|region|position|location|ground|xyxy|corner|quads|quadri|obb"
    r"|坐标|位置|边界框).*|.*box(?:es)?|loc|pos|roi|quad",
    re.IGNORECASE,
)
_OTHER = re.compile(
    rf"{MEASURE}|per|label.*|.*names?|categor.*|class.*|types?|.*captions?|descri.*"
    r"|conf|.*points?|cent(?:er|re)s?|centroids?|segm.*|polygons?|masks?|shape|notes?"
    r"|channels?|formats?",
    re.IGNORECASE,
)
# What the numbers of a box are as well: "bbox_pixels", but "pixels".
_NEUTRAL = re.compile(r"values?|numbers?|pixels?|points?|texts?", re.IGNORECASE)
_MANY = re.compile(PLURAL, re.IGNORECASE)
_THOUGHT = re.compile(r"(?:think|thought|reason|explan).*", re.IGNORECASE)


class Key(NamedTuple):
    """What a key says of its value.

    Attributes:
        is_box: it is a box, or boxes.
        is_other: numbers right under it are none.
        is_many: one list of numbers is none: as many values as it has numbers.
        is_thought: nothing in it is part of the answer.
    """

    is_box: bool = False
    is_other: bool = False
    is_many: bool = False
    is_thought: bool = False


def key_of(key: str) -> Key:
    """Tell what a key says.

    >>> key_of("bbox_2d").is_box, key_of("boxScores").is_other, key_of("epochs").is_many
    (True, True, True)
    >>> key_of("candidate_1") == key_of("area") == Key()
    True
    """
    words = _WORD.findall(key)
    if any(_THOUGHT.fullmatch(word) for word in words):
        return Key(is_thought=True)
    kind = Key()
    for word in reversed(words):
        if _BOX.fullmatch(word):
            return Key(is_box=True)
        if _NEUTRAL.fullmatch(word):
            kind = Key(is_other=word.lower() != "value")
        elif _OTHER.fullmatch(word):
            return Key(is_other=True)
        elif _MANY.fullmatch(word):
            return Key(is_many=True)
    return kind
