"""Questions, quizzes, attempts, marks, grades and item statistics."""
