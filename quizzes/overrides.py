"""Overrides and accommodations, read, changed, transferred and erased; due dates of open attempts; dates of quizzes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts.models import Person
from accounts.people import by_name, get_person_by_uuid, name_matches
from courses.models import Activity, Course
from enrolments.dates import DatedEnrolment, DatedItem, DateKind, DateRequest, activity_dates
from enrolments.models import ActivityResult, Enrolment, GroupMember, LearnerGroup
from kernel import audit, outbox
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.entity_rows import columns_of, entity_rows
from kernel.errors import N_, Conflict, OwnRecord, require_found
from kernel.own_records import is_own, note_left_out
from kernel.permissions import Actor
from quizzes.access import OverrideContext, QuizContext
from quizzes.effective_settings import PersonQuizColumns, accommodation_of, override_of, overrides_for, setting_sources_of
from quizzes.jury import ASK_JURY, HAS_ACTA, HAS_JURY, AttemptAct, BegunQuiz, JuryAct, NeedsJury, goes_on, list_begun
from quizzes.models import Accommodation, AnswerFile, Attempt, AttemptItem, Incident, QuizOverride, QuizVersion
from quizzes.rules.settings import SettingSources, effective
from quizzes.rules.states import ENDED_STATES, OPEN_STATES, AttemptState, AttemptSummary, end_of, pause_ends
from quizzes.snapshots import find_published_snapshot, get_snapshot, get_snapshot_of_activity
from quizzes.teaching import get_taught_quiz

_OPEN = Attempt.state.in_([state.value for state in OPEN_STATES])
_ENDED = Attempt.state.in_([state.value for state in ENDED_STATES])
MOST_OPEN = 10_000
"""Attempts in progress that one page of dates reads."""
OverrideRow = Row[*tuple[Any, ...]]
"""An override with its group or person, its `author` and `ender`, and whether it waits for each of them to be among its learners too."""
OpenAttempt = tuple[Attempt, Person, datetime | None]
"""An open attempt, its learner, and its end by the effective settings."""


def _is_for(person_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return the condition that a person is among the learners of an override for a group or for everyone."""
    mine = exists().where(Enrolment.course_id == QuizOverride.course_id, Enrolment.person_id == person_id, Enrolment.left_at.is_(None))
    member = exists().where(GroupMember.enrolment_id == Enrolment.id, GroupMember.group_id == QuizOverride.group_id)
    member = member.correlate(Enrolment, QuizOverride)
    return mine.where(or_(QuizOverride.scope == "everyone", (QuizOverride.scope == "group") & member)).correlate(QuizOverride)


def _select_lines(quiz: QuizContext) -> Select[*tuple[Any, ...]]:
    author, ender = aliased(Person, name="author"), aliased(Person, name="ender")
    ender_waits = QuizOverride.ended_at.is_not(None) & QuizOverride.end_applied_by.is_(None) & _is_for(QuizOverride.ended_by)
    return (
        select(
            *(QuizOverride, LearnerGroup, Person, author, ender, ender_waits.label("ender_waits")),
            (QuizOverride.set_applied_by.is_(None) & _is_for(QuizOverride.created_by)).label("author_waits"),
        )
        .outerjoin(LearnerGroup, LearnerGroup.id == QuizOverride.group_id)
        .outerjoin(Person, Person.id == QuizOverride.person_id)
        .join(author, author.id == QuizOverride.created_by)
        .outerjoin(ender, ender.id == QuizOverride.ended_by)
        .where(_of(quiz))
    )


def list_in_force(session: Session, quiz: QuizContext, *, offset: int, limit: int) -> Sequence[OverrideRow]:
    """List what is in force at a quiz: for everybody, then groups, then people by name."""
    from_all = func.coalesce(QuizOverride.person_id, 0) > 0
    order = (from_all, func.coalesce(QuizOverride.group_id, 0) > 0, func.lower(LearnerGroup.name), *by_name(), QuizOverride.id)
    in_force = _select_lines(quiz).where(QuizOverride.ended_at.is_(None))
    return session.execute(in_force.order_by(*order).offset(offset).limit(limit)).all()


def list_ended(session: Session, quiz: QuizContext, *, limit: int) -> Sequence[OverrideRow]:
    """List what held at a quiz and holds no more, the last ended first."""
    ended = _select_lines(quiz).where(QuizOverride.ended_at.is_not(None))
    return session.execute(ended.order_by(QuizOverride.ended_at.desc(), QuizOverride.id.desc()).limit(limit)).all()


def left_out_of(row: OverrideRow) -> list[Person]:
    """Return who set or ended an override and is among those for whom it is, as long as nobody else applied that to them."""
    return list(dict.fromkeys(person for person, waits in ((row.author, row.author_waits), (row.ender, row.ender_waits)) if waits))


def _of(quiz: QuizContext) -> ColumnElement[bool]:
    return (QuizOverride.course_id == quiz.course_id) & (QuizOverride.activity_key == quiz.key)


def get_override(session: Session, actor: Actor, slug: str, key: str, override: UUID) -> OverrideContext:
    """Return an override of a quiz; raise NotFound."""
    quiz = get_taught_quiz(session, actor, slug, key)
    row = require_found(session.scalar(select(QuizOverride).where(_of(quiz), QuizOverride.uuid == override)))
    return OverrideContext(quiz, row)


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
    return attempt, row[1], end_of(setting_sources.effective_settings(attempt.started_at), attempt.started_at, extra=attempt.extra_seconds)


def list_ended_attempts(
    session: Session, person_ids: Sequence[int], keys: Collection[str], *, limit: int
) -> list[tuple[Attempt, SettingSources]]:
    """List the ended attempts of people at quizzes with these keys, with what their settings follow from, in one statement."""
    mine = (Attempt.person_id.in_(person_ids), Attempt.activity_key.in_(keys), Attempt.enrolment_id.is_not(None))
    page = select(Attempt.id).where(*mine, _ENDED, ~Attempt.preview).order_by(Attempt.id.desc()).limit(limit)
    return [(row[0], setting_sources) for row, setting_sources in _with_setting_sources(session, page)]


def list_used_up(session: Session, scope: AffectedAttempts, *, after: int = 0, limit: int) -> dict[int, bool]:
    """Return by the last ended attempts of the learners of a scope whether progress agrees with the attempts left; two statements.

    They are in the order of their ids.
    """
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
    return {id_: bool(row.exhausted) is (0 < allowed[id_] <= row.used) for id_, row in used.items()}


def scope_of_override(session: Session, override_id: int) -> AffectedAttempts:
    """Return the scope of an override."""
    row = session.get_one(QuizOverride, override_id)
    return AffectedAttempts(row.course_id, row.activity_key, row.person_id)


def scope_of_incident(session: Session, incident_id: int) -> AffectedAttempts:
    """Return the scope of an incident."""
    row = session.get_one(Incident, incident_id)
    return AffectedAttempts(row.course_id, row.activity_key)


def scope_of_accommodation(session: Session, accommodation_id: int) -> AffectedAttempts:
    """Return the scope of a profile."""
    return AffectedAttempts(person_id=session.get_one(Accommodation, accommodation_id).person_id)


def scope_of_group(session: Session, group_id: int) -> AffectedAttempts:
    """Return the scope of a change of a group's members."""
    return AffectedAttempts(session.get_one(LearnerGroup, group_id).course_id)


def get_person(session: Session, _actor: Actor, person: UUID) -> Person:
    """Return a person whose profile administrators look at; raise NotFound."""
    return get_person_by_uuid(session, person)


def list_profiles(session: Session, query: str, *, offset: int, limit: int) -> Sequence[Row[Person, Accommodation | None]]:
    """List the people whom a search finds, with their profiles in force; without words those who have one."""
    statement = select(Person, Accommodation).outerjoin(Accommodation, accommodation_of(Person.id))
    statement = statement.where(*name_matches(query, with_address=True)) if query else statement.where(Accommodation.id.is_not(None))
    return session.execute(statement.order_by(*by_name(), Person.id).offset(offset).limit(limit)).all()


def list_profiles_of(session: Session, person_id: int, *, limit: int) -> Sequence[Row[Accommodation, Person]]:
    """List the profiles of a person with who gave each, the newest first."""
    statement = (
        select(Accommodation, Person)
        .join(Person, Person.id == Accommodation.created_by)
        .where(Accommodation.person_id == person_id)
        .order_by(Accommodation.id.desc())
        .limit(limit)
    )
    return session.execute(statement).all()


def get_profile(session: Session, person_id: int, accommodation_id: int) -> Accommodation:
    """Return one of a person's profiles; raise NotFound."""
    return require_found(
        session.scalar(select(Accommodation).where(Accommodation.id == accommodation_id, Accommodation.person_id == person_id))
    )


_IN_PROGRESS = or_(*(Attempt.state == state.value for state in sorted(OPEN_STATES)))


class OverrideVerb(
    audit.Verb,
    facts={
        "break_seconds": N_("Breaks, seconds"),
        "extra_attempts": N_("Further attempts"),
        "factor": N_("Time, times"),
        "limit_seconds": N_("Time limit, seconds"),
        "scope": audit.Fact(N_("For whom"), values={"person": N_("One person"), "group": N_("One group"), "everyone": N_("Everyone")}),
        "sets_closes": N_("Changes the closing"),
        "sets_opens": N_("Changes the opening"),
    },
):
    """The audit verbs of overrides, incidents and accommodations."""

    OVERRIDDEN = "override.set"
    OVERRIDE_ENDED = "override.ended"
    TIME_GIVEN = "incident.given"
    TIME_APPLIED = "incident.applied"
    APPLIED = "override.applied"
    TIME_TAKEN_BACK = "incident.taken_back"
    ACCOMMODATED = "accommodation.set", N_("Set an accommodation for a person")
    ACCOMMODATION_ENDED = "accommodation.ended", N_("Ended an accommodation")


class NotInForce(Conflict):
    """A setting that someone else has ended or changed meanwhile."""

    message = N_("Someone changed this in the meantime. Check what is in force now.")


class WouldEndAttempts(Conflict):
    """An override by which the time of open attempts is over already; nothing opens them again."""

    message = N_(
        "Open attempts whose time would already be over: %(count)s. They would end now with the answers saved so far, and ending the "
        "override would not open them again."
    )


class GroupDeleted(Conflict):
    """The group for which something held was deleted since."""

    code = "group_gone"
    message = N_("This can't be restored because its group was deleted.")


@dataclass(frozen=True, slots=True)
class OverrideTarget:
    """For whom an override holds: everybody, a group, or a person."""

    group: LearnerGroup | None = None
    person: Person | None = None

    @property
    def columns(self) -> dict[str, object]:
        """Return the columns of an override that say so."""
        scope = "group" if self.group else "person" if self.person else "everyone"
        return {
            "scope": scope,
            "group_id": self.group.id if self.group else None,
            "person_id": self.person.id if self.person else None,
        }


@dataclass(frozen=True, slots=True)
class OverrideValues:
    """The values of an override; None: as in the quiz (dates: where `sets_…` is not true), 0 and empty: no limit, no password."""

    sets_opens: bool = False
    opens_at: datetime | None = None
    sets_closes: bool = False
    closes_at: datetime | None = None
    limit_seconds: int | None = None
    attempts: int | None = None
    password: str | None = None
    networks: str | None = None

    @property
    def says_nothing(self) -> bool:
        """Return whether everything is as in the quiz."""
        return self == OverrideValues()


def values_of_override(row: QuizOverride) -> OverrideValues:
    """Return the values of a stored override."""
    return OverrideValues(**{name: getattr(row, name) for name in OverrideValues.__dataclass_fields__})


class GroupHasBegun(NeedsJury):
    """An override for a group some of whom have begun a quiz that selects."""

    message = N_("Some of this group have begun the quiz, and its results decide about people: set it for each person.")


class MoreForEverybody(NeedsJury):
    """A later closing, or more attempts, for everybody, after an acta of a quiz."""

    message = N_(
        "The results of this quiz are signed: later closings and more attempts are no longer set for everyone. Set them for each person "
        "who needs them; two of those who sign decide."
    )


def list_begun_by(session: Session, quiz: QuizContext, whom: OverrideTarget) -> list[BegunQuiz]:
    """List who of a person or a group has begun a quiz that selects: from then on two of its jury decide on what is set for them alone."""
    return _begun_by(session, quiz.course_id, quiz.key, whom)


def _begun_by(session: Session, course_id: int, key: str, whom: OverrideTarget) -> list[BegunQuiz]:
    if whom.group is None and whom.person is None:
        return []
    members = select(GroupMember.enrolment_id).where(GroupMember.group_id == whom.columns["group_id"])
    mine = Attempt.enrolment_id.in_(members) if whom.group is not None else Attempt.person_id == whom.columns["person_id"]
    return list_begun(session, Attempt.course_id == course_id, Attempt.activity_key == key, mine)


def _refuse_alone(session: Session, course_id: int, key: str, whom: OverrideTarget, values: OverrideValues) -> None:
    """Refuse what one person may not let hold instead of what does; raise NeedsJury."""
    if _begun_by(session, course_id, key, whom):
        raise GroupHasBegun if whom.group is not None else NeedsJury
    is_for_all = whom.group is None and whom.person is None
    if is_for_all and HAS_ACTA.of(session)(session, course_id, key) and _gives_more(session, course_id, key, values):
        raise MoreForEverybody


def _gives_more(session: Session, course_id: int, key: str, values: OverrideValues) -> bool:
    """Return whether a quiz would close later for everybody, or allow more attempts, than it does now."""
    snapshot = find_published_snapshot(session, session.get_one(Course, course_id), key)
    if snapshot is None:
        return False
    of_all = (QuizOverride.course_id == course_id, QuizOverride.activity_key == key, QuizOverride.scope == "everyone")
    present = session.scalar(select(QuizOverride).where(*of_all, QuizOverride.ended_at.is_(None)))
    was, would_be = (
        effective(snapshot.published_settings, own=None if source is None else override_of(source))
        for source in (present, QuizOverride(scope="everyone", **asdict(values)))
    )
    closes_later = was.closes is not None and (would_be.closes is None or would_be.closes > was.closes)
    return closes_later or bool(was.attempts and (not would_be.attempts or would_be.attempts > was.attempts))


def _agreement(agreed_by: int | None, asked_by: int | None) -> dict[str, object]:
    """Return the facts for the audit log of who agreed to an act with the actor, and of who asked for it."""
    return {} if agreed_by is None else {"agreed": agreed_by, "asked": asked_by}


def ask_for_override(
    session: Session, actor: Actor, quiz: QuizContext, person: Person, values: OverrideValues, reason: str, reference: str, *, now: datetime
) -> None:
    """Ask two of a jury for an override for a person who has begun; they read the reference, never the reason."""
    begun, in_force = (
        list_begun_by(session, quiz, OverrideTarget(person=person)),
        find_in_force(session, quiz, OverrideTarget(person=person)),
    )
    encoded = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(values).items()}
    facts = {"values": encoded, "cause": reason, "seen": in_force and in_force.id}
    ASK_JURY.of(session)(session, actor, AttemptAct(JuryAct.EXCEPTION, begun[-1], reference, values=facts), now)


def ask_to_end_override(session: Session, actor: Actor, quiz: QuizContext, row: QuizOverride, reference: str, *, now: datetime) -> None:
    """Ask two of a jury to end what holds for a person who has begun."""
    begun = list_begun_by(session, quiz, describe_target(session, row))
    ASK_JURY.of(session)(session, actor, AttemptAct(JuryAct.EXCEPTION, begun[-1], reference, values={"ends": row.id}), now)


def ask_to_restore_override(session: Session, actor: Actor, quiz: QuizContext, row: QuizOverride, reference: str, *, now: datetime) -> None:
    """Ask two of a jury to let hold again what ended for a person who has begun."""
    assert row.person_id is not None
    ask_for_override(session, actor, quiz, session.get_one(Person, row.person_id), values_of_override(row), row.reason, reference, now=now)


def read_act_values(encoded: Mapping[str, Any]) -> OverrideValues:
    """Return the values of an override as a jury was asked for them."""
    moments = {name: datetime.fromisoformat(encoded[name]) for name in ("opens_at", "closes_at") if encoded[name] is not None}
    return OverrideValues(**{**encoded, **moments})


def set_override(
    session: Session,
    actor: Actor,
    quiz: QuizContext,
    whom: OverrideTarget,
    values: OverrideValues,
    reason: str,
    *,
    seen: QuizOverride | None = None,
    may_end: bool = True,
    agreed_by: int | None = None,
    asked_by: int | None = None,
    now: datetime,
) -> QuizOverride:
    """Set an override at a quiz; the one in force before ends, and must be what was `seen`: else raise NotInForce.

    `agreed_by` is the member of a jury who agreed to it before the actor, another one, decided; `asked_by` who asked them.

    Raises:
        WouldEndAttempts: where it ends open attempts at once, which it may not.
        NeedsJury: where somebody for whom alone it is has begun a quiz that selects, or it gives everybody more after an acta, and no jury
            agreed.
    """
    assert actor.person_id is not None
    if agreed_by is None:
        _refuse_alone(session, quiz.course_id, quiz.key, whom, values)
    before = session.scalars(_in_force(quiz, whom).with_for_update()).one_or_none()
    if (before and before.id) != (seen and seen.id):
        raise NotInForce
    if before is not None:
        before.ended_at, before.ended_by = now, actor.person_id
        session.flush()  # one at a time is in force
    row = QuizOverride(
        course_id=quiz.course_id,
        activity_key=quiz.key,
        reason=reason,
        created_at=now,
        created_by=actor.person_id,
        **whom.columns,
        **asdict(values),
    )
    session.add(row)
    session.flush()  # the audit entry names it
    facts = _audit_facts(row) | {"reason": reason, "before": before.id if before else None} | _agreement(agreed_by, asked_by)
    audit.record(session, actor, OverrideVerb.OVERRIDDEN, row, now=now, **facts)
    if not may_end and (ending := _count_ending(session, row, now=now)):
        raise WouldEndAttempts(count=ending)
    _leave_out(session, actor, row, now=now)
    outbox.enqueue(session, "quizzes.tell_override", {"override": row.id}, now=now)
    return row


def _count_ending(session: Session, row: QuizOverride, *, now: datetime) -> int:
    """Count the open attempts that had time left and have none with an override, among those that began first."""
    attempts = list_open_attempts(session, scope_of_override(session, row.id), limit=MOST_OPEN)
    return sum(end is not None and end <= now and (attempt.due_at is None or attempt.due_at > now) for attempt, _person, end in attempts)


def _leave_out(session: Session, actor: Actor, row: QuizOverride, *, now: datetime) -> None:
    if concerns_person(session, row, actor.person_id):
        note_left_out(session, actor, row, now=now, activity=row.activity_key, scope=row.scope)


def concerns_person(session: Session, row: QuizOverride, person_id: int | None) -> bool:
    """Return whether a person is among the learners of an override for a group or for everyone."""
    mine = select(Enrolment.id).where(Enrolment.course_id == row.course_id, Enrolment.person_id == person_id, Enrolment.left_at.is_(None))
    if row.scope == "group":
        mine = mine.join(GroupMember, GroupMember.enrolment_id == Enrolment.id).where(GroupMember.group_id == row.group_id)
    return row.scope != "person" and session.scalar(mine) is not None


def apply_to_authors(session: Session, actor: Actor, row: QuizOverride, *, now: datetime) -> None:
    """Let an override, and its end, hold for those who set and ended it too; raise OwnRecord where only the actor did."""
    waits = (row.set_applied_by is None, row.ended_at is not None and row.end_applied_by is None)
    theirs = (waits[0] and not is_own(actor, row.created_by), waits[1] and not is_own(actor, row.ended_by))
    if any(waits) and not any(theirs):
        raise OwnRecord
    row.set_applied_by = actor.person_id if theirs[0] else row.set_applied_by
    row.end_applied_by = actor.person_id if theirs[1] else row.end_applied_by
    if any(theirs):
        audit.record(session, actor, OverrideVerb.APPLIED, row, now=now, **_audit_facts(row))


def _audit_facts(row: QuizOverride) -> dict[str, object]:
    """Return the facts for the audit log of an override: everything but the password itself."""
    values: Mapping[str, object] = asdict(values_of_override(row))
    facts = {name: value for name, value in values.items() if value is not None and name != "password"}
    if row.password is not None:
        facts["asks_for_password"] = bool(row.password)
    return {"activity": row.activity_key, "scope": row.scope, "person": row.person_id, "group": row.group_id, **facts}


def describe_target(session: Session, row: QuizOverride) -> OverrideTarget:
    """Return for whom a stored override holds."""
    group = None if row.group_id is None else session.get_one(LearnerGroup, row.group_id)
    return OverrideTarget(group, None if row.person_id is None else session.get_one(Person, row.person_id))


def end_override(
    session: Session, actor: Actor, row: QuizOverride, *, agreed_by: int | None = None, asked_by: int | None = None, now: datetime
) -> None:
    """End an override: from now on the rest holds without it. A second time changes nothing.

    Raise NeedsJury where setting one in its place would, and no jury agreed.
    """
    if row.ended_at is not None:
        return
    if agreed_by is None:
        _refuse_alone(session, row.course_id, row.activity_key, describe_target(session, row), OverrideValues())
    _end(session, actor, row, _agreement(agreed_by, asked_by), now=now)


def _end(session: Session, actor: Actor, row: QuizOverride, agreement: Mapping[str, object], *, now: datetime) -> None:
    row.ended_at, row.ended_by = now, actor.person_id
    audit.record(session, actor, OverrideVerb.OVERRIDE_ENDED, row, now=now, **_audit_facts(row), **agreement)
    _leave_out(session, actor, row, now=now)


def end_personal_overrides(session: Session, actor: Actor, enrolment_id: int, now: datetime) -> None:
    """End what was set for the learner of an enrolment alone: their next take of the course begins without it (spec/compulsory 6.2)."""
    owner = select(Enrolment.id).where(
        Enrolment.id == enrolment_id, Enrolment.person_id == QuizOverride.person_id, Enrolment.course_id == QuizOverride.course_id
    )
    mine = select(QuizOverride).where(QuizOverride.scope == "person", QuizOverride.ended_at.is_(None), owner.exists())
    for row in session.scalars(mine.order_by(QuizOverride.id).with_for_update()).all():
        _end(session, actor, row, {}, now=now)


def restore_override(session: Session, actor: Actor, row: QuizOverride, quiz: QuizContext, *, now: datetime) -> None:
    """Put an ended override back in force, in the place of the present one; one that is in force stays. Raise GroupDeleted."""
    if row.ended_at is not None:
        whom = describe_target(session, row)
        if whom.group is not None and whom.group.former_name is not None:
            raise GroupDeleted
        set_override(session, actor, quiz, whom, values_of_override(row), row.reason, seen=find_in_force(session, quiz, whom), now=now)


def find_in_force(session: Session, quiz: QuizContext, whom: OverrideTarget) -> QuizOverride | None:
    """Return the override in force for a target at a quiz."""
    return session.scalars(_in_force(quiz, whom)).one_or_none()


def _in_force(quiz: QuizContext, whom: OverrideTarget) -> Select[QuizOverride]:
    of_quiz = select(QuizOverride).where(QuizOverride.course_id == quiz.course_id, QuizOverride.activity_key == quiz.key)
    return of_quiz.where(QuizOverride.ended_at.is_(None)).filter_by(**whom.columns)


def copy_overrides(session: Session, actor: Actor, course_id: int, renames: Mapping[str, str], *, now: datetime) -> None:
    """Copy what is in force under a quiz's old key to its new one, for those for whom nothing was ever set under the new one.

    The old one stays for learners who follow a version from before. Of several quizzes that became one what was set last is copied.
    """
    rows = session.scalars(
        select(QuizOverride)
        .where(QuizOverride.course_id == course_id, QuizOverride.activity_key.in_([*renames, *renames.values()]))
        .order_by(QuizOverride.id.desc())
    ).all()
    known = {(row.activity_key, row.scope, row.group_id, row.person_id) for row in rows}
    for row in rows:
        key = renames.get(row.activity_key)
        if row.ended_at is None and key is not None and (key, row.scope, row.group_id, row.person_id) not in known:
            known.add((key, row.scope, row.group_id, row.person_id))
            whom = {"scope": row.scope, "group_id": row.group_id, "person_id": row.person_id}
            whom["set_applied_by"] = row.set_applied_by
            made = {"course_id": course_id, "activity_key": key, "created_at": now, "created_by": row.created_by}
            fresh = QuizOverride(reason=row.reason, **made, **whom, **asdict(values_of_override(row)))
            session.add(fresh)
            session.flush()  # the audit entry names it
            audit.record(session, actor, OverrideVerb.OVERRIDDEN, fresh, now=now, **_audit_facts(fresh), reason=row.reason, before=row.id)


@dataclass(frozen=True, slots=True)
class AccommodationProfile:
    """A person's accommodation in every quiz: limit × factor plus breaks, and extra attempts (spec/quiz-engine 5.10.3)."""

    factor: Decimal
    extra_attempts: int
    break_seconds: int


def read_profile(encoded: Mapping[str, Any]) -> AccommodationProfile:
    """Return a profile as a jury was asked for it."""
    return AccommodationProfile(Decimal(encoded["factor"]), encoded["extra_attempts"], encoded["break_seconds"])


def list_begun_of(session: Session, person: Person, *, now: datetime) -> list[BegunQuiz]:
    """List the quizzes of selections that a person has begun and that go on: a profile set now would hold in them."""
    begun = list_begun(session, Attempt.person_id == person.id)
    return [quiz for quiz in begun if goes_on(session, quiz, now=now) and HAS_JURY.of(session)(session, quiz)]


def ask_for_accommodation(
    session: Session, actor: Actor, person: Person, profile: AccommodationProfile, reason: str, reference: str, *, now: datetime
) -> None:
    """Ask two of the jury of what a person has begun for a profile; they read the reference, never the reason."""
    facts = {"values": asdict(profile) | {"factor": str(profile.factor)}, "cause": reason}
    begun = list_begun_of(session, person, now=now)[-1]
    ASK_JURY.of(session)(session, actor, AttemptAct(JuryAct.ACCOMMODATION, begun, reference, values=facts), now)


def grant_accommodation(
    session: Session,
    actor: Actor,
    person: Person,
    profile: AccommodationProfile,
    reason: str,
    *,
    agreed_by: int | None = None,
    asked_by: int | None = None,
    now: datetime,
) -> Accommodation:
    """Let a profile hold for a person; the one before ends. The audit log does not say why.

    Raise NeedsJury where the person has begun a quiz of a selection that goes on, and nobody of its jury agreed before the actor.
    """
    assert actor.person_id is not None
    if agreed_by is None and list_begun_of(session, person, now=now):
        raise NeedsJury
    _end_profile(session, actor, _find_profile(session, person), {}, now=now)
    row = Accommodation(person_id=person.id, reason=reason, created_at=now, created_by=actor.person_id, **asdict(profile))
    session.add(row)
    session.flush()  # the audit entry names it
    agreement = _agreement(agreed_by, asked_by)
    audit.record(session, actor, OverrideVerb.ACCOMMODATED, row, now=now, person=person.id, **asdict(profile), **agreement)
    return row


def ask_to_end_accommodation(session: Session, actor: Actor, person: Person, reference: str, *, now: datetime) -> None:
    """Ask two of the jury of what a person has begun to end their profile; raise NotInForce where there is none."""
    row = _find_profile(session, person)
    if row is None:
        raise NotInForce
    begun = list_begun_of(session, person, now=now)[-1]
    ASK_JURY.of(session)(session, actor, AttemptAct(JuryAct.ACCOMMODATION, begun, reference, values={"ends": row.id}), now)


def end_accommodation(
    session: Session, actor: Actor, person: Person, *, agreed_by: int | None = None, asked_by: int | None = None, now: datetime
) -> None:
    """End a person's profile, if there is one; raise NeedsJury as `grant_accommodation` does."""
    row = _find_profile(session, person)
    if row is not None and agreed_by is None and list_begun_of(session, person, now=now):
        raise NeedsJury
    _end_profile(session, actor, row, _agreement(agreed_by, asked_by), now=now)


def _find_profile(session: Session, person: Person) -> Accommodation | None:
    in_force = select(Accommodation).where(Accommodation.person_id == person.id, Accommodation.ended_at.is_(None))
    return session.scalars(in_force.with_for_update()).one_or_none()


def _end_profile(session: Session, actor: Actor, row: Accommodation | None, agreement: Mapping[str, object], *, now: datetime) -> None:
    if row is None:
        return
    row.ended_at, row.ended_by = now, actor.person_id
    session.flush()  # one at a time is in force
    audit.record(session, actor, OverrideVerb.ACCOMMODATION_ENDED, row, now=now, person=row.person_id, **agreement)


def ask_to_restore_accommodation(
    row: Accommodation, session: Session, actor: Actor, person: Person, reference: str, *, now: datetime
) -> None:
    """Ask two of the jury of what a person has begun to let a profile hold again that ended."""
    ask_for_accommodation(session, actor, person, _profile_of(row), row.reason, reference, now=now)


def restore_accommodation(session: Session, actor: Actor, person: Person, row: Accommodation, *, now: datetime) -> None:
    """Put a profile that has ended back in force, in the place of the one that holds now."""
    if row.ended_at is not None:
        grant_accommodation(session, actor, person, _profile_of(row), row.reason, now=now)


def _profile_of(row: Accommodation) -> AccommodationProfile:
    return AccommodationProfile(row.factor, row.extra_attempts, row.break_seconds)


def record_due_dates(session: Session, ends: Sequence[tuple[int, datetime | None]]) -> None:
    """Note for open attempts when they are due now."""
    due = update(Attempt).where(Attempt.id == bindparam("attempt"), _IN_PROGRESS).values(due_at=bindparam("end"))
    session.connection().execute(due, [{"attempt": attempt_id, "end": end} for attempt_id, end in ends])


def transfer_accommodation(session: Session, giver: int, taker: int) -> None:
    """Transfer a person's accommodation to another who has none of their own in force."""
    mine = select(Accommodation.id).where(Accommodation.person_id == taker, Accommodation.ended_at.is_(None))
    if session.scalar(mine) is None:
        session.execute(
            update(Accommodation).where(Accommodation.person_id == giver, Accommodation.ended_at.is_(None)).values(person_id=taker)
        )


def erase_reasons(session: Session, person: Person, *, now: datetime) -> None:
    """Keep nothing of why something was set for a person; what was set stays.

    Their files keep an ending for a name: names of files say whose they are.
    """
    session.execute(update(QuizOverride).where(QuizOverride.person_id == person.id).values(reason=""))
    mine = select(AnswerFile).join(AttemptItem, AttemptItem.id == AnswerFile.item_id).join(Attempt, Attempt.id == AttemptItem.attempt_id)
    for file in session.scalars(mine.where(Attempt.person_id == person.id)).all():
        file.name = f"{file.uuid}{PurePosixPath(file.name).suffix}"


def quiz_dates(session: Session, requested: DateRequest) -> Iterator[DatedItem]:
    """Tell the dates of quizzes, attempts in progress in one statement; a quiz that closes when its attempt ends is told once."""
    by_enrolment: dict[int | None, list[OpenAttempt]] = {}
    if requested.enrolments:
        for opened in list_open_of_people(session, requested.person_ids):
            by_enrolment.setdefault(opened[0].enrolment_id, []).append(opened)
    for enrolment in requested.enrolments:
        going_on = list(_attempt_dates(enrolment, by_enrolment.get(enrolment.enrolment_id, ())))
        yield from going_on
        ends = {(item.activity_key, item.at) for item in going_on}
        yield from (item for item in activity_dates(enrolment, "quiz") if (item.activity_key, item.at) not in ends)


def pause_dates(session: Session, requested: DateRequest) -> Iterator[DatedItem]:
    """Tell when the pause before the next attempt is over; one statement, and none where no quiz that was tried has a pause."""
    paused = {
        (enrolment.enrolment_id, activity.key): (enrolment, activity)
        for enrolment in requested.enrolments
        for activity in enrolment.list_tried("quiz")
        if (pause := get_snapshot_of_activity(session, activity.id).settings.pause).first or pause.later
    }
    if not paused:
        return
    ended: dict[tuple[int | None, str], list[tuple[Attempt, SettingSources]]] = {}
    for attempt, sources in list_ended_attempts(session, requested.person_ids, {key for _id, key in paused}, limit=MOST_OPEN):
        ended.setdefault((attempt.enrolment_id, attempt.activity_key), []).append((attempt, sources))
    for taken, (enrolment, activity) in paused.items():
        attempts = ended.get(taken, [])
        until = pause_ends(attempts[0][1].effective_settings(), [_summary(*attempt) for attempt in attempts]) if attempts else None
        closes = enrolment.closing(activity)
        if until is not None and until > requested.now and (closes is None or until < closes):
            yield enrolment.activity_item(activity, "pause", DateKind.CONDITION_OPENS, until)


def _summary(attempt: Attempt, sources: SettingSources) -> AttemptSummary:
    limit = sources.limit_of(attempt.started_at, attempt.extra_seconds)
    return AttemptSummary(attempt.number, AttemptState(attempt.state), attempt.started_at, attempt.finished_at, limit)


def _attempt_dates(enrolment: DatedEnrolment, attempts: Sequence[OpenAttempt]) -> Iterator[DatedItem]:
    for attempt, _person, end in attempts:
        activity = enrolment.outline.by_key.get(attempt.activity_key)
        if activity is None:
            continue
        kind = DateKind.ATTEMPT_OPEN if end is None else DateKind.ATTEMPT_ENDS
        at, path = end or attempt.started_at, f"/attempts/{attempt.uuid}"
        yield enrolment.activity_item(activity, f"attempt:{attempt.uuid}", kind, at, path=path)
