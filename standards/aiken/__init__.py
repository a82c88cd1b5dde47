"""Aiken, choices of one option as plain text."""
