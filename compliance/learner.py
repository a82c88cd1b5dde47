"""The obligations of a few people as they are now, and everything on record behind the status of one (spec/compulsory 7.3 and 7.4)."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Row, Uuid, and_, bindparam, exists, false, func, null, or_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from accounts.rules import fold
from compliance.access import PersonTrainingContext
from compliance.assignments import flags_at, state_at
from compliance.enrolment import CourseEntry, load_entries
from compliance.models import Assignment, AssignmentState, DoneFact, Obligation, ObligationVersion, Reminder, StartedFact, Waiver
from compliance.records import candidate_selects, load_person_facts, read_candidate
from compliance.report import report_time
from compliance.rules.claims import APPROVED_ONCE
from compliance.rules.documents import read_requirement, read_terms
from compliance.rules.pace import CourseTake, Hindrance, find_hindrance, hindrance_under
from compliance.rules.record import FactKind, RecordScope, TrainingRecord, first_instant, record_under, terms_in_force
from compliance.rules.states import (
    NEEDED,
    StateFlag,
    TrainingCase,
    TrainingState,
    TrainingStatus,
    renewable_courses,
    status_of,
    training_case,
)
from compliance.rules.terms import CourseRequirement, ObligationTerms, certain_courses, courses_of
from courses.models import Course, CourseVersion
from enrolments.dates import DatedEnrolment, DatedItem, DateKind, DateRequest
from enrolments.models import Completion, Enrolment
from kernel import clock
from kernel.compiled_statements import compile_once
from kernel.db import UtcDateTime, connection_of
from kernel.errors import require_found
from kernel.i18n import _, choose, format_date, format_datetime, site_locale
from kernel.own_records import is_own
from kernel.permissions import Actor
from organisations import tree
from organisations.audience_kinds import kinds_of
from organisations.audiences import read_stored
from organisations.models import AudienceVersion
from organisations.rules.audiences import AudienceCandidate, LeafNames, RuleNode, references, write_sentence
from organisations.rules.units import OrganisationKind, TreeHistory, UnitSummary
from organisations.training_scope import get_training_scope, list_training_places

MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class ObligationText:
    """The words of one version of an obligation, with its rules."""

    number: int
    title: Mapping[str, str]
    words: Mapping[str, str]
    """What learners read about it."""
    terms: ObligationTerms


@dataclass(frozen=True, slots=True)
class RequiredOfPerson:
    """One obligation of one person, and the status at a moment."""

    assignment_id: int
    uuid: UUID
    person_id: int
    obligation_id: int
    audience_id: int
    institution_id: int
    versions: tuple[ObligationText, ...]
    """In the order in which they were recorded."""
    zone: str
    """The name of that of its days; empty: that of each person's main unit."""
    status: TrainingStatus
    is_behind: bool = False
    """Something happened that the stored status does not know yet."""
    renewable: tuple[str, ...] = ()
    """The courses that are to be taken again now, by their slugs, where the status was computed."""
    rule: str | None = None
    """The rule of its audience that holds today, where it was asked for; None where none holds."""
    enrols: Mapping[int, int | None] = field(default_factory=dict)
    """The versions that enrol people by themselves, by number, with the edition in which they do."""

    def renews_one_of_several(self, now: datetime) -> bool:
        """Return whether something is to be taken again, and the stored status does not tell which course."""
        is_again = self.status.state in (TrainingState.RENEWAL_DUE, TrainingState.EXPIRED)
        return is_again and len(self.courses_now(now)) > 1

    def text_on(self, day: date) -> ObligationText:
        """Return the version that is in force on a day, the first one before there was any."""
        held = terms_in_force([text.terms for text in self.versions], day)
        return next((text for text in self.versions if held and text.terms is held[-1][1]), self.versions[0])

    def text_now(self, now: datetime) -> ObligationText:
        """Return the version that is in force today where the person is."""
        return self.text_on(now.astimezone(self.status.zone).date())

    def courses_now(self, now: datetime) -> list[str]:
        """Return the courses that it names today where the person is."""
        return self.courses_on(now.astimezone(self.status.zone).date())

    def scope(self, history: TreeHistory) -> RecordScope:
        """Return which facts of the person count under the obligation."""
        courses = {course for text in self.versions for course in courses_of(text.terms.requirement)}
        return RecordScope(self.obligation_id, self.audience_id, self.institution_id, courses=courses, zone=self.zone, history=history)

    def courses_on(self, day: date) -> list[str]:
        """Return the courses that it names on a day, by their slugs, each once."""
        return list(dict.fromkeys(courses_of(self.text_on(day).terms.requirement)))


def list_required(session: Session, people: Collection[int], *, now: datetime) -> list[RequiredOfPerson]:
    """List the obligations of some people with the stored status, in one statement; who is behind gets it computed, in two more.

    Where a job has not written yet what somebody just did, or what the clock changed, the stored status is computed anew.
    """
    stored = _grouped(connection_of(session).execute(_STORED, {"now": now, "people": list(people)}).all())
    behind = [row for row in stored if row.is_behind or row.renews_one_of_several(now)]
    computed = {row.assignment_id: row for row in compute_now(session, behind, now=now)}
    return [computed.get(row.assignment_id, row) for row in stored]


def load_own_training(session: Session, person_id: int, *, now: datetime) -> tuple[list[RequiredOfPerson], dict[int, str]]:
    """Return a person's own training, with the status computed from the record, and the sentence of each audience by its number.

    In three statements and one for each kind of thing, but places, that the rules name.
    """
    parameters = {"now": now, "day": now.astimezone(site_locale().zone).date(), "people": [person_id]}
    rows = _grouped(session.execute(_WITH_RULES, parameters).all())
    history = tree.load_history(session) if rows else TreeHistory({})
    rules = {row.audience_id: read_stored(session, row.rule) for row in rows if row.rule}
    names = name_leaves(session, rules.values(), history.units.values())
    sentences = {audience: write_sentence(rule, names) for audience, rule in rules.items()}
    return compute_now(session, rows, now=now, history=history), sentences


def name_leaves(session: Session, rules: Iterable[RuleNode], places: Iterable[UnitSummary]) -> LeafNames:
    """Return how sentences of some rules name what they refer to: units and provinces from the tree that was read, in no statement."""
    names = {("unit", unit.code): unit.name for unit in places if unit.code}
    names |= {("province", unit.name_key): unit.name for unit in places if unit.kind is OrganisationKind.PROVINCE}
    keys_by_kind = defaultdict[str, set[str]](set)
    for rule in rules:
        for kind, key in references(rule):
            if kind not in ("unit", "province"):
                keys_by_kind[kind].add(key)
    for kind, keys in keys_by_kind.items():
        if (names_of := kinds_of(session)[kind].names) is not None:
            names |= {(kind, key): name for key, name in names_of(session, keys).items()}
    return lambda kind, key: names.get((kind, key)) or names.get((kind, fold(key))) or key


def find_required(session: Session, assignment: UUID, *, now: datetime) -> RequiredOfPerson | None:
    """Return the obligation of a person by what addresses name it, with the stored status."""
    rows = _grouped(session.execute(_ONE, {"now": now, "assignment": assignment}).all())
    return rows[0] if rows else None


def compute_now(
    session: Session, rows: Sequence[RequiredOfPerson], *, now: datetime, history: TreeHistory | None = None
) -> list[RequiredOfPerson]:
    """Compute the statuses of some rows from all that is on record, in two statements however many they are.

    One of them is for the tree, where it is not given.
    """
    cases = load_cases(session, rows, now, history)
    return [_computed(row, cases[row.assignment_id], now) for row in rows]


def _computed(row: RequiredOfPerson, case: TrainingCase, now: datetime) -> RequiredOfPerson:
    renewable = set(renewable_courses(case, now))
    again = tuple(course for course in row.courses_now(now) if course in renewable)
    return replace(row, status=status_of(case, now), is_behind=False, renewable=again)


def load_cases(
    session: Session, rows: Sequence[RequiredOfPerson], known: datetime, history: TreeHistory | None = None
) -> dict[int, TrainingCase]:
    """Return each of some rows, by its number, as the pure rules read it, as known at a moment."""
    records = load_own_records(session, rows, history)
    return {row.assignment_id: training_case([text.terms for text in row.versions], records[row.assignment_id], known) for row in rows}


def load_own_records(session: Session, rows: Sequence[RequiredOfPerson], history: TreeHistory | None = None) -> dict[int, TrainingRecord]:
    """Return everything on record of the people of some rows under their obligations: one statement, and one for the tree."""
    if not rows:
        return {}
    history = history or tree.load_history(session)
    facts = load_person_facts(session, {row.person_id for row in rows})
    return {row.assignment_id: record_under(facts[row.person_id], row.scope(history)) for row in rows}


_LACKS_DONE = (
    exists()
    .where(
        Enrolment.person_id == Assignment.person_id,
        Completion.enrolment_id == Enrolment.id,
        ~exists().where(DoneFact.enrolment_id == Enrolment.id, DoneFact.retracted_at.is_(None)),
    )
    .correlate(Assignment)
)
_LACKS_START = (
    exists()
    .where(
        Enrolment.person_id == Assignment.person_id,
        Enrolment.begun_at.is_not(None),
        ~exists().where(StartedFact.enrolment_id == Enrolment.id),
    )
    .correlate(Assignment)
)


_NOW = cast("datetime", bindparam("now", type_=UtcDateTime()))
"""Given when a statement is executed: each is put together once (spec/performance P2)."""
_RULE = (
    select(AudienceVersion.rule)
    .where(AudienceVersion.audience_id == Obligation.audience_id, AudienceVersion.effective_on <= bindparam("day", type_=Date()))
    .order_by(AudienceVersion.effective_on.desc(), AudienceVersion.number.desc())
    .limit(1)
    .correlate(Obligation)
    .scalar_subquery()
)


def _columns(rule: ColumnElement[Any]) -> Any:
    """Select the rows, one for each version of their obligation, with the rule of the audience or nothing in its place."""
    return (
        select(
            Assignment.id,
            Assignment.uuid,
            Assignment.person_id,
            Assignment.obligation_id,
            Assignment.cycle,
            Assignment.opened_on,
            Assignment.last_on,
            Assignment.zone.label("kept_zone"),
            Assignment.achieved_at,
            Assignment.valid_until,
            Assignment.due_on,
            Assignment.done_on,
            state_at(_NOW).label("state"),
            flags_at(_NOW).label("flags"),
            or_(func.coalesce(Assignment.next_change_at <= _NOW, false()), _LACKS_DONE, _LACKS_START).label("is_behind"),
            Obligation.audience_id,
            Obligation.institution_id,
            ObligationVersion.number,
            ObligationVersion.title,
            ObligationVersion.words,
            ObligationVersion.terms,
            ObligationVersion.zone,
            ObligationVersion.recorded_at,
            ObligationVersion.effective_on,
            ObligationVersion.edition_id,
            ObligationVersion.enrolment,
            rule.label("rule"),
        )
        .join(Obligation, Obligation.id == Assignment.obligation_id)
        .join(ObligationVersion, ObligationVersion.obligation_id == Obligation.id)
        .order_by(Assignment.id, ObligationVersion.number)
        .limit(MOST_ROWS)
    )


_OF_PEOPLE = Assignment.person_id.in_(bindparam("people", expanding=True))
_STORED = compile_once(_columns(null()).where(_OF_PEOPLE))
_WITH_RULES = _columns(_RULE).where(_OF_PEOPLE)
_ONE = _columns(null()).where(Assignment.uuid == bindparam("assignment", type_=Uuid()))


def _grouped(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[RequiredOfPerson]:
    by_assignment: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        by_assignment[row.id].append(row)
    return [_required(versions) for versions in by_assignment.values()]


def _required(rows: Sequence[Row[*tuple[Any, ...]]]) -> RequiredOfPerson:
    row = rows[-1]
    status = TrainingStatus(
        TrainingState(row.state),
        tuple(StateFlag(flag) for flag in row.flags.split()),
        row.last_on,
        zone=ZoneInfo(row.kept_zone),
        first_at=row.achieved_at,
        valid_until=row.valid_until,
        cycle=row.cycle,
        opened_on=row.opened_on,
        due_on=row.due_on,
        done_on=row.done_on,
    )
    texts = tuple(
        ObligationText(
            version.number, version.title, version.words, read_terms(json.loads(version.terms), version.recorded_at, version.effective_on)
        )
        for version in rows
    )
    return RequiredOfPerson(
        row.id,
        row.uuid,
        row.person_id,
        obligation_id=row.obligation_id,
        audience_id=row.audience_id,
        institution_id=row.institution_id,
        versions=texts,
        zone=row.zone,
        status=status,
        is_behind=row.is_behind,
        rule=row.rule,
        enrols={version.number: version.edition_id for version in rows if version.enrolment == "automatic"},
    )


def obligation_dates(session: Session, requested: DateRequest) -> Iterator[DatedItem]:
    """Tell the last days of what people have to complete, in one statement; on the page of a course also why it cannot be finished."""
    rows = list_required(session, requested.person_ids, now=requested.now)
    of_page = [row for row in rows if requested.slug in row.courses_now(requested.now)] if requested.slug else []
    cautions = list_cautions(session, of_page, requested.enrolments, slug=requested.slug, now=requested.now)
    for row in rows:
        if row.status.state in NEEDED and row.status.last_on is not None:
            yield replace(_date_of(row, requested.now), caution=cautions.get(row.assignment_id, ""))


def list_cautions(
    session: Session, rows: Sequence[RequiredOfPerson], enrolments: Iterable[DatedEnrolment], *, slug: str = "", now: datetime
) -> dict[int, str]:
    """List the rows of one person that they cannot finish by the last day, and whom to tell; `slug`: as far as it is about this course.

    `enrolments` are the person's. One statement where they do not take a course; one more where something is to be said.
    """
    runs = (TrainingState.NOT_STARTED, TrainingState.IN_PROGRESS)
    due = [(row, row.text_now(now)) for row in rows if row.status.state in runs and row.status.last_on is not None]
    mine = {enrolment.outline.slug: enrolment for enrolment in enrolments}
    others = {course for _row, text in due for course in courses_of(text.terms.requirement) if slug in ("", course)} - mine.keys()
    entries, hindrances = load_entries(session, others), list[tuple[RequiredOfPerson, Hindrance]]()
    for row, text in due:
        requirement = CourseRequirement(slug) if slug else text.terms.requirement
        if (hindrance := hindrance_under(requirement, partial(_find_hindrance, row, text, mine, entries, now))) is not None:
            hindrances.append((row, hindrance))
    people = _list_owners(session, {row.obligation_id for row, _hindrance in hindrances})
    titles = {course: enrolment.outline.title for course, enrolment in mine.items()}
    titles |= {course: entry.outline.title for course, entry in entries.items()}
    return {
        row.assignment_id: _caution(row, hindrance, choose(titles[hindrance.course]), people.get(row.obligation_id))
        for row, hindrance in hindrances
    }


def _find_hindrance(
    row: RequiredOfPerson,
    text: ObligationText,
    mine: Mapping[str, DatedEnrolment],
    entries: Mapping[str, CourseEntry],
    now: datetime,
    course: str,
) -> Hindrance | None:
    assert row.status.last_on is not None
    last, enrolment = first_instant(row.status.last_on + timedelta(days=1), row.status.zone), mine.get(course)
    if last <= now or (enrolment is not None and (enrolment.completed or enrolment.archived)):
        return None
    if enrolment is not None:
        done = {activity.key for activity in enrolment.outline.activities() if enrolment.is_done(activity)}
        take = CourseTake(enrolment.outline, done, enrolment.starts_at, enrolment.ends_at, is_taken=True)
        return find_hindrance(course, [take], last, now)
    if course not in entries:
        return None
    is_enrolled = text.number in row.enrols and course in certain_courses(text.terms.requirement)
    return find_hindrance(course, entries[course].takes(row.enrols.get(text.number), now, is_enrolled=is_enrolled), last, now)


def _list_owners(session: Session, obligations: Collection[int]) -> dict[int, str]:
    """Return who is in charge of some obligations, by name; without those whose accounts are closed."""
    statement = select(Obligation.id, Person).join(Person, Person.id == Obligation.owner_id)
    statement = statement.where(Obligation.id.in_(obligations), Person.suspended_at.is_(None))
    return {number: person.full_name for number, person in session.execute(statement)} if obligations else {}


def _caution(row: RequiredOfPerson, hindrance: Hindrance, title: str, owner: str | None) -> str:
    facts = {"course": title, "day": format_date(row.status.last_on, "full"), "person": owner or _("your institution’s training office")}
    if hindrance.ends is not None:
        return _(
            "Finish “%(course)s” by %(end)s: its edition or a required quiz closes then. If you cannot, tell %(person)s.",
            end=format_datetime(hindrance.ends - timedelta(minutes=1), "short"),
            **facts,
        )
    if hindrance.is_taken:
        return _(
            "“%(course)s” can no longer be finished by %(day)s: its edition or a required quiz closes first. Tell %(person)s.", **facts
        )
    return _("There is no edition of “%(course)s” in which you can finish by %(day)s. Tell %(person)s.", **facts)


def _date_of(row: RequiredOfPerson, now: datetime) -> DatedItem:
    status = row.status
    assert status.last_on is not None
    today = now.astimezone(status.zone).date()
    text = row.text_on(today)
    return DatedItem(
        key=f"obligation:{row.uuid}",
        kind=DateKind.OBLIGATION_ENDS,
        at=datetime.combine(status.last_on + timedelta(days=1), time(), status.zone),
        person_id=row.person_id,
        path=f"/training/{row.uuid}",
        texts=text.title,
        zone=status.zone.key,
        covers=frozenset(row.courses_on(today)),
        lowest_versions=text.terms.lowest_versions,
    )


def list_covered(session: Session, people: Sequence[int]) -> Collection[tuple[int, int]]:
    """Return the courses of whose end obligations remind some people, as pairs of person and course, in two statements."""
    rows = [
        (person, slug)
        for person, text in session.execute(_NEEDED, {"people": list(people)})
        for slug in courses_of(read_requirement(json.loads(text)))
    ]
    numbers = dict(session.execute(select(Course.slug, Course.id).where(Course.slug.in_({slug for _person, slug in rows}))).all())
    return {(person, numbers[slug]) for person, slug in rows if slug in numbers}


_NEEDED = (
    select(Assignment.person_id, ObligationVersion.terms)
    .join(Obligation, Obligation.id == Assignment.obligation_id)
    .join(ObligationVersion, (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest))
    .where(
        Assignment.person_id.in_(bindparam("people", expanding=True)),
        Assignment.state.in_([state.value for state in NEEDED]),
        Assignment.last_on.is_not(None),
    )
)


MOST_HISTORY_ROWS = 500


@dataclass(frozen=True, slots=True)
class AssignmentContext(PersonTrainingContext):
    """One obligation of a person before an actor."""

    required: RequiredOfPerson


def get_assignment(session: Session, actor: Actor, assignment: UUID) -> AssignmentContext:
    """Return an obligation of a person by what addresses name it; raise NotFound."""
    required = require_found(find_required(session, assignment, now=clock.now()))
    own = is_own(actor, required.person_id)
    places = frozenset[int]() if own else list_training_places(session, [required.person_id])[required.person_id]
    return AssignmentContext(required.person_id, places, get_training_scope(session, actor), required)


def get_assignment_then(
    session: Session, actor: Actor, assignment: UUID, day: date | None, known: date | None, *, now: datetime
) -> AssignmentContext:
    """Return an obligation of a person as `get_assignment` does, for a day as known on another; None: today.

    Who sees a past day is decided by where the person was on it, and by what stood above that place then (spec/compulsory 16).
    """
    context = get_assignment(session, actor, assignment)
    zone, person_id = context.required.status.zone, context.person_id
    seen = known or now.astimezone(zone).date()
    then = report_time(day or seen, seen, zone, now)
    if not then.is_past or is_own(actor, person_id):
        return context
    places = list_training_places(session, [person_id], tree.belonged(then.on, then.at, then.known))[person_id]
    scope = get_training_scope(session, actor, tree.load_history(session, then.known).on(then.on))
    return replace(context, places=places, scope=scope)


def list_acts(session: Session, assignment_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the versions of the obligation of an assignment with their author and approver, by number, in one statement.

    Each row also has the person concerned, and when and by whom the obligation was put in force.
    """
    author, approver, activator = aliased(Person, name="author"), aliased(Person, name="approver"), aliased(Person, name="activator")
    statement = (
        select(Person, Obligation.activated_at, activator, ObligationVersion, author, approver)
        .select_from(Assignment)
        .join(Person, Person.id == Assignment.person_id)
        .join(Obligation, Obligation.id == Assignment.obligation_id)
        .join(ObligationVersion, ObligationVersion.obligation_id == Obligation.id)
        .outerjoin(activator, activator.id == Obligation.activated_by)
        .outerjoin(author, author.id == ObligationVersion.author_id)
        .outerjoin(approver, approver.id == ObligationVersion.approved_by)
        .where(Assignment.id == assignment_id)
        .order_by(ObligationVersion.number)
    )
    return session.execute(statement).all()


TakenCourse = Row[*tuple[Any, ...]]
"""One take of a course that an obligation names, without a take where the person never had one; `version` is the number of the version
that was completed, `published_version_id` the version that the course gives at present."""


def list_taken_courses(session: Session, person_id: int, slugs: Sequence[str]) -> Sequence[TakenCourse]:
    """List the courses that an obligation names with a person's takes of them, in one statement."""
    statement = (
        select(
            *(Course.slug, Course.title, Course.published_version_id),
            *(Enrolment.take, Enrolment.enrolled_at, Enrolment.begun_at, Enrolment.left_at),
            *(Completion.completed_at, Completion.achieved_at, CourseVersion.number.label("version")),
        )
        .outerjoin(Enrolment, and_(Enrolment.course_id == Course.id, Enrolment.person_id == person_id))
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .outerjoin(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .where(Course.slug.in_(slugs))
        .order_by(Course.slug, Enrolment.take)
        .limit(MOST_HISTORY_ROWS)
    )
    return session.execute(statement).all()


def list_reminders(session: Session, assignment_id: int, known: datetime) -> list[Reminder]:
    """List what was decided by a moment on reminders of an assignment, the newest first."""
    statement = select(Reminder).where(Reminder.assignment_id == assignment_id, Reminder.at <= known)
    return list(session.scalars(statement.order_by(Reminder.at.desc(), Reminder.id.desc()).limit(MOST_HISTORY_ROWS)))


def list_waivers(session: Session, required: RequiredOfPerson, known: datetime) -> list[Waiver]:
    """List the waivers of a person that were approved by a moment and count under an obligation, the newest first."""
    statement = (
        select(Waiver)
        .where(
            Waiver.person_id == required.person_id,
            (Waiver.obligation_id == required.obligation_id) | Waiver.obligation_id.is_(None),
            Waiver.state.in_(APPROVED_ONCE),
            Waiver.decided_at <= known,
        )
        .order_by(Waiver.first_on.desc())
        .limit(MOST_HISTORY_ROWS)
    )
    return list(session.scalars(statement))


@dataclass(frozen=True, slots=True)
class RecordBehind:
    """The record of a person under an obligation, and the person as the rule of its audience sees them today."""

    record: TrainingRecord
    candidate: AudienceCandidate
    reconstructed: frozenset[tuple[str, datetime]]
    """The course and moment of completions that come from records older than the facts (spec/compulsory 7.1)."""
    history: TreeHistory


def load_behind(session: Session, required: RequiredOfPerson) -> RecordBehind:
    """Return everything on record behind a status, in two statements."""
    history = tree.load_history(session)
    facts = load_person_facts(session, [required.person_id], candidate_selects(required.person_id))[required.person_id]
    older = frozenset((fact.course, fact.at) for fact in facts[FactKind.DONE] if fact.key)
    record, candidate = record_under(facts, required.scope(history)), read_candidate(facts, required.institution_id, history)
    return RecordBehind(record, candidate, older, history)


KnownRule = Row[AudienceVersion, Person | None, Person | None]
"""A version of an audience's rule with its `author` and `approver`."""


def find_known_rules(session: Session, audience_id: int, day: date, known: datetime) -> tuple[KnownRule | None, KnownRule | None]:
    """Return the rule of an audience that held on a day, as it was known at a moment, and the one that held on it by the record before."""
    author, approver = aliased(Person, name="author"), aliased(Person, name="approver")
    statement = (
        select(AudienceVersion, author, approver)
        .outerjoin(author, author.id == AudienceVersion.author_id)
        .outerjoin(approver, approver.id == AudienceVersion.approved_by)
        .where(AudienceVersion.audience_id == audience_id, AudienceVersion.effective_on <= day, AudienceVersion.recorded_at <= known)
        .order_by(AudienceVersion.effective_on.desc(), AudienceVersion.number.desc())
        .limit(MOST_HISTORY_ROWS)
    )
    rows = session.execute(statement).all()
    former = next((row for row in rows[1:] if row[0].number < rows[0][0].number), None)
    return rows[0] if rows else None, former


def list_former_states(session: Session, assignment_id: int, at: datetime, known: datetime) -> list[AssignmentState]:
    """List what the record said of a moment before something else was recorded, by a moment, the newest first."""
    statement = select(AssignmentState).where(
        AssignmentState.assignment_id == assignment_id,
        AssignmentState.known_to <= known,
        AssignmentState.valid_from <= at,
        AssignmentState.valid_to.is_(None) | (AssignmentState.valid_to > at),
    )
    return list(session.scalars(statement.order_by(AssignmentState.known_to.desc(), AssignmentState.id.desc()).limit(MOST_HISTORY_ROWS)))
