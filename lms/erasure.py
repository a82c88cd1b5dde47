"""A person is forgotten (spec/security 7.3), or two accounts of one person are merged, as each package says for its rows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import accounts, people, privacy, uploads
from accounts import people as account_queries
from accounts.access import MergePair
from accounts.models import AccountMerge, Person, RoleGrant
from certificates.models import Credential
from courses.models import Course
from enrolments import enrolment
from enrolments.models import Completion, Enrolment
from enrolments.rules import CourseHistory, is_better
from kernel.errors import N_, Conflict, NotFound
from kernel.permissions import Actor, SiteRole
from kernel.personal import COURSE_TRANSFERS, ERASURES, MERGERS, TRANSFERS, move_rows
from quizzes.models import Attempt


def erase_person(session: Session, actor: Actor, person: Person, *, now: datetime) -> None:
    """Take away everything that says who a person was; raise Conflict where no administrator would be left."""
    for account in people.accounts_of(session, person):
        for erase in ERASURES.of(session):
            erase(session, account, now=now)
        enrolment.end_enrolments(session, actor, account.id, now=now)
    privacy.anonymise(session, actor, person, now=now)


def get_pair(session: Session, actor: Actor, person: UUID, other: UUID) -> MergePair:
    """Return two accounts: the one that stays and the one that is closed; raise NotFound."""
    if person == other:
        raise NotFound
    return MergePair(account_queries.get_person_by_uuid(session, person), account_queries.get_person_by_uuid(session, other))


@dataclass(frozen=True, slots=True)
class AccountCourseRecord:
    """A person's record in a course."""

    history: CourseHistory
    attempts: int
    certificates: int


def _courses_of(session: Session, person_id: int) -> dict[int, AccountCourseRecord]:
    """Return a person's record of each course: of several takes the best history, with the attempts and certificates of all."""
    attempts = select(func.count()).where(Attempt.person_id == person_id, Attempt.course_id == Enrolment.course_id, ~Attempt.preview)
    papers = select(func.count()).where(Credential.person_id == person_id, Credential.course_id == Enrolment.course_id)
    statement = (
        select(Enrolment, Completion, attempts.scalar_subquery(), papers.scalar_subquery())
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id == person_id)
    )
    records: dict[int, AccountCourseRecord] = {}
    for row, completion, count, issued in session.execute(statement.order_by(Enrolment.take)):
        record, best = AccountCourseRecord(_history(row, completion), count, issued), records.get(row.course_id)
        records[row.course_id] = record if best is None or is_better(record.history, best.history) else best
    return records


def _history(row: Enrolment, completion: Completion | None) -> CourseHistory:
    completed_at, grade = (completion.completed_at, completion.grade) if completion else (None, None)
    return CourseHistory(completed_at, grade, row.left_at is None, done=row.done, total=row.total, enrolled_at=row.enrolled_at)


def list_courses(session: Session, pair: MergePair) -> list[tuple[Course, AccountCourseRecord | None, AccountCourseRecord | None, bool]]:
    """List the courses that either takes or took: what the account that stays has, what the closed one has, and whether that moves.

    What moves becomes the other's; what the other had, if anything, becomes the closed one's.
    """
    remaining, closed = _courses_of(session, pair.kept.id), _courses_of(session, pair.closed.id)
    rows = session.scalars(select(Course).where(Course.id.in_({*remaining, *closed})).order_by(Course.id))
    return [
        (row, present, ended, _moves(present, ended)) for row in rows for present, ended in ((remaining.get(row.id), closed.get(row.id)),)
    ]


def _moves(remaining: AccountCourseRecord | None, closed: AccountCourseRecord | None) -> bool:
    return closed is not None and (remaining is None or is_better(closed.history, remaining.history))


def refusal(session: Session, pair: MergePair) -> str:
    """Return why two accounts cannot become one, or nothing."""
    remaining, closed = pair.kept, pair.closed
    if account_queries.find_merge(session, closed.id) or account_queries.find_merge(session, remaining.id):
        return N_("One of them was merged into another account already.")
    if remaining.suspended_at is not None:
        return N_("The account to keep is suspended. Restore it first.")
    numbers = {account_queries.find_national_id(session, person.id) for person in (remaining, closed)} - {""}
    if len(numbers) > 1:
        return N_("Their identity numbers differ. Correct the wrong one first, unless they are two different people.")
    if account_queries.is_last_administrator(session, closed.id):
        return N_("Make someone else an administrator first.")
    return ""


def merge(session: Session, actor: Actor, pair: MergePair, reason: str, *, now: datetime) -> AccountMerge:
    """Close one account and give what it has to the other; raise Conflict where they cannot become one."""
    people = select(Person).where(Person.id.in_((pair.kept.id, pair.closed.id))).order_by(Person.id).with_for_update()
    rows = {row.id: row for row in session.scalars(people.execution_options(populate_existing=True))}
    remaining, closed = rows[pair.kept.id], rows[pair.closed.id]
    account_queries.lock_administrators(session)  # nobody else may stop being one meanwhile
    refused = refusal(session, MergePair(remaining, closed))
    if refused:
        raise Conflict(refused)
    moved = [course.id for course, _present, _ended, moves in list_courses(session, pair) if moves]
    _swap_courses(session, closed.id, remaining.id, moved, now=now)
    for transfer in TRANSFERS.of(session):
        transfer(session, closed.id, remaining.id)
    move_rows(session, closed.id, remaining.id)
    for role in session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == closed.id)).all():
        accounts.grant_role(session, actor, remaining, SiteRole(role), now=now)
        accounts.revoke_role(session, actor, closed, SiteRole(role), now=now)
    for merge_into in MERGERS.of(session):
        merge_into(session, actor, closed, remaining, now=now)
    return accounts.close_after_merge(session, actor, closed, remaining, reason, moved, now=now)


def _swap_courses(session: Session, closed: int, remaining: int, courses: list[int], *, now: datetime) -> None:
    """Exchange what two people have in some courses. A third row of `person`, gone again at the end, holds what is on its way.

    Constraints name person and course, so that the two cannot change places at one stroke.
    """
    if not courses:
        return
    with uploads.limit_pending_uploads(session, now=now) as between:
        for course in courses:
            for giver, taker in ((remaining, between), (closed, remaining), (between, closed)):
                for transfer in COURSE_TRANSFERS.of(session):
                    transfer(session, course, giver, taker)
                move_rows(session, giver, taker, course_id=course)
