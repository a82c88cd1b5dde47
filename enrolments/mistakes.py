"""Reads and writes mistake reports and the decisions on them, with the words for their kinds and states."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from courses.kinds import COURSE_KINDS
from courses.models import Activity, Course, CourseVersion, LessonPage
from enrolments.access import MistakeReportContext
from enrolments.learners import get_learner_context
from enrolments.models import UNSETTLED_STATES, Enrolment, MistakeKind, MistakeReport, MistakeState
from enrolments.muting import source_of
from enrolments.notices import MISTAKE_NOTICE
from kernel import audit
from kernel.errors import N_, Conflict, require_found
from kernel.i18n import _, choose, in_every_language
from kernel.permissions import Actor
from kernel.personal import RetentionRule

MISTAKE_KINDS = {
    MistakeKind.FACT: N_("Something is wrong"),
    MistakeKind.OUTDATED: N_("Something is out of date"),
    MistakeKind.TYPING: N_("Typing or spelling error"),
    MistakeKind.BROKEN: N_("Something does not work, or a picture or sound is missing"),
    MistakeKind.MARKING: N_("An answer is marked wrongly"),
    MistakeKind.OTHER: N_("Something else"),
}
MISTAKE_STATES = {
    MistakeState.OPEN: N_("Not decided yet"),
    MistakeState.ACCEPTED: N_("Accepted"),
    MistakeState.CORRECTED: N_("Corrected"),
    MistakeState.DECLINED: N_("Declined"),
}
MISTAKE_STATES_OF_REPORTER = {
    MistakeState.OPEN: N_("Received"),
    MistakeState.ACCEPTED: N_("Accepted: it will be corrected"),
    MistakeState.CORRECTED: N_("Corrected"),
    MistakeState.DECLINED: N_("Nothing will be changed"),
}
"""The same for whoever made the report."""


MOST_SAME = 100
"""Other reports of one place that are shown, and decided on, together."""
MOST_VERSIONS = 50
_UNSETTLED = MistakeReport.state.in_([state.value for state in UNSETTLED_STATES])


def get_report_context(session: Session, actor: Actor, slug: str, report: UUID) -> MistakeReportContext:
    """Return the page context of a mistake report of a course; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    row = require_found(
        session.scalar(select(MistakeReport).where(MistakeReport.uuid == report, MistakeReport.course_id == context.course_id))
    )
    return MistakeReportContext(context, row)


def _of_place(course_id: int, activity_key: str, question_key: str | None) -> tuple[ColumnElement[bool], ...]:
    question = MistakeReport.question_key.is_(None) if question_key is None else MistakeReport.question_key == question_key
    return MistakeReport.course_id == course_id, MistakeReport.activity_key == activity_key, question


def find_own_open(session: Session, person_id: int, course_id: int, activity_key: str, question_key: str | None) -> MistakeReport | None:
    """Return the report of a place that a person made and nobody has decided on, if there is one."""
    mine = (MistakeReport.person_id == person_id, MistakeReport.state == MistakeState.OPEN.value)
    statement = select(MistakeReport).where(*mine, *_of_place(course_id, activity_key, question_key))
    return session.scalar(statement.order_by(MistakeReport.id).limit(1))


def lock_same_place(session: Session, report: MistakeReport, numbers: Collection[UUID]) -> Sequence[MistakeReport]:
    """Lock those of some reports that are of the place of one and not settled."""
    conditions = _of_place(report.course_id, report.activity_key, report.question_key)
    statement = select(MistakeReport).where(MistakeReport.uuid.in_(numbers), *conditions, _UNSETTLED).order_by(MistakeReport.id)
    return session.scalars(statement.limit(MOST_SAME + 1).with_for_update().execution_options(populate_existing=True)).all()


def list_same_place(session: Session, report: MistakeReport) -> Sequence[Row[MistakeReport, Person]]:
    """List the other unsettled reports of the place of one, with who made them: those of its kind first, then the newest first."""
    conditions = _of_place(report.course_id, report.activity_key, report.question_key)
    statement = (
        select(MistakeReport, Person)
        .join(Person, Person.id == MistakeReport.person_id)
        .where(*conditions, _UNSETTLED, MistakeReport.id != report.id)
        .order_by(case((MistakeReport.kind == report.kind, 0), else_=1), MistakeReport.id.desc())
        .limit(MOST_SAME)
    )
    return session.execute(statement).all()


MistakeGroup = Row[MistakeReport, int, int]
"""The reports of one place, kind and state as one line: the newest, its `version`, and how many `people` made them."""


def list_mistakes(session: Session, course_id: int, state: MistakeState | None, *, offset: int, limit: int) -> Sequence[MistakeGroup]:
    """List the mistake reports of a course, those of one place, kind and state together, the newest first."""
    same = (MistakeReport.activity_key, MistakeReport.question_key, MistakeReport.kind, MistakeReport.state)
    newest = func.max(MistakeReport.id)
    conditions = [MistakeReport.course_id == course_id, *([] if state is None else [MistakeReport.state == state.value])]
    groups = (
        select(newest.label("id"), func.count(MistakeReport.person_id.distinct()).label("people"))
        .where(*conditions)
        .group_by(*same)
        .order_by(newest.desc())
        .offset(offset)
        .limit(limit)
        .subquery()
    )
    statement = (
        select(MistakeReport, CourseVersion.number.label("version"), groups.c.people)
        .join(groups, groups.c.id == MistakeReport.id)
        .join(CourseVersion, CourseVersion.id == MistakeReport.version_id)
        .order_by(MistakeReport.id.desc())
    )
    return session.execute(statement).all()


def count_states(session: Session, course_id: int) -> dict[str, int]:
    """Count the mistake reports of a course by state."""
    statement = select(MistakeReport.state, func.count()).where(MistakeReport.course_id == course_id).group_by(MistakeReport.state)
    return dict(session.execute(statement).all())


def list_open(session: Session, course_ids: Collection[int]) -> Sequence[Row[int, int, datetime, datetime]]:
    """List the courses with open mistake reports: how many, and when the oldest and the newest of them were made."""
    is_open = (MistakeReport.course_id.in_(course_ids), MistakeReport.state == MistakeState.OPEN.value)
    moments = (func.min(MistakeReport.reported_at), func.max(MistakeReport.reported_at))
    statement = select(MistakeReport.course_id, func.count(), *moments).where(*is_open).group_by(MistakeReport.course_id)
    return session.execute(statement.order_by(MistakeReport.course_id)).all()


def list_own_mistakes(session: Session, person_id: int, *, offset: int, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the mistake reports of a person, the newest first: each with its course, and in which version it was `corrected`, if in one."""
    statement = (
        select(MistakeReport, Course.slug, Course.title, Activity.kind, CourseVersion.number.label("corrected"))
        .join(Course, Course.id == MistakeReport.course_id)
        .join(Activity, (Activity.version_id == MistakeReport.version_id) & (Activity.key == MistakeReport.activity_key))
        .outerjoin(CourseVersion, CourseVersion.id == MistakeReport.corrected_version_id)
        .where(MistakeReport.person_id == person_id)
        .order_by(MistakeReport.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return session.execute(statement).all()


def list_later_versions(session: Session, report: MistakeReport) -> Sequence[CourseVersion]:
    """List the versions that were published after the one that a report is about, the newest first."""
    about = select(CourseVersion.number).where(CourseVersion.id == report.version_id).scalar_subquery()
    statement = select(CourseVersion).where(CourseVersion.course_id == report.course_id, CourseVersion.number > about)
    return session.scalars(statement.order_by(CourseVersion.number.desc()).limit(MOST_VERSIONS)).all()


def find_changed(session: Session, course_id: int, reports: Sequence[MistakeReport]) -> frozenset[int]:
    """Return those reports (by id) whose lesson or question is another in the published version than when it was reported.

    Of recordings and tasks nothing is known. Two statements at most, whatever their number.
    """
    lessons = [report for report in reports if report.question_key is None]
    questions = [report for report in reports if report.question_key is not None]
    changed = _changed_lessons(session, course_id, [report.id for report in lessons]) if lessons else set()
    if questions:
        keys = {str(report.question_key) for report in questions}
        newest = dict[str, int]()
        for publisher in COURSE_KINDS.of(session).publishers:
            newest |= publisher.question_numbers(session, course_id, keys)
        changed |= {report.id for report in questions if newest.get(str(report.question_key), 0) > (report.question_number or 0)}
    return frozenset(changed)


def _changed_lessons(session: Session, course_id: int, reports: Sequence[int]) -> set[int]:
    old, new = aliased(LessonPage), aliased(LessonPage)
    before, after = aliased(Activity), aliased(Activity)
    statement: Select[int] = (
        select(MistakeReport.id)
        .join(Course, Course.id == MistakeReport.course_id)
        .join(before, (before.version_id == MistakeReport.version_id) & (before.key == MistakeReport.activity_key))
        .join(old, (old.activity_id == before.id) & (old.language == MistakeReport.language))
        .join(after, (after.version_id == Course.published_version_id) & (after.key == MistakeReport.activity_key))
        .join(new, (new.activity_id == after.id) & (new.language == MistakeReport.language))
        .where(MistakeReport.id.in_(reports), Course.id == course_id)
        .where(or_(old.body != new.body, old.title != new.title))
    )
    return set(session.scalars(statement))


def find_activity(session: Session, report: MistakeReport) -> Activity | None:
    """Return the activity that a report is about, in the version that was reported."""
    return session.scalar(select(Activity).where(Activity.version_id == report.version_id, Activity.key == report.activity_key))


def find_page(session: Session, activity_id: int, language: str) -> LessonPage | None:
    """Return a lesson's text in a language as it was published with an activity, or nothing where the activity is no lesson."""
    return session.scalar(select(LessonPage).where(LessonPage.activity_id == activity_id, LessonPage.language == language))


def get_reporter(session: Session, report: MistakeReport) -> Row[Person, bool]:
    """Return who made a report, and whether they take the course (`is_learner`)."""
    takes = exists().where(Enrolment.person_id == Person.id, Enrolment.course_id == report.course_id, Enrolment.left_at.is_(None))
    return session.execute(select(Person, takes.label("is_learner")).where(Person.id == report.person_id)).one()


BREAK = "\n\n"
"""Stands between what a reporter wrote first and what they added."""
MOST_WORDS = 10_000
OWN_REPORTS = "/learning/mistake-reports"


class MistakeVerb(audit.Verb):
    """The audit verbs of mistake reports."""

    REPORTED = "mistake.reported"
    EXTENDED = "mistake.extended"
    ACCEPTED = "mistake.accepted"
    CORRECTED = "mistake.corrected"
    DECLINED = "mistake.declined"


DECISIONS = {
    MistakeState.ACCEPTED: MistakeVerb.ACCEPTED,
    MistakeState.CORRECTED: MistakeVerb.CORRECTED,
    MistakeState.DECLINED: MistakeVerb.DECLINED,
}


class ReportIsLong(Conflict):
    """The reporter has written enough about this place already."""

    code = "mistake_report_long"
    message = N_("You have already written a lot about this place. The course team will read it.")


class ReportIsSettled(Conflict):
    """Somebody else decided on the report meanwhile."""

    code = "mistake_report_settled"
    message = N_("This report has already been settled.")


@dataclass(frozen=True, slots=True)
class MistakePlace:
    """The place of a mistake: an activity of a course version, or a question as a quiz asked it."""

    course_id: int
    version_id: int
    activity_key: str
    title: str
    language: str
    question_key: str | None = None
    question_number: int | None = None


@dataclass(frozen=True, slots=True)
class MistakeValues:
    """A reporter's words on a mistake; `heading` is the address of the heading under which it stands."""

    kind: MistakeKind
    words: str
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class MistakeDecision:
    """A decision on mistake reports, with words for those who reported them, and the version that corrected the mistake, if one did."""

    state: MistakeState
    answer: str = ""
    version_id: int | None = None


def report_mistake(session: Session, actor: Actor, mistake_place: MistakePlace, values: MistakeValues, *, now: datetime) -> MistakeReport:
    """Store a mistake report; where the actor has an open one of the same place, add the words to it, the same words once."""
    assert actor.person_id is not None
    session.get_one(Person, actor.person_id, with_for_update=True)  # two requests of one person wait for each other
    known = find_own_open(session, actor.person_id, mistake_place.course_id, mistake_place.activity_key, mistake_place.question_key)
    if known is not None:
        return _extend(session, actor, known, values, now=now)
    row = MistakeReport(
        course_id=mistake_place.course_id,
        version_id=mistake_place.version_id,
        activity_key=mistake_place.activity_key,
        question_key=mistake_place.question_key,
        question_number=mistake_place.question_number,
        title=mistake_place.title[:300],
        heading=values.heading,
        language=mistake_place.language,
        kind=values.kind.value,
        words=values.words,
        person_id=actor.person_id,
        reported_at=now,
    )
    session.add(row)
    session.flush()  # the audit entry names it
    _record(session, actor, MistakeVerb.REPORTED, row, now=now)
    return row


def _extend(session: Session, actor: Actor, row: MistakeReport, values: MistakeValues, *, now: datetime) -> MistakeReport:
    if values.words in row.words.split(BREAK):
        return row
    extended = f"{row.words}{BREAK}{values.words}"
    if len(extended) > MOST_WORDS:
        raise ReportIsLong
    row.words, row.extended_at = extended, now
    _record(session, actor, MistakeVerb.EXTENDED, row, now=now)
    return row


def _record(session: Session, actor: Actor, verb: MistakeVerb, row: MistakeReport, *, now: datetime, **facts: object) -> None:
    """Write an audit entry; the words of the reporter and of the team stay out of it."""
    audit.record(session, actor, verb, row, now=now, course=row.course_id, activity=row.activity_key, question=row.question_key, **facts)


def decide(
    session: Session, actor: Actor, report: MistakeReport, others: Collection[UUID], decision: MistakeDecision, *, now: datetime
) -> int:
    """Decide on a report, and in the same way on others of the same place, and notify their reporters; return on how many.

    Reports that are settled by now, or were decided in this way before, stay as they are; raise ReportIsSettled where `report` is one.
    """
    rows = [row for row in lock_same_place(session, report, {report.uuid, *others}) if row.state != decision.state.value]
    if report.id not in {row.id for row in rows}:
        raise ReportIsSettled
    version = None if decision.version_id is None else session.get_one(CourseVersion, decision.version_id)
    for row in rows:
        row.state, row.decided_by, row.decided_at = decision.state.value, actor.person_id, now
        row.answer = decision.answer or row.answer
        if decision.state not in UNSETTLED_STATES:
            row.settled_at, row.corrected_version_id = now, decision.version_id
        _record(session, actor, DECISIONS[decision.state], row, now=now, version=version.number if version else None)
    message = _message(session, report, decision, version.number if version else None)
    notices.notify(session, message, sorted({row.person_id for row in rows}), now=now)
    return len(rows)


def _message(session: Session, report: MistakeReport, decision: MistakeDecision, version: int | None) -> Message:
    course = session.get_one(Course, report.course_id)
    title, answer = report.title, decision.answer
    heads: dict[MistakeState, Callable[[], str]] = {
        MistakeState.ACCEPTED: lambda: _("The mistake you reported will be corrected: %(title)s", title=title),
        MistakeState.CORRECTED: lambda: _("The mistake you reported has been corrected: %(title)s", title=title),
        MistakeState.DECLINED: lambda: _("The team has answered your mistake report: %(title)s", title=title),
    }

    def words() -> str:
        sentence = _("Thank you for your report in %(course)s.", course=choose(course.title))
        if version is not None:
            sentence += " " + _("It was corrected in version %(number)s of the course.", number=version)
        return f"{sentence} {answer}".strip()

    key = f"mistake-{report.uuid}-{decision.state.value}"
    text = in_every_language(words)
    return Message(MISTAKE_NOTICE, key, in_every_language(heads[decision.state]), text, OWN_REPORTS, source=source_of(course.id))


def forget_before(session: Session, moment: datetime) -> int:
    """Delete the mistake reports that were settled before a moment; return how many."""
    gone = delete(MistakeReport).where(MistakeReport.settled_at < moment).returning(MistakeReport.id)
    return len(session.scalars(gone).all())


RETENTION_RULE = RetentionRule("keep_mistake_reports_days", N_("Mistake reports, once corrected or declined"), forget_before)
