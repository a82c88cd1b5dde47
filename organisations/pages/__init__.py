"""Plain values that pages show of institutions."""
