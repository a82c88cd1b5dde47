"""A bundle of evidence: read by portions of people, packed and signed, verified, and its states computed again (spec/compulsory 12.4).

Nothing that was recorded after its moment of knowledge is in it.
"""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from io import TextIOWrapper
from itertools import chain, groupby
from math import inf
from tempfile import TemporaryFile
from typing import IO, Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import AccountMerge, Person, full_name
from compliance.models import Assignment, Obligation, ObligationVersion, Recognition, Reminder, Waiver
from compliance.records import load_person_facts
from compliance.report import ReportTime, TrainingFilter, report_basis
from compliance.rules import documents
from compliance.rules.claims import MEDICAL_KINDS
from compliance.rules.documents import (
    COLUMNS,
    DICTIONARY,
    FACTS,
    PEOPLE,
    README,
    REMINDERS,
    STATES,
    WAIVERS,
    BundleManifest,
    BundleSignature,
    FileEvidence,
    fact_cells,
    proof_path,
    unit_document,
)
from compliance.rules.record import FactKind, PersonFact
from courses.models import Course
from kernel.archives import ArchiveLimits, ArchiveRefused, LargeArchive, reading_large_archive, write_large_archive
from kernel.audit import AuditEntry, AuditSeal
from kernel.crypto import PublicKeys, SigningKeys, is_signed, public_key_text, read_public_keys
from kernel.db import Database
from kernel.errors import N_
from kernel.files import FileStore
from kernel.i18n import _, reading
from kernel.tables import COMMA, csv_line
from organisations import tree
from organisations.models import Audience, AudienceVersion, Employment
from organisations.rules.units import TreeHistory, UnitSummary

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

    tables: Mapping[str, Sequence[Row]]
    """By the name of the file."""
    places: set[int]
    """The numbers of the units of which its facts tell."""
    proofs: Mapping[str, str]
    """The SHA-256 of each file that proves one of these, by its path in the bundle; of none that is for reasons of health."""

    def claimed(self, kind: str) -> list[int]:
        """Return the numbers of its waivers, or of its recognitions."""
        return [row[1] for row in self.tables[WAIVERS] if row[0] == kind]


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
    versions, history = session.scalars(rules).all(), tree.load_history(session, known)
    there, standing = _units(history, scope.wanted.place_id, places), history.on(scope.time.on)
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
        "units": [unit_document(standing[number], history.spans.get(number, ())) for number in there],
    }


def _units(history: TreeHistory, unit_id: int, others: Collection[int]) -> list[int]:
    """Return a place with those that ever stood below it, some other units, and all that ever stood above one of these, in order."""
    lines = {number: {above.id for span in history.lines(number) for above in span.line} for number in history.units}
    return sorted({above for number, line in lines.items() if unit_id in line or number in others for above in line})


def count_bundle_people(session: Session, scope: BundleScope) -> int:
    """Count the people whom a bundle looks at: those who were ever under its obligations."""
    statement = select(func.count(Assignment.person_id.distinct())).where(Assignment.obligation_id.in_(scope.wanted.numbers))
    return session.scalar(statement) or 0


def walk_bundle(database: Database, scope: BundleScope, walked: Callable[[int], object] = lambda _people: None) -> Iterator[BundlePortion]:
    """Yield the records of some people after others, each portion in a transaction of its own; nothing is written.

    `walked` is called with how many more people were looked at.
    """
    after: int | None = 0
    while after is not None:
        with database.unit_of_work(write=False) as session:
            people = _people_after(session, scope, after)
            portion = _portion(session, scope, people) if people else None
        if portion is not None and portion.tables[PEOPLE]:
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
    tables = {
        PEOPLE: list(_people(session, scope.time.known, places)),
        FACTS: facts,
        STATES: states,
        REMINDERS: list(_reminders(session, scope, people)),
        WAIVERS: sorted(_claims(session, scope, people), key=lambda row: (row[2], row[0], row[1])),
    }
    return BundlePortion(
        tables,
        places={int(fact[ABOUT]) for fact in facts if fact[1] == FactKind.PLACE and fact[ABOUT]},
        proofs=dict(_proofs(session, scope, people)) if scope.has_files else {},
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


LIMITS = ArchiveLimits(packed=4 * 10**9, unpacked=40 * 10**9, entries=100_000)
SMALL = 10**7
"""Bytes of a manifest or signature at most."""
BYTE_ORDER_MARK = "\ufeff"


class _Spool:
    """The files of a bundle while they are written, each on the disk and nameless, with its checksum."""

    def __init__(self, stack: ExitStack, store: FileStore | None) -> None:
        self._stack, self._store = stack, store
        self._stored: dict[str, str] = {}
        self._files: dict[str, IO[bytes]] = {}
        self._sums: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}

    def add(self, name: str, content: bytes) -> None:
        if name not in self._files:
            self._files[name] = self._stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
            self._sums[name], self._sizes[name] = hashlib.sha256(), 0
        self._files[name].write(content)
        self._sums[name].update(content)
        self._sizes[name] += len(content)

    def add_stored(self, proofs: Mapping[str, str]) -> None:
        """Add files of the store by their checksums; those that are no longer there are left out."""
        if self._store is not None:
            self._stored |= {name: sha256 for name, sha256 in proofs.items() if self._store.holds(sha256)}

    @property
    def evidence(self) -> dict[str, FileEvidence]:
        evidence = {name: FileEvidence(self._sums[name].hexdigest(), self._sizes[name]) for name in self._files}
        if self._store is not None:
            evidence |= {name: FileEvidence(sha256, self._store.size(sha256)) for name, sha256 in self._stored.items()}
        return dict(sorted(evidence.items()))

    def in_order(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Yield the manifest, its signature and the other files; one of the store at a time is open."""
        for name in (documents.MANIFEST, documents.SIGNATURE, *sorted(self._files.keys() - {documents.MANIFEST, documents.SIGNATURE})):
            yield name, self._files[name]
        if self._store is not None:
            for name, sha256 in sorted(self._stored.items()):
                with self._store.open(sha256) as source:
                    yield name, source


@dataclass(frozen=True, slots=True)
class BundleCover:
    """The parts of a bundle around its records: its scope in plain values, the version of the program, its dictionary and README."""

    scope: Mapping[str, Any]
    program: str
    texts: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class BundleSource:
    """The instance that a bundle is read from: its database, its keys, its files where they are to be in it, and who hears of progress."""

    database: Database
    keys: SigningKeys
    files: FileStore | None = None
    walked: Callable[[int], object] = lambda _people: None
    """Called with how many more people are in the bundle."""


def pack_bundle(target: IO[bytes], source: BundleSource, scope: BundleScope, cover: BundleCover) -> BundleManifest:
    """Write a bundle; the same records give the same bytes. Memory does not grow with the people."""
    database, keys = source.database, source.keys
    with ExitStack() as stack:
        spool = _Spool(stack, source.files)
        with database.unit_of_work(write=False) as session:
            spool.add(documents.OBLIGATIONS, documents.canonical_json(describe_obligations(session, scope)))
        places = _spool_people(spool, source, scope)
        with database.unit_of_work(write=False) as session:
            spool.add(documents.AUDIENCES, documents.canonical_json(describe_audiences(session, scope, places)))
        for name, text in cover.texts.items():
            spool.add(name, text)
        manifest = BundleManifest(cover.scope, scope.time.at, scope.time.known, cover.program, spool.evidence)
        signed = manifest.text()
        spool.add(documents.MANIFEST, signed)
        spool.add(documents.SIGNATURE, BundleSignature(keys.identifier, keys.sign(signed), keys.public_text(keys.identifier)).text())
        write_large_archive(target, spool.in_order())
    return manifest


def _spool_people(spool: _Spool, source: BundleSource, scope: BundleScope) -> set[int]:
    """Add the tables of people and the audit log; return the numbers of the units of which their facts tell."""
    claims, places = defaultdict[str, list[int]](list), set[int]()
    for name, columns in documents.COLUMNS.items():
        spool.add(name, f"{BYTE_ORDER_MARK}{csv_line(columns, separator=COMMA)}".encode())
    for portion in walk_bundle(source.database, scope, source.walked):
        for name, rows in portion.tables.items():
            spool.add(name, "".join(csv_line(row, separator=COMMA) for row in rows).encode())
        for kind in (Waiver.__tablename__, Recognition.__tablename__):
            claims[kind] += portion.claimed(kind)
        spool.add_stored(portion.proofs)
        places |= portion.places
    spool.add(documents.AUDIT, b"")
    with source.database.unit_of_work(write=False) as session:
        for line in describe_audit(session, list_audit_entries(session, scope, claims)):
            spool.add(documents.AUDIT, (json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n").encode())
    return places


class BundleUnreadable(Exception):
    """A file that is no bundle of evidence, or that cannot be computed again."""


@dataclass(frozen=True, slots=True)
class BundleVerification:
    """The result of verifying a bundle: its manifest where it is sound, its key, and what is wrong in which file."""

    key_id: str
    manifest: BundleManifest | None
    faults: Sequence[str] = ()


@dataclass
class BundleReplay:
    """The result of computing the states of a bundle again."""

    people: int = 0
    passed_over: int = 0
    """Of them those with something on record that a job had yet to follow, or that two accounts share since."""
    differing: list[documents.ReplayedState] = field(default_factory=list)


def verify_bundle(source: IO[bytes], keys: PublicKeys | None) -> BundleVerification:
    """Compare a bundle with its manifest, and that with its signature: by one of these keys, or by the key that it brings itself.

    Raise BundleUnreadable where it is no bundle.
    """
    try:
        with reading_large_archive(source, LIMITS) as archive:
            return _verify(archive, keys)
    except ArchiveRefused as refused:
        raise BundleUnreadable(refused.text % refused.facts if refused.facts else refused.text) from refused


def _verify(archive: LargeArchive, keys: PublicKeys | None) -> BundleVerification:
    names = set(archive.names)
    if not names & {documents.MANIFEST, documents.SIGNATURE}:
        raise BundleUnreadable("It has neither manifest.json nor manifest.sig.")
    missing = [f"{name}: it is missing" for name in (documents.MANIFEST, documents.SIGNATURE) if name not in names]
    if missing:
        return BundleVerification("", None, missing)
    text, signed = _small(archive, documents.MANIFEST), _small(archive, documents.SIGNATURE)
    signature = None if signed is None else documents.read_signature(signed)
    if signature is None:
        return BundleVerification("", None, [f"{documents.SIGNATURE}: it was changed"])
    own = read_public_keys(signature.public_key)
    if [signature.key_id] != list(own) or public_key_text(own[signature.key_id]) != signature.public_key:
        return BundleVerification(signature.key_id, None, [f"{documents.SIGNATURE}: the key in it is not the one that it names"])
    if keys is not None and signature.key_id not in keys:
        return BundleVerification(signature.key_id, None, [f"{documents.SIGNATURE}: it was signed with another key, {signature.key_id}"])
    if text is None or not is_signed(own if keys is None else keys, signature.key_id, text, signature.signature):
        return BundleVerification(signature.key_id, None, [f"{documents.MANIFEST}: it was changed, or its signature was"])
    try:
        manifest = documents.read_manifest(text)
    except (ValueError, KeyError, TypeError) as error:
        raise BundleUnreadable("Its manifest is of a format that this program does not know.") from error
    return BundleVerification(signature.key_id, manifest, list(_faults(archive, manifest)))


def _small(archive: LargeArchive, name: str) -> bytes | None:
    """Return a small file; None where it is damaged or not small."""
    content = b""
    try:
        for piece in archive.pieces(name):
            content += piece
            if len(content) > SMALL:
                return None
    except ArchiveRefused:
        return None
    return content


def _faults(archive: LargeArchive, manifest: BundleManifest) -> Iterator[str]:
    there = set(archive.names) - {documents.MANIFEST, documents.SIGNATURE}
    for name in sorted(manifest.files.keys() - there):
        yield f"{name}: it is missing"
    for name in sorted(there - manifest.files.keys()):
        yield f"{name}: it is not in the manifest"
    for name in sorted(there & manifest.files.keys()):
        total, size = hashlib.sha256(), 0
        try:
            for piece in archive.pieces(name):
                total.update(piece)
                size += len(piece)
        except ArchiveRefused:
            yield f"{name}: it is damaged"
            continue
        if FileEvidence(total.hexdigest(), size) != manifest.files[name]:
            yield f"{name}: it was changed"


def replay_bundle(source: IO[bytes], manifest: BundleManifest) -> BundleReplay:
    """Compute every state of a sound bundle from its facts again; raise BundleUnreadable where these cannot be read."""
    replayed = BundleReplay()
    try:
        with reading_large_archive(source, LIMITS) as archive:
            obligations = documents.read_obligations(
                *(b"".join(archive.pieces(name)) for name in (documents.OBLIGATIONS, documents.AUDIENCES))
            )
            facts, states = _grouped(archive, documents.FACTS), _grouped(archive, documents.STATES)
            for person, is_merged in ((int(row[0]), row[-1] == "1") for row in _rows(archive, documents.PEOPLE)):
                stored = {int(row[1]): f"{row[2]} {row[3]}".strip() for row in states.of(person)}
                by_kind = defaultdict[FactKind, list[PersonFact]](list)
                for cells in facts.of(person):
                    kind, fact = documents.read_fact(cells)
                    by_kind[kind].append(fact)
                differing = None if is_merged else documents.replay_person(person, by_kind, stored, obligations, manifest)
                replayed.people += 1
                replayed.passed_over += differing is None
                replayed.differing += differing or []
            if left := [*facts.left(), *states.left()]:
                raise BundleUnreadable(f"Person {left[0]} is not in {documents.PEOPLE}.")
    except (csv.Error, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise BundleUnreadable("Its tables cannot be computed again: they are not as this program writes them.") from error
    return replayed


def _rows(archive: LargeArchive, name: str) -> Iterator[list[str]]:
    with archive.open(name) as source:
        lines = csv.reader(TextIOWrapper(source, "utf-8-sig", newline=""))
        if tuple(next(lines, ())) != documents.COLUMNS[name]:
            raise ValueError(name)
        yield from lines


class _Grouped:
    """The lines of a table in the order of their people, taken person by person."""

    def __init__(self, rows: Iterator[list[str]]) -> None:
        self._groups = ((person, list(lines)) for person, lines in groupby(rows, key=lambda row: int(row[0])))
        self._next = next(self._groups, None)

    def of(self, person: int) -> list[list[str]]:
        if self._next is None or self._next[0] != person:
            return []
        lines, self._next = self._next[1], next(self._groups, None)
        return lines

    def left(self) -> list[int]:
        return [] if self._next is None else [self._next[0]]


def _grouped(archive: LargeArchive, name: str) -> _Grouped:
    return _Grouped(_rows(archive, name))


_PERSON = N_("Number of the person, the same in every file; actors and subjects in audit.jsonl are named by it too")
_OBLIGATION = N_("Number of the compulsory training in obligations.json")
_BY_WHOM = N_("Number of the person who did it")
_MOMENT = N_("Moment with its offset from UTC; empty: not by the moment of knowledge")
MEANINGS: Mapping[str, Mapping[str, str]] = {
    PEOPLE: {
        "person": _PERSON,
        "uuid": N_("The number by which addresses of pages name the person"),
        "name": N_("Given names and surnames as they are today"),
        "staff_number": N_("The number that the institution gave the person"),
        "unit": N_("Code of the unit that counts the person"),
        "unit_name": N_("Name of that unit as it is today"),
        "merged_later": N_("1: two accounts became one after the moment of knowledge, so states are not computed again; 0: no"),
    },
    FACTS: {
        "person": _PERSON,
        "kind": N_(
            "stay: in the audience; entry: into the institution; place: main unit; done, recognised, started, enrolled: of a "
            "course; waived: excused; closed: account closed or suspended"
        ),
        "first_on": N_("First day, or the day of what has one day"),
        "last_on": N_("Last day; empty: open"),
        "recorded_at": N_("Since when it is on record; empty: since it happened"),
        "ended_at": N_("When it was taken back, revoked or ended; empty: not by the moment of knowledge"),
        "at": N_("The moment at which it happened, of what has one"),
        "about": N_(
            "Number of the audience, institution, unit or compulsory training that it is about; of done: 1 where it was put "
            "together from older records"
        ),
        "version": N_("Number of the version of the course that was completed"),
        "course": N_("Key of the course"),
    },
    STATES: {
        "person": _PERSON,
        "obligation": _OBLIGATION,
        "state": N_("The state on record: one of the eight that the specification of compulsory training defines in 7.5"),
        "remarks": N_("What else holds beside the state, parted by blanks"),
        "unit": N_("Number of the unit in audiences.json that counts the person"),
    },
    REMINDERS: {
        "person": _PERSON,
        "obligation": _OBLIGATION,
        "cycle": N_("1: the first need; then one for each renewal"),
        "kind": N_("Which reminder it is"),
        "step": N_("Days before the last day, or the number of a reminder of what is overdue"),
        "due_on": N_("The day on which it fell due"),
        "last_on": N_("The last day that it speaks of"),
        "at": N_("The moment at which it was decided"),
        "not_sent_because": N_("Why it was not sent; empty: it was"),
        "mailed_at": N_("The moment at which the mail server took the mail; empty: not by the moment of knowledge"),
    },
    WAIVERS: {
        "claim": N_("waiver, or recognition of learning elsewhere"),
        "number": N_("Its number in audit.jsonl"),
        "person": _PERSON,
        "obligation": N_("Number of the compulsory training in obligations.json; empty: all of them, or a recognition"),
        "course": N_("Key of the course that is recognised"),
        "kind": N_("Reason of a waiver; reserved: for reasons of health, which are not in the bundle"),
        "first_on": N_("First day of a waiver, or the day of what is recognised"),
        "last_on": N_("Last day of a waiver; empty: open, for 24 months at most"),
        "issuer": N_("Who gave the training that is recognised"),
        "document": N_("Number of the document that proves it"),
        "evidence_sha256": N_("SHA-256 of the file that proves it; empty: there is none"),
        "state": N_("State by the moment of knowledge: proposed, approved, refused, revoked or withdrawn"),
        "proposed_at": _MOMENT,
        "proposed_by": _BY_WHOM,
        "decided_at": _MOMENT,
        "decided_by": _BY_WHOM,
        "revoked_at": _MOMENT,
        "revoked_by": _BY_WHOM,
    },
}
"""The meaning of every column."""
PARAGRAPHS = (
    N_("Evidence of compulsory training"),
    N_(
        "This bundle holds what the register of compulsory training said of one day (at) as it was known at one moment (known): "
        "both stand in manifest.json, with the scope. What was recorded after the moment of knowledge is not in it. Names of "
        "people and of units are those of the day on which it was made."
    ),
    N_(
        "obligations.json: the compulsory trainings with every version of their rules. audiences.json: whom they are for, and "
        "the units. people.csv: the people. facts.csv: what is on record of them. states.csv: the state of each person. "
        "reminders.csv: every reminder, sent or not. waivers.csv: waivers and recognitions, with the checksums of the files "
        "that prove them. Those files are in the folder evidence where they were asked for with the bundle, except for reasons of "
        "health. dictionary.csv explains every column."
    ),
    N_(
        "audit.jsonl: what was done to these trainings, audiences, waivers and recognitions, and by whom, with the seals over "
        "these entries. The seals cover other entries too, so they are compared where the whole log is: lms audit verify "
        "--expect HASH."
    ),
    N_(
        "manifest.json names the SHA-256 and the size of every file, and manifest.sig is the Ed25519 signature of its bytes. To "
        "verify all of it without a network: lms compliance verify FILE --public-key KEYS. Ask the institution for its public "
        "keys, which it prints with lms secrets public-key: the key in manifest.sig alone does not say who signed."
    ),
    N_(
        "With --replay every state is computed again from facts.csv and obligations.json by the rules of the program. People of "
        "whom something was recorded in the last hour before the moment of knowledge are passed over and counted."
    ),
    N_("The file holds personal data: keep it as the law asks for, and give it only to people who need to see it."),
)
LANGUAGES_IN_ORDER = ("es", "en")


def bundle_texts() -> dict[str, bytes]:
    """Return the dictionary and the README of a bundle, each in both languages."""
    rows: list[tuple[str, ...]] = [("file", "column", *LANGUAGES_IN_ORDER)]
    for file, columns in COLUMNS.items():
        rows += [(file, column, *_in_both(MEANINGS[file][column])) for column in columns]
    blocks = []
    for language in LANGUAGES_IN_ORDER:
        with reading(language):
            blocks.append("\r\n\r\n".join(_(paragraph) for paragraph in PARAGRAPHS))
    return {
        DICTIONARY: ("\ufeff" + "".join(csv_line(row, separator=COMMA) for row in rows)).encode(),
        README: ("\r\n\r\n----\r\n\r\n".join(blocks) + "\r\n").encode(),
    }


def _in_both(message: str) -> list[str]:
    texts = []
    for language in LANGUAGES_IN_ORDER:
        with reading(language):
            texts.append(_(message))
    return texts
