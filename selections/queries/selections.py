"""Reading selections: those of a quiz, one before an actor, and whom each is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import SecondFactor
from courses.models import Activity, Course, CourseStaff, CourseVersion, StaffRole
from courses.versions import get_outline
from enrolments.models import Edition, EditionPlace, Enrolment, GroupMember, LearnerGroup
from kernel.errors import NotFound
from kernel.permissions import Actor
from selections.models import ActaState, MemberRole, Selection, SelectionActa, SelectionActaEntry, SelectionMember
from selections.permissions import SelectionContext

MOST_SELECTIONS = 500


@dataclass(frozen=True, slots=True)
class SelectionRow:
    """A selection with the name of its edition or group, and how many are in its jury and read its actas."""

    id: int
    uuid: UUID
    activity_key: str
    slug: str
    course_title: Mapping[str, str]
    people: str
    """Name of the edition or group."""
    created_at: datetime


def _rows() -> Select[*tuple[int, UUID, str, str, Mapping[str, str], str | None, str | None, datetime]]:
    return (
        select(
            *(Selection.id, Selection.uuid, Selection.activity_key, Course.slug, Course.title),
            *(Edition.name, LearnerGroup.shown_name, Selection.created_at),
        )
        .join(Course, Course.id == Selection.course_id)
        .outerjoin(Edition, Edition.id == Selection.edition_id)
        .outerjoin(LearnerGroup, LearnerGroup.id == Selection.group_id)
        .order_by(Selection.id.desc())
        .limit(MOST_SELECTIONS)
    )


def _read(
    session: Session, statement: Select[*tuple[int, UUID, str, str, Mapping[str, str], str | None, str | None, datetime]]
) -> list[SelectionRow]:
    return [
        SelectionRow(number, uuid, key, slug, title, edition or group or "", at)
        for number, uuid, key, slug, title, edition, group, at in session.execute(statement)
    ]


def list_selections(session: Session, course_id: int, key: str) -> list[SelectionRow]:
    """List the selections of a quiz, the newest first."""
    return _read(session, _rows().where(Selection.course_id == course_id, Selection.activity_key == key))


def list_own(session: Session, person_id: int) -> list[SelectionRow]:
    """List the selections that a person is named for, the newest first."""
    named = select(SelectionMember.selection_id).where(SelectionMember.person_id == person_id, SelectionMember.ended_at.is_(None))
    return _read(session, _rows().where(Selection.id.in_(named)))


def list_published_to(session: Session, person_id: int) -> list[SelectionRow]:
    """List the selections with an acta in force in which a person has a line, the newest first."""
    theirs = (
        select(SelectionActa.selection_id)
        .join(SelectionActaEntry, SelectionActaEntry.acta_id == SelectionActa.id)
        .where(SelectionActaEntry.person_id == person_id, SelectionActa.state == ActaState.IN_FORCE.value)
    )
    return _read(session, _rows().where(Selection.id.in_(theirs)))


def get_row(session: Session, selection_id: int) -> SelectionRow:
    """Return a selection as lists show it."""
    return _read(session, _rows().where(Selection.id == selection_id))[0]


def list_titles(session: Session, rows: Sequence[SelectionRow]) -> dict[tuple[str, str], Mapping[str, str]]:
    """Return the titles of the quizzes of selections, by the address of the course and the key; of the newest version that has it."""
    keys = {row.activity_key for row in rows}
    statement = (
        select(Course.slug, Activity.key, Activity.title)
        .join(CourseVersion, CourseVersion.id == Activity.version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(Course.slug.in_({row.slug for row in rows}), Activity.key.in_(keys))
        .order_by(CourseVersion.number)
    )
    return {(slug, key): title for slug, key, title in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class SelectionScope:
    """The people of a selection to be: one edition or one group of a course."""

    course_id: int
    edition_id: int | None = None
    group_id: int | None = None


def people_of(selection: Selection | SelectionScope) -> ColumnElement[bool]:
    """Return a condition on `enrolment`: everybody of a selection's edition or group who takes the course at present.

    Who left the course, and whoever is a participant no more, is not in the next acta.
    """
    return and_(
        Enrolment.course_id == selection.course_id, Enrolment.superseded_at.is_(None), Enrolment.left_at.is_(None), _chosen(selection)
    )


def _chosen(selection: Selection | SelectionScope) -> ColumnElement[bool]:
    if selection.edition_id is not None:
        return exists().where(EditionPlace.enrolment_id == Enrolment.id, EditionPlace.edition_id == selection.edition_id)
    return exists().where(GroupMember.enrolment_id == Enrolment.id, GroupMember.group_id == selection.group_id)


def is_participant(session: Session, selection: Selection | SelectionScope, person_id: int) -> bool:
    """Return whether a person is or was among the people of a selection; who left the course still was."""
    scope = and_(Enrolment.course_id == selection.course_id, Enrolment.person_id == person_id, _chosen(selection))
    return session.scalar(select(exists(select(Enrolment.id).where(scope)))) or False


def list_of_enrolment(session: Session, enrolment_id: int, key: str) -> list[Selection]:
    """List the selections of a quiz among whose people an enrolment is, the newest first: to which its attempts belong."""
    statement = (
        select(Selection)
        .join(Enrolment, Enrolment.course_id == Selection.course_id)
        .where(Enrolment.id == enrolment_id, Selection.activity_key == key, is_among())
    )
    return list(session.scalars(statement.order_by(Selection.id.desc()).limit(MOST_SELECTIONS)))


def is_among() -> ColumnElement[bool]:
    """Return a condition on `enrolment` and `selection` together: the one is among the people of the other."""
    return or_(
        exists().where(EditionPlace.enrolment_id == Enrolment.id, EditionPlace.edition_id == Selection.edition_id),
        exists().where(GroupMember.enrolment_id == Enrolment.id, GroupMember.group_id == Selection.group_id),
    )


ContextRow = tuple[Selection, str, str | None, str | None, str | None, str | None, int, int, bool, bool]
"""The columns of `context_of`: what is read of a selection before an actor."""


def context_of(person_id: int) -> Select[*ContextRow]:
    """Return the statement that reads selections before a person; `read_context` makes a context of a row."""
    newest = (
        select(Activity.id)
        .join(CourseVersion, CourseVersion.id == Activity.version_id)
        .where(CourseVersion.course_id == Selection.course_id, Activity.key == Selection.activity_key, Activity.kind == "quiz")
        .order_by(CourseVersion.number.desc())
        .limit(1)
        .correlate(Selection)
        .scalar_subquery()
    )
    named = aliased(Activity)
    takes_part = exists().where(Enrolment.course_id == Selection.course_id, Enrolment.person_id == person_id, is_among())
    is_member = and_(
        SelectionMember.selection_id == Selection.id, SelectionMember.person_id == person_id, SelectionMember.ended_at.is_(None)
    )
    return (
        select(
            *(Selection, Course.slug, CourseStaff.role, SelectionMember.role, Edition.name, LearnerGroup.shown_name),
            *(named.id, named.version_id, exists().where(SecondFactor.person_id == person_id), takes_part),
        )
        .join(Course, Course.id == Selection.course_id)
        .join(named, named.id == newest)
        .outerjoin(CourseStaff, and_(CourseStaff.course_id == Course.id, CourseStaff.person_id == person_id))
        .outerjoin(SelectionMember, is_member)
        .outerjoin(Edition, Edition.id == Selection.edition_id)
        .outerjoin(LearnerGroup, LearnerGroup.id == Selection.group_id)
    )


def read_context(session: Session, values: ContextRow) -> SelectionContext:
    """Return a selection before an actor, from its row."""
    row, slug, staff_role, role, edition, group, activity_id, version_id, has_factor, takes_part = values
    return SelectionContext(
        id=row.id,
        uuid=row.uuid,
        course_id=row.course_id,
        slug=slug,
        key=row.activity_key,
        activity_id=activity_id,
        outline=get_outline(session, version_id),
        people=edition or group or "",
        staff_role=StaffRole(staff_role) if staff_role else None,
        role=MemberRole(role) if role else None,
        has_second_factor=has_factor,
        is_participant=takes_part,
    )


def get_selection(session: Session, actor: Actor, selection: UUID) -> SelectionContext:
    """Return a selection before an actor; raise NotFound."""
    if actor.person_id is None:
        raise NotFound
    row = session.execute(context_of(actor.person_id).where(Selection.uuid == selection)).one_or_none()
    if row is None:
        raise NotFound
    return read_context(session, cast("ContextRow", tuple(row)))


def lock_selection(session: Session, selection_id: int) -> Selection:
    """Return a selection, after every other change of it, of its members and of its actas."""
    statement = select(Selection).where(Selection.id == selection_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one()
