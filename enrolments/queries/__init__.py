"""Reading who takes part in what, and how far they are."""
