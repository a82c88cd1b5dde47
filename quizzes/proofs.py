"""Sign proofs of attempts, read those that were given out, and verify them (spec/selection 10)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import CourseFile
from kernel import audit
from kernel.codes import read_code
from kernel.crypto import SigningKeys
from kernel.errors import N_
from kernel.permissions import Actor
from quizzes.attempts import LoadedAttempt, load_attempt, row_of
from quizzes.marks import MarkRecord, current_events
from quizzes.models import Attempt, AttemptProof, AttemptProofFile, Incident, IncidentAttempt
from quizzes.rules.proofs import CODE_LENGTH, AttemptMarks, ItemMark, ProofStatement, code_of, read_statement


def find_by_code(session: Session, code: str) -> AttemptProof | None:
    """Return the proof with a code as people write it; None where there is none."""
    stored = read_code(code, CODE_LENGTH)
    return None if stored is None else session.scalar(select(AttemptProof).where(AttemptProof.code == stored))


def find_by_file(session: Session, sha256: str) -> AttemptProof | None:
    """Return the proof of which a file with this digest was given out; None where there is none."""
    statement = select(AttemptProof).join(AttemptProofFile, AttemptProofFile.proof_id == AttemptProof.id)
    return session.scalar(statement.where(AttemptProofFile.sha256 == sha256).order_by(AttemptProof.id).limit(1))


def list_same(session: Session, attempt_id: int, document: str) -> Sequence[AttemptProof]:
    """List the proofs of an attempt with the same document, one for each key that signed it; the first one first."""
    same = (AttemptProof.attempt_id == attempt_id, AttemptProof.document_sha256 == document)
    return session.scalars(select(AttemptProof).where(*same).order_by(AttemptProof.id)).all()


def holds_file(session: Session, proof_id: int, sha256: str) -> bool:
    """Return whether a file with this digest was given out of a proof."""
    return session.get(AttemptProofFile, (proof_id, sha256)) is not None


def list_given_time(session: Session, attempt_id: int) -> Sequence[Incident]:
    """List the incidents that gave an attempt time with all others that were open, the first one first."""
    statement = (
        select(Incident)
        .join(IncidentAttempt, IncidentAttempt.incident_id == Incident.id)
        .where(IncidentAttempt.attempt_id == attempt_id, IncidentAttempt.applied, Incident.undone_at.is_(None))
    )
    return session.scalars(statement.order_by(Incident.created_at, Incident.id)).all()


def list_pictures(session: Session, version_id: int, digests: Collection[str]) -> dict[str, str]:
    """Return the media types of files of a course version by their SHA-256; no statement without any."""
    if not digests:
        return {}
    statement = select(CourseFile.sha256, CourseFile.media_type).where(CourseFile.version_id == version_id, CourseFile.sha256.in_(digests))
    return dict(session.execute(statement).all())


def marks_of(loaded: LoadedAttempt, events: Mapping[int, MarkRecord]) -> AttemptMarks:
    """Return the marks of an attempt now, by the last marking of each of its items."""
    row, items = row_of(loaded.row), []
    for item in loaded.items:
        mark = events.get(item.id)
        items.append(ItemMark(item.position, mark.fraction if mark else None, mark.state.value if mark else "", item.void_effect))
    return AttemptMarks(row.finished_at, row.raw, row.maximum, percent=row.percent, passed=row.passed, items=tuple(items))


def marks_now(session: Session, attempt_id: int) -> AttemptMarks:
    """Return the marks of the attempt of a proof now."""
    loaded = load_attempt(session, attempt_id)
    return marks_of(loaded, current_events(session, [item.id for item in loaded.items]))


class ProofVerb(audit.Verb):
    """The audit verbs of proofs."""

    MADE = "attempt.proof_made", N_("Made a proof of an attempt")


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


def sign_proof(
    session: Session,
    loaded: LoadedAttempt,
    keys: SigningKeys,
    *,
    quiz: Mapping[str, str],
    course: Mapping[str, str],
    document: str,
    marks: str,
    shows_marks: bool,
) -> SignedProof:
    """Return the signed proof of a document: as it was given out before, else signed now; nothing is written.

    One that was signed with a key that others may have is signed again. Quiz and course are named by their titles; `document` and `marks`
    are the digests of the document and of the marks on which it stands.
    """
    for earlier in list_same(session, loaded.id, document):
        if keys.counts(earlier.key_id):
            return SignedProof(earlier.code, earlier.statement, earlier.key_id, earlier.signature, is_kept=True)
    row = loaded.row
    ended_at = row.submitted_at or row.finished_at or row.started_at
    text = ProofStatement(
        loaded.uuid,
        row.number,
        quiz,
        course=course,
        ended_at=ended_at,
        document=document,
        marks=marks,
        shows_marks=shows_marks,
    ).text
    signature = keys.sign(text.encode())
    return SignedProof(code_of(signature), text, keys.identifier, signature, is_kept=False)


def keep_proof(session: Session, actor: Actor, attempt_id: int, signed: SignedProof, file: str = "", *, now: datetime) -> None:
    """Keep a proof that was given out, and the digest of its file; what is kept already is not kept twice."""
    row = find_by_code(session, signed.code)
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
    if file and not holds_file(session, row.id, file):
        session.add(AttemptProofFile(proof_id=row.id, sha256=file, made_at=now))


def judge_proof(row: AttemptProof, keys: SigningKeys) -> ProofVerdict:
    """Check the signature of a proof over what the register holds of it."""
    if not keys.verifies(row.key_id, row.statement.encode(), row.signature):
        return ProofVerdict.ALTERED
    return ProofVerdict.GENUINE if keys.counts(row.key_id) else ProofVerdict.UNCERTAIN


def is_changed(session: Session, attempt_id: int, statement: ProofStatement) -> bool:
    """Return whether a mark that the document of a proof shows is another one now, or the attempt was opened again."""
    return statement.marks != marks_now(session, attempt_id).digest(with_marks=statement.shows_marks)
