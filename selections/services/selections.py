"""Making selections, naming their juries and readers, each an entry in the audit log (spec/selection 4.1 and 12)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.people import find_person_by_email
from accounts.second_factor import has_factor
from courses.catalogue import lock_course
from courses.models import Course
from enrolments.learner_groups import find_group
from enrolments.models import Edition
from kernel import audit
from kernel.errors import N_, Conflict, Invalid
from kernel.permissions import Actor
from quizzes.snapshots import find_published_snapshot
from selections.audit_verbs import SelectionVerb
from selections.models import MemberRole, Selection, SelectionMember
from selections.queries.selections import SelectionScope, is_participant, lock_selection


class NotSelecting(Conflict):
    """A quiz whose published version does not say that its results are used outside the course."""

    code = "not_selecting"
    message = N_("The published quiz does not say that its results are used outside the course. Only such a quiz has actas.")


class UnknownMember(Invalid):
    """An address without an account, or whose account has no second factor: the two are not told apart."""

    code = "unknown_member"
    message = N_(
        "There is no account with this address that has a second step. A second step is required: ask the person to add one first."
    )


class ParticipantNamed(Invalid):
    """A person whose own result the selection lists."""

    code = "participant_named"
    message = N_("This person takes part in the selection, so they can be neither in its jury nor a reader.")


def create_selection(
    session: Session, actor: Actor, course_id: int, key: str, *, edition: UUID | None, group: UUID | None, now: datetime
) -> Selection:
    """Make a selection of a quiz's edition or group, or return the one that there is; raise NotSelecting, or Invalid for no such place."""
    assert actor.person_id is not None
    course = lock_course(session, course_id)
    _check_quiz(session, course, key)
    scope = _scope(session, course_id, edition, group)
    present = session.scalar(
        select(Selection).where(
            Selection.course_id == course_id,
            Selection.activity_key == key,
            Selection.edition_id == scope.edition_id if scope.edition_id else Selection.group_id == scope.group_id,
        )
    )
    if present is not None:
        return present
    row = Selection(
        course_id=course_id,
        activity_key=key,
        edition_id=scope.edition_id,
        group_id=scope.group_id,
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, SelectionVerb.CREATED, row, now=now, course=course_id, activity=key)
    return row


def _check_quiz(session: Session, course: Course, key: str) -> None:
    snapshot = find_published_snapshot(session, course, key)
    if snapshot is None or snapshot.selection is None:
        raise NotSelecting


def _scope(session: Session, course_id: int, edition: UUID | None, group: UUID | None) -> SelectionScope:
    if edition is not None:
        edition_id = session.scalar(select(Edition.id).where(Edition.course_id == course_id, Edition.uuid == edition))
        if edition_id is not None:
            return SelectionScope(course_id, edition_id=edition_id)
    if group is not None and (row := find_group(session, course_id, group)) is not None:
        return SelectionScope(course_id, group_id=row.id)
    raise Invalid(N_("Choose the edition or the group that the acta is about."))


def name_member(session: Session, actor: Actor, selection_id: int, email: str, role: MemberRole, *, now: datetime) -> None:
    """Name a person for a selection, or change what they are in it; raise UnknownMember or ParticipantNamed."""
    assert actor.person_id is not None
    row = lock_selection(session, selection_id)
    person = find_person_by_email(session, email)
    if person is None or person.suspended_at is not None or not has_factor(session, person.id):
        raise UnknownMember
    if is_participant(session, row, person.id):
        raise ParticipantNamed
    present = session.scalar(
        select(SelectionMember).where(
            SelectionMember.selection_id == row.id, SelectionMember.person_id == person.id, SelectionMember.ended_at.is_(None)
        )
    )
    if present is not None:
        if present.role == role.value:
            return
        present.ended_at, present.ended_by = now, actor.person_id
        session.flush()
    session.add(SelectionMember(selection_id=row.id, person_id=person.id, role=role.value, named_at=now, named_by=actor.person_id))
    session.flush()
    audit.record(session, actor, SelectionVerb.MEMBER_NAMED, row, now=now, person=person.id, role=role.value)


def end_member(session: Session, actor: Actor, selection_id: int, member_id: int, *, now: datetime) -> None:
    """End what a person is in a selection; a second time changes nothing. What they signed stays signed."""
    row = lock_selection(session, selection_id)
    ended = session.execute(
        update(SelectionMember)
        .where(SelectionMember.id == member_id, SelectionMember.ended_at.is_(None))
        .values(ended_at=now, ended_by=actor.person_id)
        .returning(SelectionMember.person_id)
    ).scalar_one_or_none()
    if ended is not None:
        audit.record(session, actor, SelectionVerb.MEMBER_ENDED, row, now=now, person=ended)
