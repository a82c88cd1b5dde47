"""Views of credentials."""
