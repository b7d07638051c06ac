"""Annotation documents and pictures of one source: listed, decoded, read."""
