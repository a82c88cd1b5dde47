"""How much the long tests do: what `make faults` and `make bench` say in the environment, and little where they say nothing."""

import os

HISTORIES = int(os.environ.get("FAULT_HISTORIES", "0"))
"""Histories of faults to draw; 0: the few of the default run."""
FIRST_HISTORY = int(os.environ.get("FAULT_SEED", "1"))
"""Seed of the first."""
LEARNERS = int(os.environ.get("BENCH_LEARNERS", "0"))
"""Learners who begin at once; 0: a few, and nothing is measured."""
ATTEMPTS = int(os.environ.get("BENCH_ATTEMPTS", "120"))
"""Attempts that a report is made of."""
