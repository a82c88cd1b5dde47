"""Read the settings that hold for a person at a quiz, by overrides and accommodations, and by the final test of a pair."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import Person
from courses.models import Activity, Course
from courses.rules import Outline, OwnDates
from courses.versions import get_outline
from enrolments.models import Edition, EditionPlace, Enrolment, GroupMember
from kernel.compiled_statements import compile_once
from kernel.db import Cache, connection_of, shared_alias
from kernel.entity_rows import columns_of, entity_rows
from quizzes.models import Accommodation, Attempt, QuizOverride
from quizzes.rules.balanced_draw import PairedTests
from quizzes.rules.settings import (
    AccommodationValues,
    EffectiveSettings,
    OverridableSetting,
    OverriddenSettings,
    QuizSettings,
    SettingSources,
)
from quizzes.rules.states import ENDED_STATES, AttemptState

Column = InstrumentedAttribute[Any] | ColumnElement[Any]
Override = QuizOverride | Row[Any]
"""A stored override, or a row with its columns."""


@dataclass(frozen=True, slots=True)
class PersonQuizColumns:
    """The person and the quiz whose effective settings are read: columns of a statement, or bound parameters."""

    person_id: Column
    enrolment_id: Column
    course_id: Column
    activity_key: Column


_Later = shared_alias(QuizOverride)


def overrides_for(columns: PersonQuizColumns) -> ColumnElement[bool]:
    """Return the condition on `quiz_override` that finds every override for a person at a quiz.

    What a person set or ended for a group or everyone does not count for themself until someone else has applied it
    (`kernel.own_records`): for them the last act that counts decides.
    """
    groups = select(GroupMember.group_id).where(GroupMember.enrolment_id == columns.enrolment_id)
    return and_(
        QuizOverride.course_id == columns.course_id,
        QuizOverride.activity_key == columns.activity_key,
        _set_counts(QuizOverride, columns.person_id),
        or_(QuizOverride.ended_at.is_(None), and_(~_end_counts(QuizOverride, columns.person_id), ~_is_superseded(columns.person_id))),
        or_(
            QuizOverride.scope == "everyone",
            QuizOverride.person_id == columns.person_id,
            QuizOverride.group_id.in_(groups.scalar_subquery()),
        ),
    )


def _set_counts(row: type[QuizOverride], person_id: Column) -> ColumnElement[bool]:
    return or_(row.scope == "person", row.created_by != person_id, row.set_applied_by.is_not(None))


def _end_counts(row: type[QuizOverride], person_id: Column) -> ColumnElement[bool]:
    return or_(row.scope == "person", row.ended_by != person_id, row.end_applied_by.is_not(None))


def _is_superseded(person_id: Column) -> ColumnElement[bool]:
    """Return whether something later for the same group, or for everybody, counts for a person."""
    ended = and_(_Later.ended_at.is_not(None), _end_counts(_Later, person_id))
    same = and_(
        _Later.course_id == QuizOverride.course_id,
        _Later.activity_key == QuizOverride.activity_key,
        _Later.scope == QuizOverride.scope,
        or_(_Later.group_id == QuizOverride.group_id, _Later.scope == "everyone"),
    )
    return exists().where(same, _Later.id > QuizOverride.id, or_(_set_counts(_Later, person_id), ended)).correlate_except(_Later)


def accommodation_of(person_id: Column) -> ColumnElement[bool]:
    """Return the condition on `accommodation` that finds the one in force for a person."""
    return and_(Accommodation.person_id == person_id, Accommodation.ended_at.is_(None))


_BOUND_PERSON_QUIZ = PersonQuizColumns(bindparam("person_id"), bindparam("enrolment_id"), bindparam("course_id"), bindparam("activity_key"))
_SETTING_SOURCES = compile_once(
    select(*columns_of(Accommodation, QuizOverride))
    .select_from(Person)
    .outerjoin(Accommodation, accommodation_of(Person.id))
    .outerjoin(QuizOverride, overrides_for(_BOUND_PERSON_QUIZ))
    .where(Person.id == bindparam("person_id"))
    .order_by(QuizOverride.id)
)


_LOCKED_SETTING_SOURCES = compile_once(_SETTING_SOURCES.with_for_update(of=Person, key_share=True))


@dataclass(frozen=True, slots=True)
class PersonQuizKey:
    """The person and quiz of effective settings, as values."""

    person_id: int
    enrolment_id: int | None
    course_id: int
    activity_key: str


def find_setting_sources(session: Session, quiz: EffectiveSettings, settings: QuizSettings, key: PersonQuizKey) -> SettingSources:
    """Return a person's effective settings at a quiz now, in one statement; `quiz` and `settings` are those published."""
    return _read(session, _SETTING_SOURCES, quiz, settings, key)


def lock_setting_sources(session: Session, quiz: EffectiveSettings, settings: QuizSettings, key: PersonQuizKey) -> SettingSources:
    """Return effective settings once no other request of the person starts one (`enrolments.learners.lock_enrolment_turn`)."""
    return _read(session, _LOCKED_SETTING_SOURCES, quiz, settings, key)


def _read(
    session: Session, statement: Select[*tuple[Any, ...]], quiz: EffectiveSettings, settings: QuizSettings, key: PersonQuizKey
) -> SettingSources:
    result = connection_of(session).execute(statement, asdict(key))
    rows = list(entity_rows(session, result, Accommodation, QuizOverride))
    return setting_sources_of(quiz, settings, [row[1] for row in rows if row[1] is not None], rows[0][0] if rows else None)


def list_overrides(session: Session, ids: Sequence[int]) -> Sequence[QuizOverride]:
    """List overrides by their ids, the first one first."""
    return session.scalars(select(QuizOverride).where(QuizOverride.id.in_(ids)).order_by(QuizOverride.id)).all()


def setting_sources_of(
    quiz: EffectiveSettings, settings: QuizSettings, overrides: Iterable[Override], accommodation: Accommodation | None
) -> SettingSources:
    """Combine a person's effective settings from their sources."""
    by_scope: dict[str, list[OverriddenSettings]] = {"everyone": [], "group": [], "person": []}
    for row in overrides:
        by_scope[row.scope].append(override_of(row))
    return SettingSources(
        quiz=quiz,
        everyone=next(iter(by_scope["everyone"]), None),
        groups=tuple(by_scope["group"]),
        own=next(iter(by_scope["person"]), None),
        accommodation=None if accommodation is None else profile_of(accommodation),
        at_end=settings.at_end,
        grace=settings.grace,
        offline_window_seconds=settings.offline_window,
    )


def override_of(row: Override) -> OverriddenSettings:
    """Return a stored override as the rules take it."""
    set_fields = {
        OverridableSetting.OPENS: row.sets_opens,
        OverridableSetting.CLOSES: row.sets_closes,
        OverridableSetting.LIMIT: row.limit_seconds is not None,
        OverridableSetting.ATTEMPTS: row.attempts is not None,
        OverridableSetting.PASSWORD: row.password is not None,
        OverridableSetting.NETWORKS: row.networks is not None,
    }
    return OverriddenSettings(
        sets=frozenset(setting for setting, is_set in set_fields.items() if is_set),
        opens=row.opens_at,
        closes=row.closes_at,
        limit=row.limit_seconds or None,
        attempts=row.attempts or 0,
        passwords=frozenset([row.password] if row.password else ()),
        networks=frozenset((row.networks or "").split()),
    )


_OWN = PersonQuizColumns(Enrolment.person_id, Enrolment.id, Enrolment.course_id, QuizOverride.activity_key)
_DATES = (
    select(Enrolment.id.label("enrolment_id"), *QuizOverride.__table__.columns)
    .select_from(Enrolment)
    .join(QuizOverride, overrides_for(_OWN))
    .where(or_(QuizOverride.sets_opens, QuizOverride.sets_closes))
    .order_by(QuizOverride.id)
)
_DATES_OF_ONE = compile_once(_DATES.where(Enrolment.id == bindparam("enrolment")))
_DATES_OF_SOME = _DATES.where(Enrolment.id.in_(bindparam("enrolments", expanding=True)))


def own_dates(session: Session, outlines: Mapping[int, Outline]) -> dict[int, dict[str, OwnDates]]:
    """Return when quizzes open and close for learners for whom a date was set, by enrolment and key, in one statement."""
    overrides: dict[tuple[int, str], list[Row[Any]]] = {}
    connection, enrolments = connection_of(session), list(outlines)
    if len(enrolments) == 1:
        rows_of_all = connection.execute(_DATES_OF_ONE, {"enrolment": enrolments[0]})
    else:
        rows_of_all = connection.execute(_DATES_OF_SOME, {"enrolments": enrolments})
    for row in rows_of_all:
        overrides.setdefault((row.enrolment_id, row.activity_key), []).append(row)
    dates: dict[int, dict[str, OwnDates]] = {}
    for (enrolment_id, key), rows in overrides.items():
        activity = outlines[enrolment_id].by_key.get(key)
        if activity is not None:
            setting_sources = setting_sources_of(
                EffectiveSettings(opens=activity.opens_at, closes=activity.closes_at), QuizSettings(), rows, None
            )
            effective = setting_sources.effective_settings()
            decides = (setting_sources.sets_opening, setting_sources.sets_closing)
            dates.setdefault(enrolment_id, {})[key] = OwnDates(effective.opens, effective.closes, *decides)
    return dates


def profile_of(row: Accommodation) -> AccommodationValues:
    """Return a stored accommodation as the rules take it."""
    return AccommodationValues(Fraction(row.factor), row.extra_attempts, row.break_seconds)


_GRADED = or_(and_(Attempt.state == AttemptState.FINISHED.value, Attempt.raw.is_not(None)), Attempt.state == AttemptState.ABANDONED.value)
_RELEASE = (
    select(
        Enrolment.superseded_at,
        Course.archived_at,
        Edition.ends_at,
        select(func.min(Attempt.finished_at))
        .where(Attempt.enrolment_id == Enrolment.id, Attempt.activity_key == bindparam("key"), _GRADED, ~Attempt.preview)
        .scalar_subquery()
        .label("graded_at"),
    )
    .join(Course, Course.id == Enrolment.course_id)
    .outerjoin(EditionPlace, EditionPlace.enrolment_id == Enrolment.id)
    .outerjoin(Edition, Edition.id == EditionPlace.edition_id)
    .where(Enrolment.id == bindparam("enrolment_id"))
)


def with_release(
    session: Session, setting_sources: SettingSources, enrolment_id: int | None, outline: Outline, key: str, pair: PairedTests | None
) -> SettingSources:
    """Return a person's settings at a quiz that know when its result is shown."""
    released_at, is_awaited = find_final_release(session, enrolment_id, outline, key, pair)
    return replace(setting_sources, final_submitted_at=released_at, awaits_final=is_awaited)


_ENDED = Attempt.state.in_([state.value for state in ENDED_STATES])


EFFECTIVE_VERSIONS = Cache[int, int]()
"""Keeps which version of settings holds."""


def outline_of_activity(session: Session, activity_id: int) -> Outline:
    """Return the course version that an activity belongs to; which it is never changes, so it is kept in memory."""
    cached = EFFECTIVE_VERSIONS.of(session)
    if activity_id not in cached:
        cached[activity_id] = session.execute(select(Activity.version_id).where(Activity.id == activity_id)).scalar_one()
    return get_outline(session, cached[activity_id])


def find_final_release(
    session: Session, enrolment_id: int | None, outline: Outline, key: str, pair: PairedTests | None
) -> tuple[datetime | None, bool]:
    """Return from when on the result of an initial test is shown, and whether nothing is shown before; no statement for other quizzes.

    Where two tests are compared it waits until the final one is graded, or until the course closes for the person (spec/selection 7.2).
    """
    if pair is None or pair.initial != key:
        return find_final_end(session, enrolment_id, outline, key), False
    row = session.execute(_RELEASE, {"enrolment_id": enrolment_id, "key": pair.final}).one_or_none()
    moments = [] if row is None else [row.graded_at, row.ends_at, row.archived_at, row.superseded_at]
    return min((moment for moment in moments if moment is not None), default=None), enrolment_id is not None


def find_final_end(session: Session, enrolment_id: int | None, outline: Outline, key: str) -> datetime | None:
    """Return when the final test was first submitted in a take of the course, where the quiz with this key is the initial one.

    There is no statement for other quizzes, and none for those who only preview.
    """
    initial, final = outline.initial_test, outline.final_test
    if enrolment_id is None or initial is None or final is None or initial.key != key:
        return None
    mine = (Attempt.enrolment_id == enrolment_id, Attempt.activity_key == final.key)
    return session.scalar(select(func.min(Attempt.finished_at)).where(*mine, _ENDED, ~Attempt.preview))
