"""Reading courses."""
