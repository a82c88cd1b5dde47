"""Simulations of the rules in force beside the error rates that the specification of selection states (`make simulations`)."""
