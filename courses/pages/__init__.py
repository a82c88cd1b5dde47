"""What the pages of those who make courses show."""
