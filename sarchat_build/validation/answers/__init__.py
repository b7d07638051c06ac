"""Checks of dialogue rows: what was asked, what was answered, and what follows from the boxes."""
