"""What may be asked about one picture, and the true answer."""
