"""What a radar shows: speckle, sea and land, and the targets on them, each with its own label."""
