"""The end of a build as a step of its graph: for one whose launcher does not wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipelines.context import BuildContext
from pipelines.progress import note_finished
from sarchat_build.publishing.publish import conclude


@dataclass
class Conclude(beam.PTransform):
    """One element, when everything is proven in the stage -> nothing; the dataset is published."""

    context: BuildContext

    def expand(self, published: beam.PCollection) -> Any:
        """Wire the step."""
        # An engine repeats a step that failed from the last shuffle on: publishing, which reads the
        # stage, must not be repeated when the switch has begun to empty it.
        return (
            published
            | "AfterPublish" >> beam.Reshuffle()
            | "Switch" >> beam.Map(_conclude, self.context)
        )


def _conclude(_: object, context: BuildContext) -> None:
    conclude(context.out, context.run)
    note_finished(context.out, context.run)
