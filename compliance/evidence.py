"""Files that prove waivers and recognitions, within quotas, and the end, erasure and transfer of records (spec/compulsory 4.10, 12.5)."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import was_deleted_condition
from compliance.assignments import end_for_deleted
from compliance.audit_verbs import ComplianceVerb
from compliance.bundles import RESERVED
from compliance.models import (
    AccountFact,
    Assignment,
    AssignmentState,
    CycleEnrolment,
    DoneFact,
    Obligation,
    ObligationVersion,
    Recognition,
    Reminder,
    ReminderRequest,
    StartedFact,
    TrainingActa,
    Waiver,
)
from compliance.records import note_deletion
from compliance.rules.claims import MEDICAL_KINDS, ClaimState
from compliance.rules.documents import read_terms
from compliance.rules.record import first_instant
from courses.models import Course
from kernel import audit, outbox
from kernel.db import Database, count_rows
from kernel.errors import N_, Invalid, Unavailable
from kernel.files import FILES, FileStore, StoredFile, extension_of, forget_stored, note_stored, quotas_of, shown_name
from kernel.filetypes import kind_of, media_type
from kernel.i18n import site_locale
from kernel.permissions import SYSTEM
from kernel.personal import PersonalTables, RetentionRule, of, own_rows
from kernel.pictures import FORMATS, cleaned
from organisations.audiences import forget_stays
from organisations.institutions import list_institutions_of
from organisations.models import Employment, Membership, Organisation
from organisations.tree import MAIN, PRESENT, below
from organisations.units import forget_places_of_deleted

CLAIMS = (Waiver, Recognition)


def count_bytes_of_proposer(session: Session, person_id: int) -> int:
    """Return how many bytes the files have that a person sent in, for themselves or for others."""
    return sum(_sizes(session, table, table.proposed_by == person_id) for table in CLAIMS)


def count_bytes_of_institution(session: Session, person_id: int) -> int:
    """Return how many bytes the files have that prove something about the people of a person's institutions; 0 where they are in none."""
    roots = list_institutions_of(session, person_id)
    if not roots:
        return 0
    units = below(select(Organisation.id).where(Organisation.id.in_(roots)))
    theirs = select(Membership.person_id).where(MAIN, Membership.organisation_id.in_(units))
    return sum(_sizes(session, table, table.person_id.in_(theirs)) for table in CLAIMS)


def _sizes(session: Session, table: type[Waiver] | type[Recognition], condition: ColumnElement[bool]) -> int:
    statement = select(func.coalesce(func.sum(StoredFile.size), 0)).join(table, table.evidence == StoredFile.sha256).where(condition)
    return int(session.scalar(statement) or 0)


def count_waiting_of_proposer(session: Session, person_id: int) -> int:
    """Return how many waivers and recognitions of one's own that a person asked for wait for a decision."""
    return sum(_waiting(session, person_id))


def _waiting(session: Session, person_id: int) -> Iterator[int]:
    for table in CLAIMS:
        own = (table.proposed_by == person_id, table.person_id == person_id, table.state == ClaimState.PROPOSED.value)
        yield count_rows(session, table, *own)


TABLES = (Assignment, DoneFact, StartedFact, AccountFact, Waiver, Recognition)
"""The tables with records of a person."""


def list_ended(session: Session, before: date) -> list[int]:
    """List the obligations whose last day was before another one and whose records are still there."""
    newest = (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest)
    statement = select(Obligation.id, ObligationVersion).join(ObligationVersion, newest)
    ended = (Obligation.state == "ended", Obligation.forgotten_at.is_(None))
    return [number for number, version in session.execute(statement.where(*ended)) if _last_day(version) < before]


def _last_day(version: ObligationVersion) -> date:
    return read_terms(json.loads(version.terms), version.recorded_at, version.effective_on).ends or date.max


def list_assignments(session: Session, obligation_id: int, limit: int) -> list[int]:
    """List some assignments of an obligation."""
    return list(
        session.scalars(select(Assignment.id).where(Assignment.obligation_id == obligation_id).order_by(Assignment.id).limit(limit))
    )


def list_assignments_of(session: Session, people: Collection[int]) -> list[int]:
    """List the assignments of some people."""
    return list(session.scalars(select(Assignment.id).where(Assignment.person_id.in_(people))))


def list_left(session: Session, before: date, limit: int) -> list[int]:
    """List people with records here whose last day at every institution was before another one."""
    person = Employment.person_id
    left = select(person).where(Employment.retracted_at.is_(None), Employment.left_on < before).distinct()
    deleted = select(Person.id).join(AccountFact, AccountFact.person_id == Person.id)
    deleted = deleted.where(was_deleted_condition(), AccountFact.closed_at < first_instant(before, site_locale().zone))
    works = select(person).where(Employment.retracted_at.is_(None), or_(Employment.left_on.is_(None), Employment.left_on >= before))
    known = or_(*(exists().where(table.person_id == person) for table in TABLES))
    member = exists().where(Membership.person_id == person, PRESENT)
    gone = list(session.scalars(deleted.order_by(Person.id).limit(limit)))
    return sorted({*gone, *session.scalars(left.where(person.not_in(works), ~member, known).order_by(person).limit(limit))})[:limit]


def list_evidence(session: Session, people: Collection[int] = (), obligation_id: int | None = None) -> set[str]:
    """Return the checksums of the files that prove waivers and recognitions of some people, or waivers of an obligation."""
    waivers = select(Waiver.evidence).where(or_(Waiver.person_id.in_(people), Waiver.obligation_id == obligation_id))
    recognitions = select(Recognition.evidence).where(Recognition.person_id.in_(people))
    return {sha256 for statement in (waivers, recognitions) for sha256 in session.scalars(statement) if sha256 is not None}


def is_named(session: Session, sha256: str) -> bool:
    """Return whether a file still proves something."""
    return bool(session.scalar(select(or_(*(exists().where(table.evidence == sha256) for table in (Waiver, Recognition))))))


ACCEPTED = ("pdf", "jpg", "jpeg", "png", "docx", "odt")
"""The kinds of files, by their extensions."""
REMOVE = "compliance.remove_evidence"
LARGEST = 10_000_000
"""Bytes of a file."""


class EvidenceRefusal(StrEnum):
    """Why a file is not taken."""

    KIND = "kind"
    CONTENT = "content"
    SIZE = "size"
    EMPTY = "empty"
    PERSON_FULL = "person_full"
    INSTITUTION_FULL = "institution_full"


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file as it is kept: the name that its sender gave it, its digest, its size."""

    name: str
    sha256: str
    size: int


def keep_evidence(files: FileStore, name: str, content: bytes) -> EvidenceFile | EvidenceRefusal:
    """Keep the content of a file without a row of its own, or return why it is not taken; of a picture only what it shows is kept."""
    shown = shown_name(name)
    kind = kind_of(shown.lower())
    if kind is None or extension_of(shown) not in ACCEPTED:
        return EvidenceRefusal.KIND
    if not content:
        return EvidenceRefusal.EMPTY
    if len(content) > LARGEST:
        return EvidenceRefusal.SIZE
    if not kind.fits(content):
        return EvidenceRefusal.CONTENT
    if extension_of(shown) in FORMATS:
        try:
            content = cleaned(content, extension_of(shown))
        except Invalid:
            return EvidenceRefusal.CONTENT
    return EvidenceFile(shown, files.put(content), len(content))


def find_full_quota(session: Session, sender_id: int, person_id: int, size: int) -> EvidenceRefusal | None:
    """Return which quota a file of so many bytes would exceed that somebody sends in about a person, before it is kept."""
    quotas = quotas_of(session)
    if count_bytes_of_proposer(session, sender_id) + size > quotas.evidence_person:
        return EvidenceRefusal.PERSON_FULL
    if count_bytes_of_institution(session, person_id) + size > quotas.evidence_institution:
        return EvidenceRefusal.INSTITUTION_FULL
    return None


def note_evidence(session: Session, file: EvidenceFile, *, now: datetime) -> None:
    """Let backups and checks know of a file that was kept; raise Unavailable where the same content was deleted at this moment.

    Whoever deletes it holds its row until the content is gone, so that what is found here stays.
    """
    row = note_stored(session, file.sha256, size=file.size, media_type=media_type(file.name), now=now)
    stored_id = session.scalar(select(StoredFile.id).where(StoredFile.id == row.id).with_for_update(read=True))
    if stored_id is None or not FILES.of(session).holds(file.sha256):
        raise Unavailable


def request_removal(session: Session, digests: Collection[str], *, now: datetime) -> None:
    """Let files be deleted that prove something no more, unless something else names them."""
    for sha256 in sorted(digests):
        outbox.enqueue(session, REMOVE, {"sha256": sha256}, now=now)


def remove_evidence(database: Database, files: FileStore, sha256: str) -> None:
    """Delete a file that nothing names, content and row together; done twice it is gone once."""
    with database.unit_of_work() as session:
        if not is_named(session, sha256) and forget_stored(session, sha256):
            files.remove(sha256)


PORTION = 200


def forget_before(database: Database, files: FileStore, days: int, *, now: datetime) -> tuple[int, int] | None:
    """Delete what was kept for more than so many days after its end. Broken off, the next run goes on.

    Return of how many obligations and of how many people who left the records went; None where there were none.
    """
    before = now.astimezone(site_locale().zone).date() - timedelta(days=days)
    with database.unit_of_work(write=False) as session:
        ended = list_ended(session, before)
    for number in ended:
        _forget_obligation(database, files, number, now=now)
    people = 0
    while True:
        with database.unit_of_work() as session:
            left = list_left(session, before, PORTION)
            evidence = list_evidence(session, left)
            _forget_people(session, left)
        _remove(database, files, evidence)
        people += len(left)
        if len(left) < PORTION:
            return (len(ended), people) if ended or people else None


RETENTION_RULE = RetentionRule("keep_training_days", N_("Records of compulsory training, after it ended or you left the institution"), None)


def record_expiry(session: Session, obligations: int, people: int, *, now: datetime) -> None:
    """Write into the audit log of how many obligations and of how many people who left the records went."""
    audit.record(session, SYSTEM, ComplianceVerb.RECORDS_EXPIRED, None, now=now, obligations=obligations, people=people)


def _forget_obligation(database: Database, files: FileStore, number: int, *, now: datetime) -> None:
    """Delete the records of people under an obligation; its rules and who approved them stay."""
    some: list[int] | None = None
    while some is None or len(some) == PORTION:
        with database.unit_of_work() as session:
            some = list_assignments(session, number, PORTION)
            _forget_assignments(session, some)
    with database.unit_of_work() as session:
        evidence = list_evidence(session, obligation_id=number)
        for table in (ReminderRequest, Waiver):
            session.execute(delete(table).where(table.obligation_id == number))
        session.execute(update(TrainingActa).where(TrainingActa.obligation_id == number).values(content=None))
        session.get_one(Obligation, number).forgotten_at = now
    _remove(database, files, evidence)


def _forget_assignments(session: Session, numbers: Collection[int]) -> None:
    for table in (Reminder, CycleEnrolment, AssignmentState):
        session.execute(delete(table).where(table.assignment_id.in_(numbers)))
    session.execute(delete(Assignment).where(Assignment.id.in_(numbers)))


def _forget_people(session: Session, people: Collection[int]) -> None:
    _forget_assignments(session, list_assignments_of(session, people))
    for table in TABLES:
        session.execute(delete(table).where(table.person_id.in_(people)))
    forget_stays(session, people)
    forget_places_of_deleted(session, people)


def _remove(database: Database, files: FileStore, evidence: Collection[str]) -> None:
    for sha256 in sorted(evidence):
        remove_evidence(database, files, sha256)


def erase_evidence(session: Session, person: Person, *, now: datetime) -> None:
    """Ask nothing of a person any more, and keep what their statuses were (spec/compulsory 12.5).

    Not a word stays of why they were excused or what they learnt elsewhere.
    """
    end_for_deleted(session, person.id, now=now)
    note_deletion(session, person.id, now=now)
    request_removal(session, list_evidence(session, [person.id]), now=now)
    blank = {"document": "", "evidence": None, "evidence_name": "", "decision": "", "revocation": ""}
    session.execute(update(Waiver).where(Waiver.person_id == person.id).values(words="", **blank))
    session.execute(update(Recognition).where(Recognition.person_id == person.id).values(issuer="", **blank))


def transfer_claims(session: Session, closed: int, remaining: int) -> None:
    """Let what somebody was granted count for another account; its statuses are computed again from that."""
    for claims in (Recognition, Waiver):  # what one of the two accounts decided for the other had no second person: it does not count on
        by_another = or_(claims.decided_by.is_(None), claims.decided_by != remaining)
        session.execute(update(claims).where(claims.person_id == closed, by_another).values(person_id=remaining))


def without_medical(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row of `waivers` as an administrator may read it: a reason of health is reserved (spec/compulsory 4.10)."""
    if row["kind"] not in MEDICAL_KINDS:
        return row
    return {**row, "kind": RESERVED, **dict.fromkeys(("words", "document", "evidence_name", "decision", "revocation"), RESERVED)}


def select_own_data(person_id: int) -> PersonalTables:
    """Select the records of a person's compulsory training, by the name of its file."""
    mine, key, course = Assignment.person_id == person_id, Obligation.key, Course.slug
    decided = "decided_at decision revoked_at revocation"
    waiver = of(Waiver, f"kind words document evidence_name first_on last_on state proposed_at {decided}")
    recognition = (course, *of(Recognition, f"achieved_on issuer document evidence_name state {decided}"))
    enrolment = (key, CycleEnrolment.cycle, course, *of(CycleEnrolment, "obstacle since"))
    done = (course, *of(DoneFact, "version achieved_at recorded_at retracted_at"))
    status, state = "state flags last_on achieved_at valid_until", "state flags valid_from valid_to known_from known_to"
    reminder = (key, *of(Reminder, "kind step due_on last_on at reason mailed_at"))
    closure = of(AccountFact, "closed_at opened_at")
    return {
        "compulsory_training": own_rows(Assignment, Obligation, columns=(key, *of(Assignment, status)), mine=mine),
        "compulsory_history": own_rows(AssignmentState, Assignment, Obligation, columns=(key, *of(AssignmentState, state)), mine=mine),
        "compulsory_reminders": own_rows(Reminder, Assignment, Obligation, columns=reminder, mine=mine),
        "training_enrolments": own_rows(CycleEnrolment, Assignment, Obligation, columns=enrolment, mine=mine).join(
            Course, Course.id == CycleEnrolment.course_id
        ),
        "training_done": own_rows(DoneFact, Course, columns=done, mine=DoneFact.person_id == person_id),
        "training_begun": own_rows(StartedFact, Course, columns=(course, StartedFact.at), mine=StartedFact.person_id == person_id),
        "account_closures": own_rows(AccountFact, columns=closure, mine=AccountFact.person_id == person_id),
        "waivers": own_rows(Waiver, columns=waiver, mine=Waiver.person_id == person_id),
        "recognitions": own_rows(Recognition, Course, columns=recognition, mine=Recognition.person_id == person_id),
    }
