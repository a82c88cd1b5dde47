"""The rules of audiences, pure: the tree, what is read and written of it, who is in by the facts of a person, and its sentence."""
