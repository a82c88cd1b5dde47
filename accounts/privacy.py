"""The access log, deletion requests, and the anonymising of accounts, read and written."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from accounts import accounts, names, passwords, rules
from accounts import people as accounts_people
from accounts.models import (
    AccountMerge,
    Consent,
    DeletionRequest,
    Device,
    NationalIdentity,
    Notification,
    NotificationPreference,
    Person,
    PersonName,
    RoleGrant,
    SecondFactor,
)
from accounts.people import AccountVerb, get_person
from accounts.rules import DELETED, TIME_TO_THINK
from kernel import audit, outbox
from kernel.audit import AuditEntry
from kernel.db import Base, HookList
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from kernel.personal import ErasureQuestion, PersonalTables, erase_rows, follow_answers, list_erasure_questions, of, own_rows


class AccessPurpose(StrEnum):
    """The purpose for which another person viewed a person's data."""

    RECORD = "record"
    PROGRESS = "progress"
    ANSWERS = "answers"
    EVIDENCE = "evidence"
    COPY = "copy"
    FOUND = "found"
    GROUP = "group"
    TRAINING = "training"
    TRANSCRIPT = "transcript"


class PeopleListKind(StrEnum):
    """The lists of people that others open, by content and purpose."""

    PEOPLE = "people"
    UNIT = "unit"
    LEARNERS = "learners"
    GRADEBOOK = "gradebook"
    ATTEMPTS = "attempts"
    MARKING = "marking"
    TRAINING = "training_list"
    AUDIENCE = "audience"
    CERTIFICATES = "certificates"
    ACTA = "acta"


def record_access(session: Session, actor: Actor, person_id: int, purpose: AccessPurpose, *, role: str = "", now: datetime) -> None:
    """Record a view of another person's data, with its role, which else follows from the purpose, and its purpose (spec/security 7.4)."""
    if person_id != actor.person_id:
        viewer = rules.viewer_role(actor, training=purpose in (AccessPurpose.TRAINING, AccessPurpose.EVIDENCE))
        person = get_person(session, person_id)
        audit.record(session, actor, AccountVerb.LOOKED_AT, person, now=now, role=role or viewer, purpose=purpose.value)


def record_list_access(
    session: Session, actor: Actor, kind: PeopleListKind, table: type[Base], row: int | None, *, role: str = "", now: datetime
) -> None:
    """Record that the actor opened a list of people, in which role and for what: one entry, however many are on it.

    `role` is what they are there, of a jury for example; without one it follows from the list.
    """
    is_training = kind in (PeopleListKind.TRAINING, PeopleListKind.AUDIENCE) or (
        kind is PeopleListKind.CERTIFICATES and table.__tablename__ == "organisation"
    )
    viewer = rules.viewer_role(actor, unit=kind is PeopleListKind.UNIT, training=is_training)
    seen = audit.AuditSubject(table.__tablename__, row)
    audit.record(session, actor, AccountVerb.LIST_LOOKED_AT, seen, now=now, role=role or viewer, list=kind.value)


NAMING_ADDRESSES = ("accounts.send_new_address", "accounts.send_address_changed")
"""Jobs that know a person's address of before or of later."""
LOOKS = 200


class PrivacyVerb(audit.Verb):
    """The audit-log verbs of a person's privacy rights."""

    EXPORTED = "privacy.exported"
    DELETION_ASKED = "privacy.deletion_asked"
    DELETION_TAKEN_BACK = "privacy.deletion_taken_back"
    DELETED = "privacy.deleted"


@dataclass(frozen=True, slots=True)
class DataAccess:
    """An access-log entry: another person viewed a person's data; `where` names the course or, for a list, the unit."""

    at: datetime
    by: str
    role: str
    purpose: str
    where: str = ""


def list_access_entries(session: Session, person_id: int, *, most: int | None = LOOKS) -> list[DataAccess]:
    """List who viewed a person's data, latest first; `most` None: all entries."""
    statement = (
        select(AuditEntry.at, AuditEntry.facts, Person)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .where(
            AuditEntry.subject_kind == Person.__tablename__,
            AuditEntry.subject_id == person_id,
            AuditEntry.verb == AccountVerb.LOOKED_AT.value,
        )
        .order_by(AuditEntry.id.desc())
        .limit(most)
    )
    return [
        DataAccess(row.at, row.Person.full_name if row.Person else "", str(facts.get("role", "")), str(facts.get("purpose", "")))
        for row in session.execute(statement)
        for facts in (json.loads(row.facts),)
    ]


def _waiting(person_id: int) -> Select[DeletionRequest]:
    return select(DeletionRequest).where(DeletionRequest.person_id == person_id, DeletionRequest.settled_at.is_(None))


def find_request(session: Session, person_id: int) -> DeletionRequest | None:
    """Return a person's wish that their account be deleted, while it waits."""
    return session.scalar(_waiting(person_id))


def list_deletion_questions(session: Session, person: Person) -> list[ErasureQuestion]:
    """List what a person is asked when they delete their account, of rows that any of their accounts has."""
    return list_erasure_questions(session, [account.id for account in accounts_people.accounts_of(session, person)])


DeletionHindrance: TypeAlias = tuple[str, Mapping[str, str]]
"""Why an account cannot be deleted yet: a message in English, to be translated with its facts."""
DELETION_HINDRANCES = HookList[Callable[[Session, Sequence[int]], Iterable[DeletionHindrance]]]("deletion_hindrances")
"""Gives why a person with these accounts cannot end them yet."""


class DeletionHindered(Conflict):
    """Something keeps an account from being deleted yet; the page says what."""

    message = N_("The account cannot be deleted yet.")


def list_hindrances(session: Session, person: Person) -> list[DeletionHindrance]:
    """List what keeps a person from ending their account yet, of rows that any of their accounts has."""
    accounts = [account.id for account in accounts_people.accounts_of(session, person)]
    return [hindrance for give in DELETION_HINDRANCES.of(session) for hindrance in give(session, accounts)]


def ask_deletion(session: Session, actor: Actor, person: Person, *, answers: Mapping[str, str] | None = None, now: datetime) -> None:
    """Note that a person wants their account deleted, and their answers; it happens in a week, and a mail says so.

    Raise DeletionHindered where something keeps it.
    """
    if list_hindrances(session, person):
        raise DeletionHindered
    request = find_request(session, person.id)
    if request is not None and answers and answers != request.answers:
        request.answers = answers
        audit.record(session, actor, PrivacyVerb.DELETION_ASKED, person, now=now)
    if request is None:
        session.add(DeletionRequest(person_id=person.id, asked_at=now, due_at=now + TIME_TO_THINK, answers=answers or {}))
        audit.record(session, actor, PrivacyVerb.DELETION_ASKED, person, now=now)
        outbox.enqueue(session, "accounts.send_deletion_asked", {"person": person.id}, now=now)


def take_back_deletion(session: Session, actor: Actor, person: Person, *, now: datetime) -> None:
    """Note that a person keeps their account; raise Conflict where it was deleted meanwhile."""
    request = session.scalar(_waiting(person.id).with_for_update())
    if request is None and accounts_people.is_permanently_closed(session, person.id):
        raise Conflict
    if request is not None:
        request.settled_at = now
        audit.record(session, actor, PrivacyVerb.DELETION_TAKEN_BACK, person, now=now)


def _due(now: datetime) -> Select[int]:
    stays_closed = exists().where(AccountMerge.closed_id == Person.id)
    due = (DeletionRequest.settled_at.is_(None), DeletionRequest.due_at <= now, or_(Person.suspended_at.is_(None), stays_closed))
    return select(DeletionRequest.person_id).join(Person, Person.id == DeletionRequest.person_id).where(*due)


def due_deletions(session: Session, *, now: datetime) -> Sequence[int]:
    """List whose accounts are to be deleted now. A suspended one waits: its owner could take nothing back. One closed for good does not."""
    return list(session.scalars(_due(now).order_by(DeletionRequest.id).limit(100)))


def is_still_due(session: Session, person_id: int, *, now: datetime) -> bool:
    """Return whether the account is to be deleted now; a cancellation from here on waits for this transaction.

    It waits where something has come to keep it since it was asked for.
    """
    statement = _due(now).where(DeletionRequest.person_id == person_id).with_for_update(of=DeletionRequest)
    return session.scalar(statement) is not None and not list_hindrances(session, get_person(session, person_id))


def select_own_data(person_id: int) -> PersonalTables:
    """Select an account's data of its person, a statement a table; without hashes and keys."""
    names = "given_names first_surname second_surname"
    account = of(Person, f"uuid email {names} language zone theme created_at email_confirmed_at suspended_at")
    former = f"{names} source since until requested_at request_reason decided_at decision_reason"
    tables: Mapping[str, tuple[type[Any], str]] = {
        "names": (PersonName, former),
        "identity_number": (NationalIdentity, "number"),
        "sessions": (Device, "label address created_at last_seen_at ended_at"),
        "second_steps": (SecondFactor, "kind name created_at last_used_at"),
        "consents": (Consent, "notice version at"),
        "roles": (RoleGrant, "role granted_at"),
        "notices": (Notification, "kind subject words given_at read_at"),
        "notice_choices": (NotificationPreference, "kind in_bell mail"),
        "deletion_requests": (DeletionRequest, "asked_at due_at settled_at"),
    }
    merged = select(Person.email, AccountMerge.merged_at).join(AccountMerge, AccountMerge.closed_id == Person.id)
    return {
        "profile": own_rows(Person, columns=account, mine=Person.id == person_id),
        **{
            name: own_rows(table, columns=of(table, names_of), mine=table.person_id == person_id)
            for name, (table, names_of) in tables.items()
        },
        "merged_accounts": merged.where(AccountMerge.kept_id == person_id),
    }


def anonymise(session: Session, actor: Actor, person: Person, *, now: datetime) -> None:
    """Take away everything that says who a person was; raise Conflict where no administrator would be left.

    Accounts that were merged into theirs are the same person's.

    Kept, without a name: progress, answers and marks, because statistics and the marks of others rest on them. Kept as they are:
    certificates, because others verify them, though no page names their person, and the audit log, which names nobody.
    Rows whose column says so are deleted (`kernel.personal`).
    """
    accounts.require_remaining_administrator(session, person)
    request = find_request(session, person.id)
    for account in accounts_people.accounts_of(session, person):
        follow_answers(session, account.id, request.answers if request else {}, now=now)
        _take_away(session, account, now=now)
        audit.record(session, actor, PrivacyVerb.DELETED, account, now=now)


def _take_away(session: Session, person: Person, *, now: datetime) -> None:
    outbox.forget_jobs(session, NAMING_ADDRESSES, lambda arguments: arguments.get("person") == person.id)
    erase_rows(session, person.id)
    person.email = f"{person.uuid}{DELETED}"
    names.take_name_away(person)
    person.theme = ""
    person.password_hash = passwords.NOBODYS
    person.email_confirmed_at, person.suspended_at = None, person.suspended_at or now
    request = find_request(session, person.id)
    if request is not None:
        request.settled_at = now
