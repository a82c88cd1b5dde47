"""A person's name: what it was and is, where it comes from, and the corrections that people ask for."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import notices, people
from accounts.models import NameSource, Person, PersonName, full_name
from accounts.notices import Message
from accounts.rules import NoticeKind, fold, name_key, richer_spelling
from kernel import audit
from kernel.db import Hook
from kernel.errors import N_, Conflict
from kernel.i18n import _, in_every_language
from kernel.permissions import Actor

NameParts = tuple[str, str, str]
"""Given names, first and second surname."""
PRESENT = PersonName.since.is_not(None) & PersonName.until.is_(None)
FORMER = PersonName.until.is_not(None)
REQUESTED = PersonName.since.is_(None) & PersonName.decided_at.is_(None)
CHECKED = (NameSource.PROVIDER, NameSource.LIST, NameSource.CORRECTION)
WEIGHTS = {source: weight for weight, source in enumerate((NameSource.MERGE, NameSource.INITIAL, NameSource.SELF, *CHECKED))}
"""How well a name is vouched for: one from a lighter source takes no other's place."""
KeepsName = Callable[[Session, int], bool]
"""Tells whether an institution keeps the name of a person."""

GONE = ("Cuenta", "eliminada")
"""The name of a deleted account."""
KEEPS_NAME = Hook[KeepsName]("keeps_name")
"""Gives who keeps the name of a person."""
ACCOUNT_NOTICE = NoticeKind("account", label=N_("My account"), hint=N_("An administrator decides about your name."), icon="user")


class NameVerb(
    audit.Verb,
    facts={
        "account.name_corrected name": audit.Fact(table="person_name"),
        "former_name": audit.Fact(N_("Former name"), table="person_name"),
        "request": N_("Request"),
    },
):
    """The audit-log verbs of names."""

    REQUESTED = "account.name_requested"
    CORRECTED = "account.name_corrected"
    DECLINED = "account.name_declined"


def parts_of(row: Person | PersonName) -> NameParts:
    """Return the parts of a name."""
    return row.given_names, row.first_surname, row.second_surname


def new_name(person_id: int, parts: NameParts, source: NameSource, **columns: object) -> PersonName:
    """Return a row of a name that is not written yet."""
    given, first, second = parts
    names = {"given_names": given, "first_surname": first, "second_surname": second, "name_key": name_key(*parts)}
    return PersonName(person_id=person_id, source=source.value, **names, **columns)


def next_name(present: NameParts, held: str, given: NameParts, source: NameSource, *, is_decided: bool = False) -> NameParts:
    """Return the name of a person once a source gives one; `held` is the source of the present name.

    What a person types and what somebody decides stands as it is. Else a name takes the place of one that is no better vouched for, and
    of one name in two spellings the richer stays (spec/compulsory 2.5a); a corrected one stays to the letter.
    """
    if source in (NameSource.SELF, NameSource.CORRECTION):
        return given
    is_same, is_lighter = fold(full_name(*present)) == fold(full_name(*given)), WEIGHTS[source] < WEIGHTS[NameSource(held or "initial")]
    if is_decided or not is_lighter:
        # A provider says all surnames in one piece: where they are parted is known better here.
        pair = (given, present) if is_same and source is NameSource.PROVIDER else (present, given)
    elif is_same and held != NameSource.CORRECTION:
        pair = (given, present)
    else:
        return present
    names, first, second = richer_spelling(*pair)
    return names, first, second


def change_name(
    session: Session, actor: Actor, person: Person, parts: NameParts, source: NameSource, *, is_decided: bool = False, now: datetime
) -> dict[str, int]:
    """Give a person the name that follows from one that a source gives (`next_name`), and keep the former one.

    Return what the audit log says of it: the rows, never the names; nothing where the present one stays. The same name from another
    source is the same row.
    """
    present, held = _present(session, person.id), source_of_name(session, person.id)
    parts, is_lighter = next_name(parts_of(person), held, parts, source, is_decided=is_decided), WEIGHTS[source] < WEIGHTS[held]
    source = held if is_lighter and source is not NameSource.SELF and not is_decided else source
    if parts == parts_of(person):
        if is_lighter and source is held:
            return {}
        row = present or new_name(person.id, parts, source, since=person.created_at)
        row.source, row.decided_by, row.decided_at = source.value, actor.person_id, _moment_of_decision(source, now)
        session.add(row)
        session.flush()  # the audit entry names it
        return {"name": row.id}
    former = present or new_name(person.id, parts_of(person), NameSource.INITIAL, since=person.created_at)
    former.until = now
    session.add(former)
    session.flush()  # a person has one present name
    row = new_name(person.id, parts, source, since=now, decided_by=actor.person_id, decided_at=_moment_of_decision(source, now))
    _put_in_place(session, person, row)
    return {"former_name": former.id, "name": row.id}


def _moment_of_decision(source: NameSource, now: datetime) -> datetime | None:
    return now if source is NameSource.CORRECTION else None


def _put_in_place(session: Session, person: Person, row: PersonName) -> None:
    session.add(row)
    session.flush()  # the audit entry names it
    person.given_names, person.first_surname, person.second_surname = parts_of(row)
    person.name_key = row.name_key


def take_name_away(person: Person) -> None:
    """Leave an account without its person's name."""
    person.given_names, person.first_surname, person.second_surname = *GONE, ""
    person.name_key = name_key(*GONE, "")


def _present(session: Session, person_id: int) -> PersonName | None:
    return session.scalar(select(PersonName).where(PersonName.person_id == person_id, PRESENT))


def source_of_name(session: Session, person_id: int) -> NameSource:
    """Return who says the present name of a person; where no row does, the staff list of who keeps it, or whoever made the account."""
    present = _present(session, person_id)
    if present is not None:
        return NameSource(present.source)
    return NameSource.LIST if is_managed(session, person_id) else NameSource.INITIAL


def list_former_names(session: Session, person_id: int) -> list[PersonName]:
    """List the names that a person had before, the latest first."""
    statement = select(PersonName).where(PersonName.person_id == person_id, FORMER)
    return list(session.scalars(statement.order_by(PersonName.until.desc(), PersonName.id.desc()).limit(50)))


def list_name_parts(session: Session, person: Person) -> list[NameParts]:
    """List the names that a person has and had."""
    return [parts_of(person), *map(parts_of, list_former_names(session, person.id))]


def _corrected_by_merge(session: Session, closed: Person, remaining: Person) -> PersonName | None:
    """Return the name of an account that closes where it alone was corrected."""
    row, held = _present(session, closed.id), source_of_name(session, remaining.id)
    return row if row and row.source == NameSource.CORRECTION and held is not NameSource.CORRECTION else None


def name_after_merge(session: Session, closed: Person, remaining: Person) -> NameParts:
    """Return the name that the account that stays would have."""
    corrected, held = _corrected_by_merge(session, closed, remaining), source_of_name(session, remaining.id)
    return parts_of(corrected) if corrected else next_name(parts_of(remaining), held, parts_of(closed), NameSource.MERGE)


def transfer_names(session: Session, actor: Actor, closed: Person, remaining: Person, *, now: datetime) -> None:
    """Give the account that stays the names of one that closes: its present name becomes a former one, unless it alone was corrected.

    A correction that was asked for there waits here, unless another one does.
    """
    corrected = _corrected_by_merge(session, closed, remaining)
    if corrected is not None:
        own = _present(session, remaining.id) or new_name(remaining.id, parts_of(remaining), NameSource.INITIAL, since=remaining.created_at)
        own.until = now
        session.add(own)
        session.flush()  # a person has one present name
    rows = list(session.scalars(select(PersonName).where(PersonName.person_id.in_((closed.id, remaining.id)))))
    if parts_of(closed) != parts_of(remaining) and not any(row.person_id == closed.id and row.since and row.until is None for row in rows):
        rows.append(new_name(closed.id, parts_of(closed), NameSource.MERGE, since=closed.created_at))
    waits = any(row.person_id == remaining.id and row.since is None and row.decided_at is None for row in rows)
    for row in rows:
        if row.person_id == closed.id:
            row.person_id = remaining.id
            row.until = row.until or (now if row.since and row is not corrected else None)
            row.decided_at = row.decided_at or (now if row.since is None and waits else None)
    session.add_all(rows)
    session.flush()
    if corrected is not None:
        _put_in_place(session, remaining, corrected)
    else:
        change_name(session, actor, remaining, parts_of(closed), NameSource.MERGE, now=now)


def is_managed(session: Session, person_id: int) -> bool:
    """Return whether an institution keeps the name of a person, who asks for a correction instead of changing it."""
    return KEEPS_NAME.of(session)(session, person_id)


def is_checked(session: Session, person_id: int) -> bool:
    """Return whether someone else says the present name of a person: a list of staff, or an administrator who corrected or checked it."""
    return source_of_name(session, person_id) in CHECKED


def find_request(session: Session, person_id: int) -> PersonName | None:
    """Return the name for which a person asked, while it waits for a decision."""
    return session.scalar(select(PersonName).where(PersonName.person_id == person_id, REQUESTED))


def list_requests(session: Session, *, limit: int) -> list[tuple[PersonName, Person]]:
    """List the names that wait for a decision, the oldest first; those of suspended accounts wait longer."""
    statement = select(PersonName, Person).join(Person, Person.id == PersonName.person_id).where(REQUESTED, Person.suspended_at.is_(None))
    rows = session.execute(statement.order_by(PersonName.requested_at, PersonName.id).limit(limit))
    return [(row, person) for row, person in rows]


def count_requests(session: Session) -> int:
    """Count the names that wait for a decision."""
    waiting = select(func.count()).select_from(PersonName).join(Person, Person.id == PersonName.person_id)
    return session.scalar(waiting.where(REQUESTED, Person.suspended_at.is_(None))) or 0


def request_correction(session: Session, actor: Actor, person: Person, parts: NameParts, reason: str, *, now: datetime) -> None:
    """Ask for a correction of one's name; what one asked for before and waits is withdrawn by it."""
    people.lock_person(session, person.id)
    waiting = find_request(session, person.id)
    if waiting is not None:
        waiting.decided_at, waiting.decided_by = now, actor.person_id
        session.flush()  # one waits at a time
    row = new_name(person.id, parts, NameSource.CORRECTION, requested_at=now, request_reason=reason)
    session.add(row)
    session.flush()  # the audit entry names it
    audit.record(session, actor, NameVerb.REQUESTED, person, now=now, name=row.id)


def correct_name(session: Session, actor: Actor, person: Person, parts: NameParts, reason: str, seen: int | None, *, now: datetime) -> None:
    """Give a person the name that is right, and tell them why; what they asked for is decided by it.

    `seen` is the request that whoever decides has read; raise Conflict where another one waits.
    """
    request = _decide_request(session, actor, person, reason, seen, now=now)
    facts = change_name(session, actor, person, parts, NameSource.CORRECTION, now=now)
    decided = {"request": request.id} if request is not None else {}
    audit.record(session, actor, NameVerb.CORRECTED, person, now=now, reason=reason, **facts, **decided)
    name = full_name(*parts)
    _notify(
        session,
        person,
        facts["name"],
        lambda: _("Your name was corrected") if "former_name" in facts else _("Your name was checked"),
        lambda: _("Your name is now: %(name)s. Explanation: %(reason)s", name=name, reason=reason),
        now,
    )


def decline_request(session: Session, actor: Actor, person: Person, reason: str, seen: int | None, *, now: datetime) -> None:
    """Leave a name as it is, and tell the person who asked why; raise Conflict where another request waits than the one that was seen."""
    request = _decide_request(session, actor, person, reason, seen, now=now)
    if request is None:
        raise Conflict
    audit.record(session, actor, NameVerb.DECLINED, person, now=now, reason=reason, request=request.id)
    name = request.full_name
    _notify(
        session,
        person,
        request.id,
        lambda: _("Your name stays as it is"),
        lambda: _("You asked for: %(name)s. Explanation: %(reason)s", name=name, reason=reason),
        now,
    )


def _decide_request(session: Session, actor: Actor, person: Person, reason: str, seen: int | None, *, now: datetime) -> PersonName | None:
    people.lock_person(session, person.id)
    request = find_request(session, person.id)
    if (request.id if request is not None else None) != seen:
        raise Conflict
    if request is not None:
        request.decided_at, request.decided_by, request.decision_reason = now, actor.person_id, reason
    return request


def _notify(session: Session, person: Person, row: int, subject: Callable[[], str], text: Callable[[], str], now: datetime) -> None:
    message = Message(ACCOUNT_NOTICE, f"name:{row}:{now.isoformat()}", in_every_language(subject), in_every_language(text), "/profile")
    notices.notify(session, message, [person.id], now=now)
