"""Writes courses as their team does: begins them, changes their outline, settings and lessons, archives and deletes them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from courses import catalogue, drafts, history, planned_publications, publishing, team, versions
from courses.access import check_open
from courses.audit_verbs import CourseVerb
from courses.content import merging, reader
from courses.content.changes import DraftChange, body_of
from courses.content.model import Finding, Severity
from courses.content.tree import DraftTree, is_outline, read_tree
from courses.content.writing import NewCourse, course_files
from courses.drafts import AutosavedText, AutosaveMark
from courses.history import FileContent
from courses.kinds import CourseKinds
from courses.models import Course, CourseStaff, DraftFile, DraftFileVersion, DraftRevision, PendingFolder, StaffRole
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor


class CourseKeyTaken(Conflict):
    """The address of a new course belongs to another one."""

    code = "key_taken"
    message = N_("Another course already has this address. Choose a different one.")


@dataclass(frozen=True, slots=True)
class DraftOutline:
    """A working copy as its editors see it: its revision, the checksums of its files, the texts of its outline."""

    course_id: int
    revision: int
    checksums: Mapping[str, str]
    texts: Mapping[str, str]
    tree: DraftTree

    @property
    def paths(self) -> list[str]:
        """Return the paths of all files."""
        return list(self.checksums)


def load_draft_outline(session: Session, course: Course, kinds: CourseKinds) -> DraftOutline:
    """Read the outline of a course's working copy, in two statements."""
    checksums = drafts.list_draft_checksums(session, course.id)
    paths = [path for path in checksums if is_outline(path) and not any(part.claims(path) for part in kinds.parts)]
    texts = drafts.draft_bodies(session, course.id, paths)
    return DraftOutline(course.id, course.draft_revision, checksums, texts, read_tree(checksums, texts, kinds.kinds, kinds.parts))


def texts_of_parts(session: Session, draft_outline: DraftOutline, kinds: CourseKinds, folder: str) -> dict[str, str]:
    """Read the texts of a module that belong to other packages, as banks of questions do: the outline is read without them."""
    inside = [path for path in draft_outline.paths if path.startswith(f"{folder}/") and any(part.claims(path) for part in kinds.parts)]
    return drafts.draft_bodies(session, draft_outline.course_id, inside)


def blocking_findings(draft_outline: DraftOutline, change: DraftChange, kinds: CourseKinds, *, today: date) -> tuple[Finding, ...]:
    """Return the findings for which a changed draft could no longer be read, such as an empty module.

    The folder is read without bodies of lessons, banks and contents of media: their findings are the same before and after.
    """
    return tuple(finding for finding in new_findings(draft_outline, change, kinds, today=today) if finding.refuses_import)


def in_form(draft_outline: DraftOutline, path: str, text: str, kinds: CourseKinds, *, today: date) -> str:
    """Return the edit that a form made of a file, canonical where the file is canonical before, or new (spec/content-format 11)."""
    if text == draft_outline.texts.get(path):
        return text
    return reader.format_written(_outline_only(draft_outline), {path: text}, kinds.kinds, kinds.parts, today=today)[path]


UNREAD = frozenset({"C603", "C604", "C605", "C606", "C608"})
"""What only the contents of media tell, which are not read here."""


def new_findings(draft_outline: DraftOutline, change: DraftChange, kinds: CourseKinds, *, today: date) -> tuple[Finding, ...]:
    """Return the errors that a change brings: `blocking_findings`, and in the texts that it writes those that refuse publishing."""
    after = [
        finding
        for finding in publishing.check(change.applied(_outline_only(draft_outline)), kinds, today=today).findings
        if finding.refuses_import or (finding.severity is Severity.ERROR and finding.file in change.written and finding.code not in UNREAD)
    ]
    if not after:
        return ()
    known = {_finding_identity(finding) for finding in publishing.check(_outline_only(draft_outline), kinds, today=today).findings}
    return tuple(finding for finding in after if _finding_identity(finding) not in known)


def _outline_only(draft_outline: DraftOutline) -> dict[str, bytes]:
    return {path: _without_body(path, draft_outline.texts.get(path, "")).encode() for path in draft_outline.checksums}


def _without_body(path: str, text: str) -> str:
    return text.removesuffix(body_of(text)) if path.endswith(".md") else text


def _finding_identity(finding: Finding) -> tuple[object, ...]:
    return finding.code, finding.template, finding.field, tuple(sorted(finding.facts.items()))


def create_course(session: Session, actor: Actor, new: NewCourse, *, now: datetime) -> Course:
    """Create a course with its first module and lesson, and the actor as its owner; raise CourseKeyTaken."""
    if catalogue.find_course(session, new.key) is not None:
        raise CourseKeyTaken
    course = Course(slug=new.key, title={new.languages[0]: new.title}, created_at=now, draft_revision=0)
    session.add(course)
    session.flush()  # its files and its team point to it
    audit.record(session, actor, CourseVerb.CREATED, course, now=now)
    contents = {path: drafts.text_content(text) for path, text in course_files(new).items()}
    drafts.save_files(session, actor, course, contents, now=now)
    assert actor.person_id is not None
    team.add_staff(session, actor, course, actor.person_id, StaffRole.OWNER, now=now)
    return course


class FileChanged(Conflict):
    """A text is no longer what its editor began with."""

    message = N_("Someone else saved this text while you were editing.")


def save_text(
    session: Session, actor: Actor, course: Course, path: str, text: str, *, base_revision: int, automatic: bool = False, now: datetime
) -> int:
    """Write one text of a locked course's draft; return the revision that its next change builds on.

    `base_revision` is the revision that wrote the text shown to the editor (0: there was none). Raises FileChanged where another one
    is there now; the same text sent twice is saved once. An autosave replaces one of the same text by the same person some minutes ago,
    unless the draft was saved, published or planned meanwhile.
    """
    check_open(course)
    present = next(iter(drafts.list_draft_contents(session, course.id, [path])), None)
    if present is not None and present.body == text:
        if not automatic:
            _keep(session, actor, course, present.revision, now=now)
        return present.revision
    if (present.revision if present is not None else 0) != base_revision:
        raise FileChanged
    last = history.find_automatic(session, course, actor.person_id, path, since=now - TOGETHER) if automatic else None
    since = now if last is None or last.automatic_since is None else last.automatic_since
    drafts.save_files(
        session, actor, course, {path: drafts.text_content(text)}, autosave=AutosaveMark(since) if automatic else None, now=now
    )
    if last is not None:
        _forget(session, last)
    return course.draft_revision


TOGETHER = timedelta(minutes=10)
"""What a page saves by itself within this time is one change of the history."""


def _keep(session: Session, actor: Actor, course: Course, number: int, *, now: datetime) -> None:
    """Turn an autosave into a change of its own, because the same text was saved."""
    automatic = DraftRevision.automatic_since.is_not(None)
    row = session.scalar(select(DraftRevision).where(DraftRevision.course_id == course.id, DraftRevision.number == number, automatic))
    if row is not None:
        row.automatic_since = None
        audit.record(session, actor, CourseVerb.DRAFT_KEPT, course, now=now, revision=number)


def _forget(session: Session, row: DraftRevision) -> None:
    """Take a saving out of the history whose place another one has taken."""
    session.execute(delete(DraftFileVersion).where(DraftFileVersion.course_id == row.course_id, DraftFileVersion.revision == row.number))
    session.execute(delete(DraftRevision).where(DraftRevision.id == row.id))


def add_file(session: Session, actor: Actor, course: Course, path: str, content: FileContent, *, now: datetime) -> None:
    """Put a file whose bytes are kept already into a locked course's working copy; raises Conflict where its name was taken meanwhile."""
    if drafts.list_draft_contents(session, course.id, [path]):
        raise Conflict(N_("Someone else has changed this course. Review it again before you continue."))
    drafts.save_files(session, actor, course, {path: content}, now=now)


def save_change(
    session: Session,
    actor: Actor,
    course: Course,
    change: DraftChange,
    *,
    base_revision: int,
    added: Mapping[str, FileContent] | None = None,
    now: datetime,
) -> bool:
    """Write a change to a locked course's draft; raise Conflict where it was saved since the revision that was seen.

    Files whose bytes are kept already may be `added` with it. An autosaved text does not become a saved one: it goes with its file, and
    its change is put into both texts.
    """
    if course.draft_revision != base_revision:
        raise Conflict(N_("Someone else has changed this course. Review it again before you continue."))
    sources = {**change.moved, **change.copied}
    present = {row.path: row for row in drafts.list_draft_contents(session, course.id, list(sources))}
    contents = {
        new: FileContent(row.sha256, row.size, row.body, row.media_type) for old, new in sources.items() if (row := present.get(old))
    }
    contents |= {path: drafts.text_content(text) for path, text in change.written.items()} | dict(added or {})
    autosaved = _autosaved_after(session, course, change)
    for path, (saved, _text) in autosaved.items():
        contents.pop(path)
        contents |= {path: drafts.text_content(saved)} if saved is not None else {}
    changed = drafts.save_files(session, actor, course, contents, removed=[*change.moved, *change.removed], now=now)
    drafts.write_autosaved(session, actor, course, {path: text for path, (_saved, text) in autosaved.items()}, now=now)
    return changed or bool(autosaved)


def _autosaved_after(session: Session, course: Course, change: DraftChange) -> dict[str, tuple[str | None, AutosavedText]]:
    """Return the files of a change that a page saved by itself, by their new path: what was saved (None: nothing) and what was typed.

    Where a change touches the very lines that were typed, it counts as saved whole.
    """
    typed = {text.path: text for text in drafts.list_autosaved(session, course.id)}
    sources = {path: path for path in change.written} | {new: old for old, new in {**change.copied, **change.moved}.items()}
    autosaved: dict[str, tuple[str | None, AutosavedText]] = {}
    for path, source in sources.items():
        text = typed.get(source)
        if text is None:
            continue
        after = change.written.get(path, text.text)
        saved = merging.merge(text.text, after, text.saved_text).text if text.saved_text is not None else None
        if saved is not None or text.saved_text is None:
            autosaved[path] = (saved, replace(text, text=after))
    return autosaved


def archive(session: Session, actor: Actor, course: Course, reason: str, *, now: datetime) -> bool:
    """Put a locked course away and call off what waits to be published; say whether that changed anything.

    Raise Conflict where it was never published.
    """
    if course.published_version_id is None:
        raise Conflict(N_("This course was never published, so there is nothing to archive. You can delete it."))
    if course.archived_at is not None:
        return False
    course.archived_at = now
    planned_publications.cancel_open_plan(session, actor, course, now=now)
    audit.record(session, actor, CourseVerb.ARCHIVED, course, now=now, reason=reason)
    return True


def unarchive(session: Session, actor: Actor, course: Course, reason: str, *, now: datetime) -> bool:
    """Bring a locked course back that was put away; say whether that changed anything."""
    if course.archived_at is None:
        return False
    course.archived_at = None
    audit.record(session, actor, CourseVerb.BROUGHT_BACK, course, now=now, reason=reason)
    return True


def delete_course(session: Session, actor: Actor, course: Course, *, now: datetime) -> None:
    """Delete a locked course with its draft, history and team; raises Conflict where something of it must stay."""
    if versions.latest_version(session, course.id) is not None:
        raise Conflict(
            N_("This course has been published and cannot be deleted. Its learners and certificate holders must still be able to find it.")
        )
    audit.record(session, actor, CourseVerb.DELETED, course, now=now, key=course.slug)
    paths = list(drafts.list_draft_checksums(session, course.id))
    drafts.save_files(session, actor, course, {}, removed=paths, now=now)  # so that every package forgets what it made of the text
    try:
        with session.begin_nested():
            for table in (DraftFile, DraftFileVersion, DraftRevision, CourseStaff, PendingFolder):
                session.execute(delete(table).where(table.course_id == course.id))
            session.delete(course)
            session.flush()  # here it shows whether something else hangs on it
    except IntegrityError:
        raise Conflict(N_("Something still depends on this course, such as its groups. Remove it first.")) from None
