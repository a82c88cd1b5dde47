"""Pages of certificates, their templates and keys, and of verifying them."""
