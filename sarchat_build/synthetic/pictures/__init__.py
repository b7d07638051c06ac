"""Painted radar pictures: speckle, sea and land, and targets on them, each with its label."""
