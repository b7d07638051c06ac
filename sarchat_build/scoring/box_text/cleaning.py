"""What stands in an answer beside the answer: thinking, chat tokens, tags, LaTeX."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import NamedTuple

# What follows is never read: no answer is as long.
MAX_CHARS = 100_000
# Stand for a model's own marks of a box, and for boxes whose tokens carry their frame.
OPEN, CLOSE = "\ue000", "\ue001"
LOC_1024, LOC_1000, PATCHES = "\ue010", "\ue011", "\ue012"

_THINK = r"(?:[a-z]{1,9}:)?(?:think|thinking|thought|reasoning)"
_THOUGHT_MARK = re.compile(rf"<(/?){_THINK}>|◁(/?)think▷", re.IGNORECASE)
_ANSWER, _END_OF_ANSWER = "<answer>", "</answer>"

# Where a model that does not stop begins to write the next question itself.
_NEXT_TURN = re.compile(
    r"\n(?:### ?)?(?:USER|User|HUMAN|Human)\s*:|<\|im_start\|>\s*user\b|\[INST\]"
    r"|<\|start_header_id\|>\s*user\b|<start_of_turn>\s*user\b|<\|user\|>"
)
# A prompt that a harness left before the answer.
_PROMPT = re.compile(
    r"\s*<\|im_start\|>\s*(?:system|user)\b.*?<\|im_start\|>\s*assistant\b", re.DOTALL
)

# Angle brackets around anything but numbers.
_LETTER_MARK = re.compile(r"<\s*(?![\s\d.+-])")
_POINT_PAIRS = re.compile(
    r"(?:<points?\b[^<>]*>|<\|point_start\|>)(.{0,300}?)(?:</points?>|<\|point_end\|>)",
    re.IGNORECASE | re.DOTALL,
)
_POINTS = re.compile(r"<points?\b[^<>]*>?", re.IGNORECASE)
_PRIVATE = re.compile("[\ue000-\ue0ff\x00]")
_LOC_RUN = re.compile(r"(?:<loc(_?)\d+>\s*)(?:<loc\1\d+>\s*)*(?:<(?:l(?:o(?:c_?\d*)?)?)?$)?")
_WHOLE_LOC = re.compile(r"<loc_?(\d+)>")
_PATCH_RUN = re.compile(
    r"<patch_index_\d+>(?:\s|</?delimiter_of_multi_objects/?>|<patch_index_\d+>)*"
)
_DIGITS = re.compile(r"\d+")
_REFERENCE = re.compile(
    r"(?:<ref>|<\|ref\|>|<\|object_ref_start\|>|<phrase>|<p>)(.{0,400}?)"
    r"(?:</ref>|<\|/ref\|>|<\|object_ref_end\|>|</phrase>|</p>)",
    re.DOTALL,
)
_NO_DATA = re.compile(r"[\[\](){}<>\d]")
_BOX_OPEN = re.compile(
    r"<(?:box|bbox|bounding_box|quad|det|\|det\||\|box_start\||\|quad_start\||\|begin_of_box\|)>"
)
_BOX_CLOSE = re.compile(
    r"</(?:box|bbox|bounding_box|quad|det)>|<\|(?:/det|box_end|quad_end|end_of_box)\|>"
)
# A name in angle brackets where a number belongs: copied from the question, no mark.
_PLACEHOLDER = re.compile(r"<\s*([a-zA-Z]{0,3}_?(?:min|max|[0-9x-z])?_?\w{0,5})\s*>(?=[\s,|}<\]])")
# XML: an element of one number, and the attributes of any other mark.
_ELEMENT = re.compile(r"<([a-zA-Z]\w*)>\s*([-+.\d]+)\s*</\1>")
_ATTRIBUTES = re.compile(
    r"<[a-zA-Z]\w*((?:,?\s+\w+=(?:[\"'][^\"'<>]{0,80}[\"']|[-+.\d]+(?=[\s/>,])))+)\s*/?>"
)
_ATTRIBUTE = re.compile(
    r"(\w+)=(?:[\"']\s*([-+.\d]+)\s*[\"']|([-+.\d]+)"
    r"|[\"']\s*[\[(]?([-+.\d]+(?:\s*,\s*|\s+)[-+.\d,\s]+)[\])]?\s*[\"'])"
)
_TAG = re.compile(r"<\|[^<>|]{0,80}\|?>|</?[a-zA-Z][\w:-]*(?:\s[^<>]{0,300})?/?>")
_CUT_TAG = re.compile(r"</?\|?[a-zA-Z/][^<>]{0,80}$")
_FORMULA = re.compile(r"\$(?!\d)")  # before a digit it is money
_LATEX_WORD = re.compile(
    r"\\(?:(?:left|right|[bB]igg?[lr]?|boxed|fbox|text(?:bf|it|tt|rm)?|math(?:bf|it|tt|rm)|quad"
    r"|displaystyle|langle|rangle|ldots|dots)(?![a-z])|[,;:! ])"
)
# A row of numbers as LaTeX writes a matrix, and as some write a box with one pair of angles.
_MATRIX = re.compile(r"\\begin\{[a-zA-Z]?matrix\}([^\\]{0,300})\\end\{[a-zA-Z]?matrix\}")
_ANGLED_LIST = re.compile(r"<\s*([-+]?[\d.]+(?:\s*,\s*[-+]?[\d.]+){3,4})\s*>")
# A name copied from the question, with the number it stands for: {<x1=10><y1=20>…}.
_NAMED_ANGLE = re.compile(r"<\s*([xy]_?(?:[0-2]|min|max))\s*[=:]\s*([-+]?[\d.]+)\s*>")
# A long dash before a number, where no number stands before it.
_DASH = re.compile(r"(?<=[\[({<,;|])(\s?)[\u2013\u2014](?=\d)")
# Lists that use commas within numbers, too: [0,25; 0,5; 0,5; 0,75], [1,000, 500, 2,000, 1,500].
_SHARE = r"[01],\d{2,}"
_DECIMAL_COMMAS = re.compile(
    rf"[\[({{]\s*{_SHARE}(?:(?:\s*;\s*{_SHARE}){{1,3}}\s*[\])}}]|(?:\s*;\s*{_SHARE}){{0,3}}[\s;]*$)"
)
_THOUSAND = r"\d{1,3}(?:,\d{3})?(?:\.\d+)?"
_THOUSANDS = re.compile(rf"[\[({{]\s*{_THOUSAND}(?:,\s+{_THOUSAND}){{1,3}}(?:\s*[\])}}]|[\s,]*$)")
_COMMA, _COMMA_GAP = re.compile(r",(?=\d)"), re.compile(r",\s+(?=\d)")
# More blanks than anybody writes: patterns with several runs of blanks would go back and forth.
_LONG_BLANK = re.compile(r"\s{9,}")
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_ESCAPED_BRACKET = re.compile(r"\\{1,3}([\[\](){}_%$&#])")
_ESCAPED_BLANK = re.compile(r"\\{1,3}[nrt](?![a-zA-Z])|\\\\")
# Dashes, quotes and commas of other alphabets, and what Markdown and LaTeX set off numbers with.
_SIGNS = str.maketrans(
    "\u2212\u2012\ufe63`*\uff0c\u3001\uff1b\uff1a\u201c\u201d\u2018\u2019\u3008\u3009\u27e8\u27e9",
    "---  ,,;:\"\"''<><>",
)


class Cleaned(NamedTuple):
    """An answer without what is none of it.

    Attributes:
        text: what is left.
        unfinished: whether the model was still thinking when its text ended.
    """

    text: str
    unfinished: bool


def final_answer(text: str) -> Cleaned:
    """Leave out thinking, the prompt and further turns; take what stands in `<answer>` if it does.

    >>> final_answer("<think>[1, 2, 3, 4]?</think>A ship.").text.strip()
    'A ship.'
    """
    text = text[:MAX_CHARS]
    if prompt := _PROMPT.match(text):
        text = text[prompt.end() :]
    turn = _NEXT_TURN.search(text)
    text = text[: turn.start()] if turn and text[: turn.start()].strip() else text
    if "<" not in text and "◁" not in text:
        return Cleaned(text, unfinished=False)
    kept, position, thinking = [], 0, False
    for mark in _THOUGHT_MARK.finditer(text):
        ends = bool(mark[1] or mark[2])
        if not thinking:
            kept.append(text[position : mark.start()])
        if ends and not thinking:
            kept.clear()  # the chat template wrote the beginning
        thinking, position = not ends, mark.end()
    if not thinking:
        kept.append(text[position:])
    text, unfinished = " ".join(kept), thinking
    start = text.lower().rfind(_ANSWER)
    if start >= 0:
        text = text[start + len(_ANSWER) :]
        end = text.lower().find(_END_OF_ANSWER)
        text = text if end < 0 else text[:end]
    return Cleaned(text, unfinished)


def clean(text: str) -> str:
    """Make one alphabet of many: marks of boxes to `OPEN` and `CLOSE`, other markup to blanks.

    >>> clean("<ref>ship 3</ref><box>(1,2),(3,4)</box>").replace(OPEN, "«").replace(CLOSE, "»")
    ' ship   «(1,2),(3,4)»'
    """
    text = _LONG_BLANK.sub(lambda found: "\n" if "\n" in found[0] else " ", text)
    text = _PRIVATE.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", text.translate(_SIGNS)))
        text = _DASH.sub(r"\1-", text)
    text = text.translate(_SIGNS)
    if "$" in text:
        text = _FORMULA.sub(" ", text)
    if "\\" in text:
        text = _MATRIX.sub(lambda found: f"[{found[1].replace('&', ',')}]", text)
        text = _LATEX_WORD.sub(" ", text)
        text = _ESCAPED_BLANK.sub(" ", _ESCAPED_BRACKET.sub(r"\1", text))
    text = _DECIMAL_COMMAS.sub(lambda found: found[0].replace(",", ".").replace(";", ","), text)
    text = _THOUSANDS.sub(_without_commas, text)
    if "<" not in text:
        return text
    text = _ANGLED_LIST.sub(r"[\1]", text)
    if not _LETTER_MARK.search(text):
        return text
    text = _POINT_PAIRS.sub(lambda found: f" {_NO_DATA.sub(' ', found[1])} ", text)
    text = _POINTS.sub(" ", text)
    text = _NAMED_ANGLE.sub(r" \1=\2, ", text)
    text = _ELEMENT.sub(r" \1=\2 ", text)
    text = _ATTRIBUTES.sub(lambda found: f" {_ATTRIBUTE.sub(_named, found[1])} ", text)
    text = _LOC_RUN.sub(_loc_boxes, text)
    text = _PATCH_RUN.sub(_patch_boxes, text)
    text = _REFERENCE.sub(lambda found: f" {_NO_DATA.sub(' ', found[1])} ", text)
    text = _BOX_CLOSE.sub(CLOSE, _BOX_OPEN.sub(OPEN, text))
    text = _PLACEHOLDER.sub(r" \1 ", text) if "{" in text or "[" in text else text
    return _CUT_TAG.sub(" ", _TAG.sub(" ", text))


def _without_commas(found: re.Match[str]) -> str:
    """Join thousands; of numbers two by two ("[10,20, 30,40]") every one has a comma within."""
    gaps, within = len(_COMMA_GAP.findall(found[0])), len(_COMMA.findall(found[0]))
    is_closed = found[0][-1] in "])}"
    if within == gaps + 1 or (is_closed and gaps not in (1, 3)):
        return found[0]
    # A comma at the very end may be one within the last number.
    return _COMMA.sub("", found[0]).removesuffix(",")


def _named(found: re.Match[str]) -> str:
    several = found[4] is not None
    return f"{found[1]}=[{found[4]}]" if several else f"{found[1]}={found[2] or found[3]}"


def _group(mark: str, numbers: list[str]) -> str:
    return f"{OPEN}{mark},{','.join(numbers)}{CLOSE}"


def _loc_boxes(found: re.Match[str]) -> str:
    mark = LOC_1000 if found[1] else LOC_1024
    numbers = _WHOLE_LOC.findall(found[0])
    if not found[0].rstrip().endswith(">"):
        numbers.append("")  # cut within
    return "".join(_group(mark, numbers[i : i + 4]) for i in range(0, len(numbers), 4)) + " "


def _patch_boxes(found: re.Match[str]) -> str:
    numbers = _DIGITS.findall(found[0])
    return "".join(_group(PATCHES, numbers[i : i + 2]) for i in range(0, len(numbers), 2)) + " "
