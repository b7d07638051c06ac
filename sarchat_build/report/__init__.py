"""Reports on a finished dataset: statistics, quality figures, comparisons and the dataset card."""
