"""Verbs of mistake reports: report one, decide on some, notify who reported them, and what becomes of them with a person."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from accounts.rules import NoticeKind
from courses.models import Course, CourseVersion
from enrolments.models import UNSETTLED_STATES, MistakeKind, MistakeReport, MistakeState
from enrolments.queries import mistakes as queries
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.i18n import _, choose, in_every_language
from kernel.permissions import Actor

BREAK = "\n\n"
"""Stands between what a reporter wrote first and what they added."""
MOST_WORDS = 10_000
OWN_REPORTS = "/learning/mistake-reports"


class MistakeVerb(StrEnum):
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
    known = queries.find_own_open(session, actor.person_id, mistake_place.course_id, mistake_place.activity_key, mistake_place.question_key)
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
    rows = [row for row in queries.lock_same_place(session, report, {report.uuid, *others}) if row.state != decision.state.value]
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
            sentence = f"{sentence} {_('It was corrected in version %(number)s of the course.', number=version)}"
        return f"{sentence} {answer}".strip()

    key = f"mistake-{report.uuid}-{decision.state.value}"
    return Message(NoticeKind.MISTAKE, key, in_every_language(heads[decision.state]), in_every_language(words), OWN_REPORTS)


def transfer_reports(session: Session, giver: int, taker: int) -> None:
    """Let the mistake reports of one account be those of another."""
    session.execute(update(MistakeReport).where(MistakeReport.person_id == giver).values(person_id=taker))


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """Delete the mistake reports of a person: their words may say who wrote them."""
    session.execute(delete(MistakeReport).where(MistakeReport.person_id == person.id))


def forget_before(session: Session, moment: datetime) -> int:
    """Delete the mistake reports that were settled before a moment; return how many."""
    gone = delete(MistakeReport).where(MistakeReport.settled_at < moment).returning(MistakeReport.id)
    return len(session.scalars(gone).all())
