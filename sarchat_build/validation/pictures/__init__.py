"""Checks of image rows: pixels, boxes, labels."""
