"""The load test: the last hours before a deadline, played against servers of its own, and what came of it compared with the database."""
