"""Reads and writes uploaded course folders that await import, and brings them into drafts as one revision or not at all."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from accounts.uploads import discard_pending_upload, get_pending_upload, store_pending_upload
from courses import catalogue, drafts, history, team
from courses.access import FolderUploadContext, NewCourseUpload
from courses.audit_verbs import CourseVerb
from courses.content.archives import FolderMark
from courses.content.merging import Checksums, ConflictResolution, FileMergeState, FilePlan, both_changed, file_merge_states, likely_base
from courses.content.model import CourseFolder
from courses.history import FileContent, Revision
from courses.models import Course, PendingFolder, RevisionOrigin, StaffRole
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.files import FileStore
from kernel.permissions import Actor


def get_taught_folder(session: Session, actor: Actor, slug: str, upload: UUID) -> FolderUploadContext:
    """Return a folder that waits for a course, before the person who sent it; to everybody else it is not there."""
    course = catalogue.get_taught_course(session, actor, slug)
    pending = get_pending_upload(session, PendingFolder, actor.person_id, upload, PendingFolder.course_id == course.id)
    return FolderUploadContext(course.id, course.slug, course.staff_role, pending)


def get_workshop_folder(session: Session, actor: Actor, upload: UUID) -> NewCourseUpload:
    """Return a folder that waits to become a course, before the person who sent it; to everybody else it is not there."""
    workshop = catalogue.get_workshop(session, actor)
    pending = get_pending_upload(session, PendingFolder, actor.person_id, upload, PendingFolder.course_id.is_(None))
    return NewCourseUpload(workshop.makes_courses, pending)


def list_waiting(session: Session, actor: Actor, course_id: int | None) -> Sequence[Row[UUID, str, datetime, datetime]]:
    """List the folders that a person sent in for a course, or for new ones, without their contents, the newest first: a few are kept."""
    statement = (
        select(PendingFolder.uuid, PendingFolder.name, PendingFolder.created_at, PendingFolder.expires_at)
        .where(PendingFolder.course_id.is_not_distinct_from(course_id), PendingFolder.person_id == actor.person_id)
        .order_by(PendingFolder.created_at.desc(), PendingFolder.id.desc())
    )
    return session.execute(statement).all()


Choices = Mapping[str, Sequence[ConflictResolution]]
"""By path, one for each question of its conflict."""
OURS = (FileMergeState.KEPT, FileMergeState.MERGED, FileMergeState.CONFLICT)
"""What happens only where the draft was edited since the folder was made."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The provenance of a folder: the revision that was named, its mark, and the person who imports it."""

    revision: int | None = None
    mark: FolderMark | None = None
    person_id: int | None = None


UNKNOWN = Provenance()


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """The plan of an import: from revision `base`, which the folder was made from, into the draft's `revision` (0 for a new course).

    `is_guess` means that no person and no mark named the base. `edits` are the changes that the folder does not know, newest first, each
    with those of its files that differ in the folder.
    """

    base: int | None
    revision: int
    files: tuple[FilePlan, ...]
    folder: Mapping[str, bytes]
    is_guess: bool = False
    edits: tuple[Revision, ...] = ()

    @property
    def draft_was_edited(self) -> bool:
        """Return whether the draft has changes that the folder does not know."""
        return any(file.fate in OURS for file in self.files)

    @property
    def conflicts(self) -> tuple[FilePlan, ...]:
        """Return the files that need a decision."""
        return tuple(file for file in self.files if file.fate is FileMergeState.CONFLICT)

    def merged(self, choices: Choices) -> dict[str, bytes]:
        """Return the whole draft after the import; each conflict needs its choices."""
        contents = dict(self.folder)
        for file in self.files:
            content = file.settled(choices.get(file.path, ()))
            if content is None:
                contents.pop(file.path, None)
            else:
                contents[file.path] = content
        return contents

    def preferring(self, choice: ConflictResolution) -> Choices:
        """Return one choice for every conflict."""
        return {file.path: [choice] * file.questions for file in self.conflicts}


def plan_import(
    session: Session, files: FileStore, course: Course | None, folder: Mapping[str, bytes], *, made_from: Provenance = UNKNOWN
) -> ImportPlan:
    """Compare a folder with a course's draft; raise NotFound where a revision was named that the draft never had."""
    if course is None or course.draft_revision == 0:
        return ImportPlan(None, 0, tuple(FilePlan(path, FileMergeState.ADDED, None, folder[path]) for path in sorted(folder)), folder)
    checksums = {path: hashlib.sha256(content).hexdigest() for path, content in folder.items()}
    base, before, is_guess = _base(session, course, checksums, made_from)
    states = file_merge_states(before, drafts.list_draft_checksums(session, course.id), checksums)
    here = history.read_at(session, files, course.id, states, course.draft_revision)
    contested = [path for path, fate in states.items() if fate is FileMergeState.CONFLICT]
    then = history.read_versions(session, files, course.id, {path: before[path] for path in contested if path in before})
    plans = [
        both_changed(path, then.get(path), here.get(path), folder.get(path))
        if fate is FileMergeState.CONFLICT
        else FilePlan(path, fate, here.get(path), folder.get(path))
        for path, fate in states.items()
    ]
    unknown = {file.path: before.get(file.path) for file in plans if file.fate in OURS}
    edits = history.list_edits_since(session, course.id, unknown) if unknown else []
    return ImportPlan(base, course.draft_revision, tuple(plans), folder=folder, is_guess=is_guess, edits=tuple(edits))


def _base(session: Session, course: Course, folder: Checksums, made_from: Provenance) -> tuple[int | None, Checksums, bool]:
    """Return the state of the draft that a folder was made from, with its revision, and whether that is a guess.

    A named revision takes precedence over the folder's mark. A mark stays in a folder that is packed and uploaded again and again: where
    its person imported a folder after it that is at least as near, that import is meant.
    """
    mark = made_from.mark
    if made_from.revision is not None:
        return made_from.revision, _checksums_at(session, course, made_from.revision), False
    if mark is None or mark.course != course.slug:
        base = likely_base(history.list_steps(session, course.id), folder, history.find_last_import(session, course.id))
        return base, {} if base is None else _checksums_at(session, course, base), True
    own = None if made_from.person_id is None else history.find_last_import(session, course.id, by=made_from.person_id)
    if own is not None and own > mark.revision:
        before = _checksums_at(session, course, own)
        if len(file_merge_states(before, before, folder)) <= len(file_merge_states(mark.checksums, mark.checksums, folder)):
            return own, before, False
    return mark.revision, mark.checksums, False


def _checksums_at(session: Session, course: Course, revision: int) -> dict[str, str]:
    return {path: sha256 for path, _revision, sha256 in history.list_files_at(session, course.id, revision)}


def apply_import_plan(
    session: Session, actor: Actor, plan: ImportPlan, course: CourseFolder, contents: Mapping[str, FileContent], *, now: datetime
) -> Course:
    """Make the result of a plan the course's draft. `course` and `contents` are the whole new draft, its media already stored.

    Raise Conflict where the draft was changed since the plan was made.
    """
    same = {path: hashlib.sha256(content).hexdigest() for path, content in plan.folder.items()}
    as_it_is = same == {path: content.sha256 for path, content in contents.items()}
    origin = RevisionOrigin.IMPORTED if as_it_is else RevisionOrigin.MERGED
    return drafts.import_draft(session, actor, course, contents, origin=origin, base_revision=plan.revision, now=now)


def store_uploaded_folder(
    session: Session, actor: Actor, course_id: int | None, name: str, content: bytes, *, now: datetime
) -> PendingFolder:
    """Keep an archive until it is confirmed; of earlier ones of the same person for the same course the newest stay."""
    row = PendingFolder(course_id=course_id, name=name[-120:], content=content)
    earlier, size = PendingFolder.course_id.is_not_distinct_from(course_id), len(content)
    return store_pending_upload(session, actor, CourseVerb.FOLDER_RECEIVED, row, earlier, now=now, course=course_id, size=size)


def apply_uploaded_folder(
    session: Session,
    actor: Actor,
    pending: PendingFolder,
    plan: ImportPlan,
    course: CourseFolder,
    contents: dict[str, FileContent],
    *,
    now: datetime,
) -> Course:
    """Make the result of an import the draft of its course, or a new course of the actor's; delete the archive.

    Raise Conflict where the draft changed meanwhile, the address of a new course is taken, or the result is another course's.
    """
    if pending.course_id is None and catalogue.find_course(session, course.key) is not None:
        raise Conflict(N_("There is already a course with the address “%(key)s”."), key=course.key)
    if pending.course_id is not None and catalogue.get_course(session, pending.course_id).slug != course.key:
        raise Conflict(N_("This folder belongs to the course “%(key)s”, not to this one."), key=course.key)
    row = apply_import_plan(session, actor, plan, course, contents, now=now)
    if pending.course_id is None and actor.person_id is not None:
        team.add_staff(session, actor, row, actor.person_id, StaffRole.OWNER, now=now)
    session.delete(pending)
    return row


def discard(session: Session, actor: Actor, pending: PendingFolder, *, now: datetime) -> None:
    """Discard an uploaded archive."""
    discard_pending_upload(session, actor, CourseVerb.FOLDER_DISCARDED, pending, now=now)


def record_folder_export(session: Session, actor: Actor, course: Course, *, origins: bool = False, now: datetime) -> None:
    """Record in the audit log who exported a draft, with the keys of its questions; `origins`: and with where these come from."""
    facts = {"origins": True} if origins else {}
    audit.record(session, actor, CourseVerb.EXPORTED, course, now=now, revision=course.draft_revision, **facts)
