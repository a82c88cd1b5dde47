"""Pages of taking part."""
