"""Regrades and the attempts and answers that they concern, read and locked, and the decisions of juries on questions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts.models import Person
from courses.models import Course
from enrolments.models import Enrolment
from kernel.db import HookList, count_rows
from kernel.errors import NotFound, require_found
from kernel.own_records import of_others
from kernel.permissions import Actor
from questions import question_bank
from questions.models import Question, QuestionVersion
from questions.rules.definitions import QuestionDefinition
from questions.rules.marking import MarkState
from quizzes import teaching
from quizzes.access import QuizContext
from quizzes.marks import share
from quizzes.models import Attempt, AttemptItem, MarkEvent, Regrade, RegradeDryRunMark, RegradeDryRunRow, VoidedQuestion
from quizzes.rules.regrade import RegradeKind
from quizzes.rules.states import ENDED_STATES, AttemptState


@dataclass(frozen=True)
class RegradeContext(QuizContext):
    """The context of a regrade of a quiz, for those who may commit it."""

    row: Regrade


def get_regrade(session: Session, actor: Actor, slug: str, key: str, regrade: UUID) -> RegradeContext:
    """Return a regrade of this quiz; raise NotFound."""
    return _regrade(session, actor, slug, key, select(Regrade).where(Regrade.uuid == regrade))


def lock_regrade(session: Session, actor: Actor, slug: str, key: str, regrade: UUID) -> RegradeContext:
    """Return a regrade of this quiz, its row locked; a mark that names it waits for nobody."""
    return _regrade(session, actor, slug, key, select(Regrade).where(Regrade.uuid == regrade).with_for_update(key_share=True))


def _regrade(session: Session, actor: Actor, slug: str, key: str, statement: Select[Regrade]) -> RegradeContext:
    context = teaching.get_taught_quiz(session, actor, slug, key)
    row = session.scalar(statement)
    if row is None or (row.course_id, row.activity_key) != (context.course_id, context.key):
        raise NotFound
    return RegradeContext(**vars(context), row=row)


def lock_regrade_by_id(session: Session, regrade_id: int) -> Regrade:
    """Return a regrade for the system itself, its row locked."""
    return session.execute(select(Regrade).where(Regrade.id == regrade_id).with_for_update(key_share=True)).scalar_one()


@dataclass(frozen=True, slots=True)
class QuizQuestionVersions:
    """A question that a quiz has asked, with its versions, the newest first, whether or not they were asked.

    A version has its `id` and `number`, and in how many submitted `attempts` it was asked.
    """

    id: int
    key: str
    versions: Sequence[Row[*tuple[Any, ...]]]

    @property
    def attempts(self) -> int:
        """Count the attempts in which it was asked."""
        return sum(version.attempts for version in self.versions)


def list_question_versions(session: Session, context: QuizContext) -> list[QuizQuestionVersions]:
    """List the questions that the submitted attempts of a quiz asked, in the order in which they were made."""
    counted = (
        select(AttemptItem.question_version_id, func.count(AttemptItem.attempt_id.distinct()).label("attempts"))
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(*_finished(context.course_id, context.key), AttemptItem.number.is_not(None))
        .group_by(AttemptItem.question_version_id)
        .subquery()
    )
    mine = select(QuestionVersion.question_id).join(counted, counted.c.question_version_id == QuestionVersion.id)
    rows = session.execute(
        select(
            *(QuestionVersion.id, QuestionVersion.number, func.coalesce(counted.c.attempts, 0).label("attempts")),
            *(Question.id.label("question_id"), Question.key),
        )
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .outerjoin(counted, counted.c.question_version_id == QuestionVersion.id)
        .where(Question.id.in_(mine))
        .order_by(Question.id, QuestionVersion.number.desc())
        .limit(2000)
    )
    by_question = [list(versions) for _question_id, versions in groupby(rows, key=lambda row: row.question_id)]
    return [QuizQuestionVersions(versions[0].question_id, versions[0].key, versions) for versions in by_question]


def find_question_versions(session: Session, context: QuizContext, key: str) -> QuizQuestionVersions:
    """Return one of them; raise NotFound."""
    return require_found(next((listed for listed in list_question_versions(session, context) if listed.key == key), None))


def _finished(course_id: int, activity_key: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on attempts that can be regraded: submitted, by learners."""
    return (
        Attempt.course_id == course_id,
        Attempt.activity_key == activity_key,
        Attempt.state == AttemptState.FINISHED.value,
        Attempt.enrolment_id.is_not(None),
        ~Attempt.preview,
    )


def covered(regrade: Regrade) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on attempts that a regrade covers."""
    conditions = _finished(regrade.course_id, regrade.activity_key)
    if regrade.question_id is None:
        return conditions
    contains_question = (
        exists()
        .where(AttemptItem.attempt_id == Attempt.id)
        .where(AttemptItem.question_version_id == QuestionVersion.id)
        .where(*_is_about(regrade))
    )
    return (*conditions, contains_question)


def _is_about(regrade: Regrade) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on versions that a regrade of a question is about."""
    only = () if regrade.version_id is None else (QuestionVersion.id == regrade.version_id,)
    return (QuestionVersion.question_id == regrade.question_id, *only)


def versions_to_regrade(session: Session, regrade: Regrade) -> frozenset[int]:
    """Return the question versions that the attempts of a regrade asked."""
    statement = select(AttemptItem.question_version_id).join(Attempt, Attempt.id == AttemptItem.attempt_id)
    return frozenset(session.scalars(statement.where(*covered(regrade)).distinct()))


def _has_line(regrade: Regrade) -> ColumnElement[bool]:
    return exists().where(RegradeDryRunRow.regrade_id == regrade.id, RegradeDryRunRow.attempt_id == Attempt.id)


def count_submitted_since(session: Session, regrade: Regrade) -> int:
    """Count the attempts that were submitted after the dry run read those of their learner."""
    return count_rows(session, Attempt, *covered(regrade), ~_has_line(regrade))


def next_enrolments(session: Session, regrade: Regrade, *, after: int, limit: int) -> list[int]:
    """List the next learners, by enrolment, with an attempt that has no line in the dry run yet."""
    attempt = exists().where(Attempt.person_id == Enrolment.person_id, Attempt.enrolment_id == Enrolment.id)
    statement = (
        select(Enrolment.id)
        .where(Enrolment.course_id == regrade.course_id, Enrolment.id > after)
        .where(attempt.where(*covered(regrade), ~_has_line(regrade)))
        .order_by(Enrolment.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def _of_learners(enrolment_ids: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    """Return the statement of some enrolments' attempts, by the learners: that is how attempts are found quickly."""
    people = select(Enrolment.person_id).where(Enrolment.id.in_(enrolment_ids))
    return (Attempt.person_id.in_(people), Attempt.enrolment_id.in_(enrolment_ids))


@dataclass(frozen=True, slots=True)
class PresentItem:
    """One question of an attempt with its present mark."""

    id: int
    attempt_id: int
    section: int
    question_version_id: int
    maximum: Fraction
    event_id: int
    origin: str
    fraction: Fraction | None
    state: MarkState


_LAST = select(func.max(MarkEvent.id)).where(MarkEvent.item_id == AttemptItem.id).correlate(AttemptItem).scalar_subquery()


PRESENT = select(
    AttemptItem.id,
    AttemptItem.attempt_id,
    AttemptItem.section,
    AttemptItem.question_version_id,
    AttemptItem.maximum,
    MarkEvent.id.label("event_id"),
    MarkEvent.origin,
    MarkEvent.fraction,
    MarkEvent.exact,
    MarkEvent.state,
).join(MarkEvent, MarkEvent.id == _LAST)
"""Questions of attempts with their present marks, which `present_item` reads."""


def list_present_items(session: Session, attempt_ids: Sequence[int]) -> dict[int, list[PresentItem]]:
    """Return the questions of submitted attempts with their present marks, by attempt in their order."""
    statement = PRESENT.where(AttemptItem.attempt_id.in_(attempt_ids)).order_by(AttemptItem.attempt_id, AttemptItem.position)
    items: dict[int, list[PresentItem]] = {}
    for row in session.execute(statement):
        items.setdefault(row.attempt_id, []).append(present_item(row))
    return items


def present_item(row: Row[*tuple[Any, ...]]) -> PresentItem:
    """Return the item of a row of `PRESENT`."""
    return PresentItem(
        row.id,
        row.attempt_id,
        row.section,
        question_version_id=row.question_version_id,
        maximum=Fraction(row.maximum),
        event_id=row.event_id,
        origin=row.origin,
        fraction=share(row),
        state=MarkState(row.state),
    )


def layouts_of(session: Session, item_ids: Sequence[int]) -> dict[int, str]:
    """Return the layouts of items, as stored."""
    return dict(session.execute(select(AttemptItem.id, AttemptItem.layout).where(AttemptItem.id.in_(item_ids))).all())


def list_ended(session: Session, regrade: Regrade, enrolment_ids: Sequence[int]) -> dict[int, list[Attempt]]:
    """Return the attempts of some learners that count, by enrolment in their order, as they stand now."""
    statement = (
        select(Attempt)
        .where(
            Attempt.course_id == regrade.course_id,
            Attempt.activity_key == regrade.activity_key,
            *_of_learners(enrolment_ids),
            Attempt.state.in_([state.value for state in ENDED_STATES]),
            ~Attempt.preview,
        )
        .order_by(Attempt.enrolment_id, Attempt.number)
        .execution_options(populate_existing=True)
    )
    attempts_of: dict[int, list[Attempt]] = {}
    for attempt in session.scalars(statement):
        attempts_of.setdefault(attempt.enrolment_id or 0, []).append(attempt)
    return attempts_of


def list_covered_ids(session: Session, regrade: Regrade, enrolment_ids: Sequence[int]) -> list[int]:
    """Return the attempts of some learners that the dry run covers but has no line for yet."""
    statement = select(Attempt.id).where(*covered(regrade), *_of_learners(enrolment_ids), ~_has_line(regrade))
    return list(session.scalars(statement.order_by(Attempt.id)))


def voided_versions(session: Session, regrade: Regrade) -> frozenset[int]:
    """Return the question versions that are void in the quiz now."""
    held = (
        VoidedQuestion.course_id == regrade.course_id,
        VoidedQuestion.activity_key == regrade.activity_key,
        VoidedQuestion.lifted_at.is_(None),
    )
    return frozenset(session.scalars(select(VoidedQuestion.question_version_id).where(*held)))


def versions_of(session: Session, regrade: Regrade) -> list[int]:
    """Return the versions that the question of a regrade had when it was requested, the oldest first; or the only one that it is about."""
    statement = select(QuestionVersion.id).where(*_is_about(regrade), QuestionVersion.created_at <= regrade.created_at)
    return list(session.scalars(statement.order_by(QuestionVersion.number)))


def list_regrades(session: Session, context: QuizContext, *, limit: int = 50) -> Sequence[Row[Regrade, str | None, Person, Person | None]]:
    """List the regrades of a quiz with the key of their question, their author and who put them in force, the newest first.

    Discarded dry runs are left out.
    """
    decider = aliased(Person)
    statement = (
        select(Regrade, Question.key, Person, decider)
        .outerjoin(Question, Question.id == Regrade.question_id)
        .join(Person, Person.id == Regrade.created_by)
        .outerjoin(decider, decider.id == Regrade.committed_by)
        .where(Regrade.course_id == context.course_id, Regrade.activity_key == context.key, Regrade.state != "discarded")
        .order_by(Regrade.id.desc())
        .limit(limit)
    )
    return session.execute(statement).all()


def later_regrade(session: Session, regrade: Regrade) -> Regrade | None:
    """Return the newest committed regrade that touched an answer after this one did; it must be undone first."""
    mine = select(RegradeDryRunMark.item_id).where(RegradeDryRunMark.regrade_id == regrade.id)
    statement = (
        select(Regrade)
        .join(RegradeDryRunMark, RegradeDryRunMark.regrade_id == Regrade.id)
        .where(RegradeDryRunMark.item_id.in_(mine), Regrade.id != regrade.id, Regrade.state == "committed")
        .where(Regrade.committed_at >= regrade.committed_at)
        .order_by(Regrade.committed_at.desc(), Regrade.id.desc())
        .limit(1)
    )
    return session.scalar(statement)


def last_event_of(item_id: InstrumentedAttribute[int]) -> ScalarSelect[int]:
    """Return the last marking of the item that a column of the surrounding statement names."""
    event = aliased(MarkEvent)
    return select(func.max(event.id)).where(event.item_id == item_id).scalar_subquery()


def find_marking_versions(session: Session, regrade_ids: Sequence[int]) -> dict[int, QuestionDefinition]:
    """Return the version used to mark, by regrade, for those that used another version than was asked."""
    if not regrade_ids:
        return {}
    rows = session.execute(select(Regrade.id, Regrade.target_id).where(Regrade.id.in_(regrade_ids), Regrade.target_id.is_not(None)))
    targets = {regrade_id: version for regrade_id, version in rows if version is not None}
    questions = question_bank.get_questions(session, list(targets.values()))
    return {regrade_id: questions[version] for regrade_id, version in targets.items()}


def _relied_on(regrade: Regrade) -> ColumnElement[bool]:
    """Return the condition on dry run lines that must not change: those it changes, of a void also those as it makes them."""
    mine = RegradeDryRunRow.regrade_id == regrade.id
    return mine if RegradeKind(regrade.kind).voids else mine & RegradeDryRunRow.changed


def lock_dry_run_attempts(session: Session, regrade: Regrade) -> None:
    """Lock every attempt that a dry run would change, of a void all that it saw, in the order of their ids."""
    lines = select(RegradeDryRunRow.attempt_id).where(_relied_on(regrade))
    session.execute(select(Attempt.id).where(Attempt.id.in_(lines)).order_by(Attempt.id).with_for_update()).all()


def is_outdated(session: Session, regrade: Regrade) -> bool:
    """Return whether an attempt whose marks a dry run would change has been marked or reopened since it was read.

    Of a void, which is for all, any attempt: one with the full mark may have been answered otherwise since.
    """
    last = (
        select(func.max(MarkEvent.id))
        .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
        .where(AttemptItem.attempt_id == RegradeDryRunRow.attempt_id)
        .correlate(RegradeDryRunRow)
        .scalar_subquery()
    )
    statement = (
        select(RegradeDryRunRow.attempt_id)
        .join(Attempt, Attempt.id == RegradeDryRunRow.attempt_id)
        .where(_relied_on(regrade))
        .where(or_(last != RegradeDryRunRow.basis, Attempt.state != AttemptState.FINISHED.value))
        .limit(1)
    )
    return session.scalar(statement) is not None


def _touched(regrade_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Attempt.id, Attempt.enrolment_id)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(MarkEvent, MarkEvent.item_id == AttemptItem.id)
        .where(MarkEvent.regrade_id == regrade_id, Attempt.enrolment_id.is_not(None))
        .distinct()
    )


def lock_touched(session: Session, regrade_id: int) -> None:
    """Lock every attempt that a regrade has touched, in the order of their ids."""
    touched = select(_touched(regrade_id).subquery().c.id)
    session.execute(select(Attempt.id).where(Attempt.id.in_(touched)).order_by(Attempt.id).with_for_update()).all()


def lock_submitted_since(session: Session, regrade: Regrade) -> None:
    """Lock every attempt that was submitted after the dry run read those of its learner, in the order of their ids."""
    arrived = select(Attempt.id).where(*covered(regrade), ~_has_line(regrade))
    session.execute(arrived.order_by(Attempt.id).with_for_update(of=Attempt)).all()


def lock_unfinished(session: Session, regrade: Regrade) -> None:
    """Lock every unsubmitted attempt of learners at the quiz, in the order of their ids: wait for those being submitted."""
    unfinished = select(Attempt.id).where(
        Attempt.course_id == regrade.course_id,
        Attempt.activity_key == regrade.activity_key,
        Attempt.state != AttemptState.FINISHED.value,
        Attempt.enrolment_id.is_not(None),
    )
    session.execute(unfinished.order_by(Attempt.id).with_for_update()).all()


def attempts_to_mark(session: Session, actor: Actor, regrade_id: int) -> dict[int, list[int]]:
    """Return the attempts to which a dry run gives marks that are still missing, by enrolment in order: two numbers each.

    The actor's own are left out (`kernel.own_records`).
    """
    return _by_enrolment(session, _to_mark(regrade_id).where(of_others(actor, Attempt.person_id)).distinct())


def _to_mark(regrade_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Attempt.id, Attempt.enrolment_id)
        .join(RegradeDryRunMark, RegradeDryRunMark.attempt_id == Attempt.id)
        .where(RegradeDryRunMark.regrade_id == regrade_id, RegradeDryRunMark.before_id == last_event_of(RegradeDryRunMark.item_id))
    )


def attempts_to_restore(session: Session, actor: Actor, regrade_id: int) -> dict[int, list[int]]:
    """Return the attempts with an answer whose present mark a regrade gave, by enrolment in order; not the actor's own."""
    return _by_enrolment(session, _to_restore(regrade_id).where(of_others(actor, Attempt.person_id)))


def _to_restore(regrade_id: int) -> Select[*tuple[Any, ...]]:
    return _touched(regrade_id).where(MarkEvent.id == last_event_of(MarkEvent.item_id))


def own_attempts(actor: Actor, regrade: Regrade) -> Select[int]:
    """Select the actor's own attempts at the quiz of a regrade."""
    mine = select(Attempt.id).where(Attempt.course_id == regrade.course_id, Attempt.activity_key == regrade.activity_key)
    return mine.where(Attempt.person_id == actor.person_id)


def list_left_out(session: Session, regrade: Regrade) -> Sequence[Person]:
    """List those whose attempts a commit or an undoing left out, because it was their own act, and nobody else has applied it yet."""
    waiting = {"committed": _to_mark, "undone": _to_restore}.get(regrade.state)
    if waiting is None:
        return ()
    attempts = waiting(regrade.id).distinct().subquery()
    people = select(Person).where(Person.id.in_(select(Attempt.person_id).join(attempts, attempts.c.id == Attempt.id)))
    return session.scalars(people.order_by(Person.id).limit(50)).all()


def _by_enrolment(session: Session, attempts: Select[*tuple[Any, ...]]) -> dict[int, list[int]]:
    by_enrolment: dict[int, list[int]] = {}
    for attempt_id, enrolment_id in session.execute(attempts.order_by(Attempt.enrolment_id, Attempt.id)):
        by_enrolment.setdefault(enrolment_id, []).append(attempt_id)
    return by_enrolment


def get_regrade_path(session: Session, regrade: Regrade) -> str:
    """Return the path of the page that tells of a regrade."""
    slug = session.get_one(Course, regrade.course_id).slug
    return f"/courses/{slug}/quizzes/{regrade.activity_key}/regrades/{regrade.uuid}"


DECIDED_VERSIONS = HookList[Callable[[Session, int, str], Iterable[int]]]("decided_versions")
"""Gives the question versions on which a jury decided."""


def decided_versions(session: Session, course_id: int, activity_key: str) -> frozenset[int]:
    """Return the question versions of a quiz about which a jury has decided."""
    return frozenset(version for source in DECIDED_VERSIONS.of(session) for version in source(session, course_id, activity_key))


def touches_decided(session: Session, regrade: Regrade) -> bool:
    """Return whether a dry run or what was committed of it holds marks of a version about which a jury has decided."""
    decided = decided_versions(session, regrade.course_id, regrade.activity_key)
    statement = (
        select(AttemptItem.id)
        .join(RegradeDryRunMark, RegradeDryRunMark.item_id == AttemptItem.id)
        .where(RegradeDryRunMark.regrade_id == regrade.id, AttemptItem.question_version_id.in_(decided))
    )
    return bool(decided) and session.scalar(statement.limit(1)) is not None


def has_corrected_marks(session: Session, attempt_id: int) -> bool:
    """Return whether an answer of an attempt is marked by the key that a jury corrected; handing it in again would lose that."""
    statement = (
        select(AttemptItem.id)
        .join(MarkEvent, MarkEvent.id == last_event_of(AttemptItem.id))
        .join(Regrade, Regrade.id == MarkEvent.regrade_id)
        .where(AttemptItem.attempt_id == attempt_id, Regrade.for_objection, Regrade.kind == RegradeKind.OTHER.value)
    )
    return session.scalar(statement.limit(1)) is not None
