"""The words of verdicts on certificates: the same on the page, in the command and on the offline page (spec/certificates V2)."""

from kernel.errors import N_

IN_FORCE = N_("Genuine and in force")
EXPIRED = N_("Genuine, expired on %(day)s")
REPLACED_BY = N_("Genuine, replaced by %(code)s")
REPLACED = N_("Genuine, replaced by another certificate")
"""Where only a status list says so, which names no code."""
REVOKED_FOR = N_("Genuine, revoked on %(day)s (%(why)s)")
REVOKED_ON = N_("Genuine, revoked on %(day)s")
REVOKED = N_("Genuine, revoked")
"""Where only a status list says so, which names no day."""
UNKNOWN = N_("Genuine, state unknown")
ALTERED = N_("Altered or not issued here")
UNSEALED = N_("Genuine credential on a sheet without a seal: believe only what it says here")
WITHOUT_SEAL = N_("Sheet without a seal: compare it with the register")
"""A sheet from before there were seals, where the register cannot be asked."""
UNREADABLE = N_("It cannot be read")
TRANSCRIPT_SAME = N_("Genuine as of %(day)s, and nothing has changed since")
TRANSCRIPT_CHANGED = N_("Genuine as of %(day)s; something has changed since")
TRANSCRIPT_UNKNOWN = N_("Genuine as of %(day)s, present state unknown")
"""Where no status list at hand says what is true today of a certificate that was in force."""
