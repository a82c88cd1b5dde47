"""What the pages of a course show, as plain values in the reader's language."""
