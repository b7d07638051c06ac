"""What is said about a finished dataset: the record of the build and the dataset card."""
