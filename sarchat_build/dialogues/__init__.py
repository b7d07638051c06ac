"""Labels of objects, and the questions that one picture affords with their true answers."""
