"""Views of compulsory training."""
