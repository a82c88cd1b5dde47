"""Proofs of attempts: signed, kept with the digests of their files, and verified in public without a name (spec/selection 10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from kernel import audit
from kernel.crypto import SigningKeys
from kernel.permissions import Actor
from quizzes.models import Attempt
from quizzes.queries import proofs as queries
from quizzes.queries.attempts import LoadedAttempt
from quizzes.rules.proofs import ProofStatement, code_of, read_statement
from quizzes.selection_models import AttemptProof, AttemptProofFile


class ProofVerb(StrEnum):
    """The audit verbs of proofs."""

    MADE = "attempt.proof_made"


class ProofVerdict(StrEnum):
    """The verdict on a proof as the register holds it."""

    GENUINE = "genuine"
    ALTERED = "altered"
    """What is held of it is not what was signed."""
    UNCERTAIN = "uncertain"
    """Signed with a key that others may have."""


@dataclass(frozen=True, slots=True)
class SignedProof:
    """A proof as its document prints it: what was signed, by which key, and the code under which it is verified."""

    code: str
    statement: str
    key_id: str
    signature: str
    is_kept: bool
    """Whether it was given out before."""


@dataclass(frozen=True, slots=True)
class ProofDigests:
    """The digests of a document and of the marks on which it stands, and whether it shows them."""

    document: str
    marks: str
    shows_marks: bool


@dataclass(frozen=True, slots=True)
class ProofTitles:
    """The titles of a quiz and its course, by language."""

    quiz: Mapping[str, str]
    course: Mapping[str, str]


def sign_proof(session: Session, loaded: LoadedAttempt, document: ProofDigests, titles: ProofTitles, keys: SigningKeys) -> SignedProof:
    """Return the signed proof of a document: as it was given out before, else signed now; nothing is written.

    One that was signed with a key that others may have is signed again.
    """
    for earlier in queries.list_same(session, loaded.id, document.document):
        if keys.counts(earlier.key_id):
            return SignedProof(earlier.code, earlier.statement, earlier.key_id, earlier.signature, is_kept=True)
    row = loaded.row
    ended_at = row.submitted_at or row.finished_at or row.started_at
    text = ProofStatement(
        loaded.uuid, row.number, titles.quiz, titles.course, ended_at, document.document, document.marks, document.shows_marks
    ).text
    signature = keys.sign(text.encode())
    return SignedProof(code_of(signature), text, keys.identifier, signature, is_kept=False)


def keep_proof(session: Session, actor: Actor, attempt_id: int, signed: SignedProof, file: str = "", *, now: datetime) -> None:
    """Keep a proof that was given out, and the digest of its file; what is kept already is not kept twice."""
    row = queries.find_by_code(session, signed.code)
    if row is None:
        row = AttemptProof(
            attempt_id=attempt_id,
            code=signed.code,
            document_sha256=read_statement(signed.statement).document,
            statement=signed.statement,
            key_id=signed.key_id,
            signature=signed.signature,
            made_at=now,
        )
        session.add(row)
        session.flush()
        attempt = session.get_one(Attempt, attempt_id)
        audit.record(session, actor, ProofVerb.MADE, attempt, now=now, person=attempt.person_id)
    if file and not queries.holds_file(session, row.id, file):
        session.add(AttemptProofFile(proof_id=row.id, sha256=file, made_at=now))


def judge_proof(row: AttemptProof, keys: SigningKeys) -> ProofVerdict:
    """Check the signature of a proof over what the register holds of it."""
    if not keys.verifies(row.key_id, row.statement.encode(), row.signature):
        return ProofVerdict.ALTERED
    return ProofVerdict.GENUINE if keys.counts(row.key_id) else ProofVerdict.UNCERTAIN


def is_changed(session: Session, attempt_id: int, statement: ProofStatement) -> bool:
    """Say whether a mark that the document of a proof shows is another one now, or the attempt was opened again."""
    return statement.marks != queries.marks_now(session, attempt_id).digest(with_marks=statement.shows_marks)
