"""Compulsory training: obligations, the status of each person under each, reminders, reports, evidence."""
