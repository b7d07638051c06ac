"""The product against a hand-written script that does the same work."""
