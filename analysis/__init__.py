"""Statistics of quizzes and of their questions, item findings, and the quality of decisions."""
