"""Everything on record of some people in one statement, for the pure rules: what jobs have not written yet stands beside what they have."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Date, Integer, Select, String, exists, func, null, select, union_all
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from compliance.models import AccountFact, DoneFact, Recognition, StartedFact, Waiver
from compliance.rules.claims import APPROVED_ONCE
from compliance.rules.person_facts import FactKind, PersonFact, PersonFacts
from courses.models import Course, CourseVersion
from enrolments.models import Completion, Enrolment
from kernel.db import UtcDateTime
from organisations.models import AudienceStayRecord, Employment, Membership


def load_person_facts(
    session: Session, people: Collection[int], more: Sequence[Select[*tuple[Any, ...]]] = ()
) -> Mapping[int, PersonFacts]:
    """Return all facts of some people, by person and kind, with those that are selected besides, in one statement."""
    facts: dict[int, PersonFacts] = {person: defaultdict(list) for person in people}
    for kind, person, *columns in session.execute(union_all(*_selects(people), *more)):
        facts[person][FactKind(kind)].append(PersonFact(*columns))
    return facts


def select_facts(kind: FactKind, person: Any, **columns: Any) -> Select[*tuple[Any, ...]]:
    """Select facts of a kind with the columns of `PersonFact`, NULL where it has none; the types are those of the first select."""
    types = (Date, Date, UtcDateTime, UtcDateTime, UtcDateTime, Integer, Integer, String)
    selected = [columns.get(name, as_type(null(), kind_of)).label(name) for name, kind_of in zip(PersonFact._fields, types, strict=True)]
    return select(as_type(kind.value, String).label("kind"), person.label("person"), *selected)


def _selects(people: Collection[int]) -> list[Select[*tuple[Any, ...]]]:
    stay, job, membership, closed = AudienceStayRecord, Employment, Membership, AccountFact
    recorded = {"recorded_at": stay.recorded_at, "ended_at": stay.retracted_at}
    return [
        select_facts(FactKind.STAY, stay.person_id, first_on=stay.since_on, last_on=stay.until_on, key=stay.audience_id, **recorded).where(
            stay.person_id.in_(people)
        ),
        select_facts(
            FactKind.ENTRY,
            job.person_id,
            first_on=job.entered_on,
            recorded_at=job.recorded_at,
            ended_at=job.retracted_at,
            key=job.institution_id,
        ).where(job.person_id.in_(people), job.entered_on.is_not(None)),
        select_facts(
            FactKind.PLACE,
            membership.person_id,
            first_on=membership.since_on,
            recorded_at=membership.recorded_at,
            ended_at=membership.retracted_at,
            at=membership.since,
            key=membership.organisation_id,
        ).where(membership.person_id.in_(people), membership.is_main),
        select_facts(FactKind.CLOSED, closed.person_id, at=closed.closed_at, ended_at=closed.opened_at).where(closed.person_id.in_(people)),
        *_selects_of_courses(people),
        *_selects_of_claims(people),
    ]


def _selects_of_courses(people: Collection[int]) -> list[Select[*tuple[Any, ...]]]:
    """Select what was done, begun and taken: facts, and what stands in the takes without a fact yet."""
    done, started, take = DoneFact, StartedFact, Enrolment
    achieved = func.coalesce(Completion.achieved_at, Completion.completed_at, type_=UtcDateTime)
    has_fact = exists().where(done.enrolment_id == take.id, done.retracted_at.is_(None))
    was_begun = exists().where(started.enrolment_id == take.id)
    mine, of_take = take.person_id.in_(people), Course.id == take.course_id
    return [
        select_facts(
            FactKind.DONE,
            done.person_id,
            at=done.achieved_at,
            last_on=done.valid_until,
            recorded_at=done.recorded_at,
            ended_at=done.retracted_at,
            version=done.version,
            course=Course.slug,
            key=as_type(done.is_reconstructed, Integer),
        )
        .join(Course, Course.id == done.course_id)
        .where(done.person_id.in_(people)),
        select_facts(
            FactKind.DONE,
            take.person_id,
            at=achieved,
            last_on=Completion.valid_until,
            recorded_at=Completion.completed_at,
            version=CourseVersion.number,
            course=Course.slug,
        )
        .join(Completion, Completion.enrolment_id == take.id)
        .join(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .join(Course, of_take)
        .where(mine, ~has_fact),
        select_facts(FactKind.STARTED, started.person_id, at=started.at, course=Course.slug)
        .join(Course, Course.id == started.course_id)
        .where(started.person_id.in_(people)),
        select_facts(FactKind.STARTED, take.person_id, at=take.begun_at, course=Course.slug)
        .join(Course, of_take)
        .where(mine, take.begun_at.is_not(None), ~was_begun),
        select_facts(FactKind.ENROLLED, take.person_id, at=take.enrolled_at, course=Course.slug).join(Course, of_take).where(mine),
    ]


def _selects_of_claims(people: Collection[int]) -> list[Select[*tuple[Any, ...]]]:
    """Select waivers and recognitions that were approved once."""
    waiver, other = Waiver, Recognition
    return [
        select_facts(
            FactKind.WAIVED,
            waiver.person_id,
            first_on=waiver.first_on,
            last_on=waiver.last_on,
            recorded_at=waiver.decided_at,
            ended_at=waiver.revoked_at,
            key=waiver.obligation_id,
        ).where(waiver.person_id.in_(people), waiver.state.in_(APPROVED_ONCE)),
        select_facts(
            FactKind.RECOGNISED,
            other.person_id,
            first_on=other.achieved_on,
            recorded_at=other.decided_at,
            ended_at=other.revoked_at,
            course=Course.slug,
        )
        .join(Course, Course.id == other.course_id)
        .where(other.person_id.in_(people), other.state.in_(APPROVED_ONCE)),
    ]
