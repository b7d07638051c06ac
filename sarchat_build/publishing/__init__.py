"""The end of a build: totals, conservation, the verdict of the proofs, card and record."""
