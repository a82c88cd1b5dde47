"""Bring a folder into a working copy: first a plan of what would change, then one revision or nothing (decisions 16 and 42)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from courses.content.folder_merge import (
    Checksums,
    ConflictResolution,
    FileMergeState,
    FilePlan,
    both_changed,
    file_merge_states,
    likely_base,
)
from courses.content.marks import FolderMark
from courses.content.model import CourseFolder
from courses.models import Course, RevisionOrigin
from courses.queries import drafts as draft_queries
from courses.queries import history
from courses.queries.history import Revision
from courses.services import drafts
from courses.services.drafts import FileContent
from kernel.files import FileStore
from kernel.permissions import Actor

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
        """Say whether the draft has changes that the folder does not know."""
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
    states = file_merge_states(before, draft_queries.list_draft_checksums(session, course.id), checksums)
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
    return ImportPlan(base, course.draft_revision, tuple(plans), folder, is_guess, tuple(edits))


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
    return {file.path: file.sha256 for file in history.list_files_at(session, course.id, revision)}


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
