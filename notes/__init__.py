"""Notes that learners write for themselves, at a heading of a lesson or at a recording."""
