"""Queries of compulsory training."""
