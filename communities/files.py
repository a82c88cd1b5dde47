"""Files of a community: brought in by members, replaced with their former contents kept, deleted and restored, let go after 30 days."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, literal, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from communities import acts, standing
from communities.models import Community, CommunityFile, CommunityFileVersion
from communities.space import CommunityAction, CommunityContext, RowContext
from discussions.files import DOCUMENTS, CheckedFile, store_upload
from discussions.own_data import ERASURE_QUESTION as WRITTEN
from kernel import outbox
from kernel.audit import Verb
from kernel.errors import N_, Conflict, Invalid
from kernel.files import FileStore, StoredFile, note_stored
from kernel.permissions import Actor
from kernel.personal import PersonalTables
from kernel.pictures import FORMATS
from spaces.acts import added

LARGEST, LARGEST_PICTURE = 50_000_000, 10_000_000
QUOTA = 2_000_000_000
MOST_CATEGORIES = 20
KEPT = timedelta(days=30)
PORTION = 50
SIZES = {**dict.fromkeys(FORMATS, LARGEST_PICTURE), **dict.fromkeys((*DOCUMENTS, "zip"), LARGEST)}
"""The largest file that is taken, in bytes, by its extension."""


class CommunityFileVerb(
    Verb,
    facts={
        "file": N_("File"),
    },
):
    """The audit verbs of files of communities."""

    ADDED = "community_file.added", N_("Brought a file into a community")
    REPLACED = "community_file.replaced", N_("Replaced a file of a community")
    CHANGED = "community_file.changed", N_("Changed what is said of a file of a community")
    DELETED = "community_file.deleted", N_("Deleted a file of a community")
    RESTORED = "community_file.restored", N_("Restored a file of a community")


class CommunityFileRefused(Invalid):
    """A file cannot be brought in."""

    message = N_("“%(name)s” is not taken: documents up to 50 MB and pictures up to 10 MB, of the kind that the name says.")


class CommunityIsFull(Conflict):
    """The files of a community take all the room that it has."""

    message = N_("The files of this community take 2 GB. Delete some first.")


class TooManyFileCategories(Invalid):
    """The files of a community stand in as many categories as they can."""

    message = N_("A community has at most 20 categories of files. Choose one of them.")


SentFile = CheckedFile | None
"""The content that came with a form, or none."""


@dataclass(frozen=True, slots=True)
class FileValues:
    """Title, description, category, language, licence and readers of a file."""

    title: str
    description: str
    category: str
    language: str
    licence: str
    members_only: bool


def store_content(files: FileStore, sent_name: str, content: bytes) -> CheckedFile:
    """Store a content, a picture without its metadata; raise CommunityFileRefused. Outside of any transaction."""
    return store_upload(files, sent_name, content, SIZES, CommunityFileRefused)


def _add_version(session: Session, actor: Actor, row: CommunityFile, content: CheckedFile, *, now: datetime) -> None:
    version = CommunityFileVersion
    of_it = select(func.coalesce(func.sum(StoredFile.size), 0)).join(version, version.stored_file_id == StoredFile.id)
    of_it = of_it.join(CommunityFile, CommunityFile.id == version.file_id).where(CommunityFile.community_id == row.community_id)
    if (session.scalar(of_it) or 0) + content.size > QUOTA:
        raise CommunityIsFull
    number = session.scalar(select(func.max(version.number)).where(version.file_id == row.id)) or 0
    stored = note_stored(session, content.sha256, size=content.size, media_type=content.media_type, now=now)
    columns = {"file_id": row.id, "number": number + 1, "stored_file_id": stored.id, "name": content.name}
    session.add(version(**columns, added_by=actor.person_id, added_at=now))
    session.flush()


def _check_category(session: Session, community_id: int, category: str) -> None:
    known = list_categories(session, community_id, is_inside=True)
    if category not in known and len(known) >= MOST_CATEGORIES:
        raise TooManyFileCategories


def add_file(
    session: Session, actor: Actor, context: CommunityContext, values: FileValues, content: CheckedFile, *, now: datetime
) -> CommunityFile:
    """Bring in a file. Raise NoLongerAllowed, CommunityIsFull, TooManyFileCategories."""
    community = acts.begin(session, actor, context, CommunityAction.ADD_FILE, now=now).row
    _check_category(session, community.id, values.category)
    row = CommunityFile(community_id=community.id, person_id=actor.person_id, **asdict(values))
    act = added(session, actor, row, community, now=now)
    _add_version(session, actor, row, content, now=now)
    act.note(CommunityFileVerb.ADDED, file=row.id)
    return row


def change_file(
    session: Session, actor: Actor, context: RowContext[CommunityFile], values: FileValues, content: SentFile, *, seen: str, now: datetime
) -> bool:
    """Change what is said of a file, and replace its content where one was sent; return whether anything changed.

    The former content stays in the list of its versions. Raise RowWasChanged, NoLongerAllowed, CommunityIsFull, TooManyFileCategories.
    """
    act = acts.begin(session, actor, context, CommunityAction.CHANGE_FILE, seen, now=now)
    _check_category(session, act.row.community_id, values.category)
    changed, verb = act.change(asdict(values), also=content is not None), CommunityFileVerb.CHANGED
    if content is not None:
        _add_version(session, actor, act.row, content, now=now)
        verb = CommunityFileVerb.REPLACED
    if changed or content is not None:
        act.note(verb, file=act.row.id, changed=changed)
    return bool(changed) or content is not None


def set_deleted(session: Session, actor: Actor, context: RowContext[CommunityFile], *, is_deleted: bool, now: datetime) -> None:
    """Delete a file, which can be restored for 30 days, or restore it. Raise NoLongerAllowed, RowWasChanged."""
    act = acts.begin(session, actor, context, CommunityAction.CHANGE_FILE, now=now)
    act.change({"deleted_at": now if is_deleted else None})
    act.note(CommunityFileVerb.DELETED if is_deleted else CommunityFileVerb.RESTORED, file=act.row.id)


def let_go(session: Session, *, now: datetime) -> int:
    """Let some files go that were deleted 30 days ago, with their contents; return how many."""
    return delete_some(session, CommunityFile.deleted_at < now - KEPT, now=now)


def delete_some(session: Session, which: ColumnElement[bool], *, now: datetime) -> int:
    """Delete some of the files that a condition selects, with their contents; return how many."""
    numbers = session.scalars(select(CommunityFile.id).where(which).order_by(CommunityFile.id).limit(PORTION)).all()
    of_them = CommunityFileVersion.file_id.in_(numbers)
    gone = set(session.scalars(delete(CommunityFileVersion).where(of_them).returning(CommunityFileVersion.stored_file_id)))
    session.execute(delete(CommunityFile).where(CommunityFile.id.in_(numbers)))
    let_contents_go(session, gone, now=now)
    return len(numbers)


def let_contents_go(session: Session, stored: Collection[int], *, now: datetime) -> None:
    """Have contents removed that nothing else names."""
    for sha256 in session.scalars(select(StoredFile.sha256).where(StoredFile.id.in_(stored))):
        outbox.enqueue(session, "discussions.remove_content", {"sha256": sha256}, now=now)


def list_files(
    session: Session, community_id: int, category: str, *, is_inside: bool, offset: int, limit: int
) -> list[Row[*tuple[Any, ...]]]:
    """List the files that a reader may open with their last versions and who brought them in, the newest first; of a category or all."""
    version, newest = CommunityFileVersion, aliased(CommunityFileVersion)
    last = select(func.max(newest.number)).where(newest.file_id == CommunityFile.id).correlate(CommunityFile).scalar_subquery()
    statement = select(CommunityFile, version, StoredFile, Person).join(version, version.file_id == CommunityFile.id)
    statement = statement.join(StoredFile, StoredFile.id == version.stored_file_id).join(Person, Person.id == CommunityFile.person_id)
    statement = statement.where(*_listed(community_id, is_inside=is_inside), version.number == last)
    if category:
        statement = statement.where(CommunityFile.category == category)
    return list(session.execute(statement.order_by(version.added_at.desc(), CommunityFile.id.desc()).offset(offset).limit(limit)))


def _listed(community_id: int, *, is_inside: bool) -> tuple[ColumnElement[bool], ...]:
    """Return the statement that selects the files that a reader may open: outside, those that are not for members alone."""
    of_it = (CommunityFile.community_id == community_id, CommunityFile.deleted_at.is_(None))
    return of_it if is_inside else (*of_it, CommunityFile.members_only.is_(False))


def list_deleted(session: Session, context: CommunityContext, actor: Actor) -> list[CommunityFile]:
    """List the deleted files that somebody may restore, the latest first: who administers all, others their own."""
    of_it = (CommunityFile.community_id == context.community.id, CommunityFile.deleted_at.is_not(None))
    theirs = () if actor.is_administrator or context.administers else (CommunityFile.person_id == actor.person_id,)
    return list(session.scalars(select(CommunityFile).where(*of_it, *theirs).order_by(CommunityFile.deleted_at.desc()).limit(PORTION)))


def list_categories(session: Session, community_id: int, *, is_inside: bool) -> list[str]:
    """List the categories of the files of a community that a reader may open."""
    statement = select(CommunityFile.category).distinct().where(*_listed(community_id, is_inside=is_inside), CommunityFile.category != "")
    return list(session.scalars(statement.order_by(CommunityFile.category)))


def list_versions(session: Session, file_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the contents of a file with who brought them in, the newest first."""
    statement = select(CommunityFileVersion, StoredFile, Person).join(StoredFile, StoredFile.id == CommunityFileVersion.stored_file_id)
    statement = statement.outerjoin(Person, Person.id == CommunityFileVersion.added_by)
    return session.execute(statement.where(CommunityFileVersion.file_id == file_id).order_by(CommunityFileVersion.number.desc())).all()


get_file = acts.loader(CommunityFile, CommunityFile.uuid)


def select_own_data(person_id: int) -> PersonalTables:
    """Return the files that a person brought into communities, and the contents of theirs, for the copy of their data."""
    file, version = CommunityFile, CommunityFileVersion
    values = (file.uuid, file.title, file.description, file.category, file.deleted_at)
    columns: Select[*tuple[Any, ...]] = select(standing.name_known_to(literal(person_id)).label("community"), *values)
    contents: Select[*tuple[Any, ...]] = select(file.uuid.label("file"), version.number, version.name, version.added_at)
    return {
        "community_files": columns.join(Community, Community.id == file.community_id).where(file.person_id == person_id),
        "community_file_contents": contents.join(file, file.id == version.file_id).where(version.added_by == person_id),
    }


def list_own_files(session: Session, person_id: int) -> list[tuple[str, str]]:
    """List the contents that a person brought into communities: the path in the copy of their data, and the SHA-256."""
    version = CommunityFileVersion
    statement = select(CommunityFile.uuid, version.number, version.name, StoredFile.sha256)
    statement = statement.join(version, version.file_id == CommunityFile.id).join(StoredFile, StoredFile.id == version.stored_file_id)
    rows = session.execute(statement.where(version.added_by == person_id).order_by(version.id))
    return [(f"files/{row.uuid}/{row.number}-{row.name}", row.sha256) for row in rows]


def follow_answer(session: Session, person_id: int, answer: str, *, now: datetime) -> None:
    """Delete the contents of somebody who deletes their account and wants it; a file to which others gave a content keeps theirs."""
    if answer != "withdraw":
        return
    version, own = CommunityFileVersion, CommunityFileVersion.added_by == person_id
    rows = session.execute(delete(version).where(own).returning(version.file_id, version.stored_file_id)).all()
    present = select(version.id).where(version.file_id == CommunityFile.id).exists()
    numbers = {row.file_id for row in rows}
    session.execute(delete(CommunityFile).where(CommunityFile.id.in_(numbers), ~present))
    let_contents_go(session, {row.stored_file_id for row in rows}, now=now)


ERASURE_QUESTION = replace(WRITTEN, column=CommunityFile.person_id, follow=follow_answer, shared=WRITTEN.name)
LICENCES: Mapping[str, str] = {
    "internal": N_("Internal use"),
    "cc-by": "CC BY 4.0",
    "cc-by-sa": "CC BY-SA 4.0",
    "cc-by-nc": "CC BY-NC 4.0",
    "public": N_("Public domain"),
}
