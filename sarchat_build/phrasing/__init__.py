"""Wording of questions and answers: the engine, its linter, and what reviewers read."""
