"""Formats of trainers: one row per dialogue, in JSON, beside files of pictures."""
