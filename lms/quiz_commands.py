"""`lms quizzes`: what looks at marks (quizzes.cli), and what translates questions (standards.cli)."""

from quizzes.cli import group
from standards import cli as standards

quizzes = group(standards.commands())
