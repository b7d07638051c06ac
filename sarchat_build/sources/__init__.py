"""Sources: their files, annotation documents and pictures, listed and read."""
