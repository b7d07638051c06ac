"""Angles at the word of nobody: unit, direction of turn and side are stated or asked for."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
from small_source import Outcome, voc, voc_object, write

from sarchat_build.config.annotation_options import AngleParts
from sarchat_build.errors import ConfigurationError, RecordError
from sarchat_build.geometry.rotated import corners, from_corners
from sarchat_build.onboarding.manifest_draft.draft import draft_manifest
from sarchat_build.onboarding.manifest_draft.toml_draft import ManifestDraft
from sarchat_build.onboarding.survey.findings import survey

row_76 = pytest.mark.quality(row=76)

ALL_PARTS = [
    AngleParts(unit=unit, turn=turn, along=along)
    for unit, turn, along in itertools.product(
        ("degrees", "radians"), ("clockwise", "counterclockwise"), ("w", "h", "long", "short")
    )
]


def rotated(cx: float, cy: float, w: float, h: float, angle: float, upright: str = "") -> str:
    """An object as labeling tools with rotated boxes write it."""
    numbers = zip(("cx", "cy", "w", "h", "angle"), (cx, cy, w, h, angle), strict=True)
    parts = "".join(f"<{key}>{value}</{key}>" for key, value in numbers)
    return voc_object(more=f"{upright}<robndbox>{parts}</robndbox>")


@row_76
@pytest.mark.parametrize("parts", ALL_PARTS, ids=str)
@pytest.mark.parametrize("whole_turns", [-1, 0])
def test_every_pairing_can_be_stated(parts: AngleParts, whole_turns: int) -> None:
    # The long side of 40, short one of 10, points to the lower right by 30 degrees.
    for w, h in ((40.0, 10.0), (10.0, 40.0)):
        along = {"w": w, "h": h, "long": 40.0, "short": 10.0}[parts.along]
        clockwise_deg = 30 if along == 40.0 else 120
        degrees = clockwise_deg if parts.turn == "clockwise" else -clockwise_deg % 360
        degrees += 360 * whole_turns
        angle = degrees if parts.unit == "degrees" else math.radians(degrees)
        spin = complex(math.cos(math.radians(30)), math.sin(math.radians(30)))
        truth = {100 + 80j + spin * complex(x, y) for x in (-20, 20) for y in (-5, 5)}
        flat = corners((100, 80, w, h, angle), parts)
        found = [complex(x, y) for x, y in zip(flat[0::2], flat[1::2], strict=True)]
        assert all(min(abs(p - q) for q in found) < 1e-9 for p in truth)
        again = corners(from_corners(flat, parts), parts)
        back = [complex(x, y) for x, y in zip(again[0::2], again[1::2], strict=True)]
        assert all(min(abs(p - q) for q in back) < 1e-9 for p in truth)


@row_76
def test_a_value_outside_the_unit_is_refused() -> None:
    parts = AngleParts(unit="radians", turn="clockwise", along="w")
    with pytest.raises(RecordError, match=r"outside -6\.283 to 6\.283") as caught:
        corners((9, 9, 8, 4, 45), parts)
    stated = 'annotations.angle = {unit = "radians", turn = "clockwise", along = "w"}, but'
    assert stated in caught.value.detail


@row_76
def test_radians_are_read_as_stated_and_refused_as_something_else(tmp_path: Path) -> None:
    documents = {
        f"{n}": voc(rotated(50, 48, 50, 14, angle))
        for n, angle in enumerate((3.03, 1.9, 0.4, 2.2, 1.1))
    }
    lines = 'angle.unit = "radians"\nangle.turn = "clockwise"\nangle.along = "w"'
    folder = write(tmp_path, "voc", documents, options=lines)
    assert not Outcome(folder).stop
    assert Outcome(folder).boxes("1") == [(35, 22, 65, 74)]
    # The message is followed: what it says to set can be set, and helps.
    outcome = Outcome(folder, 'case.annotations.angle="opencv_before_4_5_1"')
    assert 'annotations.angle = "opencv_before_4_5_1", but an angle lies outside' in outcome.stop
    assert "--set case.annotations.angle=VALUE" in outcome.stop
    value = '{unit="radians", turn="clockwise", along="w"}'
    assert not Outcome(folder, f"case.annotations.angle={value}").stop


@row_76
def test_a_part_that_is_missing_or_unknown_is_named(tmp_path: Path) -> None:
    lines = 'angle.unit = "decide"\nangle.turn = "clockwise"'
    folder = write(tmp_path, "voc", {"0": voc(rotated(48, 48, 60, 10, 1))}, options=lines)
    with pytest.raises(ConfigurationError) as caught:
        Outcome(folder)
    assert {issue.key for issue in caught.value.issues} == {
        "annotations.angle.unit", "annotations.angle.along"
    }  # fmt: skip


def drafted(folder: Path, *objects: str) -> ManifestDraft:
    documents = {f"{n}": voc(thing) for n, thing in enumerate(objects)}
    write(folder, "voc", documents)
    return draft_manifest(survey(str(folder / "raw" / "case")), "case")


@row_76
def test_radians_are_never_filled_in_as_degrees(tmp_path: Path) -> None:
    angles = (3.03, 1.9, 0.4, 2.2, 0)
    draft = drafted(tmp_path, *(rotated(48, 48, 10 + 20 * n, 30, a) for n, a in enumerate(angles)))
    parts = {f"annotations.angle.{part}" for part in ("unit", "turn", "along")}
    assert parts <= set(draft.decisions)
    assert "5 angles from 0 to 3.03, which looks like radians" in draft.text


@row_76
def test_a_large_angle_proves_degrees_and_nothing_else(tmp_path: Path) -> None:
    angles = (-62.5, 80, 3, 0.5)
    draft = drafted(tmp_path, *(rotated(48, 48, 30, 10, a) for a in angles))
    assert 'angle.unit = "degrees"' in draft.text
    asked = [key for key in draft.decisions if "angle" in key]
    assert asked == ["annotations.angle.turn", "annotations.angle.along"]
    assert 'in range: angle = "long_edge"' in draft.text


@row_76
@pytest.mark.parametrize("side", ["w", "h"])
@pytest.mark.parametrize("unit", ["degrees", "radians"])
def test_upright_boxes_beside_prove_unit_and_side(tmp_path: Path, unit: str, side: str) -> None:
    objects = []
    for turn in (0.2, 0.9, 1.4, 2.0, 2.7):
        along, across = 40, 12
        half_w = (abs(math.cos(turn)) * along + abs(math.sin(turn)) * across) / 2
        half_h = (abs(math.sin(turn)) * along + abs(math.cos(turn)) * across) / 2
        written = turn if unit == "radians" else round(math.degrees(turn), 1)
        corners_px = zip(
            ("xmin", "ymin", "xmax", "ymax"),
            (48 - half_w, 48 - half_h, 48 + half_w, 48 + half_h),
            strict=True,
        )
        upright = "".join(f"<{key}>{value:.1f}</{key}>" for key, value in corners_px)
        sides = (along, across) if side == "w" else (across, along)
        objects.append(rotated(48, 48, *sides, written, f"<bndbox>{upright}</bndbox>"))
    draft = drafted(tmp_path, *objects)
    assert f'angle.unit = "{unit}"' in draft.text
    assert f'angle.along = "{side}"' in draft.text
    assert [key for key in draft.decisions if "angle" in key] == ["annotations.angle.turn"]


@row_76
def test_angles_that_are_no_numbers_do_not_break_a_draft(tmp_path: Path) -> None:
    draft = drafted(tmp_path, rotated(48, 48, 30, 10, math.nan), rotated(48, 48, 30, 10, 20))
    assert "1 angles from 20 to 20" in draft.text
