"""Reasons for which a person looks at a credential again, and what they may decide (spec/certificates E6 and E10)."""

from enum import StrEnum

from certificates.rules.credentials import ReplacementReason


class ReviewDecision(StrEnum):
    """The decisions about a credential."""

    KEEP = "keep"
    REPLACE = "replace"
    REVOKE = "revoke"
    UNDONE = "undone"
    """What led to it was undone before anyone decided."""


class ReviewCause(StrEnum):
    """The causes of a review."""

    CORRECTION_REQUESTED = "correction_requested"
    """Its holder says that something of it is wrong."""
    COMPLETION_WITHDRAWN = "completion_withdrawn"
    """What completed the course was withdrawn: a result of the team, or work that is open again."""
    REGRADED = "regraded"
    """After a regrade its holder no longer passes what the course asks for."""
    ACCOUNTS_MERGED = "accounts_merged"
    """Its holder's accounts were merged, and the name is another one now."""

    @property
    def concerns_completion(self) -> bool:
        """Say whether the certificate as such is in doubt, not what it says: it stays or is revoked, never issued again."""
        return self in (ReviewCause.COMPLETION_WITHDRAWN, ReviewCause.REGRADED)

    @property
    def decisions_here(self) -> tuple[ReviewDecision, ...]:
        """Return what may be decided in the list itself; a certificate is revoked on a page of its own."""
        return (ReviewDecision.KEEP,) if self.concerns_completion else (ReviewDecision.KEEP, ReviewDecision.REPLACE)

    @property
    def replaced_for(self) -> ReplacementReason:
        """Return the class of reason for which the credential is replaced after it."""
        return ReplacementReason.MERGED if self is ReviewCause.ACCOUNTS_MERGED else ReplacementReason.NAME
