"""Models that learners drive, as public tools and as graded tasks: inputs, formulas, scenarios, targets."""
