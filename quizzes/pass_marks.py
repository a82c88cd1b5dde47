"""Read and write the records of judges on the pass mark of a quiz (spec/selection 3.10)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from courses import catalogue
from courses.content import model
from courses.content.model import CourseFolder, Finding
from courses.models import Course
from kernel import audit
from kernel.errors import N_, Conflict, Invalid, NotFound, require_found
from kernel.files import StoredFile
from kernel.permissions import Actor
from questions.models import Question, QuestionVersion
from quizzes.access import JudgingContext
from quizzes.content.pools import QuizSource
from quizzes.marks import as_decimal
from quizzes.models import JudgeSheet, PassMarkRecord
from quizzes.rules.result_use import LEAST_JUDGES, JudgedCut, cut_of
from quizzes.snapshots import count_first_answers, get_snapshot

FEWEST_ANSWERS = 10
"""With fewer first answers judges see no known facility of a question."""
MOST_RECORDS = 100


class JudgingRound(StrEnum):
    """The state of a record: which round is judged, or how it ended."""

    FIRST = "first"
    SECOND = "second"
    SIGNED = "signed"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class JudgedItem:
    """A question as judges see it: its key, its HTML by language, and its known facility in percent."""

    key: str
    html: Mapping[str, str]
    facility: int | None = None


@dataclass(frozen=True, slots=True)
class JudgedSheet:
    """A complete sheet: the judge's name, and what they said in both rounds; the second is empty while the first goes on.

    `confirmation` is by what the judge confirmed it: `by` their account, with its `name`, or a paper, with its `sha256`; and the `sheet`.
    Records that were signed before it was asked for have none.
    """

    name: str
    first: tuple[int, ...]
    second: tuple[int, ...]
    confirmation: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """A signed record as an acta and pages quote it: nothing in it is computed again."""

    uuid: UUID
    form: str
    judges: tuple[JudgedSheet, ...]
    questions: tuple[str, ...]
    texts: tuple[Mapping[str, str], ...]
    """The HTML of each question by language, as the judges saw it."""
    shows_facilities: bool
    cut: JudgedCut
    pass_mark: Fraction
    reason: str
    signed_at: datetime
    signed_by: str


@dataclass(frozen=True, slots=True)
class PublishedPassMark:
    """The pass mark of a published quiz in percent (None: none), and what it goes by: a norm by language, or a signed record."""

    pass_mark: Fraction | None
    norm: Mapping[str, str]
    record: SignedRecord | None


def get_published_pass_mark(session: Session, quiz_version_id: int) -> PublishedPassMark:
    """Return the pass mark that a quiz version was published with, and its record as it was signed; raise NotFound."""
    snapshot = get_snapshot(session, quiz_version_id)
    use = snapshot.selection
    record = find_signed(session, UUID(use.record)) if use is not None and use.record else None
    return PublishedPassMark(snapshot.settings.pass_mark, use.norm if use is not None else {}, record)


def find_signed(session: Session, uuid: UUID) -> SignedRecord | None:
    """Return a signed record; None where there is none such."""
    return next(iter(_signed(session, _records().where(PassMarkRecord.uuid == uuid))), None)


def list_signed(session: Session, course_id: int, activity_key: str) -> list[SignedRecord]:
    """List the signed records of a quiz, the newest first."""
    own = _records().where(PassMarkRecord.course_id == course_id, PassMarkRecord.activity_key == activity_key)
    return list(_signed(session, own.limit(MOST_RECORDS)))


def _records() -> Select[PassMarkRecord, str, str, str]:
    return (
        select(PassMarkRecord, Person.given_names, Person.first_surname, Person.second_surname)
        .join(Person, Person.id == PassMarkRecord.signed_by)
        .where(PassMarkRecord.state == JudgingRound.SIGNED.value)
        .order_by(PassMarkRecord.signed_at.desc(), PassMarkRecord.id.desc())
    )


def _signed(session: Session, statement: Select[PassMarkRecord, str, str, str]) -> Iterable[SignedRecord]:
    for row, given_names, first_surname, second_surname in session.execute(statement):
        result = json.loads(row.result)
        judges = tuple(_judged(judge) for judge in result["judges"])
        means, items = tuple(Fraction(sum(judge.second), len(judge.second)) for judge in judges), items_of(row)
        assert row.pass_mark is not None
        assert row.signed_at is not None
        yield SignedRecord(
            uuid=row.uuid,
            form=row.form,
            judges=judges,
            questions=tuple(item.key for item in items),
            texts=tuple(item.html for item in items),
            shows_facilities=row.shows_facilities,
            cut=JudgedCut(Fraction(result["cut"]), Fraction(result["error_variance"]), means, tuple(map(Fraction, result["without"]))),
            pass_mark=Fraction(row.pass_mark),
            reason=row.reason,
            signed_at=row.signed_at,
            signed_by=full_name(given_names, first_surname, second_surname),
        )


def _judged(judge: Mapping[str, Any]) -> JudgedSheet:
    return JudgedSheet(judge["name"], tuple(judge["first"]), tuple(judge["second"]), judge.get("confirmation", {}))


def items_of(record: PassMarkRecord) -> list[JudgedItem]:
    """Return the questions of a record as they were when it was opened."""
    return [JudgedItem(**item) for item in json.loads(record.items)]


def list_open(session: Session, course_id: int, activity_key: str) -> list[PassMarkRecord]:
    """List the records of a quiz that are not signed yet, the newest first."""
    statement = select(PassMarkRecord).where(
        PassMarkRecord.course_id == course_id,
        PassMarkRecord.activity_key == activity_key,
        PassMarkRecord.state.in_([JudgingRound.FIRST.value, JudgingRound.SECOND.value]),
    )
    return list(session.scalars(statement.order_by(PassMarkRecord.id.desc()).limit(MOST_RECORDS)))


def list_discarded(session: Session, course_id: int, activity_key: str) -> list[tuple[PassMarkRecord, str]]:
    """List the records of a quiz that were discarded, with the name of who did so where that is known, the newest first."""
    statement = (
        select(PassMarkRecord, Person)
        .outerjoin(Person, Person.id == PassMarkRecord.discarded_by)
        .where(PassMarkRecord.course_id == course_id, PassMarkRecord.activity_key == activity_key)
        .where(PassMarkRecord.state == JudgingRound.DISCARDED.value)
    )
    rows = session.execute(statement.order_by(PassMarkRecord.id.desc()).limit(MOST_RECORDS))
    return [(row, person.full_name if person is not None else "") for row, person in rows]


def get_record(session: Session, course_id: int, activity_key: str, uuid: UUID, *, lock: bool = False) -> PassMarkRecord:
    """Return a record of a quiz, to be changed with `lock`; raise NotFound."""
    statement = select(PassMarkRecord).where(
        PassMarkRecord.uuid == uuid, PassMarkRecord.course_id == course_id, PassMarkRecord.activity_key == activity_key
    )
    row = session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if row is None or row.state == JudgingRound.DISCARDED.value:
        raise NotFound
    return row


def get_judging(
    session: Session, actor: Actor, slug: str, key: str, record: UUID, sheet: UUID | None = None, *, lock: bool = False
) -> JudgingContext:
    """Return a record of a quiz for the course's team, with a sheet for whoever may fill it; raise NotFound."""
    part = catalogue.get_taught_part(session, actor, slug, key)
    row = get_record(session, part.id, key, record, lock=lock)
    own = get_sheet(session, row, sheet, actor.person_id) if sheet is not None else None
    return JudgingContext(part.id, part.slug, part.staff_role, key=key, record=row, sheet=own)


lock_judging = partial(get_judging, lock=True)
"""The same, to be changed: the record is locked."""


def list_sheets(session: Session, record_id: int) -> list[JudgeSheet]:
    """List the sheets of a record, the first one first."""
    return list(session.scalars(select(JudgeSheet).where(JudgeSheet.record_id == record_id).order_by(JudgeSheet.id)))


def get_sheet(session: Session, record: PassMarkRecord, uuid: UUID, person_id: int | None) -> JudgeSheet:
    """Return a sheet for whoever may fill it; to everybody else there is none: raise NotFound."""
    row = session.scalars(select(JudgeSheet).where(JudgeSheet.uuid == uuid, JudgeSheet.record_id == record.id)).one_or_none()
    if row is None or row.entered_by != person_id:
        raise NotFound
    return row


def find_sheet(session: Session, record: PassMarkRecord, uuid: UUID) -> JudgeSheet:
    """Return a sheet of a record, not what is on it; raise NotFound."""
    return require_found(session.scalar(select(JudgeSheet).where(JudgeSheet.uuid == uuid, JudgeSheet.record_id == record.id)))


def get_scan(session: Session, actor: Actor, slug: str, key: str, record: UUID, sheet: UUID) -> JudgingContext:
    """Return a sheet with a signed paper: for the typist, and for the course's team once the record is signed; raise NotFound."""
    context = get_judging(session, actor, slug, key, record)
    row = find_sheet(session, context.record, sheet)
    if row.paper_id is None or not (row.entered_by == actor.person_id or context.record.state == JudgingRound.SIGNED.value):
        raise NotFound
    return replace(context, sheet=row)


def ratings_of(written: str, number: int) -> list[int | None]:
    """Return the ratings of a sheet for so many questions, None where it has none yet."""
    ratings = json.loads(written)
    return [ratings[index] if index < len(ratings) else None for index in range(number)]


def second_ratings(sheet: JudgeSheet, number: int) -> list[int | None]:
    """Return the ratings of a sheet in the second round: those of the first until the judge looks at it again."""
    return ratings_of(sheet.second if json.loads(sheet.second) else sheet.first, number)


def complete_sheets(session: Session, record: PassMarkRecord, judged: JudgingRound) -> list[JudgedSheet]:
    """Return the sheets that say something of every question in a round; in the second they have to have been saved in it."""
    number, sheets = len(items_of(record)), list[JudgedSheet]()
    for sheet in list_sheets(session, record.id):
        first, second = (tuple(rating for rating in ratings_of(own, number) if rating is not None) for own in (sheet.first, sheet.second))
        if len(first) == number and (judged is JudgingRound.FIRST or len(second) == number):
            sheets.append(JudgedSheet(sheet.name, first, second, confirmation_of(session, sheet)))
    return sheets


def confirmation_of(session: Session, sheet: JudgeSheet) -> dict[str, str]:
    """Return by what a judge has confirmed a sheet; nothing where another has typed it so far."""
    account = sheet.entered_by if sheet.own else sheet.confirmed_by
    if account is not None:
        person, at = session.get_one(Person, account), sheet.confirmed_at or sheet.saved_at
        return {"by": "account", "name": person.full_name, "at": at.isoformat(), "sheet": str(sheet.uuid)}
    if sheet.paper_id is not None:
        return {"by": "paper", "sha256": session.get_one(StoredFile, sheet.paper_id).sha256, "sheet": str(sheet.uuid)}
    return {}


def known_facilities(session: Session, course_id: int, keys: Sequence[str]) -> dict[str, int]:
    """Return the mean first answer in percent of the newest version of questions, of those with enough answers."""
    newest = (
        select(func.max(QuestionVersion.id))
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.course_id == course_id, Question.key.in_(keys))
        .group_by(Question.id)
    )
    named = select(QuestionVersion.id, Question.key).join(Question, Question.id == QuestionVersion.question_id)
    versions: dict[int, str] = dict(session.execute(named.where(QuestionVersion.id.in_(newest))).all())
    answers = count_first_answers(session, list(versions))
    return {versions[version_id]: round(100 * own.shares / own.count) for version_id, own in answers.items() if own.count >= FEWEST_ANSWERS}


def missing_records(session: Session, course_id: int, folder: CourseFolder) -> tuple[Finding, ...]:
    """Tell which quizzes say that judges set their pass mark, without a signed record of just that mark (spec/selection 0.2)."""
    questions = [
        (activity, activity.settings)
        for module in folder.modules
        for activity in module.activities
        if isinstance(activity.settings, QuizSource) and activity.settings.basis is not None and activity.settings.basis.by_judges
    ]
    return tuple(
        _finding(activity.path, quiz)
        for activity, quiz in questions
        if quiz.settings.pass_mark is not None and find_record_of(session, course_id, activity.key, quiz.settings.pass_mark) is None
    )


def find_record_of(session: Session, course_id: int, activity_key: str, pass_mark: Fraction) -> UUID | None:
    """Return the newest signed record of a quiz that chose this pass mark; None where there is none."""
    rows = session.execute(
        select(PassMarkRecord.uuid, PassMarkRecord.pass_mark)
        .where(
            PassMarkRecord.course_id == course_id,
            PassMarkRecord.activity_key == activity_key,
            PassMarkRecord.state == JudgingRound.SIGNED.value,
        )
        .order_by(PassMarkRecord.signed_at.desc(), PassMarkRecord.id.desc())
        .limit(MOST_RECORDS)
    )
    return next((row.uuid for row in rows if row.pass_mark is not None and abs(Fraction(row.pass_mark) - pass_mark) < HALF_DIGIT), None)


HALF_DIGIT = Fraction(1, 10**7)


def _finding(path: str, quiz: QuizSource) -> Finding:
    assert quiz.settings.pass_mark is not None
    return Finding(
        path,
        0,
        0,
        field="pass_basis",
        code="C514",
        severity=model.severity("C514"),
        template=N_("There is no signed record of judges that chose %(mark)s%% as the pass mark of this quiz."),
        fix_template=N_("Open “Pass mark” on the page of the quiz's questions, or cite the norm that sets it."),
        facts={"mark": f"{float(quiz.settings.pass_mark):g}"},
    )


LONGEST_REASON = 2_000


class PassMarkVerb(audit.Verb):
    """The audit verbs of judging a pass mark."""

    OPENED = "pass_mark.opened", N_("Opened a record of judges on a pass mark")
    JUDGE_ADDED = "pass_mark.judge_added", N_("Added a judge of a pass mark")
    JUDGED = "pass_mark.judged", N_("Judged questions for a pass mark")
    CONFIRMED = "pass_mark.confirmed", N_("Confirmed the judgements of an expert on a pass mark")
    SECOND_ROUND = "pass_mark.second_round", N_("Began the second round of judging a pass mark")
    SIGNED = "pass_mark.signed", N_("Signed the record of a pass mark")
    DISCARDED = "pass_mark.discarded", N_("Discarded a record on a pass mark")


class RecordOpen(Conflict):
    """A record of the same questions is not finished yet."""

    message = N_("There is a record of these questions that is not signed yet. Finish or discard it first.")


class RecordClosed(Conflict):
    """A record that is signed or discarded, or whose round ended meanwhile."""

    message = N_("This round has ended, so nothing in it can be changed. Look at the record again.")


class TooFewJudges(Invalid):
    """Fewer complete sheets than a record needs."""

    message = N_("At least three judges have to have judged every question in this round.")


class Unconfirmed(Invalid):
    """Sheets that another has typed and that their judges have not confirmed."""

    message = N_("These experts have not confirmed their sheet yet, by their account or by a signed paper: %(names)s.")


class NotYours(Invalid):
    """A sheet that the actor cannot confirm."""

    message = N_(
        "A complete sheet of the second round is confirmed by the expert it belongs to, not by the person who typed it, "
        "and each expert has one sheet."
    )


class DiscardReasonNeeded(Invalid):
    """A record given up without a reason."""

    message = N_("Write why the record is discarded. It stays on the page of the pass mark with your name.")


class ReasonNeeded(Invalid):
    """A pass mark far from the cut of the judges, without a reason."""

    message = N_("This pass mark is more than two standard errors from what the judges say. Write why it is right all the same.")


class JudgeKnown(Conflict):
    """A judge who has a sheet already."""

    message = N_("There is a sheet of this judge already.")


def open_record(
    session: Session,
    actor: Actor,
    course: Course,
    key: str,
    items: Sequence[JudgedItem],
    *,
    form: str,
    shows_facilities: bool,
    now: datetime,
) -> PassMarkRecord:
    """Open a record on the questions of a quiz, or of one of its forms; raise RecordOpen where one of the same is open.

    The course is locked.
    """
    assert actor.person_id is not None
    present = select(PassMarkRecord.id).where(
        PassMarkRecord.course_id == course.id,
        PassMarkRecord.activity_key == key,
        PassMarkRecord.form == form,
        PassMarkRecord.state.in_([JudgingRound.FIRST.value, JudgingRound.SECOND.value]),
    )
    if session.scalar(present) is not None:
        raise RecordOpen
    record = PassMarkRecord(
        course_id=course.id,
        activity_key=key,
        form=form,
        state=JudgingRound.FIRST.value,
        items=json.dumps([asdict(item) for item in items], ensure_ascii=False),
        shows_facilities=shows_facilities,
        opened_at=now,
        opened_by=actor.person_id,
    )
    session.add(record)
    session.flush()
    audit.record(session, actor, PassMarkVerb.OPENED, course, now=now, activity=key, questions=len(items))
    return record


def add_judge(session: Session, actor: Actor, record: PassMarkRecord, name: str, *, own: bool, now: datetime) -> JudgeSheet:
    """Add a judge's sheet to a locked record: the actor's own, or one whose paper the actor types; raise JudgeKnown or RecordClosed."""
    assert actor.person_id is not None
    if record.state != JudgingRound.FIRST.value:
        raise RecordClosed
    sheet = JudgeSheet(record_id=record.id, own=own, name=name, entered_by=actor.person_id, saved_at=now)
    known = session.execute(select(JudgeSheet.name, JudgeSheet.own, JudgeSheet.entered_by).where(JudgeSheet.record_id == record.id)).all()
    if any(sheet.name.casefold() == name.casefold() or (own and sheet.own and sheet.entered_by == actor.person_id) for sheet in known):
        raise JudgeKnown
    session.add(sheet)
    session.flush()
    audit.record(session, actor, PassMarkVerb.JUDGE_ADDED, _course(session, record), now=now, activity=record.activity_key)
    return sheet


def save_sheet(
    session: Session, actor: Actor, record: PassMarkRecord, sheet: JudgeSheet, ratings: Sequence[int | None], seen: str, *, now: datetime
) -> None:
    """Keep what a judge says in the present round of a locked record; raise RecordClosed where it is not the round that was shown."""
    if record.state != seen or record.state not in (JudgingRound.FIRST.value, JudgingRound.SECOND.value):
        raise RecordClosed
    written = json.dumps(list(ratings))
    if record.state == JudgingRound.FIRST.value:
        sheet.first = written
    else:
        sheet.second = written
    sheet.saved_at = now
    sheet.confirmed_at = sheet.confirmed_by = sheet.paper_id = None
    sheet.paper_name = ""
    audit.record(session, actor, PassMarkVerb.JUDGED, _course(session, record), now=now, activity=record.activity_key)


def confirm_sheet(session: Session, actor: Actor, record: PassMarkRecord, sheet: JudgeSheet, *, now: datetime) -> None:
    """Let an expert confirm with their account what another typed, in a locked record; raise NotYours."""
    sheets = list_sheets(session, record.id)
    has_one = any(actor.person_id in (other.confirmed_by, other.entered_by if other.own else None) for other in sheets)
    if has_one or sheet.entered_by == actor.person_id or not _can_be_confirmed(record, sheet):
        raise NotYours
    sheet.confirmed_at, sheet.confirmed_by = now, actor.person_id
    _record_confirmation(session, actor, record, now)


def attach_scan(
    session: Session, actor: Actor, record: PassMarkRecord, sheet: JudgeSheet, name: str, stored: StoredFile, *, now: datetime
) -> None:
    """Attach the scan of the paper that an expert signed to the sheet that the actor typed, in a locked record; raise NotYours."""
    if sheet.entered_by != actor.person_id or not _can_be_confirmed(record, sheet):
        raise NotYours
    sheet.paper_id, sheet.paper_name = stored.id, name
    _record_confirmation(session, actor, record, now)


def _can_be_confirmed(record: PassMarkRecord, sheet: JudgeSheet) -> bool:
    """Return whether a sheet is typed for another, and complete in the second round."""
    number = len(items_of(record))
    is_complete = len(json.loads(sheet.second)) == number and None not in ratings_of(sheet.second, number)
    return not sheet.own and record.state == JudgingRound.SECOND.value and is_complete


def _record_confirmation(session: Session, actor: Actor, record: PassMarkRecord, now: datetime) -> None:
    audit.record(session, actor, PassMarkVerb.CONFIRMED, _course(session, record), now=now, activity=record.activity_key)


def begin_second_round(session: Session, actor: Actor, record: PassMarkRecord, *, now: datetime) -> None:
    """End the first round of a locked record; raise TooFewJudges or RecordClosed. Judges go on from what they said."""
    if record.state != JudgingRound.FIRST.value:
        raise RecordClosed
    if len(complete_sheets(session, record, JudgingRound.FIRST)) < LEAST_JUDGES:
        raise TooFewJudges
    record.state, record.second_at = JudgingRound.SECOND.value, now
    audit.record(session, actor, PassMarkVerb.SECOND_ROUND, _course(session, record), now=now, activity=record.activity_key)


def sign_record(session: Session, actor: Actor, record: PassMarkRecord, pass_mark: Fraction, reason: str, *, now: datetime) -> None:
    """Choose the pass mark of a locked record and freeze it; raise RecordClosed, TooFewJudges, Unconfirmed or ReasonNeeded."""
    if record.state != JudgingRound.SECOND.value:
        raise RecordClosed
    sheets = complete_sheets(session, record, JudgingRound.SECOND)
    if len(sheets) < LEAST_JUDGES:
        raise TooFewJudges
    if unconfirmed := [sheet.name for sheet in sheets if not sheet.confirmation]:
        raise Unconfirmed(names=", ".join(unconfirmed))
    cut = cut_of([sheet.second for sheet in sheets])
    if cut.needs_reason(pass_mark) and not reason:
        raise ReasonNeeded
    record.result = json.dumps(
        {
            "judges": [asdict(sheet) for sheet in sheets],
            "cut": str(cut.cut),
            "error_variance": str(cut.error_variance),
            "without": [str(cut_without) for cut_without in cut.without],
        },
        ensure_ascii=False,
    )
    record.state, record.signed_at, record.signed_by = JudgingRound.SIGNED.value, now, actor.person_id
    record.pass_mark, record.reason = as_decimal(pass_mark), reason
    facts = {"activity": record.activity_key, "pass_mark": str(pass_mark)}
    audit.record(session, actor, PassMarkVerb.SIGNED, _course(session, record), now=now, **facts)


def discard_record(session: Session, actor: Actor, record: PassMarkRecord, reason: str, *, now: datetime) -> None:
    """Give up a locked record that is not signed, for a reason; it is kept and shown. Raise RecordClosed or DiscardReasonNeeded."""
    if record.state not in (JudgingRound.FIRST.value, JudgingRound.SECOND.value):
        raise RecordClosed
    if not reason:
        raise DiscardReasonNeeded
    record.state, record.discarded_at, record.discarded_by = JudgingRound.DISCARDED.value, now, actor.person_id
    record.discard_reason = reason
    audit.record(session, actor, PassMarkVerb.DISCARDED, _course(session, record), now=now, activity=record.activity_key)


def _course(session: Session, record: PassMarkRecord) -> Course:
    return session.get_one(Course, record.course_id)
