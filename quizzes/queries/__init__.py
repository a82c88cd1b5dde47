"""Reading of quizzes."""
