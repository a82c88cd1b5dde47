"""Pages of courses: they read the request, call the nouns, and answer."""
