"""A whole file of predictions against a dataset: sums, intervals, baselines, figures, details."""
