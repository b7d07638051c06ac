"""What the words of answers say, in wordings that are not ours."""

from __future__ import annotations

import pytest

from sarchat_build.scoring import words
from sarchat_build.scoring.counts import count_of


@pytest.mark.parametrize(
    ("text", "category", "count"),
    [
        ("there are three ships in the image", "ship", 3),
        ("a single ship is visible", "ship", 1),
        ("no ships can be seen", "ship", 0),
        ("there aren't any ships", "ship", 0),
        ("ships: 12", "ship", 12),
        ("the number of ships is 7", "ship", 7),
        ("the total count is 5", "ship", 5),
        ("5", "ship", 5),
        ("five.", "ship", 5),
        ("twenty-one aircraft", "aircraft", 21),
        ("a dozen storage tanks", "tank", 12),
        ("2 cars and 3 ships", "ship", 3),
        ("2 cars and 3 ships", "car", 2),
        ("1,024 ships", "ship", 1024),
        ("in 2024 this 512 x 512 chip shows 4 very small grey ships", "ship", 4),
        ("this 512 x 512 chip from 2024", "ship", None),
        ("the ship is 40 px long", "ship", None),
        ("a ship", "ship", 1),
        ('{"count": 6}', "ship", 6),
        ("3 of them are visible", "ship", 3),
        ("figure 3 shows ships", "ship", None),
        ("two vessels", "ship", 2),
        ("i see 2 of the 3 harbours", "harbor", 3),
    ],
)
def test_counts(text: str, category: str, count: int | None) -> None:
    assert count_of(text, category) == count


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ship.", {"ship"}),
        ("ships and bridges", {"ship", "bridge"}),
        ("there is no ship, but a bridge", {"bridge"}),
        ("no ships or cars; only aircraft", {"aircraft"}),
        ("neither ships nor cars", set()),
        ("it isn't a ship", set()),
        ("a ship is not present", set()),
        ("an aircraft carrier", {"ship"}),
        ("oil tanks near a harbour", {"tank", "harbor"}),
        ('{"ship": 0, "car": 2}', {"car"}),
        ("not only ships", {"ship"}),
        ("nothing of the kind", set()),
        ("a tank farm in the port", {"tank", "harbor"}),
        ("fellowship and cartoon", None),
        ("", None),
    ],
)
def test_categories(text: str, found: set[str] | None) -> None:
    assert words.categories(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in the upper left", {"top left"}),
        ("centre-right", {"middle right"}),
        ("at the center of the image", {"middle center"}),
        ("left top and bottom middle", {"top left", "bottom center"}),
        ("to the upper left of the ship", set()),
        ("to the upper left of the image", {"top left"}),
        ("middle-left", {"middle left"}),
        ("bottom center", {"bottom center"}),
        ("the left wing", set()),
    ],
)
def test_cells(text: str, found: set[str]) -> None:
    assert words.cells(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a ship in the top left. two cars in the bottom right.",
         {("ship", "top left"), ("car", "bottom right")}),
        ("top left: ship, car; bottom right: car",
         {("ship", "top left"), ("car", "top left"), ("car", "bottom right")}),
        ("a ship is in the top left, and a car is in the bottom right",
         {("ship", "top left"), ("car", "bottom right")}),
        ("in the top left a ship, in the bottom right a car",
         {("ship", "top left"), ("car", "bottom right")}),
        ("a ship lies in the top left. another is in the top right",
         {("ship", "top left"), ("ship", "top right")}),
        ("no ships in the top left", set()),
    ],
)  # fmt: skip
def test_places(text: str, found: set[tuple[str, str]]) -> None:
    assert words.places(text) == found


@pytest.mark.parametrize(
    ("text", "category", "answer"),
    [
        ("yes", "ship", "yes"),
        ("no, there is none", "ship", "no"),
        ("the answer is yes.", "ship", "yes"),
        ("there are two ships", "ship", "yes"),
        ("there are no ships", "ship", "no"),
        ("there is a car", "ship", None),
        ("hard to say", "ship", None),
    ],
)
def test_yes_or_no(text: str, category: str, answer: str | None) -> None:
    assert words.yes_or_no(text, category) == answer


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("the first is to the left of the second", "left"),
        ("the second is to the left of the first", "right"),
        ("it lies below the given object", "below"),
        ("to the lower right of it", "lower_right"),
        ("40 px apart", None),
    ],
)
def test_directions(text: str, direction: str | None) -> None:
    assert words.direction(text) == direction


def test_near_and_far() -> None:
    assert words.proximity("it is near the other") == "near"
    assert words.proximity("far from it") == "far"
    assert words.proximity("not far from it") == "near"
    assert words.proximity("the nearest ship") is None


def test_two_categories() -> None:
    assert words.two_categories("a ship and a car") == ("ship", "car")
    assert words.two_categories("two ships") == ("ship", "ship")
    assert words.two_categories("the second box holds a car, the first a ship") == ("ship", "car")
