"""Independent validation: reads a finished dataset from its files alone and names every fault.

Nothing here is shared with the builder but the published format (`published/`), on purpose: own
vocabulary, own geometry, own reader of answers. `read_build`, `check_files`, then `check_shard` for
each of `plan_shards` in any order and any process, then `check_whole` over the reports (a build,
which has no report and no index yet, makes `check_dataset` of it). `lines_of` puts all findings
into the order in which a person reads them.
"""

from sarchat_build.validation.dataset.check_dataset import check_dataset, check_whole
from sarchat_build.validation.dataset.check_files import check_files, plan_shards, read_build
from sarchat_build.validation.dataset.documents.quality import check_quality
from sarchat_build.validation.dataset.root_causes import Line, cut_off, lines_of, not_compared
from sarchat_build.validation.dataset.shard import check_shard
from sarchat_build.validation.findings import Finding
from sarchat_build.validation.shard_report import DialogueCount, ImageFact, ShardReport

__all__ = [
    "DialogueCount",
    "Finding",
    "ImageFact",
    "Line",
    "ShardReport",
    "check_dataset",
    "check_files",
    "check_quality",
    "check_shard",
    "check_whole",
    "cut_off",
    "lines_of",
    "not_compared",
    "plan_shards",
    "read_build",
]
