"""What the words at numbers say that they are: a box, or something else.

Four numbers in brackets are a box unless the words at them say otherwise, and these do in three
ways. A *measure* has no place (scores, sizes, years): the numbers are its values. A *plural* before
one list names what the numbers stand for one by one (figures, epochs, areas), unless it is what
boxes are of (ships, positions); of one image or one area four numbers are the box. A *citation*
("see", "et al.") is followed by what it cites.

A measure that only describes a thing ("a ship of small size", "sorted by score") says nothing about
the numbers after it. Centers and points in the plural are places, and no corners.
"""

from __future__ import annotations

import re

from sarchat_build.scoring.box_text.named import order_before
from sarchat_build.scoring.words import NOUN_PATTERN

_CONTEXT_CHARS = 80

MEASURE = (
    r"(?:scores?|confidences?|probabilit(?:y|ies)|probs?|logits?|softmax|ious?|thresholds?"
    r"|accurac(?:y|ies)|precisions?|recalls?|f1|(?-i:m?AP)|loss(?:es)?|ratios?|distributions?"
    r"|weights?|ranks?|sizes?|dimensions?|lengths?|widths?|heights?|perimeters?|distances?|angles?"
    r"|resolutions?|spacings?|padding|strides?|counts?|numbers?|totals|ids?|ind(?:ices|ex)|values?"
    r"|means?|averages?|medians?|stds?|histograms?|percentiles?|quantiles?|vectors?|embeddings?"
    r"|objectness|matri(?:x|ces)|intensit(?:y|ies)|speeds?|frequenc(?:y|ies)|years?|dates?"
    r"|versions?|colou?rs?|rgba?|lat(?:itude)?s?|lon(?:gitude)?s?)"
)
POINTS = (
    r"(?:(?:cent(?:er|re)|mid|key|grid|data)?[ -]?(?<!corner )(?<!corner-)(?<!end )points"
    r"|cent(?:er|re)s|cent(?:er|re) coordinates|centroids|midpoints|middles|dots)"
)
# Of what a list of numbers is the box, in the plural, too, and other words that end like one.
PLACED = (
    rf"(?:(?:{NOUN_PATTERN})e?s|b?boxes|coordinates|coords|positions|locations|places|corners"
    r"|boundaries|borders|outlines|footprints|zones|spots|structures|buildings|regions|rois|objects"
    r"|targets|things|items|instances|detections|proposals|candidates|results"
    r"|answers|outputs|predictions|responses|annotations|findings|details|notes|entries|contents"
    r"|arguments|args|param(?:eter)?s|inputs|bounds|extents|limits|edges|sides|vertices|rectangles"
    r"|others|ones|parts|pixels|ans|res|pos|preds|dets|bbs|echoes|clusters"
    r"|windows|crops|pieces|elements|quays|piers|solutions|guesses|matches|hits)"
)
_NO_PLURAL = (
    r"(?:has|was|as|follows|contains|includes|covers|occupies|spans|fills|shows|reads|says|lies|sits"
    r"|stands|appears|extends|encloses|surrounds|marks|indicates|equals|gives|returns|measures|takes"
    r"|crosses|outlines|locates|identifies|detects|finds|sees|does"
    r"|resides|remains|exists|comes|goes|starts|begins|ends|stays|depicts|displays|presents|describes"
    r"|always|yes|across|perhaps|besides|towards|its|whereas|canvas|series)"
)
PLURAL = rf"(?!(?:{PLACED}|{_NO_PLURAL}|{MEASURE}|{POINTS})\b)[a-z]{{2,}}(?<![siu])s"
_CITATION = (
    r"(?:fig(?:ure)?|tab(?:le)?|ref(?:erence)?s?|eq(?:uation)?|chapter|page|pp|no\.|et al|cf"
    r"|according to|(?:earlier|previous|prior|related|recent) (?:works?|research)|literature"
    r"|as (?:described|shown|reported|proposed|discussed) (?:in|by)"
    r"|(?:^|(?<=[.;:,(\n])|(?<=[.;:,(] ))see)"
)
_SHAPE = (
    r"(?:of|with|has|have|input|output|tensor|array|image|batch|feature)\s+shapes?|(?<=\.)shape"
)

# What may stand between such a word and its numbers: "scores of the four ships are", "sizes (px):".
_IS = r"(?:(?:are|is|was|were)(?: as follows)?|=|:)"
_SIGNS = r"[\s:=>*\"'([{|–—-]{0,4}$"
_UNIT = r"(?:\s*\((?:[a-z%][^()]{0,40}|[^(),]{0,9})\)|,? in [a-z ]{1,20},?|\s(?:px|k?m|s|deg)\b)?"
_OF = (
    r"(?:\s+(?:of|for|in|by|per|between|across|from|over)\b(?:"
    r"(?!\b(?:is|are|was|were|has|have|with|lies?)\b)[^\d.,:;!?=\n()\[\]]"
    rf"|,(?!\s*(?:(?:and|its|their|the)\s+)*(?:{PLACED}|b?box|position|location)\b)){{1,60}}{_IS})"
)
_LIST = r"(?:\s(?:lists?|values?|arrays?|vectors?|ranges?))?"
_VALUES_BEFORE = re.compile(
    rf"\b({MEASURE}|{_SHAPE}|{POINTS}|and std|(?:per|in each) \w+(?=\s*[:=]))\b{_LIST}"
    rf"(?:{_OF}|\.?{_UNIT}\s*(?:{_IS}|of|in|between|no\.?|respectively)?){_SIGNS}",
    re.IGNORECASE,
)
# Before numbers without a sign, a plural that nobody knows may be a verb: "the ship straddles".
_COUNTED = (
    r"(?:fig(?:ure)?s|tab(?:le)?s|sec(?:tion)?s|images|pictures|chips|tiles|patches|frames|classes"
    r"|categories|channels|bands|options|lines|areas|shapes|steps|eqs|labels|levels|months|days|hours|minutes)"
)
_MEMBERS_BEFORE = re.compile(
    rf"\b(?:{PLURAL}\b(?:{_OF}|{_UNIT}\s*{_IS})|{_COUNTED}\b\.?|"
    rf"(?:(?:^|[.;:!?,(\n]\s*)|\b(?:the|these|those|of|with|their|its|all|some|several|many|few|other)\s){PLURAL}\b){_SIGNS}",
    re.IGNORECASE,
)
_CITED_BEFORE = re.compile(rf"\b{_CITATION}\.?\s*(?:no\.?)?{_SIGNS}", re.IGNORECASE)
# Four names before four numbers: "[ship, car, tank, bridge] = ", and the line above.
_NAME = r"[^\d\W][\w ]*"
_FOUR_NAMES = re.compile(
    rf"(?:[\[(](?:{_NAME},\s*){{3}}{_NAME}[\])]\s*="
    rf"|(?:^|\n)(?:{_NAME}[,;\t][ \t]*){{3}}{_NAME}\n)\s*$"
)
_CALL_BEFORE = re.compile(r"\b(?:max|min|sum|range|sorted|datetime|reshape|zeros|ones|print)$")
_CHINESE_BEFORE = re.compile(
    r"(?:置信度|得分|分数|概率|尺寸|大小|分辨率|面积|长度|宽度|高度|距离|角度|数量|个数|年份|颜色|编号"
    r"|类别|参考文献)(?:分别)?[为是]?[\s:=]{0,3}$"
)
_NO_BOX_BEFORE = (_CITED_BEFORE, _CALL_BEFORE, _CHINESE_BEFORE)
# A measure that describes what stands before it; one whose values are beside those of a box.
_DEGREE = (
    r"(?:this|that|same|similar|equal|different|various|(?:small|larg|high|low|long|short|great)\w*"
    r"|medium|moderate|bright|dark)"
)
_DESCRIBES = re.compile(
    r"\b(?:by|(?:of|with|in|at|has|having)(?: (?:an?|the|its))?(?: (?:very|rather))?"
    rf" {_DEGREE})(?: \w+)? $"
    r"|\b(?:b?box(?:es)?|coordinates|positions?|locations?) (?:and|&|with) (?:\w+ ){0,2}$",
    re.IGNORECASE,
)
# One measure that has its value already, or needs none: "3 m resolution", "the smallest in size".
_IS_SAID = re.compile(
    rf"\d\s?(?:%|px|pixels?|k?m|meters?|dB)?[ -]$|\b(?:in|{_DEGREE}) $", re.IGNORECASE
)
_NEUTRAL = re.compile(r"(?:values?|numbers?)\b", re.IGNORECASE)
_OF_A_BOX = re.compile(
    r"\b(?:coordinates?|box|bbox|corners?|position|location)\b(?: $|[^,]{0,20}$)", re.IGNORECASE
)

_UNIT_AFTER = re.compile(
    r"\s*(?:d[Bb]m?|[GMk]?Hz|[kcm]?m|m?s|km/h|met(?:er|re)s?|seconds|minutes|hours|days|years|knots"
    r"|tons|degrees|°C?|%\s*(?:confidence|probability))(?![\w])"
)
_VALUES_AFTER = re.compile(
    rf"\s*(?:are|is|were|was) (?:(?:the|its|their) )?(?:\w+ )?(?:{MEASURE}|{POINTS}|shape)"
    r"(?=\s*(?:[.,;)\n]|of\b|for\b|$))",
    re.IGNORECASE,
)
_COUNT_BEFORE = re.compile(r"(?:^|\b(?:there (?:are|were)|counted|counting))\W*$", re.IGNORECASE)
_COUNTED_AFTER = re.compile(rf"\s+(?:{NOUN_PATTERN})e?s\b", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_LIST_AFTER = re.compile(r"[\s,;&]*(?:and\s+)?[\[(]\s*[-+.\d]")


def are_values(before: str) -> bool:
    """Tell whether the words before numbers make them values, whatever brackets they stand in.

    >>> are_values("The scores of the ships are "), are_values("The ship covers the area ")
    (True, False)
    >>> are_values("a ship of small size "), are_values("sizes: ")
    (False, True)
    """
    before = _phrase(before).replace("_", " ")
    if not before or order_before(before):
        return False
    if any(p.search(before) for p in _NO_BOX_BEFORE):
        return True
    found = _VALUES_BEFORE.search(before)
    if found is None:
        return False
    start = before[: found.start()]
    if _NEUTRAL.match(found[1]) and (
        _OF_A_BOX.search(start[-20:]) or _OF_A_BOX.search(before[found.end(1) :])
    ):
        return False
    is_said = not found[1].endswith("s") and _IS_SAID.search(start)
    return not (is_said or _DESCRIBES.search(start))


def are_named_otherwise(before: str) -> bool:
    """Tell whether four names that are no coordinates stand right before four numbers.

    >>> are_named_otherwise("[ship, car, tank, bridge] = ")
    True
    >>> are_named_otherwise("[x1, y1, x2, y2] = ")
    False
    """
    before = before[-_CONTEXT_CHARS:]
    return bool(_FOUR_NAMES.search(before)) and not order_before(before)


def _phrase(before: str) -> str:
    """Give what stands between the list before and a list, if there are words in it."""
    phrase = before[-_CONTEXT_CHARS:]
    phrase = phrase[phrase.rfind("]") + 1 :]
    return phrase if _LETTER.search(phrase) else ""


def is_other(text: str, start: int, end: int) -> bool:
    """Tell whether the words around one list of numbers, from `start` to `end`, make it no box.

    >>> is_other("Figures (1, 2, 3, 4)", 8, 20), is_other("in the image [1, 2, 3, 4]", 13, 25)
    (True, False)
    """
    before = text[max(0, start - _CONTEXT_CHARS) : start]
    if are_named_otherwise(before) or are_values(before):
        return True
    if _UNIT_AFTER.match(text, end) or _VALUES_AFTER.match(text, end):
        return True
    phrase = _phrase(before)
    if _MEMBERS_BEFORE.search(phrase) and not order_before(phrase):  # unless each has a list
        return not _LIST_AFTER.match(text, end)
    return bool(_COUNT_BEFORE.search(before) and _COUNTED_AFTER.match(text, end))
