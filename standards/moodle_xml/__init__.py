"""Moodle XML, and the Cloze text inside it."""
