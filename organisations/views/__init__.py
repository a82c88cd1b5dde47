"""Pages of the tree and of lists that fill it, for administrators."""
