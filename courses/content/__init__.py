"""The text of a course folder: reading, checking, rendering and the canonical form."""
