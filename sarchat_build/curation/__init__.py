"""Which pictures stay and where they go: duplicates, splits, shards."""
