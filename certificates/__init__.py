"""Credentials awarded on completion: issued, revoked, replaced, verified and printed; badges and transcripts."""
