"""Obligations: drafts, activation by a second person, versions, their end, and the courses they may name (spec/compulsory 4)."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from compliance.access import ObligationContext, PlannedChangeContext, PlannedRuleContext
from compliance.agreements import forget_agreements, require_agreements, settle_agreements
from compliance.assignments import state_at
from compliance.audit_verbs import ComplianceVerb
from compliance.free_days import SecondPersonRequired
from compliance.models import Assignment, CourseAgreement, Obligation, ObligationVersion, PlannedChange
from compliance.notices import TRAINING_NOTICE
from compliance.rules.documents import read_terms, terms_document
from compliance.rules.reminders import STEPS
from compliance.rules.states import NEEDED, TrainingState
from compliance.rules.terms import ObligationTerms, courses_of
from courses.models import Course, CourseVersion
from enrolments.learners import visible_course_ids
from enrolments.models import Completion, Edition, Enrolment
from kernel import audit
from kernel.errors import N_, Conflict, Invalid, NotFound
from kernel.i18n import _, choose, format_date, in_every_language, site_locale
from kernel.permissions import Actor
from organisations.access import TrainingScope
from organisations.audiences import MOST_AUDIENCES, today_of
from organisations.models import Audience, Organisation
from organisations.rules.units import OrganisationKind
from organisations.training_scope import get_training_scope

MOST_COURSE_CHOICES = 500
MOST_NAMED = 100


def known_to(actor: Actor, required: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that an actor knows of the course of a statement: may look at it, or it is required (spec/security 1.3).

    `required` are slugs. The statement is executed with the actor's `person_id`.
    """
    return or_(Course.id.in_(visible_course_ids(actor)), Course.slug.in_(required))


def list_known_courses(session: Session, actor: Actor, required: Collection[str] = ()) -> list[Course]:
    """List the courses that are published and not archived, and that an actor knows of, by slug."""
    is_published = (Course.published_version_id.is_not(None), Course.archived_at.is_(None))
    statement = select(Course).where(*is_published, known_to(actor, required)).order_by(Course.slug).limit(MOST_COURSE_CHOICES)
    return list(session.scalars(statement, {"person_id": actor.person_id}))


def required_of(session: Session, person_id: int) -> set[str]:
    """Return the slugs of the courses that are required of a person."""
    return _required(session, select(Assignment.obligation_id).where(Assignment.person_id == person_id))


def required_in(session: Session, scope: TrainingScope) -> set[str]:
    """Return the slugs of the courses that the institutions of somebody's training scope require."""
    there = Obligation.institution_id.in_(scope.officer | scope.auditor | scope.above)
    return _required(session, select(Obligation.id).where(there, Obligation.state != "draft"))


def list_not_counting(session: Session, person_id: int, slug: str, day: date) -> list[Mapping[str, str]]:
    """Return the titles of a person's obligations that ask for a course and for which what was done on a day does not count."""
    under = select(Assignment.obligation_id).where(Assignment.person_id == person_id)
    present = select(Obligation.id).where(Obligation.state == "active", Obligation.id.in_(under))
    read = [(version.title, values_of(version).terms) for version in _newest(session, present)]
    return [title for title, terms in read if terms.counts_from and day < terms.counts_from and slug in courses_of(terms.requirement)]


def _newest(session: Session, obligations: Select[int]) -> Iterable[ObligationVersion]:
    statement = (
        select(ObligationVersion)
        .join(Obligation, and_(Obligation.id == ObligationVersion.obligation_id, Obligation.latest == ObligationVersion.number))
        .where(Obligation.id.in_(obligations))
        .order_by(Obligation.id)
        .limit(MOST_COURSE_CHOICES)
    )
    return session.scalars(statement)


def _required(session: Session, obligations: Select[int]) -> set[str]:
    return {
        slug
        for version in _newest(session, obligations)
        for slug in courses_of(read_terms(json.loads(version.terms), version.recorded_at, version.effective_on).requirement)
    }


def list_older_takes(
    session: Session, obligation: Obligation, lowest: Mapping[str, int], after: int, limit: int, *, now: datetime
) -> Sequence[Row[int, str, Mapping[str, str]]]:
    """List the present takes, not completed, of people with something left to do, in a version below the lowest; by person after one.

    Each row has the person, and the slug and the title of the course.
    """
    below = [and_(Course.slug == slug, CourseVersion.number < number) for slug, number in sorted(lowest.items())]
    if not below:
        return []
    person = Assignment.person_id
    statement = (
        select(person, Course.slug, Course.title)
        .join(Enrolment, (Enrolment.person_id == person) & Enrolment.superseded_at.is_(None) & Enrolment.left_at.is_(None))
        .join(Course, Course.id == Enrolment.course_id)
        .join(CourseVersion, CourseVersion.id == Enrolment.course_version_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Assignment.obligation_id == obligation.id, person > after, Completion.id.is_(None), or_(*below))
        .where(state_at(now).in_([state.value for state in NEEDED]))
        .order_by(person, Course.slug)
        .limit(limit)
    )
    return session.execute(statement).all()


MOST_OBLIGATIONS = 500
MOST_COURSES = 400
MOST_VERSIONS = 20
"""The newest versions of a course among which the lowest that counts is chosen."""


def get_new_context(session: Session, actor: Actor) -> ObligationContext:
    """Return the context of an obligation to be written: its places are the institutions that there are."""
    statement = select(Organisation.id).where(Organisation.kind == OrganisationKind.INSTITUTION.value)
    return ObligationContext(None, frozenset(), frozenset(session.scalars(statement)), get_training_scope(session, actor))


def get_context(session: Session, actor: Actor, obligation: UUID) -> ObligationContext:
    """Return an obligation by what addresses name it; raise NotFound."""
    row = session.scalar(select(Obligation).where(Obligation.uuid == obligation))
    return _context(session, actor, row)


def lock_context(session: Session, actor: Actor, obligation: UUID) -> ObligationContext:
    """Return an obligation that will be changed, locked; raise NotFound."""
    statement = select(Obligation).where(Obligation.uuid == obligation).with_for_update()
    return _context(session, actor, session.scalar(statement.execution_options(populate_existing=True)))


def _context(session: Session, actor: Actor, row: Obligation | None) -> ObligationContext:
    if row is None:
        raise NotFound
    return ObligationContext(row, list_authors(session, row), frozenset({row.institution_id}), get_training_scope(session, actor))


def list_authors(session: Session, row: Obligation) -> frozenset[int]:
    """Return who wrote anything of what is to be put in force."""
    newest = session.scalar(
        select(ObligationVersion.author_id).where(ObligationVersion.obligation_id == row.id, ObligationVersion.number == row.latest)
    )
    return frozenset(person for person in (row.created_by, newest) if person is not None)


def _change_context(session: Session, actor: Actor, change: PlannedChange) -> PlannedChangeContext:
    if change.obligation_id is None:
        raise NotFound
    row = session.get_one(Obligation, change.obligation_id)
    return PlannedChangeContext(
        row, list_authors(session, row), frozenset({row.institution_id}), get_training_scope(session, actor), change
    )


def _rule_context(session: Session, actor: Actor, change: PlannedChange) -> PlannedRuleContext:
    if change.audience_id is None or change.obligation_id is not None:
        raise NotFound
    audience = session.get_one(Audience, change.audience_id)
    return PlannedRuleContext(audience, None, frozenset({audience.institution_id}), get_training_scope(session, actor), change)


@dataclass(frozen=True, slots=True)
class ObligationRow:
    """An obligation in a list: with its newest version, its audience, how many are asked and how many have done it."""

    obligation: Obligation
    version: ObligationVersion
    audience: Audience
    states: Mapping[str, int]

    @property
    def required(self) -> int:
        """Return of how many people something is required (spec/compulsory 7.6)."""
        beside = (TrainingState.NOT_REQUIRED.value, TrainingState.WAIVED.value)
        return sum(count for state, count in self.states.items() if state not in beside)

    @property
    def done(self) -> int:
        """Return how many of these have done it."""
        return sum(self.states.get(state.value, 0) for state in (TrainingState.DONE, TrainingState.RENEWAL_DUE))


def list_obligations(session: Session, scope: TrainingScope, *, now: datetime) -> list[ObligationRow]:
    """List the obligations of the institutions in a scope: drafts for who may write them alone, those in force first."""
    statement = (
        select(Obligation, ObligationVersion, Audience)
        .join(ObligationVersion, (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest))
        .join(Audience, Audience.id == Obligation.audience_id)
        .order_by(Obligation.state, Obligation.id.desc())
        .limit(MOST_OBLIGATIONS)
    )
    if not scope.everywhere:
        sees, writes = scope.officer | scope.auditor, scope.officer
        drafts = (Obligation.state == "draft") & Obligation.institution_id.in_(writes)
        statement = statement.where(((Obligation.state != "draft") & Obligation.institution_id.in_(sees)) | drafts)
    rows = session.execute(statement).all()
    counts = _count_states(session, [row.Obligation.id for row in rows], now)
    order = {"active": 0, "draft": 1, "ended": 2}
    listed = [ObligationRow(row.Obligation, row.ObligationVersion, row.Audience, counts.get(row.Obligation.id, {})) for row in rows]
    return sorted(listed, key=lambda row: order[row.obligation.state])


def _count_states(session: Session, obligations: Collection[int], now: datetime) -> Mapping[int, dict[str, int]]:
    state = state_at(now)
    statement = select(Assignment.obligation_id, state, func.count()).where(Assignment.obligation_id.in_(obligations))
    state_counts: dict[int, dict[str, int]] = {}
    for obligation, name, count in session.execute(statement.group_by(Assignment.obligation_id, state)):
        state_counts.setdefault(obligation, {})[name] = count
    return state_counts


def list_versions(session: Session, obligation_id: int) -> list[ObligationVersion]:
    """List the versions of an obligation, the newest first."""
    statement = select(ObligationVersion).where(ObligationVersion.obligation_id == obligation_id)
    return list(session.scalars(statement.order_by(ObligationVersion.number.desc()).limit(MOST_OBLIGATIONS)))


def list_audiences_for(session: Session, scope: TrainingScope) -> list[Audience]:
    """List the audiences of the institutions for which the actor may write obligations, by key."""
    statement = select(Audience).order_by(Audience.key).limit(MOST_OBLIGATIONS)
    return list(session.scalars(statement if scope.everywhere else statement.where(Audience.institution_id.in_(scope.officer))))


OfferedCourse = Row[int, str, Mapping[str, str], int]
"""The `id`, `slug` and `title` of a course that an obligation may require, and the number of its newest published `version`."""


def list_offered_courses(session: Session, actor: Actor, chosen: Collection[str] = ()) -> Sequence[OfferedCourse]:
    """List the published courses that an actor knows of, by address, and those that are required already."""
    published = Course.published_version_id.is_not(None) & Course.archived_at.is_(None)
    statement = (
        select(Course.id, Course.slug, Course.title, func.coalesce(CourseVersion.number, 0).label("version"))
        .outerjoin(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where((published & known_to(actor, ())) | Course.slug.in_(chosen))
        .order_by(Course.slug)
        .limit(MOST_COURSES)
    )
    return session.execute(statement, {"person_id": actor.person_id}).all()


def list_open_editions(session: Session, courses: Sequence[int], chosen: int | None = None) -> list[Edition]:
    """List the editions of some courses in which people can still be enrolled, and one that is chosen already."""
    is_open = Edition.course_id.in_(courses) & Edition.closed_at.is_(None)
    statement = (
        select(Edition).where(is_open | (Edition.id == chosen)).order_by(Edition.course_id, Edition.id.desc()).limit(MOST_OBLIGATIONS)
    )
    return list(session.scalars(statement))


def list_zones(session: Session) -> list[str]:
    """List the time zones of the places of the tree that have one of their own."""
    statement = select(Organisation.zone).where(Organisation.zone != "").distinct().order_by(Organisation.zone)
    return list(session.scalars(statement))


def course_titles(session: Session, slugs: Collection[str]) -> dict[str, Mapping[str, str]]:
    """Return the titles of some courses, by the end of their address."""
    return {row[0]: row[1] for row in session.execute(select(Course.slug, Course.title).where(Course.slug.in_(slugs)))}


class EnrolmentMode(StrEnum):
    """The way into the course: people are enrolled when their cycle opens, or enrol themselves."""

    AUTOMATIC = "automatic"
    OFFERED = "offered"


class ObligationChanged(Conflict):
    """Another version was saved than the one that was seen."""

    message = N_("Someone else changed this compulsory training while you were editing.")


class WrongObligationState(Conflict):
    """An obligation is not in the state that an act needs."""


class ObligationKeyTaken(Conflict):
    """Two obligations would have one key."""

    message = N_("Another compulsory training has this key.")


class EndsBeforeToday(Invalid):
    """An obligation cannot end on a day that has passed, or before it begins."""

    code = "obligation_ends_before_today"
    message = N_("Give a last day that is not before today, nor before it begins.")


@dataclass(frozen=True, slots=True)
class ObligationValues:
    """The content of a version: titles and words by language, legal base, rules, reminders."""

    title: Mapping[str, str]
    terms: ObligationTerms
    words: Mapping[str, str] = field(default_factory=dict)
    legal_base: Mapping[str, str] = field(default_factory=dict)
    legal_url: str = ""
    zone: str = ""
    enrolment: EnrolmentMode = EnrolmentMode.AUTOMATIC
    edition_id: int | None = None
    steps: Sequence[int] = STEPS
    is_escalated: bool = True
    is_retroactive: bool = False
    reason: str = ""


def make_obligation(session: Session, actor: Actor, key: str, audience: Audience, values: ObligationValues, *, now: datetime) -> Obligation:
    """Write the draft of an obligation; it asks nobody for anything yet. Raise ObligationKeyTaken."""
    if session.scalar(select(Obligation.id).where(Obligation.key == key)) is not None:
        raise ObligationKeyTaken
    row = Obligation(
        key=key,
        institution_id=audience.institution_id,
        audience_id=audience.id,
        owner_id=actor.person_id,
        state="draft",
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(row)
    session.flush()
    version = ObligationVersion(obligation_id=row.id, number=1, author_id=actor.person_id, recorded_at=now, **_columns(values))
    session.add(version)
    audit.record(session, actor, ComplianceVerb.OBLIGATION_MADE, row, now=now, key=key)
    settle_agreements(session, actor, row, courses_of(values.terms.requirement), now=now)
    return row


def change_draft(
    session: Session,
    actor: Actor,
    row: Obligation,
    edited: int,
    values: ObligationValues,
    *,
    audience: Audience | None = None,
    now: datetime,
) -> None:
    """Write a draft anew, for another audience where one is given; `edited` is how often it was changed when its editor opened it.

    Raise ObligationChanged where it was changed since, WrongObligationState where it is no draft.
    """
    _require(row, "draft", N_("This compulsory training is in force. Add a version instead."))
    _require_unchanged(row, edited)
    version = latest_version(session, row)
    write_values(version, values)
    version.author_id, version.recorded_at = actor.person_id, now
    required, is_for_others = list(courses_of(values.terms.requirement)), audience is not None and audience.id != row.audience_id
    forget_agreements(session, row, but=() if is_for_others else required)
    if audience is not None:
        row.audience_id, row.institution_id = audience.id, audience.institution_id
    row.edited += 1
    audit.record(session, actor, ComplianceVerb.OBLIGATION_CHANGED, row, now=now, version=version.number)
    settle_agreements(session, actor, row, required, now=now, again=True)


def delete_draft(session: Session, actor: Actor, row: Obligation, *, now: datetime) -> None:
    """Delete a draft with what was planned of it; raise WrongObligationState for what was in force once (spec/compulsory 4.8)."""
    _require(row, "draft", N_("What was in force once is never deleted. End it instead."))
    audit.record(session, actor, ComplianceVerb.DRAFT_DELETED, row, now=now, key=row.key)
    for table in (PlannedChange, CourseAgreement, ObligationVersion):
        session.execute(delete(table).where(table.obligation_id == row.id))
    session.delete(row)


def set_owner(session: Session, actor: Actor, row: Obligation, person_id: int, *, now: datetime) -> None:
    """Let another person answer for an obligation: they are told of what stands in its way."""
    if row.owner_id == person_id:
        return
    row.owner_id = person_id
    audit.record(session, actor, ComplianceVerb.OWNER_CHANGED, row, now=now, owner=person_id)


def activate(session: Session, actor: Actor, row: Obligation, edited: int, *, now: datetime) -> None:
    """Put a draft in force; from now on its rules are on record.

    Raise SecondPersonRequired for whoever began or last wrote it, AgreementMissing where the team of a reserved course did not agree.
    """
    _require(row, "draft", N_("This compulsory training is in force already."))
    _require_unchanged(row, edited)
    version = latest_version(session, row)
    if actor.person_id is None or actor.person_id in (row.created_by, version.author_id):
        raise SecondPersonRequired
    require_agreements(session, row, courses_of(values_of(version).terms.requirement), now=now)
    version.recorded_at, version.approved_by = now, actor.person_id
    row.state, row.activated_at, row.activated_by = "active", now, actor.person_id
    row.edited += 1
    facts = _facts(version, None)
    audit.record(session, actor, ComplianceVerb.OBLIGATION_ACTIVATED, row, now=now, version=version.number, **facts)


def add_version(
    session: Session,
    actor: Actor,
    row: Obligation,
    edited: int,
    values: ObligationValues,
    reason: str,
    *,
    author_id: int | None = None,
    approved_by: int | None = None,
    now: datetime,
) -> ObligationVersion:
    """Change an obligation in force from the effective day of its new rules on; it is the actor's, or that of its author.

    Raise SecondPersonRequired where they hold from a day before today and nobody else approved them (spec/compulsory 4.5),
    AgreementMissing where the team of a reserved course that is newly required did not agree.
    """
    _require(row, "active", N_("Only compulsory training in force gets a new version."))
    _require_unchanged(row, edited)
    author = actor.person_id if author_id is None else author_id
    is_retroactive = values.terms.effective_on < today_of(now)
    if is_retroactive and approved_by in (None, author):
        raise SecondPersonRequired
    former = latest_version(session, row)
    require_agreements(session, row, newly_required(values, values_of(former)), now=now)
    version = ObligationVersion(
        obligation_id=row.id,
        number=row.latest + 1,
        author_id=author,
        approved_by=approved_by,
        recorded_at=now,
        **{**_columns(values), "reason": reason, "is_retroactive": is_retroactive},
    )
    session.add(version)
    row.latest, row.edited = version.number, row.edited + 1
    facts = {"retroactive": is_retroactive, **_facts(version, former)}
    audit.record(session, actor, ComplianceVerb.OBLIGATION_CHANGED, row, now=now, version=version.number, **facts)
    return version


def newly_required(values: ObligationValues, former: ObligationValues) -> list[str]:
    """Return the courses that a version requires and the one before did not."""
    before = set(courses_of(former.terms.requirement))
    return [slug for slug in courses_of(values.terms.requirement) if slug not in before]


def _facts(version: ObligationVersion, former: ObligationVersion | None) -> dict[str, object]:
    """Return the facts of a version for the audit log: who wrote it and why, from which day it holds, the rules of before and its own."""
    own = {"author": version.author_id, "effective": version.effective_on.isoformat(), "reason": version.reason}
    before = {} if former is None else {"was": json.loads(former.terms)}
    return {**own, **before, "rules": json.loads(version.terms)}


def end_obligation(
    session: Session,
    actor: Actor,
    row: Obligation,
    last_on: date,
    reason: str,
    *,
    author_id: int | None = None,
    approved_by: int | None = None,
    now: datetime,
) -> None:
    """Let an obligation require nothing after a day; what it asked until then stays on record. Raise EndsBeforeToday."""
    _require(row, "active", N_("Only compulsory training in force can be ended."))
    before, today, author = latest_version(session, row), today_of(now), actor.person_id if author_id is None else author_id
    terms = replace(read_terms(json.loads(before.terms), now, today), ends=last_on)
    if last_on < max(today, terms.starts):
        raise EndsBeforeToday
    copied = {name: getattr(before, name) for name in _COPIED}
    session.add(
        ObligationVersion(
            obligation_id=row.id,
            number=row.latest + 1,
            terms=json.dumps(terms_document(terms)),
            effective_on=today,
            recorded_at=now,
            author_id=author,
            approved_by=approved_by,
            reason=reason,
            **copied,
        )
    )
    row.latest, row.edited, row.state, row.ended_at = row.latest + 1, row.edited + 1, "ended", now
    audit.record(session, actor, ComplianceVerb.OBLIGATION_ENDED, row, now=now, last=last_on.isoformat(), author=author, reason=reason)


def latest_version(session: Session, row: Obligation) -> ObligationVersion:
    """Return the newest version of an obligation."""
    statement = select(ObligationVersion).where(ObligationVersion.obligation_id == row.id, ObligationVersion.number == row.latest)
    return session.execute(statement).scalar_one()


def values_of(version: ObligationVersion) -> ObligationValues:
    """Return the content of a stored version."""
    copied = {name: getattr(version, name) for name in _COPIED if name not in ("enrolment", "steps")}
    return ObligationValues(
        terms=read_terms(json.loads(version.terms), version.recorded_at, version.effective_on),
        enrolment=EnrolmentMode(version.enrolment),
        steps=tuple(map(int, version.steps)),
        is_retroactive=version.is_retroactive,
        reason=version.reason,
        **copied,
    )


def write_values(version: ObligationVersion, values: ObligationValues) -> None:
    """Let a version that is not in force yet have another content; who wrote it and when stays."""
    for name, value in _columns(values).items():
        setattr(version, name, value)


_COPIED = ("title", "words", "legal_base", "legal_url", "zone", "enrolment", "edition_id", "steps", "is_escalated")


def _columns(values: ObligationValues) -> dict[str, object]:
    columns = {name: getattr(values, name) for name in _COPIED}
    columns["steps"] = tuple(str(step) for step in values.steps)
    columns["enrolment"] = values.enrolment.value
    columns["is_retroactive"], columns["reason"] = values.is_retroactive, values.reason
    return {**columns, "terms": json.dumps(terms_document(values.terms)), "effective_on": values.terms.effective_on}


def _require(row: Obligation, state: str, message: str) -> None:
    if row.state != state:
        raise WrongObligationState(message)


def _require_unchanged(row: Obligation, edited: int) -> None:
    if row.edited != edited:
        raise ObligationChanged


PORTION = 200


def notify_portion(session: Session, obligation: Obligation, after: int, *, now: datetime) -> int | None:
    """Notify the next people under way in a version that counts no more, once for each lowest version; return the last, None at the end."""
    version = latest_version(session, obligation)
    lowest = values_of(version).terms.lowest_versions
    rows = list_older_takes(session, obligation, lowest, after, PORTION, now=now)
    by_course = defaultdict[str, list[Row[int, str, Mapping[str, str]]]](list)
    for row in rows:
        by_course[row.slug].append(row)
    today = now.astimezone(site_locale().zone).date()
    for slug, takes in by_course.items():
        message = _message(obligation, version, slug, takes[0].title, lowest[slug], today)
        notices.notify(session, message, sorted({take.person_id for take in takes}), now=now)
    return rows[-1].person_id if len(rows) == PORTION else None


def _message(obligation: Obligation, version: ObligationVersion, slug: str, title: Mapping[str, str], lowest: int, today: date) -> Message:
    from_on = version.effective_on

    def words() -> str:
        facts: Mapping[str, object] = {"title": choose(version.title), "lowest": lowest, "day": format_date(from_on)}
        if from_on > today:
            return _(
                "From %(day)s, only version %(lowest)s or a later one counts for “%(title)s”. Finish before that day or move to it.",
                **facts,
            )
        return _("Only version %(lowest)s or a later one counts for “%(title)s”. Move to it: completing yours is not enough.", **facts)

    subject = in_every_language(lambda: _("Your version of “%(course)s” is too old", course=choose(title)))
    key = f"older-version:{obligation.id}:{slug}:{lowest}"
    return Message(TRAINING_NOTICE, key, subject, in_every_language(words), f"/courses/{slug}")


def list_obliging_audiences(session: Session) -> list[Audience]:
    """List the audiences of obligations in force, by their number."""
    in_force = select(Obligation.audience_id).where(Obligation.state == "active")
    return list(session.scalars(select(Audience).where(Audience.id.in_(in_force)).order_by(Audience.id).limit(MOST_AUDIENCES)))


def list_obligations_of_audience(session: Session, audience: Audience) -> list[str]:
    """List the obligations of an audience, in whatever state, by key."""
    newest = and_(ObligationVersion.obligation_id == Obligation.id, ObligationVersion.number == Obligation.latest)
    statement = select(ObligationVersion.title).join(Obligation, newest).where(Obligation.audience_id == audience.id)
    return [choose(title) for title in session.scalars(statement.order_by(Obligation.key).limit(MOST_NAMED))]
