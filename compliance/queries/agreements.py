"""Queries of the agreement of course teams that compulsory training enrols people in their courses (spec/compulsory 4.9a)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import by_name
from compliance.models import CourseAgreement, Obligation, ObligationVersion
from courses.models import Course, CourseStaff, CourseVersion, VersionViewer
from courses.team import EDITING
from enrolments.rules import may_enrol
from kernel.errors import require_found
from organisations.models import Audience, Organisation

MOST_AGREEMENTS = 200


@dataclass(frozen=True, slots=True)
class MissingAgreement:
    """A course in which the people of an obligation cannot enrol by themselves, and whose team has not agreed, or not any more."""

    course: Course
    agreement: CourseAgreement | None
    """None: the team was not asked."""


def list_missing(session: Session, obligation_id: int, slugs: Iterable[str], *, now: datetime) -> list[MissingAgreement]:
    """List which of some courses, by address, an obligation may not require now.

    A course that is for some units or audiences takes people where it is for their whole institution, or for the audience itself.
    """
    viewer, here = VersionViewer, VersionViewer.version_id == CourseVersion.id
    institution = exists().where(here, viewer.kind == "unit", viewer.key == Organisation.code, Organisation.id == Obligation.institution_id)
    audience = exists().where(here, viewer.kind == "audience", viewer.key == Audience.key, Audience.id == Obligation.audience_id)
    is_found = or_(
        CourseVersion.visibility == "public",
        and_(CourseVersion.visibility == "staff", or_(~exists().where(here), institution)),
        and_(CourseVersion.visibility == "audience", audience),
    )
    of_obligation = and_(CourseAgreement.course_id == Course.id, CourseAgreement.obligation_id == Obligation.id)
    statement = (
        select(Course, CourseAgreement, CourseVersion.enrolment, CourseVersion.opens_at, CourseVersion.closes_at, is_found)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .join(Obligation, Obligation.id == obligation_id)
        .outerjoin(CourseAgreement, of_obligation)
        .where(Course.slug.in_(list(slugs)), CourseAgreement.agreed.is_not(True))
        .order_by(Course.slug)
    )
    return [
        MissingAgreement(course, agreement)
        for course, agreement, enrolment, opens, closes, takes_them in session.execute(statement)
        if not takes_them or may_enrol(enrolment, opens, closes, archived=False, now=now) is not None
    ]


def get_title(session: Session, obligation: Obligation) -> Mapping[str, str]:
    """Return the title of an obligation by language, as its newest version has it."""
    statement = select(ObligationVersion.title).where(ObligationVersion.obligation_id == obligation.id)
    return session.execute(statement.where(ObligationVersion.number == obligation.latest)).scalar_one()


def list_deciders(session: Session, courses: Collection[int]) -> Mapping[int, Sequence[Person]]:
    """Return who agrees for each of some courses: its owners and editors, as they enrol others in it."""
    people = defaultdict[int, list[Person]](list)
    statement = select(CourseStaff.course_id, Person).join(Person, Person.id == CourseStaff.person_id).order_by(*by_name())
    for course, person in session.execute(statement.where(CourseStaff.course_id.in_(courses), CourseStaff.role.in_(EDITING))):
        people[course].append(person)
    return people


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """An obligation before a course's team, with its newest version, its audience and its institution."""

    agreement: CourseAgreement
    obligation: Obligation
    version: ObligationVersion
    audience: Audience
    institution: Organisation


def list_agreements(session: Session, course_id: int) -> list[AgreementRow]:
    """List what obligations that have not ended ask of a course's team, what waits for its answer first."""
    newest = and_(ObligationVersion.obligation_id == Obligation.id, ObligationVersion.number == Obligation.latest)
    statement = (
        select(CourseAgreement, Obligation, ObligationVersion, Audience, Organisation)
        .join(Obligation, Obligation.id == CourseAgreement.obligation_id)
        .join(ObligationVersion, newest)
        .join(Audience, Audience.id == Obligation.audience_id)
        .join(Organisation, Organisation.id == Obligation.institution_id)
        .where(CourseAgreement.course_id == course_id, Obligation.state != "ended")
        .order_by(CourseAgreement.agreed.is_not(None), CourseAgreement.asked_at.desc())
        .limit(MOST_AGREEMENTS)
    )
    return [AgreementRow(*row) for row in session.execute(statement)]


def lock_agreement(session: Session, course_id: int, obligation: UUID | None) -> CourseAgreement:
    """Return what an obligation asks of a course's team, locked; raise NotFound."""
    asking = select(Obligation.id).where(Obligation.uuid == obligation, Obligation.state != "ended").scalar_subquery()
    statement = select(CourseAgreement).where(CourseAgreement.course_id == course_id, CourseAgreement.obligation_id == asking)
    return require_found(session.scalar(statement.with_for_update().execution_options(populate_existing=True)))
