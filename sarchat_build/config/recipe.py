"""Recipe of a build: one TOML file with every choice a user has, its default and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from sarchat_build.config.toml import Model, load_toml
from sarchat_build.types import TASKS, Category, TaskName

# "skip" drops a question that an object which is not listed makes doubtful, "ignore" asks it.
Unlisted: TypeAlias = Literal["skip", "ignore"]

Percent = Annotated[int, Field(ge=0, le=100)]


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


class Duplicates(Model):
    """Treatment of pictures that show the same."""

    near: Literal["drop", "report", "off"] = "drop"
    """What becomes of near ones: "drop" keeps one of each group, "report" lists the groups, keeps
    all and holds each group on one side of a split; "off" knows equal pixels only, of which one is
    kept in any case."""
    near_distance: int = Field(default=20, ge=0, le=24)
    """Differing bits of 256. Of SSDD's pictures after JPEG at quality 60 or halving, 99.9 % differ
    in 18 at most, unrelated ones in 40 and more. Beyond 24 the search would slow down."""
    near_min_variance: float = Field(default=1.0, ge=0)
    """Below one gray level squared rounding decides the bits: constant pictures would be all
    equal."""
    mixed_releases: Literal["refuse", "resolve"] = "refuse"
    """SARDet-100K holds the pictures of its ten sources again, re-encoded and under other names."""


class Rejects(Model):
    """Which bad input stops the build instead of being rejected."""

    unknown_category: Literal["stop", "reject"] = "stop"
    """A name that no manifest lists is nearly always a forgotten alias: stop and ask."""
    contradiction: Literal["stop", "reject"] = "stop"
    """Data that a manifest's statement cannot be true of: correct the statement, keep the data."""
    max_image_ratio: float = Field(default=0.2, ge=0, le=1)
    """More than this share of a source's images rejected means the source was misread."""


class Output(Model):
    """Layout of the published files."""

    images_per_shard: int = Field(default=512, ge=1)
    """512 pictures of up to ~250 kB stay far below the 500 MB that viewers accept."""
    images_per_row_group: int = Field(default=100, ge=1)
    """Readers fetch whole row groups; a hundred pictures are a few MB."""
    box_frame: Literal["native"] = "native"
    """Pixels of the stored picture: no information is lost and no trainer's frame is presumed."""


class DescriptionSize(Model):
    """The paper's second size scale, used by its descriptions only; "medium" lies between."""

    large_above: float = Field(default=0.30, gt=0, lt=1)
    small_below: float = Field(default=0.05, gt=0, lt=1)

    @model_validator(mode="after")
    def _ordered(self) -> DescriptionSize:
        if self.small_below >= self.large_above:
            raise ValueError("small_below must be less than large_above")
        return self


class LabelThresholds(Model):
    """Thresholds between the words for sizes, shapes and distances (paper, §3).

    Sizes are lower bounds of w·h / (W·H); what is below `small_from` is very small. Shapes are
    bounds of w / h. Near means nearer than (W + H) / `near_divisor`, between centers.
    """

    very_large_from: float = Field(default=0.40, gt=0, le=1)
    large_from: float = Field(default=0.25, gt=0, le=1)
    medium_from: float = Field(default=0.10, gt=0, le=1)
    small_from: float = Field(default=0.03, gt=0, le=1)
    description_size: DescriptionSize | None = None
    """None: descriptions use the scale above, so that one object has one size word everywhere."""
    wide_above: float = Field(default=1.5, ge=1)
    tall_below: float = Field(default=0.67, gt=0, le=1)
    near_divisor: float = Field(default=8.0, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> LabelThresholds:
        bounds = (self.very_large_from, self.large_from, self.medium_from, self.small_from)
        if sorted(bounds, reverse=True) != list(bounds):
            raise ValueError("sizes must fall from very_large_from to small_from")
        return self


class TemplateSampling(Model):
    """Sampling of phrasings."""

    held_out_percent: int = Field(default=10, ge=0, le=50)
    """Question phrasings that no training row shows: whoever scores a model on the test split can
    tell understanding from having learned a sentence by heart. A tenth is enough to measure."""


class ClassificationShares(Model):
    """How many of the questions a picture affords are asked, in percent; 0 switches one off."""

    all: Percent = 100
    presence: Percent = 100
    """Not in the paper. Only sources that annotate several classes can say "no"."""


class Classification(Model):
    """Classification."""

    share_percent: ClassificationShares = ClassificationShares()
    common_percent: Percent = 55
    """Of the pictures whose "yes" would be about their source's commonest class, so many are
    asked about: about as many as there are of all others, so that the class does not tell
    the answer."""


class DescriptionShares(Model):
    """How many of the questions a picture affords are asked, in percent; 0 switches one off."""

    all: Percent = 100


class Description(Model):
    """Fine-grained description: the published screen of pictures and objects."""

    share_percent: DescriptionShares = DescriptionShares()
    min_image_px: int = Field(default=224, ge=1)
    min_area_ratio: float = Field(default=0.01, ge=0, le=1)
    max_aspect: float = Field(default=10.0, ge=1)
    left_out_objects: Unlisted = "skip"
    """An object that the screen leaves out makes "a ship in the top left" one of two where another
    ship lies there, and "what stands out" unclear where it is nearly as large as what is
    described. "skip" does not ask about such a picture."""


class CountingShares(Model):
    """How many of the questions a picture affords are asked, in percent; 0 switches one off."""

    all: Percent = 100


class Counting(Model):
    """Instance counting."""

    share_percent: CountingShares = CountingShares()
    box_cap: int = Field(default=100, ge=1)
    """Trainers silently drop answers beyond 2,048 tokens; 100 boxes are about 1,900."""
    over_cap: Literal["list_cap", "skip"] = "list_cap"
    """Beyond the cap, list the first `box_cap` boxes beside the true count, or ask nothing."""
    negatives_percent: Percent = 50
    """Of how many pictures "no aircraft" is asked, where the source annotates aircraft."""
    negatives_cap: int = Field(default=1, ge=0)
    """For how many classes of one picture at most: sources that annotate four would else mostly
    answer "none"."""


class GroundingShares(Model):
    """How many of the questions a picture affords are asked, in percent; 0 switches one off."""

    single: Percent = 100
    multi: Percent = 100
    presence: Percent = 50
    """Not in the paper: "is there a ship in the top left?", one yes and one no of a picture."""


class Grounding(Model):
    """Spatial grounding."""

    share_percent: GroundingShares = GroundingShares()
    relations_cap: int = Field(default=8, ge=0)
    """A paragraph of more than eight relations is read by nobody."""
    box_cap: int = Field(default=80, ge=1)
    """As `tasks.instance_counting.box_cap`; cells and relations take their share of the tokens."""


class IdentificationShares(Model):
    """How many of the questions a picture affords are asked, in percent; 0 switches one off."""

    single: Percent = 100
    multi: Percent = 100
    category: Percent = 100
    """Not in the paper; answers that the boxes in the question do not give away. An object is asked
    about by `category` or, where the source annotates several, by `choice`, in turn."""
    choice: Percent = 100
    nearest: Percent = 100


class Identification(Model):
    """Cross-modal identification."""

    share_percent: IdentificationShares = IdentificationShares()
    pairs_cap: int = Field(default=100, ge=0)
    """Ordered pairs grow with n²; the cap keeps crowded tank farms from owning the dataset and
    brings the whole to 2.0 to 2.1 million (benchmarks/yields.py prints the estimate)."""
    choice_percent: Percent = 50
    """Of the objects of a source with several classes, so many are offered a choice of two instead
    of an open question; fewer of the commonest class, which would else be a good guess."""
    choice_common_percent: Percent = 25
    """The same for the commonest class."""
    tie_margin_px: float = Field(default=4.0, gt=0)
    """A nearest object that is nearer by less than this is not the nearest to a human eye."""


class ReferringShares(Model):
    """How many of the questions a picture affords are asked, in percent; 0 switches one off."""

    single: Percent = 100
    multi: Percent = 100
    unique: Percent = 100
    """Not in the paper: "the large ship in the bottom left", only where exactly one object fits."""


class Referring(Model):
    """Referring expressions."""

    share_percent: ReferringShares = ReferringShares()
    box_cap: int = Field(default=80, ge=1)
    """As `tasks.instance_counting.box_cap`; each box brings its cell."""
    unique_cap: int = Field(default=6, ge=0)
    """Questions about single objects of one picture at most."""
    tie_margin_px: float = Field(default=4.0, gt=0)
    """By how much "the leftmost ship" must lie farther left than the next one."""


class Tasks(Model):
    """Which tasks are asked, and their settings."""

    enabled: tuple[TaskName, ...] = TASKS
    cut_objects: Unlisted = "skip"
    """A chip may cut an object of a category, or its box may be rejected: the object is there to be
    seen and in no list. "skip" does not ask then how many and where all of them are; "ignore"
    lets cut objects pass, and rejected ones in groundings."""
    classification: Classification = Classification()
    fine_grained_description: Description = Description()
    instance_counting: Counting = Counting()
    spatial_grounding: Grounding = Grounding()
    cross_modal_identification: Identification = Identification()
    referring: Referring = Referring()

    def share_percent(self, task: TaskName, subtask: str) -> int:
        """Give the share of a subtask's questions that is asked, in percent.

        >>> Tasks().share_percent("referring", "single")
        100
        """
        share: int = getattr(getattr(self, task).share_percent, subtask)
        return share


class Recipe(Model):
    """Everything about a build that is a choice and not a fact."""

    schema_version: Literal[1]
    """Version of this format."""
    name: str
    """Name of the recipe, and of its file. Example: `"mine"`"""
    title: str
    """Title of the dataset, on its card. Example: `"SAR dialogues of my own"`"""
    keep_images_without_objects: bool = False
    """Pictures without any object, where every category could have been annotated: none of the
    sources read so far holds them, so this is off until one does."""
    split: Literal["sardet", "official", "scene"] = "sardet"
    """Who divided each source: "sardet" as SARDet-100K did, and so the published figures;
    "official" as the authors' lists say; "scene" ignores lists, hashes whole scenes to shares."""
    split_shares_percent: SplitShares = SplitShares()
    """For scenes that neither a list nor [sardet] of the manifest assigns."""
    duplicates: Duplicates = Duplicates()
    rejects: Rejects = Rejects()
    output: Output = Output()
    words: LabelThresholds = LabelThresholds()
    phrasing: TemplateSampling = TemplateSampling()
    tasks: Tasks = Tasks()
    candidates: tuple[Category, ...] = ("ship", "aircraft", "car", "tank", "bridge", "harbor")
    """Which categories a classification question offers, in this order."""


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        ConfigurationError: all faults of the file, each with its key path.
    """
    return load_toml(path, Recipe)
