"""Reads learners before their courses: contexts of pages, results, completions, people, and the courses that come next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from functools import cache
from posixpath import basename
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import is_permanently_closed_condition
from courses import catalogue, drafts, versions
from courses.access import edits
from courses.catalogue import BELONGS, found_by
from courses.kinds import COURSE_KINDS, LearnerCounts, sets_no_dates
from courses.models import Course, CourseStaff, CourseVersion, StaffRole
from courses.rules import Outline, OutlineActivity
from discussions.models import Board, BoardState
from enrolments.access import ActivityContext, CourseFileContext, LearnerContext, view_activity
from enrolments.models import ActivityResult, Completion, CourseBoard, Edition, EditionPlace, Enrolment, ManualGradeItem
from enrolments.rules import GradeItemWeight, LearnerResult, Results, activity_closed, closed_activities
from kernel import clock
from kernel.compiled_statements import compile_once
from kernel.db import connection_of, shared_alias
from kernel.errors import NotFound, require_found
from kernel.permissions import Actor, Verdict
from spaces.acts import lock_person


@dataclass(frozen=True, slots=True)
class LearningRecord:
    """A person's learning record in one course, as administrators look at it."""

    person: Person
    enrolment: Enrolment
    outline: Outline
    completion: Completion | None
    results: Mapping[str, ActivityResult]

    @property
    def completed_keys(self) -> frozenset[str]:
        """Return the activities whose completion can be taken back."""
        return frozenset(key for key, row in self.results.items() if row.completed_at is not None)


_FOLLOWED = func.coalesce(Enrolment.course_version_id, Course.published_version_id)
_Open = shared_alias(Edition)
_LEARNER_CONTEXTS = (
    select(
        Course.id,
        Course.slug,
        Course.archived_at,
        CourseVersion.id.label("version_id"),
        CourseVersion.visibility,
        CourseVersion.enrolment,
        CourseVersion.opens_at,
        CourseVersion.closes_at,
        CourseStaff.role,
        Enrolment.id.label("enrolment_id"),
        Enrolment.take,
        Enrolment.begun_at,
        Enrolment.last_activity_key,
        Enrolment.muted_at,
        Edition.name.label("edition"),
        Edition.starts_at,
        Edition.ends_at,
        BELONGS.label("belongs"),
        Board.id.is_not(None).label("has_board"),
        exists().where(_Open.course_id == Course.id, _Open.self_enrolment, _Open.closed_at.is_(None)).label("by_edition"),
    )
    .outerjoin(
        Enrolment, (Enrolment.course_id == Course.id) & (Enrolment.person_id == bindparam("person_id")) & Enrolment.left_at.is_(None)
    )
    .outerjoin(EditionPlace, EditionPlace.enrolment_id == Enrolment.id)
    .outerjoin(Edition, Edition.id == EditionPlace.edition_id)
    .outerjoin(CourseVersion, CourseVersion.id == _FOLLOWED)
    .outerjoin(CourseBoard, CourseBoard.course_id == Course.id)
    .outerjoin(Board, (Board.id == CourseBoard.board_id) & (Board.state != BoardState.OFF.value))
    .outerjoin(CourseStaff, (CourseStaff.course_id == Course.id) & (CourseStaff.person_id == bindparam("person_id")))
)
_LEARNER_CONTEXT = compile_once(_LEARNER_CONTEXTS.where(Course.slug == bindparam("slug")))
MOST_CONTEXTS = 200
GRADE_ITEM_OF_RESULT = (ManualGradeItem.key == ActivityResult.activity_key) & ManualGradeItem.retired_at.is_(None)
"""Joins a result to the item marked by hand that it is of."""
_RESULT_COLUMNS = (
    ActivityResult.enrolment_id,
    ActivityResult.activity_key,
    ActivityResult.viewed_at,
    ActivityResult.completed_at,
    ActivityResult.score,
    ActivityResult.passed,
    ActivityResult.exhausted,
    ActivityResult.overridden_at,
    ManualGradeItem.category,
    ManualGradeItem.weight,
)
_RESULTS_OF_ALL = select(*_RESULT_COLUMNS).outerjoin(ManualGradeItem, GRADE_ITEM_OF_RESULT)
_RESULTS = compile_once(_RESULTS_OF_ALL.where(ActivityResult.enrolment_id == bindparam("enrolment_id")))
_RESULTS_OF_SOME = compile_once(_RESULTS_OF_ALL.where(ActivityResult.enrolment_id.in_(bindparam("enrolments", expanding=True))))


def get_learner_context(session: Session, actor: Actor, slug: str) -> LearnerContext:
    """Return the page context of a course; raise NotFound."""
    if (row := connection_of(session).execute(_LEARNER_CONTEXT, {"slug": slug, "person_id": actor.person_id}).one_or_none()) is None:
        raise NotFound
    return _learner_context(row)


def visible_learner_contexts(session: Session, actor: Actor) -> list[LearnerContext]:
    """List the page contexts of the courses that the actor may look at, the actor's own first, at most 200."""
    statement = _visible_contexts(everywhere=actor.is_administrator, is_anonymous=actor.is_anonymous)
    return [_learner_context(row) for row in connection_of(session).execute(statement, {"person_id": actor.person_id})]


@cache
def _visible_contexts(*, everywhere: bool, is_anonymous: bool) -> Select[*tuple[Any, ...]]:
    """Return the statement of the contexts of some reader, put together once for all like them."""
    mine = or_(Enrolment.id.is_not(None), CourseStaff.id.is_not(None))
    statement = _LEARNER_CONTEXTS.where(CourseVersion.id.is_not(None)).order_by(case((mine, 0), else_=1), Course.id).limit(MOST_CONTEXTS)
    is_visible = catalogue.found_by(is_anonymous=is_anonymous) & Course.archived_at.is_(None)
    return statement if everywhere else statement.where(mine | is_visible)


def visible_course_ids(actor: Actor) -> Select[int]:
    """Select the ids of all courses that the actor may look at; a statement with it is executed with the actor's `person_id`."""
    contexts = _visible_contexts(everywhere=actor.is_administrator, is_anonymous=actor.is_anonymous)
    return contexts.with_only_columns(Course.id, maintain_column_froms=True).order_by(None).limit(None).correlate(None)


def visible_activities(session: Session, actor: Actor, contexts: Sequence[LearnerContext]) -> dict[int, list[OutlineActivity]]:
    """Return the activities that the actor may open, by the version of each of these contexts: those that `view_activity` allows."""
    outlines = versions.list_outlines(session, [context.version_id for context in contexts if context.version_id is not None])
    enrolled = [context.enrolment_id for context in contexts if context.enrolment_id is not None]
    results = results_of_many(session, enrolled) if enrolled else {}
    activities = {}
    for context in contexts:
        outline = outlines[context.version_id or 0]
        closed = closed_activities(outline, results.get(context.enrolment_id or 0, {}), context.now)
        subjects = (
            ActivityContext(context, outline, activity, context.not_begun or closed[activity.key]) for activity in outline.activities()
        )
        activities[outline.version_id] = [subject.activity for subject in subjects if view_activity(actor, subject) is Verdict.ALLOW]
    return activities


def _learner_context(row: Any) -> LearnerContext:
    return LearnerContext(
        course_id=row.id,
        slug=row.slug,
        version_id=row.version_id,
        visibility=row.visibility or "",
        enrolment_mode=row.enrolment or "",
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        archived=row.archived_at is not None,
        staff_role=StaffRole(row.role) if row.role else None,
        enrolment_id=row.enrolment_id,
        last_activity_key=row.last_activity_key,
        muted=row.muted_at is not None,
        has_board=row.has_board,
        now=clock.now(),
        by_edition=row.by_edition,
        edition=row.edition or "",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        belongs=row.belongs,
        take=row.take or 0,
        has_begun=row.begun_at is not None,
    )


def results_of(session: Session, enrolment_id: int | None) -> dict[str, LearnerResult]:
    """Return a learner's results by activity key."""
    if enrolment_id is None:
        return {}
    rows = connection_of(session).execute(_RESULTS, {"enrolment_id": enrolment_id})
    return {row.activity_key: _result(row) for row in rows}


def with_personal_dates(session: Session, outlines: Mapping[int, Outline]) -> dict[int, Outline]:
    """Return the outlines that enrolments follow with the dates that hold for each learner; one statement for all of them."""
    kinds = COURSE_KINDS.of(session)
    own = dict(outlines)
    for publisher in kinds.publishers:
        followed = {
            key: outline for key, outline in own.items() if any(activity.kind == publisher.kind.name for activity in outline.activities())
        }
        if followed and publisher.dates is not sets_no_dates:
            own |= {key: own[key].for_person(dates) for key, dates in publisher.dates(session, followed).items()}
    return own


def result_of(row: ActivityResult | Row[*tuple[Any, ...]]) -> LearnerResult:
    """Return a stored result as the rules take it, but for how an item marked by hand counts."""
    score = None if row.score is None else Fraction(row.score)
    return LearnerResult(
        viewed=row.viewed_at is not None,
        completed=row.completed_at is not None,
        score=score,
        passed=row.passed,
        exhausted=bool(row.exhausted),
        overridden=row.overridden_at is not None,
    )


def _result(row: Row[*tuple[Any, ...]]) -> LearnerResult:
    result = result_of(row)
    return result if row.category is None else replace(result, item_weight=GradeItemWeight(row.category, Fraction(row.weight)))


def get_activity_context(session: Session, actor: Actor, slug: str, key: str) -> ActivityContext:
    """Return the page context of one activity, also by a key that it had when a page was opened; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    if context.version_id is None:
        raise NotFound
    outline = versions.get_outline(session, context.version_id)
    key = outline.renames.get(key, key)
    if key not in outline.by_key:
        raise NotFound
    return activity_context(session, context, outline, key)


def activity_context(session: Session, context: LearnerContext, outline: Outline, key: str) -> ActivityContext:
    """Add one activity to a learner's context; reads the results only where something has to come first."""
    return _activity_contexts(session, context, outline, [key])[0]


def _activity_contexts(session: Session, context: LearnerContext, outline: Outline, keys: Iterable[str]) -> tuple[ActivityContext, ...]:
    activities = [outline.by_key[key] for key in keys]
    waits = any(activity.requires or outline.module_by_key[activity.module].requires for activity in activities)
    results: Results = results_of(session, context.enrolment_id) if waits else {}
    return tuple(
        ActivityContext(context, outline, activity, context.not_begun or activity_closed(outline, activity, results, context.now))
        for activity in activities
    )


def get_file_context(session: Session, actor: Actor, slug: str, sha256: str, name: str) -> CourseFileContext:
    """Return the page context of a media file of a course, whatever name the address gives it; raise NotFound.

    It is one of the version followed or of an earlier one, which old attempts still show, or the picture of the published one.
    Activities that are no more guard nothing.
    To those who edit the course it may also be one of its working copy.
    """
    context = get_learner_context(session, actor, slug)
    uses = versions.list_file_uses(session, context.course_id, sha256, context.version_id) if context.version_id else []
    picture = versions.find_published_picture(session, context.course_id, sha256) if not uses and context.version_id else None
    if picture is not None:  # who follows an earlier version sees it in the catalogue all the same
        return CourseFileContext(
            context=context, sha256=sha256, name=basename(picture.path), media_type=picture.media_type, is_picture=True, users=()
        )
    if not uses or context.version_id is None:
        return _draft_file_context(session, actor, context, sha256)
    outline = versions.get_outline(session, context.version_id)
    of_all = not all(row.used_by for row in uses)
    keys = set() if of_all else {outline.renames.get(key, key) for row in uses for key in row.used_by}
    users = _activity_contexts(session, context, outline, sorted(keys & outline.by_key.keys()))
    newest = uses[0]
    return CourseFileContext(
        context=context, sha256=sha256, name=basename(newest.path), media_type=newest.media_type, is_picture=newest.is_picture, users=users
    )


def _draft_file_context(session: Session, actor: Actor, context: LearnerContext, sha256: str) -> CourseFileContext:
    file = require_found(drafts.find_draft_file(session, context.course_id, sha256) if edits(actor, context.staff_role) else None)
    return CourseFileContext(
        context=context, sha256=sha256, name=basename(file.path), media_type=file.media_type, is_picture=False, users=(), body=file.body
    )


OwnCourse = Row[*tuple[Any, ...]]
"""A course on a person's learning page: `slug`, `version_id`, `enrolment_id`, `done`, `total`, `last_activity_key`, `last_visited_at`,
`completed_at`, `starts_at` and `ends_at` of the edition in which it is taken, `archived`."""


_OWN_COURSES = compile_once(
    select(
        Course.slug,
        Enrolment.course_version_id.label("version_id"),
        Enrolment.id.label("enrolment_id"),
        Enrolment.done,
        Enrolment.total,
        Enrolment.last_activity_key,
        Enrolment.last_visited_at,
        Completion.completed_at,
        Edition.starts_at,
        Edition.ends_at,
        Course.archived_at.is_not(None).label("archived"),
    )
    .join(Course, Course.id == Enrolment.course_id)
    .outerjoin(EditionPlace, EditionPlace.enrolment_id == Enrolment.id)
    .outerjoin(Edition, Edition.id == EditionPlace.edition_id)
    .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
    .where(Enrolment.person_id == bindparam("person_id"), Enrolment.left_at.is_(None))
    .order_by(Enrolment.last_visited_at.desc().nulls_last(), Enrolment.id.desc())
    .limit(50)
)


def list_own_courses(session: Session, actor: Actor) -> Sequence[OwnCourse]:
    """List the courses the actor follows, the last visited first."""
    return connection_of(session).execute(_OWN_COURSES, {"person_id": actor.person_id}).all()


def results_of_many(session: Session, enrolment_ids: Sequence[int]) -> dict[int, dict[str, LearnerResult]]:
    """Return the results of several enrolments in one statement."""
    results: dict[int, dict[str, LearnerResult]] = {enrolment_id: {} for enrolment_id in enrolment_ids}
    for row in connection_of(session).execute(_RESULTS_OF_SOME, {"enrolments": enrolment_ids}):
        results[row.enrolment_id][row.activity_key] = _result(row)
    return results


def lock_enrolment_turn(session: Session, person_id: int) -> None:
    """Wait until no other request of this person is enrolling or starting something; on SQLite writers wait for each other anyway."""
    lock_person(session, person_id)


def find_enrolment(session: Session, person_id: int, course_id: int) -> Enrolment | None:
    """Return a person's present take of a course, ended or not (spec/compulsory 6.7)."""
    mine = (Enrolment.person_id == person_id, Enrolment.course_id == course_id)
    return session.scalar(select(Enrolment).where(*mine, Enrolment.superseded_at.is_(None)))


def find_completion(session: Session, enrolment_id: int) -> Completion | None:
    """Return when a course was completed, if it was."""
    return session.scalar(_COMPLETION, {"enrolment_id": enrolment_id})


_COMPLETION = select(Completion).where(Completion.enrolment_id == bindparam("enrolment_id"))


def get_learning_record(session: Session, _actor: Actor, person: UUID, slug: str, take: int | None = None) -> LearningRecord:
    """Return a person's record in a course that they take or took: in the present take, or in one of them; raise NotFound."""
    statement = (
        select(Person, Enrolment, Completion)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(Course, Course.id == Enrolment.course_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Person.uuid == person, Course.slug == slug)
        .where(Enrolment.superseded_at.is_(None) if take is None else Enrolment.take == take)
    )
    row = require_found(session.execute(statement).one_or_none())
    learner, enrolment, completion = row
    results = session.scalars(select(ActivityResult).where(ActivityResult.enrolment_id == enrolment.id))
    outline = versions.get_outline(session, enrolment.course_version_id)
    return LearningRecord(learner, enrolment, outline, completion, {result.activity_key: result for result in results})


def find_timestamps(session: Session, enrolment_id: int, activity_key: str) -> tuple[datetime | None, datetime | None]:
    """Return when a learner first opened an activity, and when they completed it."""
    statement = select(ActivityResult.viewed_at, ActivityResult.completed_at)
    mine = (ActivityResult.enrolment_id == enrolment_id, ActivityResult.activity_key == activity_key)
    row = session.execute(statement.where(*mine)).one_or_none()
    return (None, None) if row is None else (row.viewed_at, row.completed_at)


def list_closed(session: Session) -> list[int]:
    """List people who take courses, and whose account is closed for good."""
    takes = exists().where(Enrolment.person_id == Person.id, Enrolment.left_at.is_(None))
    return list(session.scalars(select(Person.id).where(is_permanently_closed_condition(), takes).order_by(Person.id)))


def list_people(session: Session, enrolment_ids: Sequence[int]) -> list[UUID]:
    """List whose enrolments these are, in the order of the enrolments."""
    statement = select(Person.uuid).join(Enrolment, Enrolment.person_id == Person.id).where(Enrolment.id.in_(enrolment_ids))
    return list(session.scalars(statement.order_by(Enrolment.id)))


def count_learners(session: Session, course_id: int) -> LearnerCounts:
    """Count those who take a course, and those of them who have completed it."""
    statement = (
        select(func.count(Enrolment.id), func.count(Completion.id))
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == course_id, Enrolment.left_at.is_(None))
    )
    return LearnerCounts(*session.execute(statement).one())


MOST_COURSES = 3


def visible_next_courses(session: Session, actor: Actor, completed: Outline) -> Sequence[Row[str, Mapping[str, str]]]:
    """List the courses on the same topic that an actor finds and has never taken, the newest first; none where a course names no topic."""
    if not completed.topic:
        return []
    taken = exists().where(Enrolment.course_id == Course.id, Enrolment.person_id == actor.person_id)
    statement = (
        select(Course.slug, Course.title)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(CourseVersion.topic == completed.topic, Course.archived_at.is_(None), found_by(is_anonymous=actor.is_anonymous), ~taken)
        .order_by(Course.id.desc())
        .limit(MOST_COURSES)
    )
    return session.execute(statement, {"person_id": actor.person_id}).all()
