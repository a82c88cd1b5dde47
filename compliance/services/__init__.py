"""Services of compulsory training."""
