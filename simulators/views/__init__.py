"""Pages of simulators and of their tasks."""
