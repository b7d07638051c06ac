"""Radar chips in, proven image-text dialogues out: the room that has never heard of Beam."""

__version__ = "0.1.0"
