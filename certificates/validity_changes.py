"""Changes of the last days of issued certificates by their course's present validity: listed, requested, made (spec/certificates E2)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, exists, false, func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import list_administrators, was_deleted_condition
from certificates.access import ValidityContext
from certificates.credentials import replace_credential
from certificates.models import Credential, CredentialSignatory, ValidityChange
from certificates.rules.credentials import ReplacementReason
from certificates.sheet import is_founded
from courses.catalogue import get_taught_course
from courses.models import Course, CourseVersion
from courses.rules import Outline
from courses.versions import get_outline
from enrolments.models import Completion, Enrolment
from enrolments.progress import AchievedTake, last_day_after, set_last_day
from kernel import audit, outbox
from kernel.crypto import SigningKeys
from kernel.errors import N_, Conflict
from kernel.permissions import Actor, ActorChannel
from kernel.settings import Settings
from organisations.institutions import FIRST, get_institution_scope

_Take = Row[*tuple[Any, ...]]
ChangedDay = tuple[_Take, date | None]
"""A take with its certificate in force, and the last day that it would have."""


def get_validity(session: Session, actor: Actor, slug: str) -> ValidityContext:
    """Return the actor before the validity of a course's certificates; raise NotFound."""
    course = get_taught_course(session, actor, slug)
    institution = session.scalar(select(func.coalesce(Course.institution_id, FIRST)).where(Course.id == course.id))
    return ValidityContext(course, get_institution_scope(session, actor).covers(institution))


def find_institution_keys(session: Session, person_id: int | None) -> frozenset[str] | None:
    """Return the keys of the institutions whose certificates a person decides on; None: all of them."""
    if person_id is None or person_id in list_administrators(session):
        return None
    return get_institution_scope(session, Actor(person_id=person_id, via=ActorChannel.JOB)).keys


def find_published_outline(session: Session, version_id: int | None) -> Outline | None:
    """Return the published version of a course, None where it has none or gives no certificates."""
    outline = get_outline(session, version_id) if version_id is not None else None
    return None if outline is None or outline.certificate == "none" else outline


def list_changed_days(
    session: Session, outline: Outline, by: int | None, after: int = 0, limit: int | None = None, *, sentences: bool = False
) -> list[ChangedDay]:
    """List the certificates in force of a course whose last day would be another one, of some people after another by their number.

    With `sentences` those that keep their last day, and whose sentence of what was passed is not so of their version.

    Left out are those on which the person who changes it does not decide: their own, those that they signed (E8), and those of
    institutions that they do not administer (I6).
    """
    changes, withheld = list[ChangedDay](), _is_withheld(by, find_institution_keys(session, by))
    unfounded = [row[1:] for row in _unfounded_sentences(session, [outline.course_id])] if sentences else None
    for _person, takes in groupby(_takes(session, outline, withheld, after, limit), key=lambda row: row.person_id):
        of_person = list(takes)
        changes += _changed_of(outline, of_person) if unfounded is None else _corrected_of(of_person, unfounded)
    return changes


def list_holders_after(session: Session, course_id: int, after: int, limit: int) -> list[int]:
    """List some people who completed a course, after another, by their number."""
    statement = (
        select(Enrolment.person_id)
        .distinct()
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == course_id, Enrolment.person_id > after)
    )
    return list(session.scalars(statement.order_by(Enrolment.person_id).limit(limit)))


def find_last_change(session: Session, course_id: int) -> ValidityChange | None:
    """Return the newest change of the validity of a course's issued certificates."""
    statement = select(ValidityChange).where(ValidityChange.course_id == course_id)
    return session.scalar(statement.order_by(ValidityChange.id.desc()).limit(1))


def _takes(session: Session, outline: Outline, withheld: ColumnElement[bool], after: int, limit: int | None) -> Iterable[_Take]:
    in_force = (
        (Credential.enrolment_id == Enrolment.id)
        & Credential.revoked_at.is_(None)
        & Credential.replaced_at.is_(None)
        & Credential.replaced_by_id.is_(None)
    )
    columns = (
        *(Credential.id.label("credential_id"), Credential.code, Credential.person_name, Credential.expires_on, Credential.course_version),
        *(Credential.with_assessment, Credential.passed, withheld.label("is_withheld")),
    )
    statement = (
        select(Enrolment.person_id, Enrolment.take, Completion, Enrolment.id.label("enrolment_id"), *columns)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .outerjoin(Credential, in_force)
        .where(Enrolment.course_id == outline.course_id, Enrolment.person_id > after)
        .order_by(Enrolment.person_id, Enrolment.take)
    )
    if limit is not None:
        people = list_holders_after(session, outline.course_id, after, limit)
        statement = statement.where(Enrolment.person_id.in_(people))
    return session.execute(statement)


def _is_withheld(by: int | None, keys: frozenset[str] | None) -> ColumnElement[bool]:
    """Return the SQL condition that the person does not decide on a credential, or that its holder's data were deleted."""
    signed = exists().where(CredentialSignatory.credential_id == Credential.id, CredentialSignatory.person_id == by)
    deleted = exists().where(Person.id == Credential.person_id, was_deleted_condition())
    foreign = false() if keys is None else Credential.institution_key.not_in(keys)
    return (Credential.person_id == by) | signed | deleted | foreign


def _unfounded_sentences(session: Session, courses: Sequence[int]) -> list[tuple[int, int, Mapping[str, str]]]:
    """List which sentences of what was passed certificates in force state of which version that does not ask for it.

    Each with the number of its course and the number of the version there.
    """
    in_force = (Credential.revoked_at.is_(None), Credential.replaced_at.is_(None), Credential.replaced_by_id.is_(None))
    of_version = (CourseVersion.course_id == Credential.course_id) & (CourseVersion.number == Credential.course_version)
    statement = (
        select(Credential.course_id, Credential.course_version, Credential.passed, CourseVersion.id)
        .join(CourseVersion, of_version)
        .where(Credential.course_id.in_(courses), Credential.with_assessment, *in_force)
        .distinct()
        .order_by(Credential.course_id, Credential.course_version)
    )
    return [
        (course_id, number, passed)
        for course_id, number, passed, version_id in session.execute(statement)
        if not is_founded(get_outline(session, version_id), passed)
    ]


def list_unfounded_courses(session: Session, courses: Sequence[int]) -> list[int]:
    """Return which of some courses have certificates in force that say what their version does not ask: see `list_changed_days`."""
    return list(dict.fromkeys(course_id for course_id, _number, _passed in _unfounded_sentences(session, courses)))


def _corrected_of(takes: Sequence[_Take], unfounded: Sequence[tuple[int, Mapping[str, str]]]) -> Iterator[ChangedDay]:
    for row in takes:
        stated = row.credential_id is not None and not row.is_withheld and row.with_assessment
        if stated and (row.course_version, row.passed) in unfounded:
            yield row, row.expires_on


def _changed_of(outline: Outline, takes: Sequence[_Take]) -> Iterator[ChangedDay]:
    terms, zone, before = outline.validity, ZoneInfo(outline.zone), list[AchievedTake]()
    for row in takes:
        achieved_at, until = row.Completion.achieved_at or row.Completion.completed_at, row.Completion.valid_until
        if row.credential_id is not None and not row.is_withheld:
            until = None if terms is None else last_day_after(terms, zone, achieved_at, before)
            if until != row.expires_on:
                yield row, until
        before.append(AchievedTake(row.take, achieved_at, until))


PORTION = 20
"""People whose certificates are replaced in one transaction."""
MOST_UNTYPED = 50
"""Of more certificates their number is typed by whoever confirms it."""


class ValidityVerb(audit.Verb):
    """The audit verbs of changes of the validity of issued certificates."""

    REQUESTED = "validity_change.requested", N_("Had the certificates of a course replaced because of their validity")
    DONE = "validity_change.done", N_("Replaced the certificates of a course because of their validity")


class ValidityChangeUnderWay(Conflict):
    """Another change of the same course is still being carried out."""

    message = N_("The certificates of this course are being replaced now. Wait until that is done.")


def request_change(
    session: Session, actor: Actor, outline: Outline, number: UUID, reason: str, count: int, *, sentences: bool = False, now: datetime
) -> None:
    """Let the certificates of a course be replaced that would end on another day, or whose sentence of what was passed is corrected.

    A second time with one number changes nothing.
    """
    if session.scalar(select(ValidityChange.id).where(ValidityChange.uuid == number)) is not None:
        return
    last = find_last_change(session, outline.course_id)
    if last is not None and last.done_at is None:
        raise ValidityChangeUnderWay
    row = ValidityChange(
        uuid=number,
        course_id=outline.course_id,
        version_id=outline.version_id,
        corrects_sentences=sentences,
        reason=reason,
        total=count,
        requested_by=actor.person_id,
        requested_at=now,
    )
    session.add(row)
    session.flush()  # the audit entry and the job name it
    facts = {
        "course": outline.slug,
        "valid": str(outline.certificate_valid or "none"),
        "certificates": count,
        "sentences": sentences,
        "reason": reason,
    }
    audit.record(session, actor, ValidityVerb.REQUESTED, row, now=now, **facts)
    outbox.enqueue(session, "certificates.change_validity", {"change": row.id}, now=now)


def replace_portion(session: Session, number: int, settings: Settings, keys: SigningKeys, *, now: datetime) -> bool:
    """Replace the certificates of the next people; return whether anybody is left. Killed, a portion is done again as a whole."""
    change = session.get_one(ValidityChange, number, with_for_update=True)
    if change.done_at is not None:
        return False
    actor = Actor(person_id=change.requested_by, via=ActorChannel.JOB)
    outline = get_outline(session, change.version_id)
    people = list_holders_after(session, change.course_id, change.place, PORTION)
    of_sentences = change.corrects_sentences
    for take, last_day in list_changed_days(session, outline, change.requested_by, change.place, PORTION, sentences=of_sentences):
        row = session.get_one(Credential, take.credential_id)
        if not of_sentences:
            set_last_day(session, actor, take.enrolment_id, last_day, now=now)
        reason = ReplacementReason.DATA
        replace_credential(session, actor, row, reason, change.reason, settings, keys, facts={"expires_on": last_day}, now=now)
        change.done += 1
    if len(people) == PORTION:
        change.place = people[-1]
        return True
    change.done_at = now
    audit.record(session, actor, ValidityVerb.DONE, change, now=now, certificates=change.done)
    return False
