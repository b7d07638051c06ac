"""Onboarding of a new dataset: survey, draft of a manifest, inspection, contact sheet."""
