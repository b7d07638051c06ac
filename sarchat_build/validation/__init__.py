"""The proof: reads a finished dataset as a stranger would and names every fault.

Nothing here is shared with the builder, on purpose: own vocabulary, own geometry, own reader of
answers. `read_build`, `check_files`, then `check_shard` for each of `plan_shards` in any order and
any process, then `check_dataset` and `check_quality` over the reports.
"""

from sarchat_build.validation.dataset.dataset import check_dataset
from sarchat_build.validation.dataset.files import check_files, plan_shards, read_build
from sarchat_build.validation.figures import check_quality
from sarchat_build.validation.findings import DialogueCount, Finding, ImageFact, ShardReport
from sarchat_build.validation.shard import check_shard

__all__ = [
    "DialogueCount",
    "Finding",
    "ImageFact",
    "ShardReport",
    "check_dataset",
    "check_files",
    "check_quality",
    "check_shard",
    "plan_shards",
    "read_build",
]
