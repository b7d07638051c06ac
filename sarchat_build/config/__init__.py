"""Configuration: manifests of sources, recipes of builds, and overrides of single keys."""
