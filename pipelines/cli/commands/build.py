"""`sarchat build`: the only command that builds; it imports Beam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pipelines.cli.commands.sources import print_faulty
from pipelines.cli.tables import print_text
from pipelines.console import errors, print_error
from pipelines.interrupts import cleaning_up
from pipelines.lean_beam import import_beam
from pipelines.progress import SUBMITTED, note, note_finished, now, read_milestones, stage_seconds
from pipelines.progress_display import build_progress, byte_progress
from pipelines.settings import load_settings
from sarchat_build.archives.location import local_path
from sarchat_build.config.resources import resource_folder
from sarchat_build.errors import InputError, Issue
from sarchat_build.phrasing.lint import check_templates
from sarchat_build.sources.choose import choose_sources, refuse_idle_settings


def build_sources(
    raw: str,
    output: str,
    *,
    recipe: str,
    sources: Sequence[str],
    runner: str,
    workers: int,
    strict: bool,
    keep_going: bool,
    replace: bool,
    take_over: bool,
    wait: bool,
    repacked: str,
    prove: bool,
    manifests: Path | None,
    templates: Path | None,
    settings: Sequence[str],
    beam_options: Sequence[str],
) -> bool:
    """Build a dataset, show what became of its sources, and tell whether none was left out.

    Without `wait` the build is given to its engine, and what is shown is where to look for it.
    Every argument is the option of the command that has its name.
    """
    # Where sources are named, the manifests of others may be broken.
    faulty: dict[str, tuple[Issue, ...]] = {}
    loaded = load_settings(
        recipe,
        manifests,
        templates,
        settings,
        lint_built_in=False,
        faulty=faulty if sources else None,
    )
    chosen, absent = choose_sources(loaded.manifests, raw, sources, faulty)
    print_faulty(faulty)
    refuse_idle_settings(chosen, settings)
    if templates is None:
        check_templates(loaded.templates, resource_folder("templates"))
    # What reads pictures takes a second to import, and Beam two more: nothing above needs them.
    from sarchat_build.dataset.folder import refuse_folder, refuse_overlap

    refuse_folder(output)
    refuse_overlap(output, raw, repacked)
    import_beam(runner)
    from pipelines import launch
    from pipelines.build_dataset import build_dataset
    from pipelines.runners import engine_ready, run, submit
    from sarchat_build.dataset.lock import demand_lock, hold_lock
    from sarchat_build.published.layout import WORK_FOLDER

    locations = {"--raw": raw, "--output": output, "--repacked": repacked}
    here = local_path(output)
    with (
        engine_ready(runner, workers, beam_options, locations=locations, wait=wait),
        hold_lock(output, take_over=take_over, tell=errors.print) as lock,
        cleaning_up(lock.release),
    ):
        began = now()
        context = launch.prepare(
            loaded,
            chosen,
            raw=raw,
            out=output,
            strict=strict,
            keep_going=keep_going,
            repacked=repacked,
            prove=prove,
            replace=replace,
            run=lock.run,
            detached=not wait,
            progress=byte_progress,
        )
        if absent and not sources:
            print_text(f"not found under {raw}, left out: {', '.join(absent)}", style="dim")
        for reason in context.failed.values():
            print_error(InputError(*reason.split("\n")))
        from pipelines.cli.build_tables import print_build, print_submitted
        from pipelines.cli.source_tables import print_part_matches
        from sarchat_build.publishing.publish import read_outcome
        from sarchat_build.publishing.recompute import read_quality
        from sarchat_build.publishing.rejected import count_rejected

        blocks = sum(context.index(source_id).image_blocks for source_id in context.manifests)
        listed = sum(context.images_listed.values())
        note(output, lock.run, "begun", at=began, runner=runner)
        note(output, lock.run, "prepared", blocks=blocks, images=listed)
        if not wait:
            lock.hand_over(runner)
            job = submit(lambda pipeline: build_dataset(pipeline, context), runner, beam_options)
            lock.leave()
            note(output, lock.run, SUBMITTED, runner=runner, **asdict(job))
            print_submitted(output, runner, str(job))
            return not context.failed
        with build_progress(output, lock.run, blocks, prove) as hear:
            run(
                lambda pipeline: build_dataset(pipeline, context),
                runner,
                workers,
                beam_options,
                log_folder=None if here is None else here / WORK_FOLDER / "log",
                hear=hear,
            )
        demand_lock(output, lock.run)
        record = read_outcome(output)
        note_finished(output, lock.run)
    print_part_matches(context.part_matches)
    print_build(
        output,
        record,
        read_quality(output),
        count_rejected(output, record.files),
        stage_seconds(read_milestones(output, lock.run)),
        prove=prove,
    )
    if context.failed:
        left_out = ", ".join(context.failed)
        print_error(InputError(f"left out, see above: {left_out} (--keep-going)"))
    return not context.failed
