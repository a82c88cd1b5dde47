"""Signs and incidents in words: what was seen, how rare it is, innocent explanations, what to ask (spec/selection 6.10)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from accounts.notices import Message
from accounts.rules import NoticeKind
from kernel.errors import N_
from kernel.i18n import _, choose, in_every_language, ngettext, number, percent
from quizzes.quiz_page import seconds_in_words
from selections.models import IncidentOutcome, SelectionIncident
from selections.queries.incidents import SelectionIncidentRow
from selections.queries.selections import get_row, list_titles
from selections.rules.signs import AttemptSign, PersonSign, SignKind
from selections.services.incidents import is_heard
from selections.wording import INCIDENT_OUTCOMES

TITLES: Mapping[str, str] = {
    SignKind.SESSIONS: N_("Two devices or windows at once"),
    SignKind.ABSENCES: N_("The quiz page was left"),
    SignKind.RAPID: N_("Answers faster than reading"),
}
EXPLANATIONS: Mapping[str, tuple[str, ...]] = {
    SignKind.SESSIONS: (
        N_("The quiz was open on a computer and on a phone, and the person changed from one to the other."),
        N_("The office network and the mobile network took turns during a bad connection."),
        N_("Someone else used an account left open on another computer."),
    ),
    SignKind.ABSENCES: (
        N_("A call, a message, or a colleague at the desk."),
        N_("The screen locked itself, or another program came to the front."),
        N_("The person looked something up where the rules of the quiz allow it."),
    ),
    SignKind.RAPID: (
        N_("The person knew these questions well, or had seen similar ones."),
        N_("The time ran out, and the last questions were answered in a hurry."),
        N_("Someone read all questions first and answered them afterwards."),
    ),
}
TO_ASK: Mapping[str, str] = {
    SignKind.SESSIONS: N_("From which devices did you answer, and why did you change from one to the other?"),
    SignKind.ABSENCES: N_("What happened when the page was not in view?"),
    SignKind.RAPID: N_("How did you go through the questions that you answered within seconds?"),
}


def sign_words(sign: AttemptSign) -> str:
    """Say what was seen."""
    if sign.kind is SignKind.SESSIONS:
        return _(
            "%(times)s; %(devices)s, %(networks)s in all",
            times=ngettext(
                "%(count)s time two sessions saved within a minute", "%(count)s times two sessions saved within a minute", int(sign.size)
            ),
            devices=ngettext("%(count)s device", "%(count)s devices", sign.count),
            networks=ngettext("%(count)s network", "%(count)s networks", sign.extra),
        )
    if sign.kind is SignKind.ABSENCES:
        return _(
            "%(times)s, %(length)s in all",
            times=ngettext("left %(count)s time", "left %(count)s times", sign.count),
            length=seconds_in_words(int(sign.size)),
        )
    return _(
        "%(count)s of %(known)s answers (%(share)s)",
        count=number(sign.count),
        known=number(sign.extra),
        share=percent(100 * sign.size, 0),
    )


def rarity_words(sign: AttemptSign) -> str:
    """Say how many attempts of the sitting show as much."""
    return _("Of %(all)s attempts, as much or more is seen in %(count)s", count=number(sign.as_large), all=number(sign.among))


@dataclass(frozen=True, slots=True)
class SignView:
    """A sign in a list; `incident` is the question to the person where one was asked."""

    name: str
    attempt: UUID
    number: int
    seen: str
    rarity: str
    incident: UUID | None
    state: str


@dataclass(frozen=True, slots=True)
class SignGroupView:
    """The signs of one kind, people by name."""

    kind: str
    title: str
    explanations: tuple[str, ...]
    signs: list[SignView]


def sign_groups(signs: Iterable[PersonSign], incidents: Iterable[SelectionIncidentRow], now: datetime) -> list[SignGroupView]:
    """Return the signs of a sitting by kind, each with its innocent explanations."""
    by_sign = {(row.attempt, row.incident.kind): row.incident for row in incidents}
    listed = list(signs)
    return [
        SignGroupView(
            kind.value,
            _(TITLES[kind]),
            explanations(kind.value),
            [_sign_view(sign, by_sign.get((sign.attempt, kind.value)), now) for sign in listed if sign.sign.kind is kind],
        )
        for kind in SignKind
    ]


def explanations(kind: str) -> tuple[str, ...]:
    """Return innocent explanations of a kind of sign."""
    return tuple(_(explanation) for explanation in EXPLANATIONS[kind])


def _sign_view(listed: PersonSign, incident: SelectionIncident | None, now: datetime) -> SignView:
    seen, rarity = sign_words(listed.sign), rarity_words(listed.sign)
    state = "" if incident is None else state_words(incident, now)
    return SignView(listed.name, listed.attempt, listed.number, seen, rarity, incident.uuid if incident else None, state)


def state_words(row: SelectionIncident, now: datetime) -> str:
    """Say how far an incident has come."""
    if row.decided_at is not None:
        return _("Decided: %(outcome)s", outcome=_(INCIDENT_OUTCOMES[row.outcome]))
    if row.proposed_at is not None:
        return _("Proposed; another member of the jury decides")
    if row.answered_at is not None:
        return _("Answered")
    return _("No answer came in time") if is_heard(row, now) else _("Waiting for the answer")


@dataclass(frozen=True, slots=True)
class OwnQuestionView:
    """A question of a jury in the list of the person who is asked."""

    uuid: UUID
    title: str
    state: str
    answer_by: datetime | None
    """None where it can be answered no more."""


def own_incident(row: SelectionIncident, now: datetime) -> OwnQuestionView:
    """Return an incident as the person who is asked sees it in a list; what is only proposed is not theirs to know."""
    proposed = row.proposed_at is not None and row.decided_at is None
    state = _("The jury is deciding") if proposed else state_words(row, now)
    is_open = row.proposed_at is None and now < row.answer_by
    return OwnQuestionView(row.uuid, _(TITLES[row.kind]), state, row.answer_by if is_open else None)


@dataclass(frozen=True, slots=True)
class JuryQuestionView:
    """An incident on its page; `proposed` names the moment of the proposal that a decision is about."""

    uuid: UUID
    name: str
    number: int
    title: str
    seen: str
    rarity: str
    explanations: tuple[str, ...]
    question: str
    asked_at: datetime
    answer_by: datetime
    answer: str
    answered_at: datetime | None
    state: str
    outcome: str
    is_repeat: bool
    ground: str
    proposed: str
    is_heard: bool
    is_decided: bool


def incident_view(row: SelectionIncidentRow, now: datetime) -> JuryQuestionView:
    """Return an incident in words."""
    incident = row.incident
    sign = read_sign(incident)
    return JuryQuestionView(
        uuid=incident.uuid,
        name=row.name,
        number=row.number,
        title=_(TITLES[incident.kind]),
        seen=sign_words(sign),
        rarity=rarity_words(sign),
        explanations=explanations(incident.kind),
        question=incident.question,
        asked_at=incident.asked_at,
        answer_by=incident.answer_by,
        answer=incident.answer,
        answered_at=incident.answered_at,
        state=state_words(incident, now),
        outcome=_(INCIDENT_OUTCOMES[incident.outcome]) if incident.outcome else "",
        is_repeat=incident.outcome == IncidentOutcome.REPEAT.value,
        ground=incident.ground,
        proposed=incident.proposed_at.isoformat() if incident.proposed_at else "",
        is_heard=is_heard(incident, now),
        is_decided=incident.decided_at is not None,
    )


def incident_message(session: Session, row: SelectionIncident, *, is_decided: bool) -> Message:
    """Return what a person reads who is asked about their sitting, or of whose answer something was decided."""
    selection = get_row(session, row.selection_id)
    title = list_titles(session, [selection])[selection.slug, selection.activity_key]

    def subject() -> str:
        if is_decided:
            return _("The jury has decided on your answer about “%(title)s”", title=choose(title))
        return _("The jury of “%(title)s” asks you a question", title=choose(title))

    def words() -> str:
        if is_decided:
            return _("Decided: %(outcome)s. The page shows the ground.", outcome=_(INCIDENT_OUTCOMES[row.outcome]))
        seen = sign_words(read_sign(row))
        return _("About: %(title)s. Seen: %(seen)s. You have five days to answer.", title=_(TITLES[row.kind]), seen=seen)

    return Message(
        NoticeKind.SELECTION,
        key=f"incident:{row.uuid}:{'decided' if is_decided else 'asked'}",
        subject=in_every_language(subject),
        words=in_every_language(words),
        path=f"/selections/incidents/{row.uuid}/answer",
    )


def read_sign(row: SelectionIncident) -> AttemptSign:
    """Return the sign that a person was asked about, as it was then."""
    fields = json.loads(row.seen)
    return AttemptSign(**fields | {"kind": SignKind(fields["kind"])})
