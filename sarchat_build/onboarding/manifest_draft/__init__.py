"""Draft of a manifest: what a survey found, and what a person has to decide."""
