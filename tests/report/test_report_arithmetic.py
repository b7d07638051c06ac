"""What the quality figures are made of: rounded boxes, blind guesses, names of groups."""

from __future__ import annotations

from sarchat_build.report.statistics.boxes import iou_histograms
from sarchat_build.report.statistics.figures import blind_right
from sarchat_build.report.statistics.tallies import Group, Tallies


def test_a_box_smaller_than_a_step_keeps_nothing() -> None:
    (step,) = iou_histograms([(3.1, 3.1, 3.2, 3.2)], [(512, 512)])["0-100 (GeoChat, MiniGPT-v2)"]
    assert step == "0"


def test_blind_guesses_come_from_training_and_ties_are_broken_by_name() -> None:
    learned = {"ship => 2": 1, "ship => 1": 1, "tank => 7": 3}
    assert blind_right({"ship => 1": 5, "ship => 2": 9, "car => 7": 2, "car => 1": 1}, learned) == 7


def test_groups_are_named_by_what_they_tell_apart() -> None:
    group = Group("train", "referring", "unique", "ssdd")
    tallies = Tallies()
    tallies.count(group, "rows", "rows", 2)
    assert list(tallies.to_json()) == ["train/referring/unique/ssdd"]
    assert tallies.rolled_up(lambda g: g._replace(source="")).groups() == [
        group._replace(source="")
    ]
