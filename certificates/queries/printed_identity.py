"""Reading the identity number that a certificate prints (spec/certificates P7)."""

from sqlalchemy.orm import Session

from accounts.people import find_national_id
from certificates.models import Credential
from certificates.queries.credentials import is_holder_deleted, state
from certificates.queries.templates import get_drawn_template
from certificates.rules.credentials import SOUND

FIELD = "person.id_number"


def has_place_for_identity(session: Session, row: Credential) -> bool:
    """Say whether the template by which a credential is drawn has a place for its holder's identity number."""
    return get_drawn_template(session, row.template, row.template_version).prints(FIELD)


def find_printable_number(session: Session, row: Credential) -> str:
    """Return the identity number that a credential would print if its holder wants it; nothing where it prints none."""
    return find_national_id(session, row.person_id) if has_place_for_identity(session, row) else ""


def find_printed_number(session: Session, row: Credential) -> str:
    """Return the identity number that the holder of a sound credential has printed on it; nothing where they do not."""
    if not row.prints_identity or state(row) not in SOUND or is_holder_deleted(session, row):
        return ""
    return find_printable_number(session, row)
