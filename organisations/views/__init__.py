"""Pages of the tree, of audiences, posts, institutions and site settings, and of lists that fill them."""
