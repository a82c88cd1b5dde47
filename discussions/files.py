"""Files of posts and drafts: checked, stored, given out and let go."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from discussions.access import PostContext
from discussions.boards import get_post
from discussions.models import PostDraft, PostFile, ThreadPost
from kernel import outbox
from kernel.db import count_rows
from kernel.errors import N_, Invalid, require_found
from kernel.files import FileStore, StoredFile, extension_of, note_stored, shown_name
from kernel.filetypes import kind_of
from kernel.permissions import Actor
from kernel.pictures import FORMATS, cleaned

MOST_FILES = 5
LARGEST = 10_000_000
DOCUMENTS = ("pdf", "txt", "md", "csv", "docx", "xlsx", "pptx", "odt", "ods", "odp")
SIZES = dict.fromkeys((*FORMATS, *DOCUMENTS), LARGEST)
INLINE = frozenset(FORMATS)


class AttachmentRefused(Invalid):
    """A file cannot be attached."""

    message = N_("“%(name)s” cannot be attached: pictures and documents of at most 10 MB, which are what their names say.")


class TooManyFiles(Invalid):
    """A post has as many files as it can."""

    message = N_("A post has at most five files.")


class AlternativeMissing(Invalid):
    """A picture says nothing to those who do not see it."""

    message = N_("Describe what the attached picture shows, or say that it only decorates.")


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was checked, whose content is stored; `is_described`: it is no picture, or says what it shows, or only decorates."""

    name: str
    sha256: str
    size: int
    media_type: str
    alternative: str = ""
    is_described: bool = True


@dataclass(frozen=True, slots=True)
class FileContext(PostContext):
    """A file of a post."""

    file: PostFile
    stored: StoredFile


def store_upload(files: FileStore, sent_name: str, content: bytes, sizes: Mapping[str, int], refused: type[Invalid]) -> CheckedFile:
    """Store the content of a file that was sent, a picture without its metadata. Outside of any transaction.

    Raise a refusal with its name where it is not what the name says, or more than the bytes that `sizes` has for its extension.
    """
    extension, kind, name = extension_of(sent_name), kind_of(sent_name), shown_name(sent_name)
    if kind is None or not 0 < len(content) <= sizes.get(extension, 0) or not kind.fits(content):
        raise refused(name=name)
    content = cleaned(content, extension) if extension in FORMATS else content
    return CheckedFile(name, files.put(content), len(content), kind.media_type)


def store_attachment(files: FileStore, sent_name: str, content: bytes, *, alternative: str, decorates: bool) -> CheckedFile:
    """Store a file that may be attached to a post; raise AttachmentRefused."""
    is_described = extension_of(sent_name) not in FORMATS or decorates or bool(alternative)
    return replace(
        store_upload(files, sent_name, content, SIZES, AttachmentRefused), alternative=alternative[:300], is_described=is_described
    )


def attach(session: Session, draft: PostDraft, checked: Sequence[CheckedFile], *, now: datetime) -> None:
    """Attach stored files to a draft, after those that it has; raise TooManyFiles."""
    present = list_draft_files(session, draft.id)
    if len(present) + len(checked) > MOST_FILES:
        raise TooManyFiles
    number, known = max((file.number for file in present), default=0), {file.stored_file_id for file in present}
    for file in checked:
        stored = note_stored(session, file.sha256, size=file.size, media_type=file.media_type, now=now)
        if stored.id not in known:  # the same file chosen again
            number += 1
            values = {"name": file.name, "alternative": file.alternative, "is_described": file.is_described}
            session.add(PostFile(draft_id=draft.id, number=number, stored_file_id=stored.id, **values))
    session.flush()


def describe(session: Session, draft: PostDraft, alternative: str) -> None:
    """Give descriptions to the pictures of a draft that were sent without one; empty: they only decorate."""
    lacking = (PostFile.draft_id == draft.id, PostFile.is_described.is_(False))
    session.execute(update(PostFile).where(*lacking).values(alternative=alternative[:300], is_described=True))


def check_described(session: Session, draft: PostDraft | None) -> None:
    """Raise AlternativeMissing where a picture of a draft is not described."""
    lacking = exists().where(PostFile.draft_id == draft.id, PostFile.is_described.is_(False)) if draft else None
    if lacking is not None and session.scalar(select(lacking)):
        raise AlternativeMissing


def append_files(session: Session, draft: PostDraft, post: ThreadPost) -> int:
    """Give the files of a draft to the post that it edits, after those that the post has; return how many. Raise TooManyFiles."""
    added = list_draft_files(session, draft.id)
    present = session.scalars(select(PostFile.number).where(PostFile.post_id == post.id)).all()
    if len(added) + len(present) > MOST_FILES:
        raise TooManyFiles
    for number, file in enumerate(added, start=max(present, default=0) + 1):
        file.draft_id, file.post_id, file.number = None, post.id, number
    session.flush()
    return len(added)


def delete_files(session: Session, *where: ColumnElement[bool], now: datetime) -> None:
    """Delete rows of files, and have their contents removed where nothing else names them."""
    gone = session.scalars(delete(PostFile).where(*where).returning(PostFile.stored_file_id)).all()
    for sha256 in session.scalars(select(StoredFile.sha256).where(StoredFile.id.in_(gone))):
        outbox.enqueue(session, "discussions.remove_content", {"sha256": sha256}, now=now)


def list_draft_files(session: Session, draft_id: int) -> Sequence[PostFile]:
    """List the files of a draft."""
    return session.scalars(select(PostFile).where(PostFile.draft_id == draft_id).order_by(PostFile.number)).all()


def remove_files(session: Session, draft: PostDraft, numbers: Collection[int], *, now: datetime) -> None:
    """Take some files from a draft."""
    if numbers:
        delete_files(session, PostFile.draft_id == draft.id, PostFile.number.in_(numbers), now=now)


def get_file(session: Session, actor: Actor, post: str, number: int) -> FileContext:
    """Return a file of a post and what the actor is before it; raise NotFound where there is none."""
    context = get_post(session, actor, post)
    statement = select(PostFile, StoredFile).join(StoredFile, StoredFile.id == PostFile.stored_file_id)
    row = require_found(session.execute(statement.where(PostFile.post_id == context.post.id, PostFile.number == number)).one_or_none())
    values = {name: getattr(context, name) for name in PostContext.__dataclass_fields__}
    return FileContext(**values, file=row.PostFile, stored=row.StoredFile)


def count_files(session: Session, post_id: int) -> int:
    """Return how many files a post has."""
    return count_rows(session, PostFile, PostFile.post_id == post_id)
