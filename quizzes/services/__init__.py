"""Verbs of quizzes."""
