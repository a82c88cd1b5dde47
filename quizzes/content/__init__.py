"""Quizzes as files of a course folder."""
