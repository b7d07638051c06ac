"""The verdict of the proofs: faults that the independent validation found in what was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sarchat_build.errors import Stop
from sarchat_build.reasons import Reason
from sarchat_build.validation import Finding, ShardReport

_SHOWN = 20


def faults_found(proofs: Sequence[ShardReport], whole: Sequence[Finding]) -> tuple[Stop, ...]:
    """List the faults that the checks found in the shards and in the dataset as a whole.

    Args:
        proofs: what the checks of each shard found, in any order.
        whole: what the checks of the whole found.

    Returns:
        The first messages, and a sentence with the total; empty when everything holds.
    """
    ordered = sorted(proofs, key=lambda proof: (proof.split, proof.shard))
    findings = [*(finding for proof in ordered for finding in proof.findings), *whole]
    faults = [finding for finding in findings if finding.severity == "error"]
    total = sum(p.errors for p in proofs) + sum(f.severity == "error" for f in whole)
    if not total:
        return ()
    kinds = Counter(finding.check for finding in faults).most_common()
    messages = (
        *(finding.message for finding in faults[:_SHOWN]),
        f"{total:,} faults of the build itself, not of its input; please report them. "
        f"By check: {', '.join(f'{kind} {n:,}' for kind, n in kinds)}",
    )
    return tuple(Stop(Reason.DISPROVED, message) for message in messages)
