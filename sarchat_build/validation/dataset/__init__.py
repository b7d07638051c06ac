"""Checks of the whole: files, conservation, duplicates, leakage."""
