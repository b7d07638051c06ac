"""A dataset that nobody has described yet: survey, inspection, contact sheet."""
