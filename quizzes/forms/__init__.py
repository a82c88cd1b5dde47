"""Forms of quizzes and their questions."""
