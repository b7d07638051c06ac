"""Boxes in pixels: upright, four-cornered and rotated ones, and the conventions of sources."""
