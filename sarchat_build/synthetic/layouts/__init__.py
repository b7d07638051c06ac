"""One module per source: how it names, encodes and lays out its files, and what is odd in them."""
