"""Verbs of the tree, of those who belong to it, and of lists that fill it."""
