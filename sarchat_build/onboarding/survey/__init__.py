"""Look at a folder or an archive that nobody has described yet: what is there, and what it means.

Nothing here decides. What the files prove is told with its evidence, and what they cannot prove is
left to a person; `skeleton` writes both down as a manifest to finish.
"""
