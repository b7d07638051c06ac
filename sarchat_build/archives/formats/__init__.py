"""One reader per format of archive, chosen by the first bytes of a file."""
