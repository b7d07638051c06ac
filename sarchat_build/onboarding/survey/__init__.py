"""Survey of a folder or an archive that nobody has described yet: what it holds and means.

Nothing here decides. What the files prove is given with its evidence, and what they cannot prove is
left to a person; `manifest_draft` writes both down as a manifest to finish.
"""
