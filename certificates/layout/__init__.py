"""Templates of certificates: what a template says, and where each of its elements stands on a sheet."""
