"""The register of certificates: filtered, sorted, read by page from any place in the order or as a stream; exports are recorded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, literal, not_, or_, select, tuple_
from sqlalchemy.orm import Session

from accounts.models import NationalIdentity, Person
from accounts.people import name_matches, was_deleted_condition
from certificates.access import RegisterContext
from certificates.models import Credential
from certificates.rules.credentials import CredentialState
from courses.catalogue import get_taught_course
from courses.log import LogEntry, LogPart
from courses.models import Course
from enrolments.models import Edition, EditionPlace
from kernel import audit
from kernel.audit import AuditSubject
from kernel.db import KeysetPage, PageDirection, Stretch, count_rows
from kernel.errors import N_
from kernel.i18n import _
from kernel.permissions import Actor
from organisations.access import EVERYWHERE, InstitutionScope
from organisations.institutions import get_institution_scope
from organisations.models import Employment, Membership, Organisation
from organisations.rules.units import OrganisationKind
from organisations.training_scope import get_training_scope, in_places
from organisations.tree import MAIN, below

BATCH = 500
MOST_CHOICES = 400
"""Courses, editions or units among which a filter lets choose."""
NEVER = date(9999, 12, 31)
"""Stands in the order of last days for none."""


class RegisterOrder(StrEnum):
    """The columns by which the register is sorted."""

    ISSUED = "issued"
    NAME = "name"
    COURSE = "course"
    EXPIRES = "expires"


_ORDERS: Mapping[RegisterOrder, ColumnElement[Any]] = {
    RegisterOrder.ISSUED: Credential.issued_on.expression,
    RegisterOrder.NAME: Person.name_key.expression,
    RegisterOrder.COURSE: Credential.course_key.expression,
    RegisterOrder.EXPIRES: func.coalesce(Credential.expires_on, literal(NEVER)),
}


@dataclass(frozen=True, slots=True)
class RegisterFilter:
    """The certificates that are wanted; what is empty does not matter."""

    course_id: int | None = None
    edition: UUID | None = None
    unit: UUID | None = None
    words: str = ""
    """Parts of the name that the person has now or of the address, or the staff number."""
    finds_identities: bool = False
    """Whether an identity number finds its person, too: for those to whom the register may show it."""
    code: str = ""
    """How the code begins, in its stored form."""
    issued_from: date | None = None
    issued_until: date | None = None
    expires_from: date | None = None
    expires_until: date | None = None
    state: CredentialState | None = None
    template: str = ""
    take: int | None = None
    institution_keys: frozenset[str] | None = None
    """Of the institutions whose certificates alone are seen; an empty one stands for those that name none. None: all of them."""
    audited: frozenset[int] = frozenset()
    """The places whose people's certificates alone are seen, where the reader audits them."""


@dataclass(frozen=True, slots=True)
class RegisterSort:
    """The order of the register: a column, and whether what is greatest comes first."""

    order: RegisterOrder = RegisterOrder.ISSUED
    descends: bool = True


def get_register(session: Session, actor: Actor, slug: str = "", **_address: str) -> RegisterContext:
    """Return the register of a course, or without one that of what the actor administers or else audits; raise NotFound."""
    if slug:
        return RegisterContext(get_taught_course(session, actor, slug))
    scope = get_institution_scope(session, actor)
    return RegisterContext(None, scope, frozenset() if scope.any else get_training_scope(session, actor).auditor)


def _state_conditions(state: CredentialState, today: date) -> tuple[ColumnElement[bool], ...]:
    sound = (Credential.revoked_at.is_(None), Credential.replaced_by_id.is_(None))
    conditions: Mapping[CredentialState, tuple[ColumnElement[bool], ...]] = {
        CredentialState.REVOKED: (Credential.revoked_at.is_not(None),),
        CredentialState.REPLACED: (Credential.revoked_at.is_(None), Credential.replaced_by_id.is_not(None)),
        CredentialState.EXPIRED: (*sound, Credential.expires_on < today),
        CredentialState.VALID: (*sound, or_(Credential.expires_on.is_(None), Credential.expires_on >= today)),
    }
    return conditions[state]


def _state(today: date) -> ColumnElement[str]:
    return case(*((and_(*_state_conditions(state, today)), state.value) for state in CredentialState))


def _theirs(institution_keys: frozenset[str] | None, audited: frozenset[int]) -> Iterator[ColumnElement[bool]]:
    if institution_keys is not None:
        yield Credential.institution_key.in_(institution_keys)
    if audited:
        yield in_places(Credential.person_id.expression, audited)


def _conditions(filters: RegisterFilter, today: date) -> Iterator[ColumnElement[bool]]:
    equal = {Credential.course_id: filters.course_id, Credential.template: filters.template or None, Credential.take: filters.take}
    yield from (column == value for column, value in equal.items() if value is not None)
    yield from _theirs(filters.institution_keys, filters.audited)
    days = (
        (Credential.issued_on, filters.issued_from, filters.issued_until),
        (Credential.expires_on, filters.expires_from, filters.expires_until),
    )
    for column, first, last in days:
        yield from ([column >= first] if first else [])
        yield from ([column <= last] if last else [])
    if filters.code:
        yield Credential.code.startswith(filters.code, autoescape=True)
    if filters.words:
        numbered = select(Employment.person_id).where(Employment.staff_number == filters.words, Employment.retracted_at.is_(None))
        named = select(Person.id).where(*name_matches(filters.words, with_address=True))
        identified = select(NationalIdentity.person_id).where(NationalIdentity.number == filters.words)
        people = [numbered, named, *([identified] if filters.finds_identities else [])]
        yield or_(*(Credential.person_id.in_(statement) for statement in people))
    if filters.edition:
        of_edition = select(EditionPlace.enrolment_id).join(Edition, Edition.id == EditionPlace.edition_id)
        yield Credential.enrolment_id.in_(of_edition.where(Edition.uuid == filters.edition))
    if filters.unit:
        roots = select(Organisation.id).where(Organisation.uuid == filters.unit)
        yield Credential.person_id.in_(select(Membership.person_id).where(MAIN, Membership.organisation_id.in_(below(roots))))
    if filters.state:
        yield from _state_conditions(filters.state, today)


def count_register(session: Session, filters: RegisterFilter, *, today: date) -> int:
    """Count the certificates that the register shows on all its pages."""
    return count_rows(session, Credential, *_conditions(filters, today))


def register_statement(filters: RegisterFilter, sort: RegisterSort, *, backwards: bool = False, today: date) -> Select[*tuple[Any, ...]]:
    """Build the statement of the register in an order, or from its end."""
    statement = (
        select(
            Credential.id,
            Credential.uuid,
            Credential.code,
            Credential.person_id,
            Credential.person_name,
            Person.email,
            was_deleted_condition().label("is_deleted"),
            Credential.course_titles,
            Credential.course_version,
            Edition.name.label("edition"),
            Organisation.name.label("unit"),
            Credential.hours,
            Credential.issued_on,
            Credential.expires_on,
            _state(today).label("state"),
            Credential.template,
            Credential.take,
        )
        .join(Person, Person.id == Credential.person_id)
        .outerjoin(EditionPlace, EditionPlace.enrolment_id == Credential.enrolment_id)
        .outerjoin(Edition, Edition.id == EditionPlace.edition_id)
        .outerjoin(Membership, and_(Membership.person_id == Credential.person_id, MAIN))
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(*_conditions(filters, today))
    )
    columns = (_ORDERS[sort.order], Credential.id)
    return statement.order_by(*(column.desc() if sort.descends is not backwards else column for column in columns))


def list_register(
    session: Session, filters: RegisterFilter, sort: RegisterSort, page: KeysetPage, *, today: date, limit: int
) -> Stretch[Row[*tuple[Any, ...]]]:
    """List some certificates: those after or before one of them, or the last ones. What comes before a place is not read."""
    statement = register_statement(filters, sort, backwards=page.is_backwards, today=today)
    position = _find_place(session, sort, page)
    if position is None:
        page = KeysetPage(page.way)
    else:
        statement = statement.where(*_beyond(sort.order, position, goes_down=sort.descends is not page.is_backwards))
    return page.of(session.execute(statement.limit(limit + 1)).all(), limit)


def _beyond(order: RegisterOrder, position: Row[*tuple[Any, ...]], *, goes_down: bool) -> tuple[ColumnElement[bool], ...]:
    """Return that a certificate comes after a place: a bound that the column's index serves, and what it leaves over.

    PostgreSQL takes a comparison of pairs from two tables for far rarer than it is, and reads the whole register for a page; the few of
    one name that are left out it expects to be few.
    """
    column, (value, number) = _ORDERS[order], position
    bound = column <= value if goes_down else column >= value
    if order is RegisterOrder.NAME:
        return bound, not_(and_(column == value, Credential.id >= number if goes_down else Credential.id <= number))
    here, there = tuple_(column, Credential.id), tuple_(value, number)
    return bound, here < there if goes_down else here > there


def _find_place(session: Session, sort: RegisterSort, page: KeysetPage) -> Row[*tuple[Any, ...]] | None:
    if page.row is None or page.way is PageDirection.LAST:
        return None
    statement = select(_ORDERS[sort.order], Credential.id).join(Person, Person.id == Credential.person_id)
    return session.execute(statement.where(Credential.uuid == page.row)).one_or_none()


def stream_register(session: Session, filters: RegisterFilter, sort: RegisterSort, *, today: date) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield every certificate that is wanted with identity numbers, some at a time: memory does not grow with their number."""
    identity = NationalIdentity.number.label("identity")
    statement = register_statement(filters, sort, today=today).add_columns(identity)
    statement = statement.outerjoin(NationalIdentity, NationalIdentity.person_id == Credential.person_id)
    yield from session.execute(statement, execution_options={"yield_per": BATCH})


RegisterCourse = tuple[int, str, Mapping[str, str]]
"""A course in the register: its number, address and title."""


def list_courses(
    session: Session, institution_keys: frozenset[str] | None = None, audited: frozenset[int] = frozenset()
) -> list[RegisterCourse]:
    """List the courses of which there are certificates, of some institutions or of the people of some places where these are named."""
    theirs = [*_theirs(institution_keys, audited)]
    has_certificates = exists().where(Credential.course_id == Course.id, *theirs)
    statement = select(Course.id, Course.slug, Course.title).where(has_certificates).order_by(Course.slug)
    return [(row.id, row.slug, row.title) for row in session.execute(statement.limit(MOST_CHOICES))]


def of_institutions(scope: InstitutionScope) -> Select[int]:
    """Select the institutions that somebody administers."""
    return select(Organisation.id).where(Organisation.id.in_(scope.own))


def list_choices(
    session: Session, filters: RegisterFilter, scope: InstitutionScope = EVERYWHERE
) -> tuple[Sequence[Row[UUID, str]], Sequence[Row[UUID, str]], Sequence[str]]:
    """List editions of the course that is asked for, the institution's upper places and the unit asked for, and templates."""
    of_course = [] if filters.course_id is None else [Credential.course_id == filters.course_id]
    of_course += _theirs(filters.institution_keys, filters.audited)
    editions = select(Edition.uuid, Edition.name).where(Edition.course_id == (filters.course_id or 0)).order_by(Edition.name)
    upper = or_(Organisation.kind != OrganisationKind.UNIT.value, Organisation.uuid == filters.unit)
    theirs = () if scope.everywhere or filters.institution_keys is None else (Organisation.id.in_(below(of_institutions(scope))),)
    theirs = (Organisation.id.in_(filters.audited),) if filters.audited else theirs
    units = select(Organisation.uuid, Organisation.name).where(upper, *theirs).order_by(Organisation.name_key, Organisation.id)
    templates = select(Credential.template).where(*of_course).distinct().order_by(Credential.template)
    return (
        session.execute(editions.limit(MOST_CHOICES)).all(),
        session.execute(units.limit(MOST_CHOICES)).all(),
        session.scalars(templates.limit(MOST_CHOICES)).all(),
    )


class RegisterVerb(audit.Verb):
    """The audit verbs of the register of certificates."""

    EXPORTED = "certificate_register.exported", N_("Downloaded the register of certificates")


def record_register_export(session: Session, actor: Actor, course_id: int | None, name: str, *, reason: str = "", now: datetime) -> None:
    """Record that the register was taken out under the name of its file; the reason is that for identity numbers."""
    subject = AuditSubject(Credential.__tablename__) if course_id is None else session.get_one(Course, course_id)
    facts = {"what": name, "identities": True, "reason": reason} if reason else {"what": name}
    audit.record(session, actor, RegisterVerb.EXPORTED, subject, now=now, **facts)


_SENTENCES: Mapping[str, Callable[[LogEntry], str]] = {
    RegisterVerb.EXPORTED: lambda entry: _("Downloaded the register of certificates: %(what)s", what=entry.facts.get("what", "")),
}
LOG = LogPart(lambda _course_id: (), _SENTENCES)
