"""The pages of a course, as plain values in the reader's language."""
