"""Reading what pages saved by themselves and nobody has saved since: it goes out only where who publishes says so."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from courses.models import DraftFile, DraftFileVersion, DraftRevision
from courses.queries import drafts, history
from kernel.files import FileStore


@dataclass(frozen=True, slots=True)
class AutosavedText:
    """A draft text that was autosaved and not saved since; `revision` is the one that wrote it.

    `saved` is the newest revision in which the file was saved or removed; None where there is none. `saved_text` is None
    where there was no file then.
    """

    path: str
    text: str
    revision: int
    typed_by: int | None
    name: str
    typed_at: datetime
    since: datetime
    saved: int | None
    saved_text: str | None
    saved_sha256: str | None


def list_autosaved(session: Session, course_id: int) -> list[AutosavedText]:
    """List the texts of a course's working copy that were only saved by themselves and differ from what was saved, by path."""
    earlier, revision = aliased(DraftFileVersion), aliased(DraftRevision)
    last_saved = (
        select(func.max(earlier.revision))
        .join(revision, (revision.course_id == earlier.course_id) & (revision.number == earlier.revision))
        .where(earlier.course_id == DraftFile.course_id, earlier.path == DraftFile.path, revision.automatic_since.is_(None))
        .correlate(DraftFile)
        .scalar_subquery()
    )
    saved, typed = aliased(DraftFileVersion), aliased(DraftFileVersion)
    statement = (
        select(typed, DraftRevision, Person, saved)
        .select_from(DraftFile)
        .join(DraftRevision, (DraftRevision.course_id == DraftFile.course_id) & (DraftRevision.number == DraftFile.revision))
        .join(typed, (typed.course_id == DraftFile.course_id) & (typed.path == DraftFile.path) & (typed.revision == DraftFile.revision))
        .outerjoin(Person, Person.id == DraftRevision.changed_by)
        .outerjoin(saved, (saved.course_id == DraftFile.course_id) & (saved.path == DraftFile.path) & (saved.revision == last_saved))
        .where(DraftFile.course_id == course_id, DraftRevision.automatic_since.is_not(None))
        .order_by(DraftFile.path)
    )
    rows = session.execute(statement).all()
    return [_text(*row) for row in rows if row[3] is None or row[3].sha256 != row[0].sha256]


def _text(file: DraftFileVersion, revision: DraftRevision, person: Person | None, saved: DraftFileVersion | None) -> AutosavedText:
    assert revision.automatic_since is not None
    return AutosavedText(
        file.path,
        file.body or "",
        revision.number,
        revision.changed_by,
        person.full_name if person else "",
        revision.changed_at,
        revision.automatic_since,
        saved.revision if saved else None,
        saved.body if saved else None,
        saved.sha256 if saved else None,
    )


def left_out(session: Session, course_id: int, included: Collection[int]) -> list[AutosavedText]:
    """List those of a course that do not go out: all but the ones that the `included` revisions wrote."""
    return [text for text in list_autosaved(session, course_id) if text.revision not in included]


def outgoing_files(session: Session, files: FileStore, course_id: int, included: Collection[int] = ()) -> dict[str, bytes]:
    """Return the working copy as it goes out, by path: of texts that were only saved by themselves what was saved before."""
    contents = drafts.draft_files(session, files, course_id)
    for text in left_out(session, course_id, included):
        del contents[text.path]
        if text.saved_text is not None:
            contents[text.path] = text.saved_text.encode()
    return contents


def outgoing_digest(session: Session, course_id: int, included: Collection[int] = ()) -> str:
    """Return the SHA-256 over paths and contents of `outgoing_files`, made of the checksums alone."""
    checksums = drafts.list_draft_checksums(session, course_id)
    for text in left_out(session, course_id, included):
        del checksums[text.path]
        if text.saved_sha256 is not None:
            checksums[text.path] = text.saved_sha256
    return drafts.digest_of_checksums(checksums)


def digest_at(session: Session, course_id: int, revision: int) -> str:
    """Return the digest of a draft as it was at a revision; raise NotFound where there was no such revision."""
    return drafts.digest_of_checksums({file.path: file.sha256 for file in history.list_files_at(session, course_id, revision)})


def saved_since(session: Session, course_id: int, revision: int) -> bool:
    """Return whether a draft was saved after a revision; autosaves do not count."""
    later = exists().where(DraftRevision.course_id == course_id, DraftRevision.number > revision, DraftRevision.automatic_since.is_(None))
    return bool(session.scalar(select(later)))


def last_saved(session: Session, course_id: int) -> int | None:
    """Return the newest revision of a draft that was saved, not autosaved."""
    return session.scalar(
        select(func.max(DraftRevision.number)).where(DraftRevision.course_id == course_id, DraftRevision.automatic_since.is_(None))
    )
