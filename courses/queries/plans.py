"""Reading publications that wait for approval or for their moment."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from courses.models import PlannedPublication, PlanState
from courses.permissions import PublicationPlanContext
from courses.queries.catalogue import get_taught_course
from kernel.errors import NotFound
from kernel.permissions import Actor

OPEN = (PlanState.WAITING.value, PlanState.PLANNED.value)


@dataclass(frozen=True, slots=True)
class PlannedPublicationRow:
    """A publication that waits, or what has become of the last one."""

    uuid: UUID
    state: str
    revision: int
    nature: str
    asks: bool
    note: str
    publish_at: datetime | None
    asked_by: int
    asker: str
    asked_at: datetime
    decider: str
    remark: str
    settled_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Say whether it waits."""
        return self.state in OPEN


def find_last_plan(session: Session, course_id: int) -> PlannedPublicationRow | None:
    """Return the newest plan of a course, whatever has become of it."""
    asker, decider = aliased(Person), aliased(Person)
    statement = (
        select(PlannedPublication, asker, decider)
        .join(asker, asker.id == PlannedPublication.asked_by)
        .outerjoin(decider, decider.id == PlannedPublication.decided_by)
        .where(PlannedPublication.course_id == course_id)
        .order_by(PlannedPublication.id.desc())
        .limit(1)
    )
    plan = session.execute(statement).one_or_none()
    if plan is None:
        return None
    row, by, second = plan
    return PlannedPublicationRow(
        row.uuid,
        row.state,
        row.revision,
        row.nature,
        row.asks,
        row.note,
        row.publish_at,
        row.asked_by,
        by.full_name,
        row.asked_at,
        second.full_name if second else "",
        row.remark,
        row.settled_at,
    )


def _locked(*conditions: object) -> Select[PlannedPublication]:
    return select(PlannedPublication).where(*conditions).with_for_update().execution_options(populate_existing=True)  # type: ignore[arg-type]  # conditions


def lock_open_plan(session: Session, course_id: int) -> PlannedPublication | None:
    """Return the plan of a course that waits, its row locked."""
    return session.scalar(_locked(PlannedPublication.course_id == course_id, PlannedPublication.state.in_(OPEN)))


def lock_plan(session: Session, plan_id: int) -> PlannedPublication:
    """Return a plan that is known to exist, its row locked."""
    return session.execute(_locked(PlannedPublication.id == plan_id)).scalar_one()


def get_plan(session: Session, plan_id: int) -> PlannedPublication:
    """Return a plan that is known to exist."""
    return session.get_one(PlannedPublication, plan_id)


def get_taught_plan(session: Session, actor: Actor, slug: str, plan: UUID) -> PublicationPlanContext:
    """Return a plan of a course with what the actor is in it; raise NotFound."""
    course = get_taught_course(session, actor, slug)
    row = session.scalar(select(PlannedPublication).where(PlannedPublication.uuid == plan, PlannedPublication.course_id == course.id))
    if row is None:
        raise NotFound
    return PublicationPlanContext(course, row.id)
