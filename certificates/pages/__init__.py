"""The pages of certificates as plain values."""
