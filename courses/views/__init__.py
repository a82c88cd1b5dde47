"""Pages of courses: doors on the services, nothing else."""
