"""Selections: results that may decide about people, kept as actas that a jury signs (spec/selection)."""
