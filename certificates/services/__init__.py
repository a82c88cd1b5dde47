"""Services of credentials."""
