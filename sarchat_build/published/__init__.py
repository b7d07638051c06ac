"""The published format: schemas of its tables, names of its files, and a plain reader.

Writer, report and validation share this room and nothing else, so it imports nothing of ours.
`tests/golden/published_format.json` holds what is published; `make golden` writes it anew.
"""
