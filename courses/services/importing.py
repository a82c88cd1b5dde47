"""Bring a folder into a working copy: first a plan of what would change, then one revision or nothing (decision 16)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from courses.content.incoming import Choice, Fate, FilePlan, both_changed, fates, likely_base
from courses.content.model import CourseFolder
from courses.models import Course, RevisionOrigin
from courses.queries import drafts as draft_queries
from courses.queries import history
from courses.services import drafts
from courses.services.drafts import FileContent
from kernel.files import Files
from kernel.permissions import Actor

Choices = Mapping[str, Sequence[Choice]]
"""By path, one for each question of its conflict."""
OURS = (Fate.KEPT, Fate.MERGED, Fate.CONFLICT)
"""What happens only where the draft was edited since the folder was made."""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What importing a folder would do: from revision `base`, which it was made from, into the draft's `revision` (0 for a new course)."""

    base: int | None
    revision: int
    files: tuple[FilePlan, ...]
    folder: Mapping[str, bytes]

    @property
    def draft_was_edited(self) -> bool:
        """Say whether the draft has changes that the folder does not know."""
        return any(file.fate in OURS for file in self.files)

    @property
    def conflicts(self) -> tuple[FilePlan, ...]:
        """Return the files that somebody must decide."""
        return tuple(file for file in self.files if file.fate is Fate.CONFLICT)

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

    def preferring(self, choice: Choice) -> Choices:
        """Return the same choice for every conflict."""
        return {file.path: [choice] * file.questions for file in self.conflicts}


def plan_import(
    session: Session, files: Files, course: Course | None, folder: Mapping[str, bytes], *, base: int | None = None
) -> ImportPlan:
    """Compare a folder with a course's working copy. `base` is the revision that it was made from, where that is known.

    Raise NotFound for a base that the draft never had.
    """
    if course is None or course.draft_revision == 0:
        return ImportPlan(None, 0, tuple(FilePlan(path, Fate.ADDED, None, folder[path]) for path in sorted(folder)), folder)
    checksums = {path: hashlib.sha256(content).hexdigest() for path, content in folder.items()}
    if base is None:
        base = likely_base(history.list_steps(session, course.id), checksums, history.find_last_import(session, course.id))
    before = {} if base is None else {file.path: file.sha256 for file in history.list_files_at(session, course.id, base)}
    found = fates(before, draft_queries.list_draft_checksums(session, course.id), checksums)
    here = history.read_at(session, files, course.id, found, course.draft_revision)
    contested = [path for path, fate in found.items() if fate is Fate.CONFLICT]
    then = {} if base is None else history.read_at(session, files, course.id, contested, base)
    plans = [
        both_changed(path, then.get(path), here.get(path), folder.get(path))
        if fate is Fate.CONFLICT
        else FilePlan(path, fate, here.get(path), folder.get(path))
        for path, fate in found.items()
    ]
    return ImportPlan(base, course.draft_revision, tuple(plans), folder)


def carry_out(
    session: Session, actor: Actor, plan: ImportPlan, course: CourseFolder, contents: Mapping[str, FileContent], *, now: datetime
) -> Course:
    """Make what a plan came to the course's draft. `course` and `contents` are the whole draft after the import, its media kept already.

    Raise Conflict where somebody changed the draft since the plan was made.
    """
    same = {path: hashlib.sha256(content).hexdigest() for path, content in plan.folder.items()}
    as_it_is = same == {path: content.sha256 for path, content in contents.items()}
    origin = RevisionOrigin.IMPORTED if as_it_is else RevisionOrigin.MERGED
    return drafts.import_draft(session, actor, course, contents, origin=origin, seen=plan.revision, now=now)
