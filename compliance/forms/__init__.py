"""Forms of compulsory training."""
