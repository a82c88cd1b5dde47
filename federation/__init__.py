"""Sign-in by the identity provider of an institution (OpenID Connect), and what comes with it."""
