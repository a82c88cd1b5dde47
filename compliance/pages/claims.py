"""Page values of waivers and recognitions: their words, lists, and one before its reader."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from compliance.models import Waiver
from compliance.queries.claim_lists import ClaimRow
from compliance.rules.claim_words import KINDS
from compliance.rules.claims import MEDICAL_KINDS, ClaimState, WaiverKind, last_waived_day
from compliance.services.claim_notices import page_of
from kernel.errors import N_
from kernel.i18n import _, choose, format_date

STATES: Mapping[ClaimState, tuple[str, str, str]] = {
    ClaimState.PROPOSED: (N_("Waiting for a decision"), "now", "clock"),
    ClaimState.APPROVED: (N_("Approved"), "ok", "circle-check"),
    ClaimState.REFUSED: (N_("Not approved"), "bad", "circle-x"),
    ClaimState.REVOKED: (N_("No longer counts"), "bad", "rotate-ccw"),
    ClaimState.WITHDRAWN: (N_("Withdrawn"), "", "x"),
}
"""Words, look and icon."""


@dataclass(frozen=True, slots=True)
class ClaimStateView:
    """A state in words, with its look and icon."""

    words: str
    look: str
    symbol: str


def state_view(state: str) -> ClaimStateView:
    """Return a state as pages show it."""
    label, look, symbol = STATES[ClaimState(state)]
    return ClaimStateView(_(label), look, symbol)


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A waiver or recognition in a list."""

    url: str
    person: str
    proposer: str
    what: str
    """What it is, and of what."""
    days: str
    state: ClaimStateView
    proposed_at: datetime
    answer: str
    is_before_entry: bool


def days_words(waiver: Waiver) -> str:
    """Return the days of a waiver in words."""
    first, last = format_date(waiver.first_on), format_date(last_waived_day(waiver.first_on, waiver.last_on))
    if waiver.last_on is None:
        return _("from %(first)s, without an end: it counts until %(last)s and is asked for again before", first=first, last=last)
    return _("from %(first)s to %(last)s", first=first, last=last)


def reason_words(waiver: Waiver, *, sees_medical: bool) -> str:
    """Return the reason of a waiver as its reader sees it; `sees_medical` where they may see reasons of health (spec/compulsory 4.10)."""
    kind = WaiverKind(waiver.kind)
    return _(KINDS[kind]) if sees_medical or kind not in MEDICAL_KINDS else _("with evidence on record")


def claim_view(row: ClaimRow, entries: Mapping[int, date], medical: Collection[int]) -> ClaimView:
    """Return a waiver or recognition as lists show it; `medical` are the waivers whose reason of health the reader sees, by number."""
    claim = row.claim
    if isinstance(claim, Waiver):
        of = choose(row.title) if row.title is not None else _("All compulsory training")
        reason = reason_words(claim, sees_medical=claim.id in medical)
        what, days, is_early = f"{reason} · {of}", days_words(claim), False
    else:
        what = f"{_('Recognition')} · {choose(row.title)}"
        days = _("completed on %(day)s", day=format_date(claim.achieved_on))
        entered = entries.get(claim.person_id)
        is_early = entered is not None and claim.achieved_on < entered
    answer = claim.revocation or claim.decision
    return ClaimView(page_of(claim), row.person, row.proposer, what, days, state_view(claim.state), claim.proposed_at, answer, is_early)


def overlap_views(
    others: Sequence[Waiver], titles: Mapping[int, Mapping[str, str]], medical: Collection[int]
) -> list[tuple[str, str, str, ClaimStateView]]:
    """Return the reason, obligation, days and state of waivers that stand in the way of another one; `medical` as in `claim_view`."""
    return [
        (
            reason_words(other, sees_medical=other.id in medical),
            _("All compulsory training") if other.obligation_id is None else choose(titles.get(other.obligation_id)),
            days_words(other),
            state_view(other.state),
        )
        for other in others
    ]
