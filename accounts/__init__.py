"""People's identities, how they prove them, and their site roles."""
