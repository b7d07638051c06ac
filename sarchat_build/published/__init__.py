"""The published format: the schema of its tables, the names of its files, and a plain reader."""
