"""Rules of statistics and item analysis, without web or database."""
