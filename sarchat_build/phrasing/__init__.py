"""How questions and answers are worded: the engine, its lint, and what reviewers read."""
