"""Reading the tree, who belongs where, and what a list would do."""
