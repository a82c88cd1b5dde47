"""`lms courses import`: what a folder would change, told file by file, and then done or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from courses.content.incoming import Choice, Fate, FilePlan, lines_changed
from courses.content.merging import Region
from courses.content.model import CourseFolder, Finding
from courses.content.reader import read_directory, read_folder
from courses.queries import catalogue as course_catalogue
from courses.services import importing
from courses.services.drafts import keep_contents
from courses.services.importing import ImportPlan
from kernel import clock
from kernel.errors import N_, Conflict
from kernel.i18n import _
from kernel.permissions import SYSTEM
from lms.app import KINDS, House


class Way(StrEnum):
    """What to do where the draft was edited since the folder was made."""

    ASK = "ask"
    """Tell it and do nothing."""
    MERGE = "merge"
    REPLACE = "replace"
    """The draft becomes what the folder is."""


class Outcome(StrEnum):
    """How an import ended."""

    IMPORTED = "imported"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    """The folder, or what would come of merging it, has errors."""
    UNDECIDED = "undecided"
    """The draft was edited, and nobody said what to do about it."""


class DraftWasEditedError(Conflict):
    """A folder would overwrite what was edited on the web."""

    code = "draft_was_edited"
    message = N_(
        "The draft was edited since this folder was made (%(files)s). Look at it with: lms courses import FOLDER --dry-run. "
        "Bring both together with import --merge and publish on the web, or take the folder alone with --replace."
    )


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of importing a folder, or would come of it."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    plan: ImportPlan | None = None
    course: CourseFolder | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to import: what to do with edits, whose lines win in a conflict, the revision the folder was made from, whether to write."""

    way: Way = Way.ASK
    prefer: Choice | None = None
    base: int | None = None
    dry: bool = False


def plan_folder(house: House, key: str, contents: Mapping[str, bytes], base: int | None = None) -> ImportPlan:
    """Compare a folder with the draft of the course that it names."""
    with house.database.unit_of_work(write=False) as session:
        course = course_catalogue.find_course(session, key)
        return importing.plan_import(session, house.files, course, contents, base=base)


def check_unedited(house: House, key: str, contents: Mapping[str, bytes]) -> int:
    """Return the revision of the draft; raise DraftWasEditedError where it has changes that the folder does not know."""
    plan = plan_folder(house, key, contents)
    if plan.draft_was_edited:
        raise DraftWasEditedError(files=", ".join(file.path for file in plan.files if file.fate in importing.OURS))
    return plan.revision


def import_folder(house: House, folder: Path, wanted: Wanted) -> Imported:
    """Make a folder a course's draft, or put it together with what was edited there; nothing is written unless all of it can be."""
    return import_contents(house, read_directory(folder), wanted)


def import_contents(house: House, contents: Mapping[str, bytes], wanted: Wanted) -> Imported:
    """Do the same with the files of a folder."""
    now = clock.now()
    reading = read_folder(contents, KINDS.kinds, KINDS.parts, today=now.date())
    if reading.course is None:
        return Imported(Outcome.REFUSED, reading.findings)
    plan = plan_folder(house, reading.course.key, contents, wanted.base)
    if not plan.files:
        return Imported(Outcome.UNCHANGED, reading.findings, plan, reading.course, plan.revision)
    if _must_be_decided(plan, wanted):
        return Imported(Outcome.UNDECIDED, reading.findings, plan, reading.course)
    if wanted.way is Way.MERGE and plan.draft_was_edited:
        contents = plan.merged(plan.preferring(wanted.prefer) if wanted.prefer else {})
        reading = read_folder(contents, KINDS.kinds, KINDS.parts, today=now.date())
    if reading.course is None:
        return Imported(Outcome.REFUSED, reading.findings, plan)
    if wanted.dry:
        return Imported(Outcome.IMPORTED, reading.findings, plan, reading.course)
    kept = keep_contents(house.files, contents, {media.path: media.media_type for media in reading.course.media})
    with house.database.unit_of_work() as session:
        revision = importing.carry_out(session, SYSTEM, plan, reading.course, kept, now=now).draft_revision
    return Imported(Outcome.IMPORTED, reading.findings, plan, reading.course, revision)


def _must_be_decided(plan: ImportPlan, wanted: Wanted) -> bool:
    if wanted.way is Way.ASK:
        return plan.draft_was_edited
    return wanted.way is Way.MERGE and bool(plan.conflicts) and wanted.prefer is None


FATES = {
    Fate.ADDED: N_("new"),
    Fate.CHANGED: N_("changed"),
    Fate.REMOVED: N_("removed"),
    Fate.KEPT: N_("edited in the draft, not in the folder"),
    Fate.MERGED: N_("changed in both, in different lines"),
    Fate.CONFLICT: N_("changed in both: conflict"),
}


def told(plan: ImportPlan, course: CourseFolder | None, *, everything_as_folder: bool = False) -> Iterator[str]:
    """Write what an import does, a line a file with the keys that it holds, and every conflict with both texts.

    Where everything becomes as in the folder, what was edited in the draft is told as what it is then: overwritten.
    """
    keys = {} if course is None else keys_of(course)
    for file in plan.files:
        key = f" ({keys[file.path]})" if file.path in keys else ""
        overwritten = everything_as_folder and file.fate in importing.OURS
        words = N_("edited in the draft, becomes as in the folder") if overwritten else FATES[file.fate]
        yield f"{file.path}{key}: {_(words)}{_lines(file)}"
        if file.fate is Fate.CONFLICT and not overwritten:
            yield from _conflicts(file)


def keys_of(course: CourseFolder) -> dict[str, str]:
    """Return the key of the module or activity that a file describes, by path."""
    keys = {module.path: module.key for module in course.modules}
    for activity in course.activities():
        lessons = getattr(activity.settings, "lessons", ())
        keys.update(dict.fromkeys((activity.path, *(lesson.path for lesson in lessons)), activity.key))
    return keys


def _lines(file: FilePlan) -> str:
    if file.fate is not Fate.CHANGED:
        return ""
    changed = lines_changed(file.draft, file.folder)
    return "" if changed is None else f", +{changed[0]} −{changed[1]}"


def _conflicts(file: FilePlan) -> Iterator[str]:
    if file.merge is None:
        if file.draft is None:
            yield "  " + _("The draft removed it and the folder changed it.")
        elif file.folder is None:
            yield "  " + _("The folder removed it and the draft changed it.")
        else:
            yield "  " + _("It is no text: one of the two must be taken.")
        return
    for region in file.merge.conflicts:
        yield from _sides(region)


def _sides(region: Region) -> Iterator[str]:
    yield "  " + _("draft:")
    yield from (f"  < {line.rstrip()}" for line in region.mine)
    yield "  " + _("folder:")
    yield from (f"  > {line.rstrip()}" for line in region.theirs)
