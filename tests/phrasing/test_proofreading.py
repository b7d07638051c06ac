"""Faults of English are found, and sound sentences pass."""

from __future__ import annotations

import pytest
import typeguard

from sarchat_build.dialogues.attributes import CELLS, SHAPES, SIZE_WORDS
from sarchat_build.dialogues.grammar import a, noun
from sarchat_build.phrasing.proofreading import grammar_faults
from sarchat_build.types import CATEGORIES

# Faults of published rows, and relatives of them.
FAULTY = [
    "Identify 4 ship in the image.",
    "Locate 2 aircrafts.",
    "There are 3 aircrafts.",
    "There is 1 ships.",
    "I see 12 small tank here.",
    "No ship are visible.",
    "The image shows 0 ships.",
    "How many harbor are there?",
    "Are there any car in the image?",
    "There are 1 ship in the top left.",
    "There is 3 ships in the top left.",
    "There is no bridges.",
    "2 ships lies in the top left.",
    "3 aircraft in the top left is near it.",
    "1 ship in the bottom right lie there.",
    "The ship in the middle center are far from it.",
    "The ships is visible.",
    "A ship lie in the top left.",
    "In the top left lies 2 ships.",
    "In the top left lie a ship.",
    "In the top left lies a ship and 2 tanks.",
    "A aircraft lies here.",
    "An ship lies here.",
    "It is an large tank.",
    "This is an other ship.",
    "Every ships is marked.",
    "The ship is small The tank is large.",
    "{<1><2><3><4>} (bottom right) There is a ship.",
    "A ship lies at {<1><2><3><4>} A tank lies at {<5><6><7><8>}.",
    "Found at {<1><2><3><4>} 3 ships.",
    "It is is big.",
    "It lies in the in the top left.",
    "There are 2 tanks , and no more.",
    "There are 2 tanks..",
    "There are 2 tanks.they lie here.",
    "There are 2 tanks. they lie here.",
    "It lies in top left.",
    "It lies to left of the tank.",
    "It is near of the tank.",
    "It is far it.",
    "It is a small, very small ship.",
    "The object is a large small tank.",
    "I see a Ship in the image.",
    "1 ship. Their boxes are {<1><2><3><4>}{<1><2><3><4>}.",
    "3 ships. Its box is {<1><2><3><4>}.",
    "Boxes: {<1><2><3><4>}.",
    "I see a ship (in the top left.",
    'It is a "ship.',
    "The box holds None.",
    "Look at <image> here.",
    "It holds {{ category }}.",
    "It  is a ship.",
]
SOUND = [
    "There is a ship and 2 tanks in the top left.",
    "A ship and a tank lie in the top left.",
    "Does a ship lie in the top left?",
    "Are the ships in the top left?",
    "Is there an aircraft among them?",
    "The aircraft in the top left lie above the tank in the middle center, far from it.",
    "The aircraft in the top left lies above the tank in the middle center, far from it.",
    "How many aircraft has the radar captured?",
    "The count is 12 ships. They lie at {<1><2><3><4>}{<5><6><7><8>}.",
    "No, there are no harbors in the top left.",
    "The number of ships is 3.",
    "Only {<1><2><3><4>}, in the top left, fits.",
    "{<1><2><3><4>} (bottom right) {<1><2><3><4>} (top left)",
    "It is a medium-sized, roughly square harbor.",
    "In the middle center lie a small ship and 2 very small ships.",
]


@pytest.mark.parametrize("text", FAULTY)
def test_faults_that_were_published_are_found(text: str) -> None:
    assert list(grammar_faults(text))


@pytest.mark.parametrize("text", SOUND)
def test_sound_sentences_pass(text: str) -> None:
    assert list(grammar_faults(text)) == []


def test_nouns_and_articles_are_those_of_a_library_for_all_of_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The library would prepare to check its own types, which takes seconds.
    monkeypatch.setattr(typeguard, "typechecked", lambda function: function)
    import inflect

    english = inflect.engine()
    assert {noun(category, 2) for category in CATEGORIES} == {
        english.plural_noun(category) for category in CATEGORIES
    }
    words = (*CATEGORIES, *SIZE_WORDS.values(), *SHAPES, *CELLS)
    assert [a(word) for word in words] == [english.a(word) for word in words]
