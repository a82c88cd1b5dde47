"""Selections: made and read, each with its jury, its participants, their signs and their attempts; members named and ended."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.orm.util import AliasedClass

from accounts.models import AccountMerge, Person, SecondFactor, full_name
from accounts.people import find_person_by_email, list_merged_into
from accounts.second_factor import has_factor
from courses.catalogue import lock_course
from courses.models import Activity, Course, CourseStaff, CourseVersion, StaffRole
from courses.versions import get_outline
from enrolments.editions import EditionValues, LaterEnd
from enrolments.learner_groups import find_group
from enrolments.models import Edition, EditionPlace, Enrolment, FormerPlace, GroupMember, LearnerGroup
from kernel import audit, outbox
from kernel.errors import N_, Conflict, Invalid, NotFound, require_found
from kernel.permissions import Actor
from questions.models import Question, QuestionVersion
from quizzes.models import Attempt, AttemptItem, MarkEvent, VoidedQuestion
from quizzes.rules.grades import AttemptGrade, read_exactly
from quizzes.rules.regrade import RegradeKind
from quizzes.rules.states import OPEN_STATES, AttemptState, read_record
from quizzes.snapshots import find_published_snapshot
from selections import models
from selections.access import SelectionContext, SelectionMemberContext
from selections.audit_verbs import SelectionVerb
from selections.models import ActaState, MemberRole, Selection, SelectionActa, SelectionActaEntry, SelectionIncident, SelectionMember
from selections.rules.ranking import Participant
from selections.rules.signs import AttemptSign, PersonSign, RecordedAttempt, find_signs

MOST_SELECTIONS = 500
NOTIFY_MEMBER = "selections.notify_member"


SelectionRow = Row[int, UUID, Mapping[str, str], Mapping[str, str], str]
"""A selection: its `id` and `uuid`, the `title` of its quiz in the newest version that has it, the `course_title`, and the name of its
edition or group (`people`)."""


def _list(session: Session, condition: ColumnElement[bool]) -> Sequence[SelectionRow]:
    title = (
        select(Activity.title)
        .join(CourseVersion, CourseVersion.id == Activity.version_id)
        .where(CourseVersion.course_id == Selection.course_id, Activity.key == Selection.activity_key)
        .order_by(CourseVersion.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    people = func.coalesce(Edition.name, LearnerGroup.shown_name)
    statement = (
        select(Selection.id, Selection.uuid, title.label("title"), Course.title.label("course_title"), people.label("people"))
        .join(Course, Course.id == Selection.course_id)
        .outerjoin(Edition, Edition.id == Selection.edition_id)
        .outerjoin(LearnerGroup, LearnerGroup.id == Selection.group_id)
        .where(condition)
        .order_by(Selection.id.desc())
        .limit(MOST_SELECTIONS)
    )
    return session.execute(statement).all()


def list_selections(session: Session, course_id: int, key: str) -> Sequence[SelectionRow]:
    """List the selections of a quiz, the newest first."""
    return _list(session, and_(Selection.course_id == course_id, Selection.activity_key == key))


def list_own(session: Session, person_id: int) -> Sequence[SelectionRow]:
    """List the selections that a person is named for and takes no part in, the newest first."""
    named = select(SelectionMember.selection_id).where(SelectionMember.person_id == person_id, SelectionMember.ended_at.is_(None))
    return _list(session, Selection.id.in_(named) & ~takes_part(person_id))


def is_member_condition() -> ColumnElement[bool]:
    """Return the condition on `person` that they are of the jury of a selection, or read it."""
    return exists().where(SelectionMember.person_id == Person.id, SelectionMember.ended_at.is_(None))


def has_selections_condition() -> ColumnElement[bool]:
    """Return the condition on `person` that `/selections` lists something for them."""
    in_force = exists().where(SelectionActa.id == SelectionActaEntry.acta_id, SelectionActa.state == ActaState.IN_FORCE.value)
    return or_(
        is_member_condition(),
        exists().where(SelectionActaEntry.person_id == Person.id, in_force),
        exists().where(SelectionIncident.person_id == Person.id),
    )


def list_published_to(session: Session, person_id: int) -> Sequence[SelectionRow]:
    """List the selections with an acta in force in which a person has a line, the newest first."""
    theirs = (
        select(SelectionActa.selection_id)
        .join(SelectionActaEntry, SelectionActaEntry.acta_id == SelectionActa.id)
        .where(SelectionActaEntry.person_id == person_id, SelectionActa.state == ActaState.IN_FORCE.value)
    )
    return _list(session, Selection.id.in_(theirs))


def get_row(session: Session, selection_id: int) -> SelectionRow:
    """Return a selection as lists show it."""
    return _list(session, Selection.id == selection_id)[0]


def people_of(selection: Selection) -> ColumnElement[bool]:
    """Return a condition on `enrolment`: the takes whose attempts a selection counts, one for each person (spec/selection 4.3).

    Who has a line in an acta in force keeps the take of that line. Of the others, it is their present take in the edition or group, or an
    earlier one of it in which they sat: what they do in a later take counts nowhere in it. Who sat and left, or was removed, stays too;
    who left before they sat is in no acta.
    """
    of_acta = (SelectionActa.selection_id == selection.id, SelectionActa.state == ActaState.IN_FORCE.value)
    lines = exists().where(*of_acta, SelectionActaEntry.acta_id == SelectionActa.id)
    listed = lines.where(SelectionActaEntry.enrolment_id == Enrolment.id).correlate(Enrolment)
    has_line = lines.where(SelectionActaEntry.person_id == Enrolment.person_id).correlate(Enrolment)
    present = and_(Enrolment.superseded_at.is_(None), Enrolment.left_at.is_(None), _is_in(selection, Enrolment, EditionPlace, GroupMember))
    earlier = aliased(Enrolment)
    same = (earlier.person_id == Enrolment.person_id, earlier.course_id == Enrolment.course_id, earlier.take < Enrolment.take)
    sat_before = exists().where(*same, _was_sat(selection, earlier)).correlate(Enrolment)
    over = or_(Enrolment.superseded_at.is_not(None), Enrolment.left_at.is_not(None))
    counted = or_(listed, and_(or_(present, and_(over, _was_sat(selection, Enrolment))), ~sat_before, ~has_line))
    decision = models.JuryDecision
    newest = select(func.max(decision.id)).where(*_OF_MERGED, decision.outcome == "decided", decision.selection_id == selection.id)
    chosen = _is_merged(selection, decision.id.in_(newest.group_by(decision.person_id)))
    return and_(Enrolment.course_id == selection.course_id, or_(chosen, and_(counted, ~_is_declined(selection))))


_OF_MERGED = (models.JuryDecision.matter == models.JuryMatter.MERGE.value,)


def _is_declined(selection: Selection) -> ColumnElement[bool]:
    """Return a condition on `enrolment`: it is a take of merged accounts that a jury did not choose."""
    return _is_merged(selection, models.JuryDecision.outcome == "declined")


def _is_merged(selection: Selection, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition on `enrolment`: it is one of two takes of merged accounts whose decision fulfils another condition."""
    decided = (models.JuryDecision.selection_id == selection.id, *_OF_MERGED, condition)
    take = select(Attempt.enrolment_id).join(models.JuryDecision, models.JuryDecision.attempt_id == Attempt.id).where(*decided)
    return Enrolment.id.in_(take)


def find_last_attempt(session: Session, selection: Selection, person_id: int) -> int | None:
    """Return the last attempt of a person in a selection's edition or group, previews and those of a declined take apart."""
    people = [person_id, *list_merged_into(session, person_id)]
    of_person = (Enrolment.person_id.in_(people), Enrolment.course_id == selection.course_id)
    theirs = (*of_person, _was_sat(selection, Enrolment), ~_is_declined(selection))
    of_quiz = (Attempt.activity_key == selection.activity_key, ~Attempt.preview)
    return session.scalar(select(func.max(Attempt.id)).join(Enrolment, Enrolment.id == Attempt.enrolment_id).where(*theirs, *of_quiz))


_Take = type[Enrolment] | AliasedClass[Enrolment]


def _is_in(selection: Selection, take: _Take, *places: type[EditionPlace | GroupMember | FormerPlace]) -> ColumnElement[bool]:
    """Return a condition on a take: it has a place of one of these tables in the edition or group of a selection."""
    column, number = ("edition_id", selection.edition_id) if selection.edition_id is not None else ("group_id", selection.group_id)
    tables = [table for table in places if hasattr(table, column)]
    return or_(*(exists().where(table.enrolment_id == take.id, getattr(table, column) == number) for table in tables))


def _was_sat(selection: Selection, take: _Take) -> ColumnElement[bool]:
    """Return a condition on a take: it is or was in a selection, and its person began the quiz while it was."""
    begun = (Attempt.enrolment_id == take.id, Attempt.activity_key == selection.activity_key, ~Attempt.preview)
    mine = FormerPlace.edition_id == selection.edition_id if selection.edition_id else FormerPlace.group_id == selection.group_id
    then = exists().where(*begun, FormerPlace.enrolment_id == take.id, mine, Attempt.started_at <= FormerPlace.ended_at)
    sits = and_(_is_in(selection, take, EditionPlace, GroupMember), exists().where(*begun).correlate_except(Attempt))
    return or_(sits, then.correlate_except(Attempt, FormerPlace))


def is_participant(session: Session, selection: Selection, person_id: int) -> bool:
    """Return whether a person takes or ever took part in a selection."""
    return session.scalar(select(takes_part(person_id)).select_from(Selection).where(Selection.id == selection.id)) or False


def takes_part(person_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return a condition on `selection`: a person has a line in any of its actas, or has or ever had a place among its people.

    Their attempts are those of such a place. Whoever left, was removed or takes the course again took part all the same.
    """
    placed = exists().where(Enrolment.course_id == Selection.course_id, Enrolment.person_id == person_id, was_among())
    of_acta = (SelectionActa.selection_id == Selection.id, SelectionActaEntry.acta_id == SelectionActa.id)
    line = exists().where(*of_acta, SelectionActaEntry.person_id == person_id)
    return or_(placed.correlate_except(Enrolment), line.correlate_except(SelectionActa, SelectionActaEntry))


def was_among() -> ColumnElement[bool]:
    """Return a condition on `enrolment` and `selection` together: the one is, or ever was, among the people of the other."""
    in_it = or_(FormerPlace.edition_id == Selection.edition_id, FormerPlace.group_id == Selection.group_id)
    return or_(is_among(), exists().where(FormerPlace.enrolment_id == Enrolment.id, in_it))


def list_of_enrolment(session: Session, enrolment_id: int, key: str) -> list[Selection]:
    """List the selections of a quiz among whose people an enrolment is or was, the newest first: to which its attempts belong."""
    statement = (
        select(Selection)
        .join(Enrolment, Enrolment.course_id == Selection.course_id)
        .where(Enrolment.id == enrolment_id, Selection.activity_key == key, was_among())
    )
    return list(session.scalars(statement.order_by(Selection.id.desc()).limit(MOST_SELECTIONS)))


def list_places(session: Session, enrolment_id: int) -> Sequence[Row[Selection, bool, bool]]:
    """List the selections among whose people a take is or was: whether its person has a line in an acta in force, and sat in it."""
    of_acta = (SelectionActa.selection_id == Selection.id, SelectionActa.state == ActaState.IN_FORCE.value)
    lines = exists().where(*of_acta, SelectionActaEntry.acta_id == SelectionActa.id, SelectionActaEntry.person_id == Enrolment.person_id)
    sat = exists().where(Attempt.enrolment_id == Enrolment.id, Attempt.activity_key == Selection.activity_key, ~Attempt.preview)
    statement = (
        select(Selection, lines.correlate(Selection, Enrolment), sat.correlate(Selection, Enrolment))
        .join(Enrolment, Enrolment.course_id == Selection.course_id)
        .where(Enrolment.id == enrolment_id, was_among())
    )
    return session.execute(statement.order_by(Selection.id).limit(MOST_SELECTIONS)).all()


def is_among() -> ColumnElement[bool]:
    """Return a condition on `enrolment` and `selection` together: the one is among the people of the other."""
    return or_(
        exists().where(EditionPlace.enrolment_id == Enrolment.id, EditionPlace.edition_id == Selection.edition_id),
        exists().where(GroupMember.enrolment_id == Enrolment.id, GroupMember.group_id == Selection.group_id),
    )


def context_of(person_id: int) -> Select[*tuple[Any, ...]]:
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
    is_member = and_(
        SelectionMember.selection_id == Selection.id, SelectionMember.person_id == person_id, SelectionMember.ended_at.is_(None)
    )
    return (
        select(
            *(Selection, Course.slug, CourseStaff.role.label("staff_role"), SelectionMember.role),
            func.coalesce(Edition.name, LearnerGroup.shown_name).label("people"),
            *(named.id.label("activity_id"), named.version_id),
            exists().where(SecondFactor.person_id == person_id).label("has_second_factor"),
            takes_part(person_id).label("is_participant"),
        )
        .join(Course, Course.id == Selection.course_id)
        .join(named, named.id == newest)
        .outerjoin(CourseStaff, and_(CourseStaff.course_id == Course.id, CourseStaff.person_id == person_id))
        .outerjoin(SelectionMember, is_member)
        .outerjoin(Edition, Edition.id == Selection.edition_id)
        .outerjoin(LearnerGroup, LearnerGroup.id == Selection.group_id)
    )


def read_context(session: Session, row: Row[*tuple[Any, ...]]) -> SelectionContext:
    """Return a selection before an actor, from its row."""
    return SelectionContext(
        id=row.Selection.id,
        uuid=row.Selection.uuid,
        course_id=row.Selection.course_id,
        slug=row.slug,
        key=row.Selection.activity_key,
        activity_id=row.activity_id,
        outline=get_outline(session, row.version_id),
        people=row.people,
        staff_role=StaffRole(row.staff_role) if row.staff_role else None,
        role=MemberRole(row.role) if row.role else None,
        has_second_factor=row.has_second_factor,
        is_participant=row.is_participant,
    )


def get_selection(session: Session, actor: Actor, selection: UUID) -> SelectionContext:
    """Return a selection before an actor; raise NotFound."""
    if actor.person_id is None:
        raise NotFound
    row = require_found(session.execute(context_of(actor.person_id).where(Selection.uuid == selection)).one_or_none())
    return read_context(session, row)


def lock_selection(session: Session, selection_id: int) -> Selection:
    """Return a selection, after every other change of it, of its members and of its actas."""
    statement = select(Selection).where(Selection.id == selection_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one()


BATCH = 1_000


def is_answering_over(session: Session, selection: Selection, *, now: datetime) -> bool:
    """Return whether a sitting is over: none of its people answers, and its quiz or edition has ended or an acta is in force."""
    acta = exists().where(SelectionActa.selection_id == selection.id, SelectionActa.state == ActaState.IN_FORCE.value)
    answering, has_acta = session.execute(select(exists().where(*_open_attempts(selection)), acta)).one()
    if answering or has_acta:
        return not answering
    end = last_moment_to_sit(session, selection)
    return end is not None and end <= now


def _open_attempts(selection: Selection) -> tuple[ColumnElement[bool], ...]:
    people = select(Enrolment.id).where(people_of(selection)).scalar_subquery()
    return (
        Attempt.enrolment_id.in_(people),
        Attempt.activity_key == selection.activity_key,
        ~Attempt.preview,
        Attempt.state.in_([state.value for state in OPEN_STATES]),
    )


def count_answering(session: Session, selection: Selection) -> int:
    """Count the attempts of a selection's people that are in progress."""
    return session.scalars(select(func.count(Attempt.id)).where(*_open_attempts(selection))).one()


def last_moment_to_sit(session: Session, selection: Selection) -> datetime | None:
    """Return when a selection's quiz or edition ends, whichever comes first; None where neither has an end."""
    snapshot = find_published_snapshot(session, session.get_one(Course, selection.course_id), selection.activity_key)
    edition = session.get(Edition, selection.edition_id) if selection.edition_id else None
    ends = [snapshot.closes_at if snapshot else None, edition.ends_at if edition else None]
    return min((end for end in ends if end is not None), default=None)


def list_signs(session: Session, selection: Selection) -> list[PersonSign]:
    """List the signs of a selection's sitting by kind, then by name; reads the records as a stream."""
    statement = (
        select(Attempt.id, Attempt.uuid, Attempt.number, Attempt.person_id, Attempt.integrity_record)
        .add_columns(Person.given_names, Person.first_surname, Person.second_surname)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .join(Person, Person.id == Attempt.person_id)
        .where(
            people_of(selection),
            Attempt.activity_key == selection.activity_key,
            ~Attempt.preview,
            Attempt.state.not_in([state.value for state in OPEN_STATES]),
            Attempt.integrity_record != "",
        )
        .order_by(Person.name_key, Person.id, Attempt.number)
    )
    rows = session.execute(statement).all()
    versions = _versions(session, [row.id for row in rows])
    signs = find_signs([RecordedAttempt(row.id, read_record(row.integrity_record), versions[row.id]) for row in rows])
    by_attempt = {row.id: row for row in rows}
    return [_person_sign(by_attempt[sign.attempt_id], sign) for sign in signs]


def find_sign(session: Session, selection: Selection, attempt: UUID, kind: str) -> PersonSign | None:
    """Return one sign of a sitting, with how rare it is in it; None where there is no such sign."""
    return next(
        (candidate for candidate in list_signs(session, selection) if candidate.attempt == attempt and candidate.sign.kind.value == kind),
        None,
    )


def _versions(session: Session, attempts: Sequence[int]) -> defaultdict[int, dict[int, int]]:
    versions: defaultdict[int, dict[int, int]] = defaultdict(dict)
    columns = (AttemptItem.attempt_id, AttemptItem.position, AttemptItem.question_version_id)
    for begin in range(0, len(attempts), BATCH):
        statement = select(*columns).where(AttemptItem.attempt_id.in_(attempts[begin : begin + BATCH]), AttemptItem.number.is_not(None))
        for attempt_id, position, version in session.execute(statement):
            versions[attempt_id][position] = version
    return versions


def _person_sign(row: Row[*tuple[Any, ...]], sign: AttemptSign) -> PersonSign:
    name = full_name(row.given_names, row.first_surname, row.second_surname)
    return PersonSign(row.person_id, name, row.uuid, row.number, sign)


MOST_MEMBERS = 200


def list_members(session: Session, selection_ids: Sequence[int]) -> Sequence[Row[SelectionMember, Person]]:
    """List who is named for selections at present, juries first, by name."""
    statement = (
        select(SelectionMember, Person)
        .join(Person, Person.id == SelectionMember.person_id)
        .where(SelectionMember.selection_id.in_(selection_ids), SelectionMember.ended_at.is_(None))
        .order_by(SelectionMember.role, Person.name_key, SelectionMember.id)
        .limit(MOST_MEMBERS)
    )
    return session.execute(statement).all()


def list_jury(session: Session, selection_id: int) -> list[int]:
    """List the people who are named for a jury, by number: whom a task is told to."""
    statement = select(SelectionMember.person_id).where(
        SelectionMember.selection_id == selection_id, SelectionMember.role == MemberRole.JURY.value, SelectionMember.ended_at.is_(None)
    )
    return list(session.scalars(statement.order_by(SelectionMember.id).limit(MOST_MEMBERS)))


def get_member(session: Session, actor: Actor, selection: UUID, member: UUID) -> SelectionMemberContext:
    """Return a person named for a selection, before who may end that; raise NotFound."""
    context = get_selection(session, actor, selection)
    statement = select(SelectionMember.id).where(SelectionMember.selection_id == context.id, SelectionMember.uuid == member)
    row = require_found(session.scalar(statement))
    return SelectionMemberContext(context, row)


_BASIS = (
    select(func.max(MarkEvent.id))
    .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
    .where(AttemptItem.attempt_id == Attempt.id)
    .correlate(Attempt)
    .scalar_subquery()
)


_ENDED = (AttemptState.SUBMITTED.value, AttemptState.FINISHED.value, AttemptState.ABANDONED.value)


def list_participants(session: Session, selection: Selection, amended: int | None = None) -> list[Participant]:
    """List everybody of a selection with their ended attempts, by name; in one statement, so that it is of one moment.

    With the number of an acta that is `amended`: the people of that acta, whoever left the course or took it again since, and of the
    others now in the selection those who have sat. An account that was merged counts as the one that stays.
    """
    of_attempt = (Attempt.number, Attempt.state, Attempt.raw, Attempt.maximum, Attempt.percent, _BASIS.label("basis"))
    theirs = (
        (Attempt.enrolment_id == Enrolment.id)
        & (Attempt.activity_key == selection.activity_key)
        & ~Attempt.preview
        & Attempt.state.in_(_ENDED)
    )
    statement = (
        select(
            *(Enrolment.id.label("enrolment_id"), Person.id, Person.given_names, Person.first_surname, Person.second_surname),
            *(Person.name_key, *of_attempt, _is_merged(selection, models.JuryDecision.closed_at.is_(None)).label("is_undecided")),
        )
        .outerjoin(AccountMerge, AccountMerge.closed_id == Enrolment.person_id)
        .join(Person, Person.id == func.coalesce(AccountMerge.kept_id, Enrolment.person_id))
        .outerjoin(Attempt, theirs)
        .where(people_of(selection) if amended is None else _of_amended(selection, amended))
        .order_by(Person.name_key, Person.id, Enrolment.id, Attempt.number)
    )
    by_enrolment = defaultdict[int, list[Row[tuple[object, ...]]]](list)
    for row in session.execute(statement):
        by_enrolment[row.enrolment_id].append(row)
    return [_participant(rows) for rows in by_enrolment.values()]


def _of_amended(selection: Selection, acta_id: int) -> ColumnElement[bool]:
    """Return a condition on `enrolment` and `attempt`: the takes of an acta's lines, and those of others now in it who have sat."""
    lines = select(SelectionActaEntry.enrolment_id).where(SelectionActaEntry.acta_id == acta_id)
    people = select(SelectionActaEntry.person_id).where(SelectionActaEntry.acta_id == acta_id)
    came = and_(people_of(selection), Enrolment.person_id.not_in(people), Attempt.id.is_not(None))
    return or_(and_(Enrolment.id.in_(lines), ~_is_declined(selection)), came)


def _participant(rows: list[Row[tuple[object, ...]]]) -> Participant:
    first, sat = rows[0], [row for row in rows if row.number is not None]
    return Participant(
        id=first.id,
        name=full_name(first.given_names, first.first_surname, first.second_surname),
        order=f"{first.name_key} {first.id} {first.enrolment_id}",
        attempts=tuple(AttemptGrade(row.number, _percent(row), abandoned=row.state == AttemptState.ABANDONED.value) for row in sat),
        is_waiting=first.is_undecided or any(row.state != AttemptState.ABANDONED.value and row.raw is None for row in sat),
        basis=max((row.basis or 0 for row in sat), default=0),
        enrolment_id=first.enrolment_id,
    )


def _percent(row: Row[tuple[object, ...]]) -> Fraction | None:
    """Return a result without rounding: marks of thirds and sixths are kept with seven decimals and read as what they were."""
    if row.percent is None or row.raw is None:
        return None
    raw, maximum = (read_exactly("", Fraction(value)) for value in (row.raw, row.maximum))
    return None if raw is None or not maximum else raw / maximum * 100


AT_ONCE = 400
"""Takes whose marks are read with one statement."""
LEFT_OUT = (RegradeKind.REMOVED.value, RegradeKind.UNLESS_LOWER.value)
ENDED = (AttemptState.SUBMITTED.value, AttemptState.FINISHED.value)


ObjectiveSums = Mapping[tuple[int, int], Mapping[str, tuple[Fraction, Fraction]]]
"""The marks of attempts by objective, and what they could be at most, by take and number."""


def read_subtotals(session: Session, selection: Selection, takes: Sequence[int], objectives: Mapping[str, str]) -> ObjectiveSums:
    """Return the sums by objective of the ended attempts of takes; `objectives` are those of questions by key.

    A question that was taken out of the total, for all or where that lowers nobody, is in no sum.
    """
    voided = select(VoidedQuestion.question_version_id).where(
        VoidedQuestion.course_id == selection.course_id,
        VoidedQuestion.activity_key == selection.activity_key,
        VoidedQuestion.lifted_at.is_(None),
        VoidedQuestion.effect.in_(LEFT_OUT),
    )
    out, subtotals = set(session.scalars(voided)), defaultdict[tuple[int, int], dict[str, tuple[Fraction, Fraction]]](dict)
    for start in range(0, len(takes), AT_ONCE):
        for row in session.execute(_marks(selection, takes[start : start + AT_ONCE], objectives)):
            if row.question_version_id not in out:
                of_attempt, objective = subtotals[row.enrolment_id, row.number], objectives[row.key]
                share = None if row.fraction is None else read_exactly(row.exact, Fraction(row.fraction))
                marks, maximum = of_attempt.get(objective, (Fraction(0), Fraction(0)))
                of_attempt[objective] = marks + (share or 0) * Fraction(row.maximum), maximum + Fraction(row.maximum)
    return subtotals


def _marks(selection: Selection, takes: Sequence[int], keys: Collection[str]):  # type: ignore[no-untyped-def]  # the type of six columns says nothing
    last = select(func.max(MarkEvent.id)).where(MarkEvent.item_id == AttemptItem.id).correlate(AttemptItem).scalar_subquery()
    return (
        select(
            *(Attempt.enrolment_id, Attempt.number, Question.key, AttemptItem.question_version_id, AttemptItem.maximum),
            *(MarkEvent.fraction, MarkEvent.exact),
        )
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(QuestionVersion, QuestionVersion.id == AttemptItem.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .join(MarkEvent, MarkEvent.id == last)
        .where(Attempt.enrolment_id.in_(takes), Attempt.activity_key == selection.activity_key, ~Attempt.preview)
        .where(Attempt.state.in_(ENDED), Question.key.in_(keys))
    )


def list_draws(session: Session, selection: Selection) -> Sequence[Row[int, int, int]]:
    """List from which quiz versions and draw tables how many `attempts` of a selection's people come, in the order of both."""
    statement = (
        select(Attempt.quiz_version_id, Attempt.draw_table, func.count().label("attempts"))
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(people_of(selection), Attempt.activity_key == selection.activity_key, ~Attempt.preview, Attempt.state.in_(ENDED))
        .group_by(Attempt.quiz_version_id, Attempt.draw_table)
        .order_by(Attempt.quiz_version_id, Attempt.draw_table)
    )
    return session.execute(statement).all()


class NotSelecting(Conflict):
    """A quiz whose published version does not say that its results are used outside the course."""

    message = N_("The published quiz does not say that its results are used outside the course. Only such a quiz has actas.")


class UnknownMember(Invalid):
    """An address without an account, or whose account has no second factor: the two are not told apart."""

    message = N_(
        "There is no account with this address that has a second step. A second step is required: ask the person to add one first."
    )


class ParticipantNamed(Invalid):
    """A person whose own result the selection lists."""

    message = N_("This person takes part in the selection, or took part in it, so they can be neither in its jury nor a reader.")


class JuryNames(Conflict):
    """A naming, or its end, by the course's owner after the first acta."""

    message = N_("This selection has an acta. From now on two members of its jury name people, or end that.")


def create_selection(
    session: Session, actor: Actor, course_id: int, key: str, *, edition: UUID | None, group: UUID | None, now: datetime
) -> Selection:
    """Make a selection of a quiz's edition or group, or return the one that there is; raise NotSelecting, or Invalid for no such place."""
    assert actor.person_id is not None
    course = lock_course(session, course_id)
    snapshot = find_published_snapshot(session, course, key)
    if snapshot is None or snapshot.selection is None:
        raise NotSelecting
    edition_id, group_id = _people(session, course_id, edition, group)
    present = session.scalar(
        select(Selection).where(
            Selection.course_id == course_id,
            Selection.activity_key == key,
            Selection.edition_id == edition_id if edition_id else Selection.group_id == group_id,
        )
    )
    if present is not None:
        return present
    row = Selection(
        course_id=course_id,
        activity_key=key,
        edition_id=edition_id,
        group_id=group_id,
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, SelectionVerb.CREATED, row, now=now, course=course_id, activity=key)
    return row


def _people(session: Session, course_id: int, edition: UUID | None, group: UUID | None) -> tuple[int | None, int | None]:
    """Return the edition or the group of a course that was chosen, by number; raise Invalid."""
    if edition is not None:
        edition_id = session.scalar(select(Edition.id).where(Edition.course_id == course_id, Edition.uuid == edition))
        if edition_id is not None:
            return edition_id, None
    if group is not None and (row := find_group(session, course_id, group)) is not None:
        return None, row.id
    raise Invalid(N_("Choose the edition or the group that the acta is about."))


def has_acta(session: Session, selection_id: int) -> bool:
    """Return whether a selection has, or had, an acta in force: from then on two of its jury name its members."""
    in_force = (SelectionActa.selection_id == selection_id, SelectionActa.state == ActaState.IN_FORCE.value)
    return session.scalar(select(exists().where(*in_force))) or False


class EndsAfterActa(LaterEnd):
    """A later end of an edition, after an acta counts what its people did in it."""

    message = N_(
        "There is an acta of this edition: it no longer ends later for everyone. Set a later closing for each person who needs it, in the "
        "overrides of the quiz; two of those who sign decide."
    )


def mind_edition(session: Session, edition: Edition, plan: EditionValues) -> None:
    """Refuse a later end of an edition whose people an acta counts; raise EndsAfterActa."""
    ends_later = edition.ends_at is not None and (plan.ends_at is None or plan.ends_at > edition.ends_at)
    in_it = exists().where(EditionPlace.edition_id == edition.id, EditionPlace.enrolment_id == Enrolment.id, was_among())
    of_edition = or_(Selection.edition_id == edition.id, in_it.correlate(Selection))
    if ends_later and session.scalar(select(exists().where(*_OF_ACTA, Selection.course_id == edition.course_id, of_edition))):
        raise EndsAfterActa


def has_acta_of_quiz(session: Session, course_id: int, key: str) -> bool:
    """Return whether a selection of a quiz has, or had, an acta in force."""
    of_quiz = (Selection.course_id == course_id, Selection.activity_key == key)
    return session.scalar(select(exists().where(*_OF_ACTA, *of_quiz))) or False


_OF_ACTA = (SelectionActa.selection_id == Selection.id, SelectionActa.state == ActaState.IN_FORCE.value)


def find_nameable(session: Session, selection: Selection, email: str) -> Person:
    """Return the person of an address who may be named for a selection; raise UnknownMember or ParticipantNamed."""
    person = find_person_by_email(session, email)
    if person is None or person.suspended_at is not None or not has_factor(session, person.id):
        raise UnknownMember
    if is_participant(session, selection, person.id):
        raise ParticipantNamed
    return person


def name_member(
    session: Session, actor: Actor, selection_id: int, email: str, role: MemberRole, *, by_jury: bool = False, now: datetime
) -> None:
    """Name a person for a selection, or change what they are in it; raise UnknownMember, ParticipantNamed or JuryNames."""
    assert actor.person_id is not None
    row = lock_selection(session, selection_id)
    if not by_jury and has_acta(session, row.id):
        raise JuryNames
    person = find_nameable(session, row, email)
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
    member = SelectionMember(selection_id=row.id, person_id=person.id, role=role.value, named_at=now, named_by=actor.person_id)
    session.add(member)
    session.flush()
    outbox.enqueue(session, NOTIFY_MEMBER, {"member": member.id}, now=now)
    audit.record(session, actor, SelectionVerb.MEMBER_NAMED, row, now=now, person=person.id, role=role.value)


def end_member(session: Session, actor: Actor, selection_id: int, member_id: int, *, by_jury: bool = False, now: datetime) -> None:
    """End what a person is in a selection; a second time changes nothing. What they signed stays signed. Raise JuryNames."""
    row = lock_selection(session, selection_id)
    if not by_jury and has_acta(session, row.id):
        raise JuryNames
    ended = session.execute(
        update(SelectionMember)
        .where(SelectionMember.id == member_id, SelectionMember.ended_at.is_(None))
        .values(ended_at=now, ended_by=actor.person_id)
        .returning(SelectionMember.person_id)
    ).scalar_one_or_none()
    if ended is not None:
        audit.record(session, actor, SelectionVerb.MEMBER_ENDED, row, now=now, person=ended)
