"""Reading proofs of attempts: those that were given out, and what an attempt says beside its answers (spec/selection 10)."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import CourseFile
from kernel.codes import read_code
from quizzes.models import Incident, IncidentAttempt
from quizzes.queries.attempts import LoadedAttempt, load_attempt, row_of
from quizzes.queries.marks import MarkRecord, current_events
from quizzes.rules.proofs import CODE_LENGTH, AttemptMarks, ItemMark
from quizzes.selection_models import AttemptProof, AttemptProofFile


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
    """Say whether a file with this digest was given out of a proof."""
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
    return AttemptMarks(row.finished_at, row.raw, row.maximum, row.percent, row.passed, tuple(items))


def marks_now(session: Session, attempt_id: int) -> AttemptMarks:
    """Return the marks of the attempt of a proof now."""
    loaded = load_attempt(session, attempt_id)
    return marks_of(loaded, current_events(session, [item.id for item in loaded.items]))
