"""Queries of obligations for those who look after them: lists, one with its versions, what its form offers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.models import Assignment, Obligation, ObligationVersion, PlannedChange
from compliance.permissions import ObligationContext, PlannedChangeContext, PlannedRuleContext
from compliance.queries import planned_changes
from compliance.queries.assignments import state_at
from compliance.queries.course_choices import known_to
from compliance.rules.states import TrainingState
from courses.models import Course, CourseVersion
from enrolments.models import Edition
from kernel.errors import NotFound
from kernel.permissions import Actor
from organisations.access import TrainingScope
from organisations.models import Audience, Organisation
from organisations.rules.units import OrganisationKind
from organisations.training_scope import get_training_scope

MOST_OBLIGATIONS = 500
MOST_COURSES = 400
MOST_VERSIONS = 20
"""The newest versions of a course among which the lowest that counts is chosen."""


def get_obligation_scope(session: Session, actor: Actor) -> TrainingScope:
    """Return for which places the actor sees obligations."""
    return get_training_scope(session, actor)


def get_new_context(session: Session, actor: Actor) -> ObligationContext:
    """Return the context of an obligation to be written: its places are the institutions that there are."""
    statement = select(Organisation.id).where(Organisation.kind == OrganisationKind.INSTITUTION.value)
    return ObligationContext(None, frozenset(), frozenset(session.scalars(statement)), get_training_scope(session, actor))


def get_context(session: Session, actor: Actor, obligation: UUID) -> ObligationContext:
    """Return an obligation by what addresses name it; raise NotFound."""
    row = session.scalar(select(Obligation).where(Obligation.uuid == obligation))
    return _context(session, actor, row)


def lock_context(session: Session, actor: Actor, obligation: UUID) -> ObligationContext:
    """Return an obligation that will be changed, locked; raise NotFound."""
    statement = select(Obligation).where(Obligation.uuid == obligation).with_for_update()
    return _context(session, actor, session.scalar(statement.execution_options(populate_existing=True)))


def _context(session: Session, actor: Actor, row: Obligation | None) -> ObligationContext:
    if row is None:
        raise NotFound
    return ObligationContext(row, list_authors(session, row), frozenset({row.institution_id}), get_training_scope(session, actor))


def list_authors(session: Session, row: Obligation) -> frozenset[int]:
    """Return who wrote anything of what is to be put in force."""
    newest = session.scalar(
        select(ObligationVersion.author_id).where(ObligationVersion.obligation_id == row.id, ObligationVersion.number == row.latest)
    )
    return frozenset(person for person in (row.created_by, newest) if person is not None)


def get_change_context(session: Session, actor: Actor, change: UUID) -> PlannedChangeContext:
    """Return a planned change of an obligation by what addresses name it; raise NotFound."""
    return _change_context(session, actor, planned_changes.get_change(session, change))


def lock_change_context(session: Session, actor: Actor, change: UUID) -> PlannedChangeContext:
    """Return a planned change of an obligation that will be applied or discarded, locked; raise NotFound."""
    return _change_context(session, actor, planned_changes.get_change(session, change, lock=True))


def _change_context(session: Session, actor: Actor, change: PlannedChange) -> PlannedChangeContext:
    if change.obligation_id is None:
        raise NotFound
    row = session.get_one(Obligation, change.obligation_id)
    return PlannedChangeContext(
        row, list_authors(session, row), frozenset({row.institution_id}), get_training_scope(session, actor), change
    )


def get_rule_context(session: Session, actor: Actor, change: UUID) -> PlannedRuleContext:
    """Return a planned rule of an audience by what addresses name it; raise NotFound."""
    return _rule_context(session, actor, planned_changes.get_change(session, change))


def lock_rule_context(session: Session, actor: Actor, change: UUID) -> PlannedRuleContext:
    """Return a planned rule of an audience that will be applied or discarded, locked; raise NotFound."""
    return _rule_context(session, actor, planned_changes.get_change(session, change, lock=True))


def _rule_context(session: Session, actor: Actor, change: PlannedChange) -> PlannedRuleContext:
    if change.audience_id is None or change.obligation_id is not None:
        raise NotFound
    audience = session.get_one(Audience, change.audience_id)
    return PlannedRuleContext(audience, None, frozenset({audience.institution_id}), get_training_scope(session, actor), change)


@dataclass(frozen=True, slots=True)
class ObligationRow:
    """An obligation in a list: with its newest version, its audience, how many are asked and how many have done it."""

    obligation: Obligation
    version: ObligationVersion
    audience: Audience
    states: Mapping[str, int]

    @property
    def required(self) -> int:
        """Return of how many people something is required (spec/compulsory 7.6)."""
        beside = (TrainingState.NOT_REQUIRED.value, TrainingState.WAIVED.value)
        return sum(count for state, count in self.states.items() if state not in beside)

    @property
    def done(self) -> int:
        """Return how many of these have done it."""
        return sum(self.states.get(state.value, 0) for state in (TrainingState.DONE, TrainingState.RENEWAL_DUE))


def list_obligations(session: Session, scope: TrainingScope, *, now: datetime) -> list[ObligationRow]:
    """List the obligations of the institutions in a scope: drafts for who may write them alone, those in force first."""
    statement = (
        select(Obligation, ObligationVersion, Audience)
        .join(ObligationVersion, (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest))
        .join(Audience, Audience.id == Obligation.audience_id)
        .order_by(Obligation.state, Obligation.id.desc())
        .limit(MOST_OBLIGATIONS)
    )
    if not scope.everywhere:
        sees, writes = scope.officer | scope.auditor, scope.officer
        drafts = (Obligation.state == "draft") & Obligation.institution_id.in_(writes)
        statement = statement.where(((Obligation.state != "draft") & Obligation.institution_id.in_(sees)) | drafts)
    rows = session.execute(statement).all()
    counts = _count_states(session, [row.Obligation.id for row in rows], now)
    order = {"active": 0, "draft": 1, "ended": 2}
    listed = [ObligationRow(row.Obligation, row.ObligationVersion, row.Audience, counts.get(row.Obligation.id, {})) for row in rows]
    return sorted(listed, key=lambda row: order[row.obligation.state])


def _count_states(session: Session, obligations: Collection[int], now: datetime) -> Mapping[int, dict[str, int]]:
    state = state_at(now)
    statement = select(Assignment.obligation_id, state, func.count()).where(Assignment.obligation_id.in_(obligations))
    state_counts: dict[int, dict[str, int]] = {}
    for obligation, name, count in session.execute(statement.group_by(Assignment.obligation_id, state)):
        state_counts.setdefault(obligation, {})[name] = count
    return state_counts


def list_versions(session: Session, obligation_id: int) -> list[ObligationVersion]:
    """List the versions of an obligation, the newest first."""
    statement = select(ObligationVersion).where(ObligationVersion.obligation_id == obligation_id)
    return list(session.scalars(statement.order_by(ObligationVersion.number.desc()).limit(MOST_OBLIGATIONS)))


def list_audiences_for(session: Session, scope: TrainingScope) -> list[Audience]:
    """List the audiences of the institutions for which the actor may write obligations, by key."""
    statement = select(Audience).order_by(Audience.key).limit(MOST_OBLIGATIONS)
    return list(session.scalars(statement if scope.everywhere else statement.where(Audience.institution_id.in_(scope.officer))))


@dataclass(frozen=True, slots=True)
class OfferedCourse:
    """A course that an obligation may require, with the number of its newest published version."""

    id: int
    slug: str
    title: Mapping[str, str]
    version: int
    is_open: bool = True
    """It is published and not archived."""


def list_offered_courses(session: Session, actor: Actor, chosen: Collection[str] = ()) -> list[OfferedCourse]:
    """List the published courses that an actor knows of, by address, and those that are required already."""
    published = Course.published_version_id.is_not(None) & Course.archived_at.is_(None)
    statement = (
        select(Course.id, Course.slug, Course.title, func.coalesce(CourseVersion.number, 0), published)
        .outerjoin(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where((published & known_to(actor, ())) | Course.slug.in_(chosen))
        .order_by(Course.slug)
        .limit(MOST_COURSES)
    )
    return [OfferedCourse(*row) for row in session.execute(statement, {"person_id": actor.person_id})]


def list_open_editions(session: Session, courses: Sequence[int], chosen: int | None = None) -> list[Edition]:
    """List the editions of some courses in which people can still be enrolled, and one that is chosen already."""
    is_open = Edition.course_id.in_(courses) & Edition.closed_at.is_(None)
    statement = (
        select(Edition).where(is_open | (Edition.id == chosen)).order_by(Edition.course_id, Edition.id.desc()).limit(MOST_OBLIGATIONS)
    )
    return list(session.scalars(statement))


def list_zones(session: Session) -> list[str]:
    """List the time zones of the places of the tree that have one of their own."""
    statement = select(Organisation.zone).where(Organisation.zone != "").distinct().order_by(Organisation.zone)
    return list(session.scalars(statement))


def course_titles(session: Session, slugs: Collection[str]) -> dict[str, Mapping[str, str]]:
    """Return the titles of some courses, by the end of their address."""
    return {row[0]: row[1] for row in session.execute(select(Course.slug, Course.title).where(Course.slug.in_(slugs)))}
