"""Verifying actas in public: the register's document, a file, a line with its salt; people are named nowhere (spec/selection 4.9)."""

import json
from enum import StrEnum

from sqlalchemy.orm import Session

from kernel.crypto import SigningKeys
from questions.rules.encoding import canonical_text
from selections.models import SelectionActa
from selections.queries.actas import holds_hash, read_document
from selections.rules.documents import line_hash


class RegisterVerdict(StrEnum):
    """The verdict on an acta as the register holds it."""

    GENUINE = "genuine"
    ALTERED = "altered"
    """Its text is not what was signed."""
    UNCERTAIN = "uncertain"
    """Signed with a key that others may have."""


def judge_acta(session: Session, acta: SelectionActa, keys: SigningKeys) -> RegisterVerdict:
    """Check the signature of an acta over the text that the register holds of it."""
    if not keys.verifies(acta.key_id, b"".join(read_document(session, acta)), acta.signature):
        return RegisterVerdict.ALTERED
    return RegisterVerdict.GENUINE if keys.counts(acta.key_id) else RegisterVerdict.UNCERTAIN


def holds_line(session: Session, acta: SelectionActa, line: str, salt: str) -> bool:
    """Say whether an acta holds a line as its person keeps it, with its salt; spaces that came by copying do not count."""
    for text in dict.fromkeys((line, _canonical(line))):
        try:
            digest = line_hash(text, salt)
        except ValueError:
            return False
        if holds_hash(session, acta.id, digest):
            return True
    return False


def _canonical(line: str) -> str:
    try:
        return canonical_text(json.loads(line))
    except (ValueError, RecursionError):
        return line
