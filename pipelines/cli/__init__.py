"""The command `sarchat`: one module per group of commands, and what they print."""
