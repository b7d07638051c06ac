"""Radar chips in, proven image-text dialogues out: the domain room, which has never heard of Beam."""

__version__ = "0.1.0"
