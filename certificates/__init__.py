"""Credentials awarded on completion: issue, revoke, verify, and the sheet to print."""
