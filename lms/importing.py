"""Import of a course folder (`lms courses import`): its changes, shown file by file, and then done or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from courses import catalogue, drafts, folders
from courses.content.archives import MARK, FolderMark, read_mark, write_mark
from courses.content.folder_formats import ConvertedFolder, in_source
from courses.content.merging import ConflictResolution, FileMergeState, FilePlan, MergeRegion, lines_changed
from courses.content.model import CourseFolder, Finding, FolderReadResult
from courses.content.reader import read_directory, read_directory_mark, read_folder
from courses.drafts import keep_contents
from courses.folders import UNKNOWN, ImportPlan, Provenance
from courses.history import Revision
from kernel import clock
from kernel.errors import N_, Conflict
from kernel.i18n import _, ngettext, site_day
from kernel.permissions import SYSTEM
from lms.instance import Instance


class EditConflictPolicy(StrEnum):
    """The policy for a draft that was edited since the folder was made."""

    ASK = "ask"
    """Tell it and do nothing."""
    MERGE = "merge"
    REPLACE = "replace"
    """The draft becomes what the folder is."""


class ImportOutcome(StrEnum):
    """The outcome of an import."""

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
        "The draft was edited after this folder was created (%(files)s). To combine both, run lms courses "
        "import FOLDER --merge and publish on the web. --replace would publish the folder alone, without the "
        "work of %(people)s."
    )


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The result of importing a folder, or of its dry run."""

    outcome: ImportOutcome
    findings: tuple[Finding, ...]
    plan: ImportPlan | None = None
    course: CourseFolder | None = None
    revision: int = 0
    mark_stays: bool = False
    """The folder could not be written, so that its mark names an older state than the draft's."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of an import: policy for edits, side that wins conflicts, revision the folder was made from, whether to write."""

    way: EditConflictPolicy = EditConflictPolicy.ASK
    prefer: ConflictResolution | None = None
    base: int | None = None
    dry: bool = False
    mark: FolderMark | None = None


def plan_folder(instance: Instance, key: str, contents: Mapping[str, bytes], made_from: Provenance = UNKNOWN) -> ImportPlan:
    """Compare a folder with the draft of the course that it names."""
    with instance.database.unit_of_work(write=False) as session:
        course = catalogue.find_course(session, key)
        return folders.plan_import(session, instance.files, course, contents, made_from=made_from)


def check_unedited(plan: ImportPlan) -> None:
    """Raise DraftWasEditedError where the draft has changes that the folder does not know."""
    if plan.draft_was_edited:
        files = ", ".join(file.path for file in plan.files if file.fate in folders.OURS)
        raise DraftWasEditedError(files=files, people=", ".join(dict.fromkeys(map(editor_of, plan.edits))))


def editor_of(revision: Revision) -> str:
    """Return who made a change."""
    return revision.by or _("the command line")


def import_folder(instance: Instance, folder: Path, options: ImportOptions) -> ImportResult:
    """Make a folder a course's draft, or put it together with what was edited there; nothing is written unless all of it can be.

    Where the folder is the draft afterwards, its mark says so, if it has one: to edit it again and bring it again conflicts with nothing.
    """
    mark = read_directory_mark(folder)
    contents = read_directory(folder)
    imported = import_contents(instance, contents, replace(options, mark=mark))
    if mark is None or options.dry or imported.outcome not in (ImportOutcome.IMPORTED, ImportOutcome.UNCHANGED):
        return imported
    return replace(imported, mark_stays=not renew_mark(instance, folder, mark.course, contents))


def renew_mark(instance: Instance, folder: Path, key: str, contents: Mapping[str, bytes]) -> bool:
    """Write the draft's revision into a folder that is the draft, beside the mark that it has; say whether that could be."""
    with instance.database.unit_of_work(write=False) as session:
        course = catalogue.find_course(session, key)
        present = {} if course is None else drafts.list_draft_checksums(session, course.id)
        revision = 0 if course is None else course.draft_revision
    mark = write_mark(key, revision, contents)
    read = read_mark(mark)
    if read is None or read.checksums != present:
        return True  # what was merged is not in the folder: it is still made from what it was
    try:
        (folder / MARK).write_bytes(mark)
    except OSError:
        return False
    return True


def _read(instance: Instance, contents: Mapping[str, bytes], *, now: datetime) -> FolderReadResult:
    kinds = instance.kinds
    return read_folder(contents, kinds.kinds, kinds.parts, today=site_day(now), site_topics=tuple(kinds.topics))


def import_contents(instance: Instance, contents: Mapping[str, bytes], options: ImportOptions) -> ImportResult:
    """Do the same with the files of a folder."""
    now = clock.now()
    reading = _read(instance, contents, now=now)
    if reading.course is None:
        return ImportResult(ImportOutcome.REFUSED, reading.findings)
    plan = plan_folder(instance, reading.course.key, contents, Provenance(options.base, options.mark))
    if not plan.files:
        return ImportResult(ImportOutcome.UNCHANGED, reading.findings, plan, reading.course, plan.revision)
    if _must_be_decided(plan, options):
        return ImportResult(ImportOutcome.UNDECIDED, reading.findings, plan, reading.course)
    if options.way is EditConflictPolicy.MERGE and plan.draft_was_edited:
        contents = plan.merged(plan.preferring(options.prefer) if options.prefer else {})
        reading = _read(instance, contents, now=now)
    if reading.course is None:
        return ImportResult(ImportOutcome.REFUSED, reading.findings, plan)
    if options.dry:
        return ImportResult(ImportOutcome.IMPORTED, reading.findings, plan, reading.course)
    stored = keep_contents(instance.files, contents, {media.path: media.media_type for media in reading.course.media})
    with instance.database.unit_of_work() as session:
        revision = folders.apply_import_plan(session, SYSTEM, plan, reading.course, stored, now=now).draft_revision
    return ImportResult(ImportOutcome.IMPORTED, reading.findings, plan, reading.course, revision)


def in_words_of(imported: ImportResult, converted: ConvertedFolder) -> ImportResult:
    """Return the import result with its findings placed in the author's own files and lines, before conversion."""
    return replace(imported, findings=in_source(imported.findings, converted.origins))


def _must_be_decided(plan: ImportPlan, options: ImportOptions) -> bool:
    if options.way is EditConflictPolicy.ASK:
        return plan.draft_was_edited
    return options.way is EditConflictPolicy.MERGE and bool(plan.conflicts) and options.prefer is None


FATES = {
    FileMergeState.ADDED: N_("new"),
    FileMergeState.CHANGED: N_("changed"),
    FileMergeState.REMOVED: N_("removed"),
    FileMergeState.KEPT: N_("edited in the draft, not in the folder"),
    FileMergeState.MERGED: N_("changed in both, on different lines"),
    FileMergeState.CONFLICT: N_("changed in both: conflict"),
}


def describe_import(plan: ImportPlan, course: CourseFolder | None, *, everything_as_folder: bool = False) -> Iterator[str]:
    """Describe an import, a line for each file with its keys, and every conflict with both texts.

    Where everything becomes as in the folder, edits of the draft are reported as what they are then: overwritten.
    """
    keys = {} if course is None else keys_of(course)
    for file in plan.files:
        key = f" ({keys[file.path]})" if file.path in keys else ""
        overwritten = everything_as_folder and file.fate in folders.OURS
        fate = N_("edited in the draft, replaced by the folder") if overwritten else FATES[file.fate]
        yield f"{file.path}{key}: {_(fate)}{_lines(file)}"
        if file.fate is FileMergeState.CONFLICT and not overwritten:
            yield from _conflicts(file)


def keys_of(course: CourseFolder) -> dict[str, str]:
    """Return the key of the module or activity that a file describes, by path."""
    keys = {module.path: module.key for module in course.modules}
    for activity in course.activities():
        lessons = getattr(activity.settings, "lessons", ())
        keys.update(dict.fromkeys((activity.path, *(lesson.path for lesson in lessons)), activity.key))
    return keys


def _lines(file: FilePlan) -> str:
    if file.fate is not FileMergeState.CHANGED:
        return ""
    changed = lines_changed(file.draft, file.folder)
    return "" if changed is None else f", +{changed[0]} −{changed[1]}"


def _conflicts(file: FilePlan) -> Iterator[str]:
    if file.merge is None:
        if file.draft is None:
            yield "  " + _("It was removed in the draft and changed in the folder.")
        elif file.folder is None:
            yield "  " + _("It was removed in the folder and changed in the draft.")
        else:
            yield "  " + _("This is not a text file. Choose one of the two versions.")
        return
    for region in file.merge.conflicts:
        yield from _sides(region)


def _sides(region: MergeRegion) -> Iterator[str]:
    yield "  " + _("draft:")
    yield from (f"  < {line.rstrip()}" for line in region.mine)
    yield "  " + _("folder:")
    yield from (f"  > {line.rstrip()}" for line in region.theirs)


MOST_TOLD = 10
"""Changes of others, and files of each, that one message names."""


def describe_edits(plan: ImportPlan) -> Iterator[str]:
    """Write whose changes a folder does not know, a line a revision, the newest first."""
    for edit in plan.edits[:MOST_TOLD]:
        paths = [*edit.written, *edit.removed]
        named = ", ".join(paths[:MOST_TOLD])
        more = len(paths) - MOST_TOLD
        if more > 0:
            named += " " + _("and %(count)s more", count=more)
        facts = {"number": edit.number, "person": editor_of(edit), "day": site_day(edit.changed_at)}
        yield "  " + _("revision %(number)s, %(person)s, %(day)s", **facts) + ": " + named
    if len(plan.edits) > MOST_TOLD:
        yield "  " + ngettext("and %(count)s earlier revision", "and %(count)s earlier revisions", len(plan.edits) - MOST_TOLD)
