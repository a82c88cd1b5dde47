"""The text of a course folder: read, checked, edited, compared, merged, and written in its canonical form; no database."""
