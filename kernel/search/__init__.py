"""Full-text search: words folded and stemmed by us, indexed by FTS5 or PostgreSQL, so that both find and order the same."""
