"""The proof writes the reasons of rejects down by itself; they must be those that a build gives."""

from __future__ import annotations

from sarchat_build.reasons import Kind, Reason
from sarchat_build.validation.vocabulary import REJECT_REASONS


def test_the_proof_knows_every_reason_of_a_reject() -> None:
    assert set(REJECT_REASONS) == {str(r) for r in Reason if Kind.REJECT in r.kinds}
