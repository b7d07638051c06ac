"""Draft of a manifest from a survey: findings are filled in, open questions are marked."""

from __future__ import annotations

from collections.abc import Mapping

from sarchat_build.config.manifest import Tiling, fold
from sarchat_build.onboarding.manifest_draft.annotations import (
    MAX_NOTES,
    category_counts,
    draft_annotations,
)
from sarchat_build.onboarding.manifest_draft.toml_draft import TO_DECIDE, ManifestDraft
from sarchat_build.onboarding.manifest_draft.toml_text import quoted
from sarchat_build.onboarding.survey.findings import Survey
from sarchat_build.types import CATEGORIES


def draft_manifest(found: Survey, source_id: str) -> ManifestDraft:
    """Write a manifest that reads what the survey found.

    What a person has to fill in is missing, or stands as "decide": reading the file names exactly
    those keys. Everything else that deserves a thought is marked `decide:` too, with a value that
    claims nothing.
    """
    draft = ManifestDraft()
    _head(draft, found, source_id)
    draft_annotations(draft, found)
    _categories(draft, found)
    _scene(draft, found)
    _pixels(draft, found)
    _expected(draft, found)
    return draft


def _head(draft: ManifestDraft, found: Survey, source_id: str) -> None:
    draft.note("Every line that begins with 'decide:' wants a person; delete it when done.")
    draft.add("schema_version = 1")
    draft.add(f"id       = {quoted(source_id)}")
    draft.ask("title", '# title    = ""', "the dataset's name as its authors write it")
    draft.ask("homepage", '# homepage = ""', "where to get it")
    terms = 'an SPDX id, or "research-only", or "unknown"'
    draft.ask("license", '# license  = ""', f"the authors' terms: {terms}")
    draft.ask("citation", '# citation = ""', "a DOI, or the title of the paper")
    draft.note("decide: when two sources hold the same picture, the lower number is kept")
    draft.add("priority = 100")
    draft.add()
    draft.note("decide: what the authors state of the sensor, and nothing else")
    draft.add("[sar]")
    for line in ('platforms = ["Gaofen-3"]', 'frequency_bands = ["C"]', 'polarizations = ["HH"]'):
        draft.add(f"# {line}")
    draft.add("# resolutions_m = [1.0]")
    for name in found.source_files.names:
        draft.add()
        draft.add("[[archives]]")
        draft.add(f"name = {quoted(name)}")
    draft.add()


def _categories(draft: ManifestDraft, found: Survey) -> None:
    draft.note(f"each name as it is spelled; ours are {', '.join(CATEGORIES)}")
    draft.note("(tank: a storage tank; car: any vehicle on land)")
    draft.note("decide: of which is every object in every picture listed? [] claims nothing")
    draft.add("[categories]")
    draft.add("annotated = []")
    draft.add("[categories.names]")
    for name, count in category_counts(found):
        if fold(name) in CATEGORIES:
            draft.add(f"{quoted(name)} = {quoted(fold(name))}  # {_objects(count)}")
        else:
            question = f'{_objects(count)}; what are they to us? ("ignore": nothing)'
            draft.ask(f"categories.names.{name}", f"{quoted(name)} = {TO_DECIDE}", question)
    draft.add()


def _scene(draft: ManifestDraft, found: Survey) -> None:
    scene = found.scene
    if scene is None:
        return
    if scene.is_evident:
        draft.note(
            f"decide: {scene.scenes:,} scenes (at most {scene.largest:,} pictures each) by folders "
            "or by the scenes that lie beside their chips; pictures of one stay in one split"
        )
        draft.add("[scene]")
        draft.add(f"pattern = {quoted(scene.pattern)}")
    else:
        draft.note(
            f"decide: do these {scene.scenes:,} front parts of names (at most {scene.largest:,} "
            "pictures each) name the scene that a picture was cut from? Then they must stay in one "
            "split:"
        )
        draft.add("# [scene]")
        draft.add(f"# pattern = {quoted(scene.pattern)}")
    draft.add()


def _pixels(draft: ManifestDraft, found: Survey) -> None:
    pictures = found.pictures
    share = f"{pictures.inspected:,} of {found.image_count:,} pictures inspected"
    draft.note(f"{share}: {_most(pictures.kinds)}")
    sizes = {f"{w} × {h}": n for (w, h), n in pictures.sizes.items()}
    draft.note(f"sizes in pixels: {_most(sizes)}")
    for line in pictures.unreadable[:MAX_NOTES]:
        draft.note(f"cannot be read: {line}")
    if pictures.not_8_bit:
        draft.note(f"decide: {pictures.not_8_bit:,} are not 8-bit; how do they become so?")
        for line in ("[pixels]", 'rule = "percentile"', "low_percent = 1.0", "high_percent = 99.0"):
            draft.add(line)
    tiling = Tiling()
    if pictures.largest_px > tiling.chip_px:
        draft.note(
            f"decide: sides of up to {pictures.largest_px:,} px; cut into chips, as SARDet-100K "
            "does?"
        )
        for line in (
            "[tiling]",
            f"chip_px = {tiling.chip_px}",
            f"overlap_px = {tiling.overlap_px}",
            f"min_visible = {tiling.min_visible}",
        ):
            draft.add(f"# {line}")
    draft.add()


def _expected(draft: ManifestDraft, found: Survey) -> None:
    draft.note("decide: these are the numbers of this copy; put the published ones here")
    draft.add("[expected]")
    draft.add(f"images = {found.image_count}")
    draft.add(f"instances = {found.object_count}")


def _objects(count: int) -> str:
    return f"{count:,} object{'' if count == 1 else 's'}"


def _most(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{name} ({count:,})" for name, count in ordered[:MAX_NOTES])
    left = len(ordered) - MAX_NOTES
    return f"{listed}, and {left:,} more" if left > 0 else listed
