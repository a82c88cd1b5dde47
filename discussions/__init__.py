"""Boards of courses, communities and others: their threads and posts, what is new in them, and their moderation."""
