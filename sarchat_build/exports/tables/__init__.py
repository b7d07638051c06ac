"""Formats in Parquet: one row per dialogue with its picture, which is stored once."""
