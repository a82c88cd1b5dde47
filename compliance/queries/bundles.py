"""Reading a bundle of evidence by portions of people: nothing recorded after its moment of knowledge (spec/compulsory 12.4)."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from math import inf
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import AccountMerge, Person, full_name
from compliance.models import Assignment, Obligation, ObligationVersion, Recognition, Reminder, Waiver
from compliance.queries.person_facts import load_person_facts
from compliance.queries.report_basis import ReportTime, TrainingFilter, report_basis
from compliance.rules.bundles import fact_cells, proof_path, unit_document
from compliance.rules.claims import MEDICAL_KINDS
from compliance.rules.person_facts import FactKind, PersonFact
from courses.models import Course
from kernel.audit import AuditEntry, AuditSeal
from kernel.db import Database
from organisations import tree
from organisations.models import Audience, AudienceVersion, Employment
from organisations.rules.units import UnitSummary, lineage

PORTION = 500
ABOUT = 2 + PersonFact._fields.index("key")
"""The column of `facts.csv` that says what a fact is about."""
RESERVED = "reserved"
"""What a waiver for reasons of health says of its reason."""
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class BundleScope:
    """The scope of a bundle: an institution or a place of it, some obligations, and the two moments."""

    institution_id: int
    wanted: TrainingFilter
    time: ReportTime
    has_files: bool = False
    """Also the files that prove waivers and recognitions."""

    @property
    def courses(self) -> set[str]:
        """Return the slugs of the courses that its obligations require."""
        return {course for obligation in self.wanted.obligations for course in obligation.courses}


@dataclass(frozen=True, slots=True)
class BundlePortion:
    """The rows of some people for the tables of a bundle, and the numbers of their waivers and recognitions for its audit log."""

    people: list[Row]
    facts: list[Row]
    states: list[Row]
    reminders: list[Row]
    claims: list[Row]
    places: set[int]
    """The numbers of the units of which its facts tell."""
    proofs: Mapping[str, str]
    """The SHA-256 of each file that proves one of these, by its path in the bundle; of none that is for reasons of health."""

    def claimed(self, kind: str) -> list[int]:
        """Return the numbers of its waivers, or of its recognitions."""
        return [row[1] for row in self.claims if row[0] == kind]


def _day(value: date | None) -> str:
    return "" if value is None else value.isoformat()


def _moment(value: datetime | None, known: datetime) -> str:
    """Return a moment; nothing of what came after the moment of knowledge."""
    return "" if value is None or value > known else value.isoformat()


def describe_obligations(session: Session, scope: BundleScope) -> dict[str, Any]:
    """Return the obligations with every version that was on record, as `obligations.json` holds them."""
    numbers, known = scope.wanted.numbers, scope.time.known
    rows = session.scalars(select(Obligation).where(Obligation.id.in_(numbers)).order_by(Obligation.id)).all()
    statement = select(ObligationVersion).where(ObligationVersion.obligation_id.in_(numbers)).order_by(ObligationVersion.number)
    versions = session.scalars(statement).all()
    return {"obligations": [_describe(row, [version for version in versions if version.obligation_id == row.id], known) for row in rows]}


def _describe(row: Obligation, versions: Sequence[ObligationVersion], known: datetime) -> dict[str, Any]:
    return {
        "number": row.id,
        "key": row.key,
        "institution": row.institution_id,
        "audience": row.audience_id,
        "zone": versions[-1].zone,
        "activated_at": _moment(row.activated_at, known),
        "activated_by": row.activated_by,
        "ended_at": _moment(row.ended_at, known),
        "versions": [
            {
                "number": version.number,
                "title": dict(version.title),
                "legal_base": dict(version.legal_base),
                "legal_url": version.legal_url,
                "terms": json.loads(version.terms),
                "reminder_days": list(version.steps),
                "effective_on": version.effective_on.isoformat(),
                "recorded_at": version.recorded_at.isoformat(),
                "author": version.author_id,
                "approved_by": version.approved_by,
                "reason": version.reason,
                "retroactive": version.is_retroactive,
            }
            for version in versions
            if version.recorded_at <= known
        ],
    }


def describe_audiences(session: Session, scope: BundleScope, places: Collection[int]) -> dict[str, Any]:
    """Return the audiences with the rules that were on record, and the units of the bundle: those of its place, and `places`.

    Those above each of them come with it, because time zones go by them; no other unit is named.
    """
    known = scope.time.known
    of_scope = Obligation.id.in_(scope.wanted.numbers)
    audience_ids = select(Obligation.audience_id).where(of_scope)
    rules = select(AudienceVersion).where(AudienceVersion.audience_id.in_(audience_ids)).order_by(AudienceVersion.number)
    versions = session.scalars(rules).all()
    audiences = session.scalars(select(Audience).where(Audience.id.in_(audience_ids)).order_by(Audience.id))
    return {
        "audiences": [
            {
                "number": row.id,
                "key": row.key,
                "title": dict(row.title),
                "versions": [
                    {
                        "number": version.number,
                        "rule": version.rule,
                        "effective_on": version.effective_on.isoformat(),
                        "recorded_at": version.recorded_at.isoformat(),
                        "author": version.author_id,
                        "approved_by": version.approved_by,
                        "reason": version.reason,
                    }
                    for version in versions
                    if version.audience_id == row.id and version.recorded_at <= known
                ],
            }
            for row in audiences
        ],
        "units": [unit_document(unit) for unit in _units(tree.list_tree(session), scope.wanted.place_id, places)],
    }


def _units(units: Sequence[UnitSummary], unit_id: int, others: Collection[int]) -> list[UnitSummary]:
    """Return a place with those below it, some other units, and all that stand above one of these, by number."""
    parents = {unit.id: unit.parent_id for unit in units}
    lines = {unit.id: lineage(parents, unit.id) for unit in units}
    named = {above for number, line in lines.items() if unit_id in line or number in others for above in line}
    return sorted((unit for unit in units if unit.id in named), key=lambda unit: unit.id)


def count_bundle_people(session: Session, scope: BundleScope) -> int:
    """Count the people whom a bundle looks at: those who were ever under its obligations."""
    statement = select(func.count(Assignment.person_id.distinct())).where(Assignment.obligation_id.in_(scope.wanted.numbers))
    return session.scalar(statement) or 0


def walk_bundle(database: Database, scope: BundleScope, walked: Callable[[int], object] = lambda _people: None) -> Iterator[BundlePortion]:
    """Yield what is on record of some people after others, each portion in a transaction of its own; nothing is written.

    `walked` is called with how many more people were looked at.
    """
    after: int | None = 0
    while after is not None:
        with database.unit_of_work(write=False) as session:
            people = _people_after(session, scope, after)
            portion = _portion(session, scope, people) if people else None
        if portion is not None and portion.people:
            yield portion
        walked(len(people))
        after = people[-1] if len(people) == PORTION else None


def _people_after(session: Session, scope: BundleScope, after: int) -> list[int]:
    person = Assignment.person_id
    statement = select(person).distinct().where(person > after, Assignment.obligation_id.in_(scope.wanted.numbers))
    return list(session.scalars(statement.order_by(person).limit(PORTION)))


def _portion(session: Session, scope: BundleScope, among: Sequence[int]) -> BundlePortion:
    basis = report_basis(scope.time, scope.wanted)
    columns = (Assignment.person_id, Assignment.obligation_id, basis.state, basis.flags, basis.place)
    statement = basis.start(select(*columns), scope.wanted).where(Assignment.person_id.between(among[0], among[-1]))
    rows: list[Row] = [["" if cell is None else cell for cell in row] for row in session.execute(statement)]
    states = sorted(rows, key=lambda row: (row[0], row[1]))
    places: dict[int, Any] = {row[0]: row[4] for row in states}
    people, facts = list(places), list(_facts(session, scope, list(places)))
    return BundlePortion(
        list(_people(session, scope.time.known, places)),
        facts,
        states,
        list(_reminders(session, scope, people)),
        sorted(_claims(session, scope, people), key=lambda row: (row[2], row[0], row[1])),
        {int(fact[ABOUT]) for fact in facts if fact[1] == FactKind.PLACE and fact[ABOUT]},
        dict(_proofs(session, scope, people)) if scope.has_files else {},
    )


def _people(session: Session, known: datetime, places: Mapping[int, Any]) -> Iterator[Row]:
    tree_of = {unit.id: unit for unit in tree.list_tree(session)}
    numbers = func.max(Employment.staff_number)
    job = select(Employment.person_id, numbers).where(Employment.person_id.in_(places), Employment.retracted_at.is_(None))
    staff = dict(session.execute(job.group_by(Employment.person_id)).all())
    merge = select(AccountMerge.kept_id, AccountMerge.closed_id).where(
        AccountMerge.merged_at > known, or_(AccountMerge.kept_id.in_(places), AccountMerge.closed_id.in_(places))
    )
    merged = set(chain.from_iterable(session.execute(merge)))
    rows = select(Person.id, Person.uuid, Person.given_names, Person.first_surname, Person.second_surname).where(Person.id.in_(places))
    for number, uuid, *names in session.execute(rows.order_by(Person.id)):
        unit: UnitSummary | None = tree_of.get(places[number])
        code, called = (unit.code, unit.name) if unit is not None else ("", "")
        yield number, str(uuid), full_name(*names), staff.get(number) or "", code, called, int(number in merged)


def _facts(session: Session, scope: BundleScope, people: Sequence[int]) -> Iterator[Row]:
    audiences = set(session.scalars(select(Obligation.audience_id).where(Obligation.id.in_(scope.wanted.numbers))))
    keys_by_kind: Mapping[FactKind, set[Any]] = {
        FactKind.STAY: audiences,
        FactKind.ENTRY: {scope.institution_id},
        FactKind.WAIVED: {None, *scope.wanted.numbers},
    }
    courses = _all_courses(session, scope)
    for person, facts in load_person_facts(session, people).items():
        lines = list[list[str]]()
        for kind, rows in facts.items():
            for fact in rows:
                is_wanted = fact.key in keys_by_kind[kind] if kind in keys_by_kind else not fact.course or fact.course in courses
                if is_wanted and (known := _as_known(fact, scope.time.known)) is not None:
                    lines.append(fact_cells(person, kind, known))
        yield from sorted(lines)


def _all_courses(session: Session, scope: BundleScope) -> set[str]:
    """Return the courses of every version, of the former ones too."""
    statement = select(ObligationVersion.terms).where(ObligationVersion.obligation_id.in_(scope.wanted.numbers))
    return scope.courses | {slug for terms in session.scalars(statement) for slug in _slugs(json.loads(terms)["requirement"])}


def _slugs(requirement: Mapping[str, Any]) -> Iterator[str]:
    for kind, part in requirement.items():
        if kind == "course":
            yield part
        else:
            for each in part:
                yield from _slugs(each)


def _as_known(fact: PersonFact, known: datetime) -> PersonFact | None:
    """Return a fact as it was on record at a moment; None where it was not yet."""
    since = fact.recorded_at or fact.at
    if since is not None and since > known:
        return None
    return fact if fact.ended_at is None or fact.ended_at <= known else fact._replace(ended_at=None)


def _reminders(session: Session, scope: BundleScope, people: Sequence[int]) -> Iterator[Row]:
    row, known = Reminder, scope.time.known
    statement = (
        select(Assignment.person_id, Assignment.obligation_id, row)
        .join(Assignment, Assignment.id == row.assignment_id)
        .where(Assignment.person_id.in_(people), Assignment.obligation_id.in_(scope.wanted.numbers), row.at <= known)
        .order_by(Assignment.person_id, Assignment.obligation_id, row.id)
    )
    for person, obligation, reminder in session.execute(statement):
        days = (_day(reminder.due_on), _day(reminder.last_on))
        yield (
            person,
            obligation,
            reminder.cycle,
            reminder.kind,
            reminder.step,
            *days,
            reminder.at.isoformat(),
            reminder.reason,
            _moment(reminder.mailed_at, known),
        )


def _claims(session: Session, scope: BundleScope, people: Sequence[int]) -> Iterator[Row]:
    """Yield waivers and recognitions. Of reasons of health nothing is told: few may see them (spec/compulsory 4.10)."""
    known = scope.time.known
    waivers = select(Waiver).where(*_waivers_of(scope, people))
    for claim in session.scalars(waivers.order_by(Waiver.person_id, Waiver.id)):
        is_reserved = claim.kind in MEDICAL_KINDS
        kind, document = (RESERVED, "") if is_reserved else (claim.kind, claim.document)
        days = (_day(claim.first_on), _day(claim.last_on))
        yield "waiver", claim.id, claim.person_id, claim.obligation_id or "", "", kind, *days, "", document, *_decided(claim, known)
    recognitions = (
        select(Recognition, Course.slug)
        .join(Course, Course.id == Recognition.course_id)
        .where(*_recognitions_of(session, scope, people))
        .order_by(Recognition.person_id, Recognition.id)
    )
    for other, slug in session.execute(recognitions):
        on, issuer = other.achieved_on.isoformat(), other.issuer
        yield "recognition", other.id, other.person_id, "", slug, "", on, "", issuer, other.document, *_decided(other, known)


def _waivers_of(scope: BundleScope, people: Sequence[int]) -> list[ColumnElement[bool]]:
    of_scope = or_(Waiver.obligation_id.is_(None), Waiver.obligation_id.in_(scope.wanted.numbers))
    return [Waiver.person_id.in_(people), of_scope, Waiver.proposed_at <= scope.time.known]


def _recognitions_of(session: Session, scope: BundleScope, people: Sequence[int]) -> list[ColumnElement[bool]]:
    is_asked = Course.slug.in_(_all_courses(session, scope))
    return [Recognition.person_id.in_(people), is_asked, Recognition.proposed_at <= scope.time.known]


def _proofs(session: Session, scope: BundleScope, people: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Yield the path in the bundle of each file that proves something, and its checksum."""
    waivers = select(Waiver.evidence, Waiver.evidence_name).where(*_waivers_of(scope, people), Waiver.kind.not_in(MEDICAL_KINDS))
    recognitions = select(Recognition.evidence, Recognition.evidence_name).join(Course, Course.id == Recognition.course_id)
    for statement in (waivers, recognitions.where(*_recognitions_of(session, scope, people))):
        for sha256, name in session.execute(statement):
            if sha256 is not None:
                yield proof_path(sha256, name), sha256


def _decided(claim: Waiver | Recognition, known: datetime) -> Row:
    """Return the checksum of the evidence, and who did what when; the state is the one of then."""
    was_decided = claim.decided_at is not None and claim.decided_at <= known
    was_revoked = claim.revoked_at is not None and claim.revoked_at <= known
    state = claim.state
    if not was_decided and claim.decided_at is not None:
        state = "proposed"
    elif claim.revoked_at is not None and not was_revoked:
        state = "approved"
    by, revoked_by = (claim.decided_by if was_decided else None), (claim.revoked_by if was_revoked else None)
    moments = (_moment(claim.decided_at, known), by or "", _moment(claim.revoked_at, known), revoked_by or "")
    return claim.evidence or "", state, claim.proposed_at.isoformat(), claim.proposed_by or "", *moments


def list_audit_entries(session: Session, scope: BundleScope, claims: Mapping[str, Sequence[int]]) -> list[int]:
    """Return the numbers of the audit entries on the obligations, their audiences, and some waivers and recognitions."""
    audiences = session.scalars(select(Obligation.audience_id).where(Obligation.id.in_(scope.wanted.numbers))).all()
    subjects = {Obligation.__tablename__: scope.wanted.numbers, Audience.__tablename__: audiences, **claims}
    entry_ids = set[int]()
    for kind, numbers in subjects.items():
        for some in _portions(numbers):
            of_some = AuditEntry.subject_kind == kind, AuditEntry.subject_id.in_(some), AuditEntry.at <= scope.time.known
            entry_ids.update(session.scalars(select(AuditEntry.id).where(*of_some)))
    return sorted(entry_ids)


def describe_audit(session: Session, entries: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield audit entries by their number, and before the first of those under a seal that seal."""
    sealed_to = 0.0
    for some in _portions(entries):
        for row in session.scalars(select(AuditEntry).where(AuditEntry.id.in_(some)).order_by(AuditEntry.id)):
            if row.id > sealed_to:
                seal = session.scalar(select(AuditSeal).where(AuditSeal.last_id >= row.id).order_by(AuditSeal.last_id).limit(1))
                sealed_to = inf if seal is None else seal.last_id
                if seal is not None:
                    yield {"seal": _columns_of(seal)}
            yield {"entry": _columns_of(row)}
        session.expunge_all()


def _portions(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[at : at + PORTION] for at in range(0, len(numbers), PORTION))


def _columns_of(row: AuditEntry | AuditSeal) -> dict[str, Any]:
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
