"""What harnesses write: their files, their forms, and the dialogue that each row answers."""
