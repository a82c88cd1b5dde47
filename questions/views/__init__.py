"""Pages of question banks for a course team."""
