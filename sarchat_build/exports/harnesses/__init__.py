"""Formats of evaluation harnesses; every row carries the id by which a score is joined."""
