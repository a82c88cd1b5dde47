"""Ground floor: mechanisms without opinions about learning."""
