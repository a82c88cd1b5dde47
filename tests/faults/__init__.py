"""`make faults`: what breaks while people work, and what must be there afterwards. Each test prints its counts."""
