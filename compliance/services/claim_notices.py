"""Notices of waivers and recognitions: what was decided, to whom it is about and who asked; nothing of reasons or evidence."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from accounts.notices import Message
from accounts.rules import NoticeKind
from compliance.models import Recognition, RecognitionList, Waiver
from compliance.rules.claims import ClaimState, last_waived_day
from kernel.i18n import _, format_date, in_every_language

OWN_CLAIMS = "/learning/waivers"


def decision_message(row: Waiver | Recognition) -> Iterator[tuple[Message, list[int]]]:
    """Return the notice of a decision for whom it is about, and that for who asked for them, each with who gets it."""
    heads, to_person = (_WAIVER, _waiver_words(row)) if isinstance(row, Waiver) else (_RECOGNITION, _recognition_words(row))
    subject = in_every_language(heads[ClaimState(row.state)])
    key = f"{row.__tablename__}:{row.uuid}:{row.state}"
    yield Message(NoticeKind.WAIVER, key, subject, in_every_language(to_person), OWN_CLAIMS), [row.person_id]
    if row.proposed_by is not None and row.proposed_by != row.person_id:
        to_proposer = in_every_language(_ASKED[ClaimState(row.state)])
        yield Message(NoticeKind.WAIVER, f"{key}:asked", subject, to_proposer, page_of(row)), [row.proposed_by]


def page_of(row: Waiver | Recognition) -> str:
    """Return the address of the page of a waiver or recognition."""
    return f"/training/{'waivers' if isinstance(row, Waiver) else 'recognitions'}/{row.uuid}"


_WAIVER: dict[ClaimState, Callable[[], str]] = {
    ClaimState.APPROVED: lambda: _("A waiver was approved"),
    ClaimState.REFUSED: lambda: _("A waiver was not approved"),
    ClaimState.REVOKED: lambda: _("A waiver was revoked"),
}
_RECOGNITION: dict[ClaimState, Callable[[], str]] = {
    ClaimState.APPROVED: lambda: _("A recognition was approved"),
    ClaimState.REFUSED: lambda: _("A recognition was not approved"),
    ClaimState.REVOKED: lambda: _("A recognition was revoked"),
}
_ASKED: dict[ClaimState, Callable[[], str]] = {
    ClaimState.APPROVED: lambda: _("You proposed it for someone. It has been approved."),
    ClaimState.REFUSED: lambda: _("You proposed it for someone. It was not approved: read why."),
    ClaimState.REVOKED: lambda: _("You proposed it for someone. It no longer counts: read why."),
}


def _waiver_words(row: Waiver) -> Callable[[], str]:
    def words() -> str:
        if row.state == ClaimState.APPROVED.value:
            return _(
                "You are excused from %(first)s to %(last)s.",
                first=format_date(row.first_on),
                last=format_date(last_waived_day(row.first_on, row.last_on)),
            )
        if row.state == ClaimState.REVOKED.value:
            return _("From today it no longer counts. Read why, and by when you have to complete your training.")
        return _("Read why. You can ask again with other evidence.")

    return words


def _recognition_words(row: Recognition) -> Callable[[], str]:
    def words() -> str:
        if row.state == ClaimState.APPROVED.value:
            return _("It counts as completed on %(day)s.", day=format_date(row.achieved_on))
        if row.state == ClaimState.REVOKED.value:
            return _("From today it no longer counts. Read why, and by when you have to complete your training.")
        return _("Read why. You can ask again with other evidence.")

    return words


def ask_again_message(row: Waiver) -> Message:
    """Return the notice that a waiver without an end stops counting soon (spec/compulsory 4.10)."""
    last = last_waived_day(row.first_on, None)
    subject = in_every_language(lambda: _("A waiver without an end stops counting soon"))
    text = in_every_language(
        lambda: _("It counts until %(last)s. If the reason goes on, ask for another one from the day after.", last=format_date(last))
    )
    return Message(NoticeKind.WAIVER, f"waiver:{row.uuid}:again", subject, text, OWN_CLAIMS)


def list_messages(made: RecognitionList, rows: Sequence[Recognition]) -> Iterator[tuple[Message, list[int]]]:
    """Return the notices to the people of a list of recognitions, by what was decided."""
    for state, some in groupby(sorted(rows, key=lambda row: row.state), key=lambda row: ClaimState(row.state)):
        if state in _RECOGNITION:
            subject, key = in_every_language(_RECOGNITION[state]), f"recognition_list:{made.uuid}:{state.value}"
            text = in_every_language(lambda: _("See it among your waivers and recognitions."))
            yield Message(NoticeKind.WAIVER, key, subject, text, OWN_CLAIMS), sorted({row.person_id for row in some})
