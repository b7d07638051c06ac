"""What a source's statements mean among its files: names of images, split lists, patterns."""
