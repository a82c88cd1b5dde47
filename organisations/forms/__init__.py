"""Forms about the tree, its lists, audiences and the site settings: they check what was sent."""
