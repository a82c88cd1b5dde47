"""Question banks in the files of a course."""
