"""Reading actas: before an actor, by their code, line by line (spec/selection 4)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts.models import NationalIdentity, Person
from accounts.rules import DELETED
from kernel.codes import read_code
from kernel.errors import NotFound
from kernel.permissions import Actor
from selections.models import ActaExport, ActaSignature, ActaState, Selection, SelectionActa, SelectionActaEntry
from selections.permissions import SelectionActaContext
from selections.queries.selections import ContextRow, context_of, read_context
from selections.rules.documents import CODE_LENGTH, document_parts

BATCH = 2000
MOST_ACTAS = 200


def get_acta(session: Session, actor: Actor, acta: UUID) -> SelectionActaContext:
    """Return an acta before an actor; raise NotFound."""
    if actor.person_id is None:
        raise NotFound
    statement = context_of(actor.person_id).join(SelectionActa, SelectionActa.selection_id == Selection.id).add_columns(SelectionActa)
    result = session.execute(statement.where(SelectionActa.uuid == acta)).one_or_none()
    if result is None:
        raise NotFound
    *row, of_acta = result
    return SelectionActaContext(read_context(session, cast("ContextRow", tuple(row))), of_acta)


def find_by_code(session: Session, code: str) -> SelectionActa | None:
    """Return the acta in force with a code as people write it; None where there is none."""
    stored = read_code(code, CODE_LENGTH)
    if stored is None:
        return None
    return session.scalar(select(SelectionActa).where(SelectionActa.code == stored, SelectionActa.state == ActaState.IN_FORCE.value))


def find_by_file(session: Session, sha256: str) -> SelectionActa | None:
    """Return the acta in force that a file with this digest is of: its signed document or an export; None where there is none."""
    exported = select(ActaExport.acta_id).where(ActaExport.sha256 == sha256)
    statement = select(SelectionActa).where(
        SelectionActa.state == ActaState.IN_FORCE.value, or_(SelectionActa.sha256 == sha256, SelectionActa.id.in_(exported))
    )
    return session.scalar(statement.order_by(SelectionActa.id).limit(1))


def list_actas(session: Session, selection_id: int) -> Sequence[SelectionActa]:
    """List the actas of a selection, the newest first; what was discarded too, for it stays on record."""
    statement = select(SelectionActa).where(SelectionActa.selection_id == selection_id)
    return session.scalars(statement.order_by(SelectionActa.id.desc()).limit(MOST_ACTAS)).all()


def find_in_force(session: Session, selection_id: int) -> SelectionActa | None:
    """Return the newest acta of a selection that is in force."""
    statement = select(SelectionActa).where(SelectionActa.selection_id == selection_id, SelectionActa.state == ActaState.IN_FORCE.value)
    return session.scalar(statement.order_by(SelectionActa.number.desc()).limit(1))


def find_later(session: Session, acta: SelectionActa) -> SelectionActa | None:
    """Return the newest acta in force of a selection, where that is a later one than this."""
    newest = find_in_force(session, acta.selection_id)
    return newest if newest is not None and newest.number > acta.number else None


def list_people(session: Session, acta_id: int) -> dict[int, int]:
    """Return the person of each line of an acta, by the number of the take."""
    statement = select(SelectionActaEntry.enrolment_id, SelectionActaEntry.person_id).where(SelectionActaEntry.acta_id == acta_id)
    return {take or 0: person for take, person in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """A signature under an acta."""

    person_id: int
    name: str
    signed_at: datetime


def list_signatures(session: Session, acta_id: int) -> list[SignatureRow]:
    """List who signed an acta, in their order."""
    statement = (
        select(Person, ActaSignature.signed_at)
        .join(ActaSignature, ActaSignature.signed_by == Person.id)
        .where(ActaSignature.acta_id == acta_id)
        .order_by(ActaSignature.id)
    )
    return [SignatureRow(person.id, person.full_name, at) for person, at in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class ActaEntryRow:
    """A line of an acta as it was frozen; without the name where the person was erased since."""

    place: int
    person_id: int
    name: str
    is_withdrawn: bool
    fields: dict[str, Any]
    sealed: str
    salt: str
    identity: str = ""
    changed: bool = False


def list_lines(
    session: Session, acta_id: int, *, after: int = 0, offset: int = 0, limit: int = BATCH, changed: bool = False
) -> list[ActaEntryRow]:
    """List lines of an acta in their order; those alone that an amendment changed where they are asked for."""
    statement = (
        select(SelectionActaEntry, Person.email, NationalIdentity.number)
        .join(Person, Person.id == SelectionActaEntry.person_id)
        .outerjoin(NationalIdentity, NationalIdentity.person_id == Person.id)
        .where(SelectionActaEntry.acta_id == acta_id, SelectionActaEntry.place > after)
        .order_by(SelectionActaEntry.place)
        .offset(offset)
        .limit(limit)
    )
    if changed:
        statement = statement.where(SelectionActaEntry.changed)
    return [_line(row, email, number) for row, email, number in session.execute(statement)]


def walk_lines(session: Session, acta_id: int) -> Iterator[ActaEntryRow]:
    """Yield all lines of an acta in their order; memory does not grow with them."""
    last = 0
    while lines := list_lines(session, acta_id, after=last):
        yield from lines
        last = lines[-1].place


def list_own_lines(session: Session, acta_id: int, person_id: int) -> list[ActaEntryRow]:
    """List a person's own lines of an acta: one, or two where two accounts of theirs were in it and became one since."""
    statement = select(SelectionActaEntry, Person.email).join(Person, Person.id == SelectionActaEntry.person_id)
    own = (SelectionActaEntry.acta_id == acta_id, SelectionActaEntry.person_id == person_id)
    return [_line(row, email, None) for row, email in session.execute(statement.where(*own).order_by(SelectionActaEntry.place))]


def _line(row: SelectionActaEntry, email: str, number: str | None) -> ActaEntryRow:
    fields, withdrawn = json.loads(row.sealed or row.text), email.endswith(DELETED)
    name = fields.pop("name", "")
    return ActaEntryRow(
        row.place, row.person_id, "" if withdrawn else name, withdrawn, fields, row.sealed, row.salt, number or "", row.changed
    )


def read_document(session: Session, acta: SelectionActa) -> Iterator[bytes]:
    """Yield the signed bytes of an acta."""
    return document_parts(json.loads(acta.head), _texts(session, acta.id))


def _texts(session: Session, acta_id: int) -> Iterator[str]:
    statement = select(SelectionActaEntry.text).where(SelectionActaEntry.acta_id == acta_id).order_by(SelectionActaEntry.place)
    yield from session.scalars(statement.execution_options(yield_per=BATCH))


def find_file(session: Session, acta: SelectionActa, sha256: str) -> str | None:
    """Return what a file with this digest is of an acta: `json` for the signed document, else the kind of an export; None for neither."""
    if sha256 == acta.sha256:
        return "json"
    same = (ActaExport.acta_id == acta.id, ActaExport.sha256 == sha256)
    return session.scalar(select(ActaExport.kind).where(*same).order_by(ActaExport.id).limit(1))


def holds_hash(session: Session, acta_id: int, digest: str) -> bool:
    """Say whether a line of an acta has this hash."""
    escaped = f'%"hash":"{digest}"%'
    return (
        session.scalar(
            select(SelectionActaEntry.id).where(SelectionActaEntry.acta_id == acta_id, SelectionActaEntry.text.like(escaped)).limit(1)
        )
        is not None
    )
