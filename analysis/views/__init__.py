"""Pages of statistics and item analysis for a course team."""
