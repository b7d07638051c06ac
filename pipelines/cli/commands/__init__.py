"""The work behind each command: typed functions, imported when the command runs."""
