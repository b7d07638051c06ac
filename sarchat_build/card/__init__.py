"""What others see of a dataset first: card, licenses, drawn figures, examples, Croissant."""
