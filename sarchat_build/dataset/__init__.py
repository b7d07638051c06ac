"""Finished files: rows, shards, the output folder, receipts and the record."""
