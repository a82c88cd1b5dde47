"""Access log of a person's data: views of theirs alone, and of lists that included them at the time (spec/security 7.4)."""

import json
from collections.abc import Iterator, Mapping

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, union
from sqlalchemy.orm import Session

from accounts import privacy
from accounts.models import Person
from accounts.people import AccountVerb
from accounts.privacy import LOOKS, DataAccess, PeopleListKind
from certificates.models import Credential
from compliance.audit_verbs import ComplianceVerb
from courses.models import Course
from enrolments.gradebook import FollowingVerb
from enrolments.models import Enrolment
from kernel.audit import AuditEntry
from kernel.db import Base
from kernel.i18n import choose, local
from organisations.audience_preview import list_spans_on_lists
from organisations.institutions import INSTITUTION_ROLE, find_issuer
from organisations.models import AudienceList, Organisation
from organisations.tree import list_former_places
from quizzes.models import Attempt
from quizzes.reports import ReportVerb
from selections.models import Selection, SelectionActa, SelectionActaEntry

OPENED = AccountVerb.LIST_LOOKED_AT.value
TAKEN_OUT = {FollowingVerb.EXPORTED.value: "gradebook.", ReportVerb.EXPORTED.value: "report."}
"""What is taken out as a file, and how the names of files with people in them begin."""
PLACE_FILES = (FollowingVerb.UNIT_EXPORTED.value, ComplianceVerb.REPORT_EXPORTED.value, ComplianceVerb.BUNDLE_DOWNLOADED.value)
FILE = "file"


def list_access_rows(session: Session, person_id: int, *, most: int | None = LOOKS) -> list[DataAccess]:
    """List who viewed a person's data, latest first; of several views of one list in a day, the last. `most` None: all entries."""
    of_lists: dict[tuple[object, ...], DataAccess] = {}
    for look in _list_accesses(session, person_id, most):
        of_lists.setdefault((local(look.at).date(), look.by, look.role, look.purpose, look.where), look)
    alone = privacy.list_access_entries(session, person_id, most=most)
    return sorted([*alone, *of_lists.values()], key=lambda look: look.at, reverse=True)[:most]


def select_list_entries(session: Session, person_id: int) -> Select[int]:
    """Select the entries of lists in which a person stood: of a course, an acta, a place or below it, on one sent in, among all people."""
    learner = and_(
        Enrolment.person_id == person_id,
        AuditEntry.at >= Enrolment.enrolled_at,
        or_(Enrolment.left_at.is_(None), AuditEntry.at < Enrolment.left_at),
        ~_REGISTER,
        or_(~_OF_ATTEMPTS, exists().where(Attempt.enrolment_id == Enrolment.id, Attempt.started_at <= AuditEntry.at)),
    )
    of_courses = (
        select(AuditEntry.id)
        .join(Enrolment, and_(AuditEntry.subject_kind == Course.__tablename__, AuditEntry.subject_id == Enrolment.course_id))
        .where(learner, AuditEntry.verb.in_((OPENED, *TAKEN_OUT)))
    )
    in_places = [
        and_(AuditEntry.subject_id == unit_id, AuditEntry.at >= since, *([AuditEntry.at < until] if until else []))
        for unit_id, since, until in list_former_places(session, person_id)
    ]
    of_places = select(AuditEntry.id).where(
        AuditEntry.subject_kind == Organisation.__tablename__,
        AuditEntry.verb.in_((OPENED, *PLACE_FILES)),
        or_(~_REGISTER, _registered_by(person_id)) & ~_BY_INSTITUTION,
        or_(false(), *in_places),
    )
    of_everybody = (
        select(AuditEntry.id)
        .join(Person, AuditEntry.at >= Person.created_at)
        .where(
            Person.id == person_id,
            AuditEntry.subject_kind == Person.__tablename__,
            AuditEntry.subject_id.is_(None),
            AuditEntry.verb == OPENED,
            or_(~_REGISTER, _registered_by(person_id)),
        )
    )
    on_lists = [
        and_(AuditEntry.subject_id == list_id, AuditEntry.at >= since, *([AuditEntry.at < until] if until else []))
        for list_id, since, until in list_spans_on_lists(session, person_id)
    ]
    of_lists = select(AuditEntry.id).where(
        AuditEntry.subject_kind == AudienceList.__tablename__, AuditEntry.verb == OPENED, or_(false(), *on_lists)
    )
    of_actas = (
        select(AuditEntry.id)
        .join(
            SelectionActaEntry,
            and_(AuditEntry.subject_kind == SelectionActa.__tablename__, AuditEntry.subject_id == SelectionActaEntry.acta_id),
        )
        .where(SelectionActaEntry.person_id == person_id, AuditEntry.verb == OPENED)
    )
    of_registers = select(AuditEntry.id).where(AuditEntry.verb == OPENED, _REGISTER, or_(false(), *_registers(session, person_id)))
    entries = union(of_courses, of_places, of_everybody, of_lists, of_actas, of_registers).subquery()
    return select(entries.c.id)


def _is_list(kind: PeopleListKind) -> ColumnElement[bool]:
    return AuditEntry.facts.contains(f'"list": "{kind.value}"')


_REGISTER = _is_list(PeopleListKind.CERTIFICATES)
_OF_ATTEMPTS = or_(_is_list(PeopleListKind.ATTEMPTS), _is_list(PeopleListKind.MARKING))
_BY_INSTITUTION = AuditEntry.facts.contains(f'"role": "{INSTITUTION_ROLE}"')


def _registered_by(person_id: int) -> ColumnElement[bool]:
    """Return the condition that a person had a certificate when an entry was written: only then they stood in a register."""
    return exists().where(Credential.person_id == person_id, Credential.issued_at <= AuditEntry.at)


def _registers(session: Session, person_id: int) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on entries of registers of a course and of an institution in which a person's certificates stood."""
    first = func.min(Credential.issued_at)
    of_person = select(Credential.course_id, Credential.institution_key, first).where(Credential.person_id == person_id)
    credentials = session.execute(of_person.group_by(Credential.course_id, Credential.institution_key)).all()
    issuers = {key: find_issuer(session, key) for key in {row.institution_key for row in credentials}}
    for course_id, key, issued_at in credentials:
        yield and_(_is_about(Course, course_id), AuditEntry.at >= issued_at)
        if (issuer := issuers[key]) is not None:
            yield and_(_is_about(Organisation, issuer.id), _BY_INSTITUTION, AuditEntry.at >= issued_at)


def _is_about(table: type[Base], number: int) -> ColumnElement[bool]:
    return and_(AuditEntry.subject_kind == table.__tablename__, AuditEntry.subject_id == number)


def _list_accesses(session: Session, person_id: int, most: int | None) -> Iterator[DataAccess]:
    of_acta = select(Selection.course_id).join(SelectionActa, SelectionActa.selection_id == Selection.id)
    of_course = or_(
        and_(AuditEntry.subject_kind == Course.__tablename__, Course.id == AuditEntry.subject_id),
        and_(
            AuditEntry.subject_kind == SelectionActa.__tablename__,
            Course.id == of_acta.where(SelectionActa.id == AuditEntry.subject_id).scalar_subquery(),
        ),
    )
    of_place = and_(AuditEntry.subject_kind == Organisation.__tablename__, Organisation.id == AuditEntry.subject_id)
    of_list = and_(AuditEntry.subject_kind == AudienceList.__tablename__, AudienceList.id == AuditEntry.subject_id)
    statement = (
        select(
            AuditEntry.at,
            AuditEntry.verb,
            AuditEntry.facts,
            Person,
            Course.title,
            Organisation.name,
            AudienceList.title.label("list_title"),
        )
        .join(Person, Person.id == AuditEntry.actor_id)
        .outerjoin(Course, of_course)
        .outerjoin(Organisation, of_place)
        .outerjoin(AudienceList, of_list)
        .where(AuditEntry.id.in_(select_list_entries(session, person_id)), AuditEntry.actor_id != person_id)
        .order_by(AuditEntry.id.desc())
        .limit(most)
    )
    for row in session.execute(statement):
        facts: Mapping[str, object] = json.loads(row.facts)
        if row.verb in TAKEN_OUT and not str(facts.get("what", "")).startswith(TAKEN_OUT[row.verb]):
            continue
        title = row.title or row.list_title
        where = choose(dict(title)) if title else row.name or ""
        yield DataAccess(row.at, row.Person.full_name, str(facts.get("role", "")), str(facts.get("list", FILE)), where)
