"""How much the long tests and the benchmark do: what `make` says in the environment. Without it the tests do little."""

import os

HISTORIES = int(os.environ.get("FAULT_HISTORIES", "0"))
"""Histories of faults to draw; 0: the few of the default run."""
FIRST_HISTORY = int(os.environ.get("FAULT_SEED", "1"))
"""Seed of the first."""
STRINGS = int(os.environ.get("FAULT_STRINGS", "12"))
"""Strings of each shared list that the long test of hostile input types into every form."""
LEARNERS = int(os.environ.get("BENCH_LEARNERS", "0"))
"""Learners who begin at once; 0: a few, and nothing is measured."""
ATTEMPTS = int(os.environ.get("BENCH_ATTEMPTS", "120"))
"""Attempts that a report is made of."""
ACCOUNTS = int(os.environ.get("BENCH_ACCOUNTS", "36000"))
"""Accounts of the instance that the benchmark measures, and lines of its report."""
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "10000"))
"""Requests before the benchmark looks at a server's memory, and five times as many before it looks again."""
CROWD_SECONDS = int(os.environ.get("BENCH_CROWD_SECONDS", "600"))
"""Seconds for which ten new learners a second arrive; the bar of the slowest save speaks of ten minutes."""
TRAINED = int(os.environ.get("BENCH_TRAINED", "3600"))
"""People under the twenty obligations that the benchmark computes; a row costs the same with ten times as many."""
ANNOUNCED = int(os.environ.get("FAULT_MEMBERS", "36000"))
"""Members whom an announcement reaches while its worker is killed."""
