"""Services of obligations: a draft, its activation by a second person, further versions, its end (spec/compulsory 4.5 and 4.8)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from compliance.audit_verbs import ComplianceVerb
from compliance.models import CourseAgreement, Obligation, ObligationVersion, PlannedChange
from compliance.rules.documents import read_terms, terms_document
from compliance.rules.reminders import STEPS
from compliance.rules.terms import ObligationTerms, courses_of
from compliance.services.agreements import forget_agreements, require_agreements, settle_agreements
from kernel import audit
from kernel.errors import N_, Conflict, Invalid
from kernel.permissions import Actor
from organisations.audiences import today_of
from organisations.models import Audience


class EnrolmentMode(StrEnum):
    """The way into the course: people are enrolled when their cycle opens, or enrol themselves."""

    AUTOMATIC = "automatic"
    OFFERED = "offered"


class SecondPersonRequired(Conflict):
    """Another person than its author has to put something in force."""

    code = "second_person_required"
    message = N_("Another person has to activate what you wrote.")


class ObligationChanged(Conflict):
    """Another version was saved than the one that was seen."""

    code = "obligation_changed"
    message = N_("Someone else changed this compulsory training while you were editing.")


class WrongObligationState(Conflict):
    """An obligation is not in the state that an act needs."""

    code = "wrong_obligation_state"


class ObligationKeyTaken(Conflict):
    """Two obligations would have one key."""

    code = "obligation_key_taken"
    message = N_("Another compulsory training has this key.")


class EndsBeforeToday(Invalid):
    """An obligation cannot end on a day that has passed, or before it begins."""

    code = "obligation_ends_before_today"
    message = N_("Give a last day that is not before today, nor before it begins.")


@dataclass(frozen=True, slots=True)
class ObligationValues:
    """The content of a version: titles and words by language, legal base, rules, reminders."""

    title: Mapping[str, str]
    terms: ObligationTerms
    words: Mapping[str, str] = field(default_factory=dict)
    legal_base: Mapping[str, str] = field(default_factory=dict)
    legal_url: str = ""
    zone: str = ""
    enrolment: EnrolmentMode = EnrolmentMode.AUTOMATIC
    edition_id: int | None = None
    steps: Sequence[int] = STEPS
    is_escalated: bool = True
    is_retroactive: bool = False
    reason: str = ""


def make_obligation(session: Session, actor: Actor, key: str, audience: Audience, values: ObligationValues, *, now: datetime) -> Obligation:
    """Write the draft of an obligation; it asks nobody for anything yet. Raise ObligationKeyTaken."""
    if session.scalar(select(Obligation.id).where(Obligation.key == key)) is not None:
        raise ObligationKeyTaken
    row = Obligation(
        key=key,
        institution_id=audience.institution_id,
        audience_id=audience.id,
        owner_id=actor.person_id,
        state="draft",
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(row)
    session.flush()
    version = ObligationVersion(obligation_id=row.id, number=1, author_id=actor.person_id, recorded_at=now, **_columns(values))
    session.add(version)
    audit.record(session, actor, ComplianceVerb.OBLIGATION_MADE, row, now=now, key=key)
    settle_agreements(session, actor, row, courses_of(values.terms.requirement), now=now)
    return row


def change_draft(
    session: Session,
    actor: Actor,
    row: Obligation,
    edited: int,
    values: ObligationValues,
    *,
    audience: Audience | None = None,
    now: datetime,
) -> None:
    """Write a draft anew, for another audience where one is given; `edited` is how often it was changed when its editor opened it.

    Raise ObligationChanged where it was changed since, WrongObligationState where it is no draft.
    """
    _require(row, "draft", N_("This compulsory training is in force. Add a version instead."))
    _require_unchanged(row, edited)
    version = latest_version(session, row)
    write_values(version, values)
    version.author_id, version.recorded_at = actor.person_id, now
    required, is_for_others = list(courses_of(values.terms.requirement)), audience is not None and audience.id != row.audience_id
    forget_agreements(session, row, but=() if is_for_others else required)
    if audience is not None:
        row.audience_id, row.institution_id = audience.id, audience.institution_id
    row.edited += 1
    audit.record(session, actor, ComplianceVerb.OBLIGATION_CHANGED, row, now=now, version=version.number)
    settle_agreements(session, actor, row, required, now=now, again=True)


def delete_draft(session: Session, actor: Actor, row: Obligation, *, now: datetime) -> None:
    """Delete a draft with what was planned of it; raise WrongObligationState for what was in force once (spec/compulsory 4.8)."""
    _require(row, "draft", N_("What was in force once is never deleted. End it instead."))
    audit.record(session, actor, ComplianceVerb.DRAFT_DELETED, row, now=now, key=row.key)
    for table in (PlannedChange, CourseAgreement, ObligationVersion):
        session.execute(delete(table).where(table.obligation_id == row.id))
    session.delete(row)


def set_owner(session: Session, actor: Actor, row: Obligation, person_id: int, *, now: datetime) -> None:
    """Let another person answer for an obligation: they are told of what stands in its way."""
    if row.owner_id == person_id:
        return
    row.owner_id = person_id
    audit.record(session, actor, ComplianceVerb.OWNER_CHANGED, row, now=now, owner=person_id)


def activate(session: Session, actor: Actor, row: Obligation, edited: int, *, now: datetime) -> None:
    """Put a draft in force; from now on its rules are on record.

    Raise SecondPersonRequired for whoever began or last wrote it, AgreementMissing where the team of a reserved course did not agree.
    """
    _require(row, "draft", N_("This compulsory training is in force already."))
    _require_unchanged(row, edited)
    version = latest_version(session, row)
    if actor.person_id is None or actor.person_id in (row.created_by, version.author_id):
        raise SecondPersonRequired
    require_agreements(session, row, courses_of(values_of(version).terms.requirement), now=now)
    version.recorded_at, version.approved_by = now, actor.person_id
    row.state, row.activated_at, row.activated_by = "active", now, actor.person_id
    row.edited += 1
    facts = _facts(version, None)
    audit.record(session, actor, ComplianceVerb.OBLIGATION_ACTIVATED, row, now=now, version=version.number, **facts)


def add_version(
    session: Session,
    actor: Actor,
    row: Obligation,
    edited: int,
    values: ObligationValues,
    reason: str,
    *,
    author_id: int | None = None,
    approved_by: int | None = None,
    now: datetime,
) -> ObligationVersion:
    """Change an obligation in force from the effective day of its new rules on; it is the actor's, or that of its author.

    Raise SecondPersonRequired where they hold from a day before today and nobody else approved them (spec/compulsory 4.5),
    AgreementMissing where the team of a reserved course that is newly required did not agree.
    """
    _require(row, "active", N_("Only compulsory training in force gets a new version."))
    _require_unchanged(row, edited)
    author = actor.person_id if author_id is None else author_id
    is_retroactive = values.terms.effective_on < today_of(now)
    if is_retroactive and approved_by in (None, author):
        raise SecondPersonRequired
    former = latest_version(session, row)
    require_agreements(session, row, newly_required(values, values_of(former)), now=now)
    version = ObligationVersion(
        obligation_id=row.id,
        number=row.latest + 1,
        author_id=author,
        approved_by=approved_by,
        recorded_at=now,
        **{**_columns(values), "reason": reason, "is_retroactive": is_retroactive},
    )
    session.add(version)
    row.latest, row.edited = version.number, row.edited + 1
    facts = {"retroactive": is_retroactive, **_facts(version, former)}
    audit.record(session, actor, ComplianceVerb.OBLIGATION_CHANGED, row, now=now, version=version.number, **facts)
    return version


def newly_required(values: ObligationValues, former: ObligationValues) -> list[str]:
    """Return the courses that a version requires and the one before did not."""
    before = set(courses_of(former.terms.requirement))
    return [slug for slug in courses_of(values.terms.requirement) if slug not in before]


def _facts(version: ObligationVersion, former: ObligationVersion | None) -> dict[str, object]:
    """Return what the audit log says of a version: who wrote it and why, from which day on it holds, the rules of before and its own."""
    own = {"author": version.author_id, "effective": version.effective_on.isoformat(), "reason": version.reason}
    before = {} if former is None else {"was": json.loads(former.terms)}
    return {**own, **before, "rules": json.loads(version.terms)}


def end_obligation(
    session: Session,
    actor: Actor,
    row: Obligation,
    last_on: date,
    reason: str,
    *,
    author_id: int | None = None,
    approved_by: int | None = None,
    now: datetime,
) -> None:
    """Let an obligation require nothing after a day; what it asked until then stays on record. Raise EndsBeforeToday."""
    _require(row, "active", N_("Only compulsory training in force can be ended."))
    before, today, author = latest_version(session, row), today_of(now), actor.person_id if author_id is None else author_id
    terms = replace(read_terms(json.loads(before.terms), now, today), ends=last_on)
    if last_on < max(today, terms.starts):
        raise EndsBeforeToday
    copied = {name: getattr(before, name) for name in _COPIED}
    session.add(
        ObligationVersion(
            obligation_id=row.id,
            number=row.latest + 1,
            terms=json.dumps(terms_document(terms)),
            effective_on=today,
            recorded_at=now,
            author_id=author,
            approved_by=approved_by,
            reason=reason,
            **copied,
        )
    )
    row.latest, row.edited, row.state, row.ended_at = row.latest + 1, row.edited + 1, "ended", now
    audit.record(session, actor, ComplianceVerb.OBLIGATION_ENDED, row, now=now, last=last_on.isoformat(), author=author, reason=reason)


def latest_version(session: Session, row: Obligation) -> ObligationVersion:
    """Return the newest version of an obligation."""
    statement = select(ObligationVersion).where(ObligationVersion.obligation_id == row.id, ObligationVersion.number == row.latest)
    return session.execute(statement).scalar_one()


def values_of(version: ObligationVersion) -> ObligationValues:
    """Return the content of a stored version."""
    copied = {name: getattr(version, name) for name in _COPIED if name not in ("enrolment", "steps")}
    return ObligationValues(
        terms=read_terms(json.loads(version.terms), version.recorded_at, version.effective_on),
        enrolment=EnrolmentMode(version.enrolment),
        steps=tuple(map(int, version.steps)),
        is_retroactive=version.is_retroactive,
        reason=version.reason,
        **copied,
    )


def write_values(version: ObligationVersion, values: ObligationValues) -> None:
    """Let a version that is not in force yet have another content; who wrote it and when stays."""
    for name, value in _columns(values).items():
        setattr(version, name, value)


_COPIED = ("title", "words", "legal_base", "legal_url", "zone", "enrolment", "edition_id", "steps", "is_escalated")


def _columns(values: ObligationValues) -> dict[str, object]:
    columns = {name: getattr(values, name) for name in _COPIED}
    columns["steps"] = tuple(str(step) for step in values.steps)
    columns["enrolment"] = values.enrolment.value
    columns["is_retroactive"], columns["reason"] = values.is_retroactive, values.reason
    return {**columns, "terms": json.dumps(terms_document(values.terms)), "effective_on": values.terms.effective_on}


def _require(row: Obligation, state: str, message: str) -> None:
    if row.state != state:
        raise WrongObligationState(message)


def _require_unchanged(row: Obligation, edited: int) -> None:
    if row.edited != edited:
        raise ObligationChanged
