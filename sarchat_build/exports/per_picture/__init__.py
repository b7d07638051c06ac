"""Formats with one record per picture: boxes for detectors, or all its dialogues."""
