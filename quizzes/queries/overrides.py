"""Reading overrides, incidents and accommodations for the pages of staff, and when open attempts end by them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts.models import Person
from accounts.people import by_name, get_person_by_uuid, name_matches
from courses.models import Activity
from enrolments.models import ActivityResult, Enrolment, GroupMember, LearnerGroup
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.entity_rows import columns_of, entity_rows
from kernel.errors import NotFound
from kernel.permissions import Actor
from quizzes.models import Accommodation, Attempt, Incident, IncidentAttempt, QuizOverride, QuizVersion
from quizzes.permissions import IncidentContext, OverrideContext, QuizContext
from quizzes.queries.attempts import get_snapshot
from quizzes.queries.effective_settings import PersonQuizColumns, accommodation_of, overrides_for, setting_sources_of
from quizzes.queries.teaching import get_taught_quiz
from quizzes.rules.access import EffectiveSettings, SettingSources
from quizzes.rules.attempts import ENDED_STATES, OPEN_STATES, AttemptState, AttemptSummary, end_of

_OPEN = Attempt.state.in_([state.value for state in OPEN_STATES])
_ENDED = Attempt.state.in_([state.value for state in ENDED_STATES])
MOST_OPEN = 10_000
"""Attempts in progress that one page of dates reads."""
_Author = aliased(Person)
_Ender = aliased(Person)


@dataclass(frozen=True, slots=True)
class QuizOverrideRow:
    """An override in a list: the row, the name of the group or person it is for, who made it and who ended it."""

    row: QuizOverride
    whom: str
    by: str
    ended_by: str
    can_return: bool
    """Whether there still is whom it was for."""
    left_out: tuple[Person, ...] = ()
    """Who set or ended it and is among those for whom it is, as long as nobody else applied that to them."""


def _is_for(person_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return the condition that a person is among the learners of an override for a group or for everyone."""
    mine = exists().where(Enrolment.course_id == QuizOverride.course_id, Enrolment.person_id == person_id, Enrolment.left_at.is_(None))
    member = exists().where(GroupMember.enrolment_id == Enrolment.id, GroupMember.group_id == QuizOverride.group_id)
    member = member.correlate(Enrolment, QuizOverride)
    return mine.where(or_(QuizOverride.scope == "everyone", (QuizOverride.scope == "group") & member)).correlate(QuizOverride)


_LINES = (
    select(
        QuizOverride,
        LearnerGroup.shown_name,
        LearnerGroup.former_name,
        Person,
        _Author,
        _Ender,
        (QuizOverride.set_applied_by.is_(None) & _is_for(QuizOverride.created_by)).label("author_waits"),
        (QuizOverride.ended_at.is_not(None) & QuizOverride.end_applied_by.is_(None) & _is_for(QuizOverride.ended_by)).label("ender_waits"),
    )
    .outerjoin(LearnerGroup, LearnerGroup.id == QuizOverride.group_id)
    .outerjoin(Person, Person.id == QuizOverride.person_id)
    .join(_Author, _Author.id == QuizOverride.created_by)
    .outerjoin(_Ender, _Ender.id == QuizOverride.ended_by)
)
_ORDER = {"everyone": 0, "group": 1, "person": 2}


def list_in_force(session: Session, quiz: QuizContext, *, offset: int, limit: int) -> list[QuizOverrideRow]:
    """List what is in force at a quiz: for everybody, then groups, then people by name."""
    from_all = func.coalesce(QuizOverride.person_id, 0) > 0
    order = (from_all, func.coalesce(QuizOverride.group_id, 0) > 0, func.lower(LearnerGroup.name), *by_name(), QuizOverride.id)
    return _lines(session, _LINES.where(_of(quiz), QuizOverride.ended_at.is_(None)).order_by(*order).offset(offset).limit(limit))


def list_ended(session: Session, quiz: QuizContext, *, limit: int) -> list[QuizOverrideRow]:
    """List what held at a quiz and holds no more, the last ended first."""
    ended = _LINES.where(_of(quiz), QuizOverride.ended_at.is_not(None))
    return _lines(session, ended.order_by(QuizOverride.ended_at.desc(), QuizOverride.id.desc()).limit(limit))


def _of(quiz: QuizContext) -> ColumnElement[bool]:
    return (QuizOverride.course_id == quiz.course_id) & (QuizOverride.activity_key == quiz.key)


def _lines(session: Session, statement: Select[*tuple[Any, ...]]) -> list[QuizOverrideRow]:
    return [
        QuizOverrideRow(
            row,
            group or (person.full_name if person else ""),
            author.full_name,
            ender.full_name if ender else "",
            gone is None,
            tuple(dict.fromkeys(person for person, waits in ((author, author_waits), (ender, ender_waits)) if waits)),
        )
        for row, group, gone, person, author, ender, author_waits, ender_waits in session.execute(statement)
    ]


def get_override(session: Session, actor: Actor, slug: str, key: str, override: UUID) -> OverrideContext:
    """Return an override of a quiz; raise NotFound."""
    quiz = get_taught_quiz(session, actor, slug, key)
    row = session.scalar(select(QuizOverride).where(_of(quiz), QuizOverride.uuid == override))
    if row is None:
        raise NotFound
    return OverrideContext(quiz, row)


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident in a list, with how many attempts it gave time to, and whom it left out: who gave or took back, and attempts themself."""

    row: Incident
    attempts: int
    by: str
    left_out: tuple[Person, ...] = ()


def list_incidents(session: Session, quiz: QuizContext, *, limit: int) -> list[IncidentRow]:
    """List the incidents of a quiz, the newest first."""
    as_said = (IncidentAttempt.incident_id == Incident.id) & (IncidentAttempt.applied == Incident.undone_at.is_(None))
    attempts = select(func.count()).where(as_said).correlate(Incident).scalar_subquery()
    statement = (
        select(Incident, attempts, Person)
        .join(Person, Person.id == Incident.created_by)
        .where(Incident.course_id == quiz.course_id, Incident.activity_key == quiz.key)
        .order_by(Incident.id.desc())
        .limit(limit)
    )
    rows = session.execute(statement).all()
    waiting = _left_out(session, [row.id for row, _count, _person in rows])
    return [IncidentRow(row, count, person.full_name, tuple(waiting.get(row.id, ()))) for row, count, person in rows]


def _left_out(session: Session, incidents: Sequence[int]) -> dict[int, list[Person]]:
    """Return the people whose attempts do not have yet what incidents gave or took back; each is left out by an act of their own."""
    statement = (
        select(Incident.id, Person)
        .join(IncidentAttempt, IncidentAttempt.incident_id == Incident.id)
        .join(Attempt, Attempt.id == IncidentAttempt.attempt_id)
        .join(Person, Person.id == Attempt.person_id)
        .where(Incident.id.in_(incidents), IncidentAttempt.applied != Incident.undone_at.is_(None))
        .order_by(Incident.id, Person.id)
        .limit(200)
    )
    people: dict[int, list[Person]] = {}
    for incident_id, person in session.execute(statement):
        people.setdefault(incident_id, []).append(person)
    return people


def get_incident(session: Session, actor: Actor, slug: str, key: str, incident: UUID) -> IncidentContext:
    """Return an incident of a quiz; raise NotFound."""
    quiz = get_taught_quiz(session, actor, slug, key)
    statement = select(Incident).where(Incident.course_id == quiz.course_id, Incident.activity_key == quiz.key, Incident.uuid == incident)
    row = session.scalar(statement)
    if row is None:
        raise NotFound
    return IncidentContext(quiz, row)


@dataclass(frozen=True, slots=True)
class AffectedAttempts:
    """The attempts that a change affects; None: any course, quiz or person."""

    course_id: int | None = None
    activity_key: str | None = None
    person_id: int | None = None

    @property
    def condition(self) -> ColumnElement[bool]:
        """Return the condition on `attempt`, previews aside."""
        condition = ~Attempt.preview
        if self.course_id is not None:
            condition &= Attempt.course_id == self.course_id
        if self.activity_key is not None:
            condition &= Attempt.activity_key == self.activity_key
        if self.person_id is not None:
            condition &= Attempt.person_id == self.person_id
        return condition


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An open attempt, its end by the effective settings, and its recorded due date."""

    id: int
    uuid: UUID
    person: Person
    enrolment_id: int | None
    activity_key: str
    state: AttemptState
    started_at: datetime
    due_at: datetime | None
    extra_seconds: int
    end: datetime | None


_ATTEMPT_COLUMNS = PersonQuizColumns(Attempt.person_id, Attempt.enrolment_id, Attempt.course_id, Attempt.activity_key)
_WITH_TERMS = (
    select(*columns_of(Attempt, Person, Accommodation, QuizOverride), QuizVersion.id.label("followed"))
    .join(Person, Person.id == Attempt.person_id)
    .outerjoin(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .outerjoin(Activity, (Activity.version_id == Enrolment.course_version_id) & (Activity.key == Attempt.activity_key))
    .outerjoin(QuizVersion, QuizVersion.activity_id == Activity.id)
    .outerjoin(Accommodation, accommodation_of(Attempt.person_id))
    .outerjoin(QuizOverride, overrides_for(_ATTEMPT_COLUMNS))
)


def list_open_attempts(session: Session, scope: AffectedAttempts, *, after: int = 0, limit: int) -> list[OpenAttempt]:
    """List the open attempts of a scope in the order of their ids, in one statement however many overrides there are."""
    page = select(Attempt.id).where(scope.condition, _OPEN, Attempt.id > after).order_by(Attempt.id).limit(limit)
    return [_open(row, setting_sources) for row, setting_sources in _with_setting_sources(session, page)]


_OPEN_OF_PEOPLE = compile_once(
    _WITH_TERMS.where(
        Attempt.id.in_(
            select(Attempt.id)
            .where(~Attempt.preview, Attempt.person_id.in_(bindparam("person_ids", expanding=True)), _OPEN)
            .order_by(Attempt.id)
            .limit(MOST_OPEN)
        )
    ).order_by(Attempt.id, QuizOverride.id)
)


def list_open_of_people(session: Session, person_ids: Sequence[int]) -> list[OpenAttempt]:
    """List the open attempts of people in the order of their ids, in one statement that is put together once."""
    rows = connection_of(session).execute(_OPEN_OF_PEOPLE, {"person_ids": person_ids})
    return [_open(row, setting_sources) for row, setting_sources in _group_overrides(session, rows)]


def _with_setting_sources(session: Session, attempts: Select[int] | list[int]) -> list[tuple[Any, SettingSources]]:
    rows = connection_of(session).execute(_WITH_TERMS.where(Attempt.id.in_(attempts)).order_by(Attempt.id, QuizOverride.id))
    return _group_overrides(session, rows)


def _group_overrides(session: Session, rows: Iterable[Any]) -> list[tuple[Any, SettingSources]]:
    grouped: dict[int, tuple[Any, list[QuizOverride]]] = {}
    for row in entity_rows(session, rows, Attempt, Person, Accommodation, QuizOverride):
        overrides = grouped.setdefault(row[0].id, (row, []))[1]
        overrides += [] if row[3] is None else [row[3]]
    return [(row, _terms(session, row, overrides)) for row, overrides in grouped.values()]


def _terms(session: Session, row: Any, overrides: Sequence[QuizOverride]) -> SettingSources:
    snapshot = get_snapshot(session, row[4] or row[0].quiz_version_id)
    return setting_sources_of(snapshot.published_settings, snapshot.settings, overrides, row[2])


def _open(row: Any, setting_sources: SettingSources) -> OpenAttempt:
    attempt: Attempt = row[0]
    end = end_of(setting_sources.effective_settings(attempt.started_at), attempt.started_at, extra=attempt.extra_seconds)
    state = AttemptState(attempt.state)
    return OpenAttempt(
        attempt.id,
        attempt.uuid,
        row[1],
        attempt.enrolment_id,
        attempt.activity_key,
        state,
        attempt.started_at,
        attempt.due_at,
        attempt.extra_seconds,
        end,
    )


@dataclass(frozen=True, slots=True)
class EndedAttemptRow:
    """An ended attempt of an enrolment, as the rules on the next one need it, and the effective settings of its learner."""

    enrolment_id: int
    activity_key: str
    summary: AttemptSummary
    access: EffectiveSettings


def list_ended_attempts(session: Session, person_ids: Sequence[int], keys: Collection[str], *, limit: int) -> list[EndedAttemptRow]:
    """List the ended attempts of people at quizzes with these keys, in one statement however many overrides there are."""
    mine = (Attempt.person_id.in_(person_ids), Attempt.activity_key.in_(keys), Attempt.enrolment_id.is_not(None))
    page = select(Attempt.id).where(*mine, _ENDED, ~Attempt.preview).order_by(Attempt.id.desc()).limit(limit)
    return [_ended(row[0], setting_sources) for row, setting_sources in _with_setting_sources(session, page)]


def _ended(attempt: Attempt, setting_sources: SettingSources) -> EndedAttemptRow:
    held = setting_sources.limit_of(attempt.started_at, attempt.extra_seconds)
    summary = AttemptSummary(attempt.number, AttemptState(attempt.state), attempt.started_at, attempt.finished_at, held)
    return EndedAttemptRow(attempt.enrolment_id or 0, attempt.activity_key, summary, setting_sources.effective_settings())


@dataclass(frozen=True, slots=True)
class ExhaustedAttempts:
    """A learner's last ended attempt at a quiz, and whether progress agrees with the effective settings on attempts left."""

    attempt_id: int
    in_step: bool


def list_used_up(session: Session, scope: AffectedAttempts, *, after: int = 0, limit: int) -> list[ExhaustedAttempts]:
    """List the last ended attempts of the learners of a scope in the order of their ids, in two statements."""
    last = func.max(Attempt.id)
    ended = (
        select(last.label("id"), func.count().label("used"), ActivityResult.exhausted)
        .join(
            ActivityResult,
            (ActivityResult.enrolment_id == Attempt.enrolment_id) & (ActivityResult.activity_key == Attempt.activity_key),
        )
        .where(scope.condition, _ENDED)
        .group_by(Attempt.enrolment_id, Attempt.activity_key, ActivityResult.exhausted)
        .having(last > after)
        .order_by(last)
        .limit(limit)
    )
    used = {row.id: row for row in session.execute(ended)}
    allowed = {
        row[0].id: setting_sources.effective_settings(row[0].started_at).attempts
        for row, setting_sources in _with_setting_sources(session, list(used))
    }
    return [ExhaustedAttempts(id_, bool(row.exhausted) is (0 < allowed[id_] <= row.used)) for id_, row in used.items()]


def scope_of_override(session: Session, override_id: int) -> AffectedAttempts:
    """Return what an override touches."""
    row = session.get_one(QuizOverride, override_id)
    return AffectedAttempts(row.course_id, row.activity_key, row.person_id)


def scope_of_incident(session: Session, incident_id: int) -> AffectedAttempts:
    """Return what an incident touches."""
    row = session.get_one(Incident, incident_id)
    return AffectedAttempts(row.course_id, row.activity_key)


def scope_of_accommodation(session: Session, accommodation_id: int) -> AffectedAttempts:
    """Return what a profile touches."""
    return AffectedAttempts(person_id=session.get_one(Accommodation, accommodation_id).person_id)


def scope_of_group(session: Session, group_id: int) -> AffectedAttempts:
    """Return what a change of a group's members touches."""
    return AffectedAttempts(session.get_one(LearnerGroup, group_id).course_id)


def get_person(session: Session, _actor: Actor, person: UUID) -> Person:
    """Return a person whose profile administrators look at; raise NotFound."""
    return get_person_by_uuid(session, person)


@dataclass(frozen=True, slots=True)
class AccommodationRow:
    """A person and their profile, if one is in force."""

    person: Person
    row: Accommodation | None


def list_profiles(session: Session, query: str, *, offset: int, limit: int) -> list[AccommodationRow]:
    """List the people whom a search finds; without words those with a profile in force."""
    statement = select(Person, Accommodation).outerjoin(Accommodation, accommodation_of(Person.id))
    statement = statement.where(*name_matches(query, with_address=True)) if query else statement.where(Accommodation.id.is_not(None))
    rows = session.execute(statement.order_by(*by_name(), Person.id).offset(offset).limit(limit))
    return [AccommodationRow(person, row) for person, row in rows]


@dataclass(frozen=True, slots=True)
class PastProfile:
    """A profile that a person has or had, and who gave it."""

    row: Accommodation
    by: str


def list_profiles_of(session: Session, person_id: int, *, limit: int) -> list[PastProfile]:
    """List the profiles of a person, the newest first."""
    statement = (
        select(Accommodation, Person)
        .join(Person, Person.id == Accommodation.created_by)
        .where(Accommodation.person_id == person_id)
        .order_by(Accommodation.id.desc())
        .limit(limit)
    )
    return [PastProfile(row, author.full_name) for row, author in session.execute(statement)]


def get_profile(session: Session, person_id: int, accommodation_id: int) -> Accommodation:
    """Return one of a person's profiles; raise NotFound."""
    row = session.scalar(select(Accommodation).where(Accommodation.id == accommodation_id, Accommodation.person_id == person_id))
    if row is None:
        raise NotFound
    return row
