"""Quizzes: what they draw, attempts, marks, grades, regrades and what holds for one person."""
