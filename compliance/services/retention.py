"""The end of records of compulsory training that were kept long enough: each portion in a transaction of its own (spec/compulsory 12.5)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from compliance.audit_verbs import ComplianceVerb
from compliance.models import Assignment, AssignmentState, CycleEnrolment, Obligation, Reminder, ReminderRequest, Waiver
from compliance.queries import retention as queries
from compliance.services.evidence import remove_evidence
from kernel import audit
from kernel.db import Database
from kernel.files import FileStore
from kernel.i18n import site_locale
from kernel.permissions import SYSTEM
from organisations.audiences import forget_stays

PORTION = 200


@dataclass(frozen=True, slots=True)
class ExpiredRecords:
    """The numbers of obligations and of people who left whose records went."""

    obligations: int
    people: int


def forget_before(database: Database, files: FileStore, days: int, *, now: datetime) -> ExpiredRecords | None:
    """Delete what was kept for more than so many days after its end; None where there was nothing. Broken off, the next run goes on."""
    before = now.astimezone(site_locale().zone).date() - timedelta(days=days)
    with database.unit_of_work(write=False) as session:
        ended = queries.list_ended(session, before)
    for number in ended:
        _forget_obligation(database, files, number, now=now)
    people = 0
    while True:
        with database.unit_of_work() as session:
            left = queries.list_left(session, before, PORTION)
            evidence = queries.list_evidence(session, left)
            _forget_people(session, left)
        _remove(database, files, evidence)
        people += len(left)
        if len(left) < PORTION:
            return ExpiredRecords(len(ended), people) if ended or people else None


def record_expiry(session: Session, gone: ExpiredRecords, *, now: datetime) -> None:
    """Write into the audit log how much went."""
    audit.record(session, SYSTEM, ComplianceVerb.RECORDS_EXPIRED, None, now=now, obligations=gone.obligations, people=gone.people)


def _forget_obligation(database: Database, files: FileStore, number: int, *, now: datetime) -> None:
    """Delete the records of people under an obligation; its rules and who approved them stay."""
    some: list[int] | None = None
    while some is None or len(some) == PORTION:
        with database.unit_of_work() as session:
            some = queries.list_assignments(session, number, PORTION)
            _forget_assignments(session, some)
    with database.unit_of_work() as session:
        evidence = queries.list_evidence(session, obligation_id=number)
        for table in (ReminderRequest, Waiver):
            session.execute(delete(table).where(table.obligation_id == number))
        session.get_one(Obligation, number).forgotten_at = now
    _remove(database, files, evidence)


def _forget_assignments(session: Session, numbers: Collection[int]) -> None:
    for table in (Reminder, CycleEnrolment, AssignmentState):
        session.execute(delete(table).where(table.assignment_id.in_(numbers)))
    session.execute(delete(Assignment).where(Assignment.id.in_(numbers)))


def _forget_people(session: Session, people: Collection[int]) -> None:
    _forget_assignments(session, queries.list_assignments_of(session, people))
    for table in queries.TABLES:
        session.execute(delete(table).where(table.person_id.in_(people)))
    forget_stays(session, people)


def _remove(database: Database, files: FileStore, evidence: Collection[str]) -> None:
    for sha256 in sorted(evidence):
        remove_evidence(database, files, sha256)
