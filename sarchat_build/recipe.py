"""What the user may decide: one TOML file, every field with its default and its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from sarchat_build.toml_model import Model, load_toml
from sarchat_build.types import TASKS, Category, TaskName


class SplitShares(Model):
    """Shares for scenes that no official list assigns, in percent; they add up to 100."""

    train: int = Field(default=90, ge=0, le=100)
    validation: int = Field(default=0, ge=0, le=100)
    test: int = Field(default=10, ge=0, le=100)

    @model_validator(mode="after")
    def _complete(self) -> SplitShares:
        if self.train + self.validation + self.test != 100:
            raise ValueError("train, validation and test must add up to 100")
        return self


class Rejects(Model):
    """When bad input stops the build instead of being set aside."""

    # A name that no manifest lists is nearly always a forgotten alias: stop and ask.
    unknown_category: Literal["stop", "reject"] = "stop"
    # Data that a manifest's statement cannot be true of: correct the statement, keep the data.
    contradiction: Literal["stop", "reject"] = "stop"
    # More than this share of a source's images rejected means the source was misread.
    max_image_ratio: float = Field(default=0.2, ge=0, le=1)


class Output(Model):
    """How the published files are laid out."""

    # 512 pictures of up to ~250 kB stay far below the 500 MB that viewers accept.
    images_per_shard: int = Field(default=512, ge=1)
    # Readers fetch whole row groups; a hundred pictures are a few MB.
    images_per_row_group: int = Field(default=100, ge=1)
    # Pixels of the stored picture: no information is lost and no trainer's frame is presumed.
    box_frame: Literal["native"] = "native"


class Counting(Model):
    """Instance counting."""

    # Trainers silently drop answers beyond 2,048 tokens; 100 boxes are about 1,900.
    box_cap: int = Field(default=100, ge=1)
    over_cap: Literal["list_cap", "skip"] = "list_cap"
    # "No aircraft" is asked only where the source annotates aircraft.
    negatives: bool = True


class Description(Model):
    """Fine-grained description: the published screen of pictures and objects."""

    min_image_px: int = Field(default=224, ge=1)
    min_area_ratio: float = Field(default=0.01, ge=0, le=1)
    max_aspect: float = Field(default=10.0, ge=1)


class Grounding(Model):
    """Spatial grounding."""

    # A paragraph of more than eight relations is read by nobody.
    relations_cap: int = Field(default=8, ge=0)


class Identification(Model):
    """Cross-modal identification."""

    # Ordered pairs grow with n²; the cap keeps crowded tank farms from owning the dataset.
    pairs_cap: int = Field(default=24, ge=0)


class Referring(Model):
    """Referring expressions."""

    unique_cap: int = Field(default=4, ge=0)


class Tasks(Model):
    """Which tasks are asked, and their settings."""

    enabled: tuple[TaskName, ...] = TASKS
    instance_counting: Counting = Counting()
    fine_grained_description: Description = Description()
    spatial_grounding: Grounding = Grounding()
    cross_modal_identification: Identification = Identification()
    referring: Referring = Referring()


class Recipe(Model):
    """Everything about a build that is a choice and not a fact."""

    schema_version: Literal[1]
    name: str
    title: str
    # Pictures without any object, where every category could have been annotated: none of the
    # sources read so far holds them, so this is off until one does.
    keep_images_without_objects: bool = False
    split_shares_percent: SplitShares = SplitShares()
    rejects: Rejects = Rejects()
    output: Output = Output()
    tasks: Tasks = Tasks()
    # Which categories a classification question offers, in this order.
    candidates: tuple[Category, ...] = ("ship", "aircraft", "car", "tank", "bridge", "harbor")


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        ConfigurationError: all faults of the file, each with its key path.
    """
    return load_toml(path, Recipe)
