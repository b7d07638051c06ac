"""Checks of the documents beside the tables: build.json by itself, the card, the figures."""
