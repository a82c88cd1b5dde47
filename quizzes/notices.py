"""Notices of overrides, incidents, changed marks and possible regrades: their recipients found, and each of them notified once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message, was_notified
from accounts.rules import NoticeKind
from courses.models import Activity, Course
from courses.rules import activity_url
from courses.team import list_editors
from courses.versions import get_outline
from enrolments.models import Enrolment, GroupMember
from enrolments.muting import source_of
from kernel.errors import N_
from kernel.i18n import _, choose, in_every_language, ngettext
from quizzes.effective_settings import PersonQuizColumns, accommodation_of, overrides_for, setting_sources_of
from quizzes.models import Accommodation, Attempt, Incident, IncidentAttempt, QuizOverride, QuizVersion, Regrade, RegradeDryRunRow
from quizzes.regrading import RegradeOffer
from quizzes.rules.settings import is_kinder
from quizzes.snapshots import get_snapshot

PORTION = 200
REMARKED_NOTICE = NoticeKind(
    "remarked",
    label=N_("Grade changes"),
    hint=N_("Your answers are regraded and your grade changes, or a regrade is offered to you in a course that you edit."),
    icon="pencil",
)
REOPENED_NOTICE = NoticeKind("reopened", label=N_("Reopened attempts"), hint=N_("One of your attempts is reopened."), icon="rotate-ccw")
TIME_NOTICE = NoticeKind(
    "time", label=N_("Time and attempts"), hint=N_("You are given another date, more time or more attempts at a quiz."), icon="clock"
)
KINDS = (REMARKED_NOTICE, REOPENED_NOTICE, TIME_NOTICE)


RecipientBatch = tuple[list[int], int | None]
"""People to notify, and the number after which the next ones follow; None: these were the last."""


def _portion(rows: Sequence[Any], people: list[int]) -> RecipientBatch:
    return people, rows[-1].id if len(rows) == PORTION else None


_ENROLMENT_COLUMNS = PersonQuizColumns(Enrolment.person_id, Enrolment.id, Enrolment.course_id, Activity.key)
_WITH_TERMS = (
    select(Enrolment.id, Enrolment.person_id, QuizVersion.id.label("version"), Accommodation, QuizOverride)
    .join(Activity, Activity.version_id == Enrolment.course_version_id)
    .join(QuizVersion, QuizVersion.activity_id == Activity.id)
    .outerjoin(Accommodation, accommodation_of(Enrolment.person_id))
    .outerjoin(QuizOverride, overrides_for(_ENROLMENT_COLUMNS))
    .order_by(Enrolment.id, QuizOverride.id)
)


def list_improved_results(session: Session, override: QuizOverride, *, after: int) -> RecipientBatch:
    """Return the learners for whom an override that is in force made something kinder than what held before it."""
    before = find_before(session, override)
    page = session.execute(_learners(override).where(Enrolment.id > after).order_by(Enrolment.id).limit(PORTION)).all()
    by_result: dict[int, tuple[Any, list[QuizOverride]]] = {}
    rows = _WITH_TERMS.where(Activity.key == override.activity_key, Enrolment.id.in_([row.id for row in page]))
    for row in session.execute(rows):
        held = by_result.setdefault(row.id, (row, []))[1]
        held += [] if row[4] is None else [row[4]]
    people = [row.person_id for row, held in by_result.values() if _is_better_off(session, row, held, override, before)]
    return _portion(page, people)


def _learners(override: QuizOverride) -> Select[Any]:
    of_course = select(Enrolment.id).where(Enrolment.course_id == override.course_id, Enrolment.left_at.is_(None))
    condition: dict[str, ColumnElement[bool]] = {
        "person": Enrolment.person_id == override.person_id,
        "group": Enrolment.id.in_(select(GroupMember.enrolment_id).where(GroupMember.group_id == override.group_id)),
    }
    if override.scope != "person" and override.set_applied_by is None:
        of_course = of_course.where(Enrolment.person_id != override.created_by)
    return of_course.where(condition[override.scope]) if override.scope in condition else of_course


def find_before(session: Session, override: QuizOverride) -> QuizOverride | None:
    """Return the override in whose place another one was put."""
    statement = select(QuizOverride).where(
        QuizOverride.course_id == override.course_id,
        QuizOverride.activity_key == override.activity_key,
        QuizOverride.scope == override.scope,
        QuizOverride.id < override.id,
        QuizOverride.ended_at == override.created_at,
        or_(QuizOverride.person_id.is_(None), QuizOverride.person_id == override.person_id),
        or_(QuizOverride.group_id.is_(None), QuizOverride.group_id == override.group_id),
    )
    return session.scalar(statement.order_by(QuizOverride.id.desc()).limit(1))


def _is_better_off(session: Session, row: Any, held: list[QuizOverride], override: QuizOverride, before: QuizOverride | None) -> bool:
    snapshot = get_snapshot(session, row.version)
    without = [other for other in held if other.id != override.id] + ([before] if before is not None else [])
    now, then = (
        setting_sources_of(snapshot.published_settings, snapshot.settings, rows, row[3]).effective_settings() for rows in (held, without)
    )
    return is_kinder(now, then)


def list_given_time(session: Session, incident: Incident, *, after: int) -> RecipientBatch:
    """Return the learners whose attempts an incident gave time to."""
    statement = (
        select(Attempt.id, Attempt.person_id)
        .join(IncidentAttempt, IncidentAttempt.attempt_id == Attempt.id)
        .where(IncidentAttempt.incident_id == incident.id, IncidentAttempt.applied, Attempt.id > after)
    )
    rows = session.execute(statement.order_by(Attempt.id).limit(PORTION)).all()
    return _portion(rows, [row.person_id for row in rows])


def list_marked_again(session: Session, regrade: Regrade, *, after: int) -> RecipientBatch:
    """Return the learners for whom a regrade changed the result of an attempt."""
    other = RegradeDryRunRow.percent_after.is_distinct_from(RegradeDryRunRow.percent_before)
    statement = (
        select(Attempt.id, Attempt.person_id)
        .join(RegradeDryRunRow, RegradeDryRunRow.attempt_id == Attempt.id)
        .where(RegradeDryRunRow.regrade_id == regrade.id, RegradeDryRunRow.changed, other, Attempt.id > after)
        .where(Attempt.person_id != regrade.committed_by)
    )
    rows = session.execute(statement.order_by(Attempt.id).limit(PORTION)).all()
    return _portion(rows, sorted({row.person_id for row in rows}))


def _message(
    session: Session,
    kind: NoticeKind,
    key: str,
    of: QuizOverride | Incident | Regrade,
    subject: Callable[[str], str],
    text: Callable[[str], str],
) -> Message:
    """Return a message about a quiz: its subject names the quiz, its words the course."""
    course = session.get_one(Course, of.course_id)
    outline = None if course.published_version_id is None else get_outline(session, course.published_version_id)
    activity = None if outline is None else outline.by_key.get(outline.renames.get(of.activity_key, of.activity_key))
    title: Mapping[str, str] = course.title if activity is None else activity.title
    path = activity_url(course.slug, "quiz", of.activity_key if activity is None else activity.key)
    texts = in_every_language(lambda: subject(choose(title))), in_every_language(lambda: text(choose(course.title)))
    return Message(kind, key, *texts, path, source=source_of(course.id))


def notify_override(session: Session, override_id: int, *, after: int, now: datetime) -> int | None:
    """Notify the next learners who are better off by an override, while it is in force; return after whom it goes on."""
    row = session.get_one(QuizOverride, override_id)
    if row.ended_at is not None:
        return None
    people, last = list_improved_results(session, row, after=after)
    message = _message(
        session,
        TIME_NOTICE,
        f"override:{row.uuid}",
        row,
        lambda title: _("Different dates, more time or more attempts in “%(title)s”", title=title),
        lambda course: _(
            "The team of the course “%(course)s” set this for you. See the quiz page for the settings that apply to you.", course=course
        ),
    )
    notices.notify(session, message, people, now=now)
    return last


def notify_incident(session: Session, incident_id: int, *, after: int, now: datetime) -> int | None:
    """Notify the next learners whose open attempt was given time, unless it was taken back; return after whom it goes on."""
    row = session.get_one(Incident, incident_id)
    if row.undone_at is not None:
        return None
    minutes = row.seconds // 60
    people, last = list_given_time(session, row, after=after)
    message = _message(
        session,
        TIME_NOTICE,
        f"incident:{row.uuid}",
        row,
        lambda title: ngettext("%(count)s extra minute in “%(title)s”", "%(count)s extra minutes in “%(title)s”", minutes, title=title),
        lambda course: _("The team of the course “%(course)s” gave it to everyone with an open attempt.", course=course),
    )
    notices.notify(session, message, people, now=now)
    return last


def notify_regrade(session: Session, regrade_id: int, *, after: int, now: datetime, without: Collection[int] = ()) -> int | None:
    """Notify the next learners of a mark that a regrade changed, or that this was undone; return after whom it goes on.

    Learners not notified of the change are not notified of its undoing; those `without` are told otherwise. The marks stay behind the
    sign-in and the review.
    """
    row = session.get_one(Regrade, regrade_id)
    if row.state not in ("committed", "undone"):
        return None
    (people, last), key = list_marked_again(session, row, after=after), f"regrade:{row.uuid}"
    person_id = row.committed_by if row.state == "committed" else row.undone_by
    name = None if row.for_objection or person_id is None else session.get_one(Person, person_id).full_name

    def by(reason: str) -> str:
        """Describe who changed the mark, and why."""
        author = _("The jury of the selection decided this.") if name is None else _("Changed by: %(name)s.", name=name)
        return f"\n\n{author} " + (_("Why: %(ground)s", ground=reason) if reason else "")

    if row.state == "committed":
        message = _message(
            session,
            REMARKED_NOTICE,
            key,
            row,
            lambda title: _("Your grade in “%(title)s” has changed", title=title),
            lambda course: _("In the course “%(course)s”, some of your answers were regraded.", course=course) + by(row.reason),
        )
        people = [person_id for person_id in people if person_id not in without]
    else:
        message = _message(
            session,
            REMARKED_NOTICE,
            f"{key}:undone",
            row,
            lambda title: _("Your grade in “%(title)s” is back to what it was", title=title),
            lambda course: _("In the course “%(course)s”, a regrade of your answers was undone.", course=course) + by(row.undo_reason),
        )
        people = sorted(was_notified(session, key, people))
    notices.notify(session, message, people, now=now)
    return last


def notify_offers(session: Session, course_id: int, activity_key: str, offers: Sequence[RegradeOffer], *, now: datetime) -> None:
    """Notify those who edit a course, once, that answers in a quiz would be marked otherwise now (spec/quiz-engine 5.11.6)."""
    message = _message(
        session,
        REMARKED_NOTICE,
        f"regrade-offer:{course_id}:{activity_key}",
        Regrade(course_id=course_id, activity_key=activity_key),
        lambda title: ngettext(
            "%(count)s answer in “%(title)s” would now be marked differently",
            "%(count)s answers in “%(title)s” would now be marked differently",
            sum(offer.answers for offer in offers),
            title=title,
        ),
        lambda course: _(
            "Questions affected in “%(course)s”: %(count)s. Typographic variants no longer make a difference in typed answers: ’ counts as "
            "', and – as -. Nothing has been changed: look at these answers, and regrade them if you agree.",
            course=course,
            count=len(offers),
        ),
    )
    path = f"/courses/{session.get_one(Course, course_id).slug}/quizzes/{activity_key}/regrades"
    notices.notify(session, replace(message, path=path), list_editors(session, course_id), now=now)
