"""Counts and figures of finished dialogues and pictures."""
