"""What people decide: manifests, recipes, and what a command states instead."""
