"""A course's folder as one ZIP: take the draft out, bring a folder in; first what would change, then a yes."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO, cast
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, render_template, request

from accounts.rules import SENT_IN_LIFE
from courses import publication
from courses.content.archives import LARGEST, FolderArchive, read_folder_archive, write_folder
from courses.content.foreign.folder import Wanted, convert_archive
from courses.content.foreign.model import Remark
from courses.content.incoming import Choice, Fate, FilePlan, lines_changed
from courses.content.layout import COURSE
from courses.content.model import CourseFolder, Finding
from courses.forms import FolderForm
from courses.models import Course, PendingFolder
from courses.pages.place import place_of
from courses.permissions import CourseAction, TaughtCourse, TaughtFolder, Workshop, WorkshopFolder
from courses.publication import Checked, CourseKinds
from courses.queries import catalogue
from courses.queries import drafts as draft_queries
from courses.queries import folders as folder_queries
from courses.services import drafts, folders, importing
from courses.services.importing import Choices, ImportPlan
from kernel import clock
from kernel.confined import confined
from kernel.errors import Conflict, DomainError, NotFound
from kernel.files import Files
from kernel.i18n import _
from kernel.web.contents import send_made
from kernel.web.forms import clean_text
from kernel.web.request import begin_writing, current_actor, current_session, let_go, requires, see_page

bp = Blueprint("courses_folders", __name__)

Answer = str | Response | tuple[str, int]
IN_MEMORY = 5_000_000
ARCHIVE = "application/zip"


def _kinds() -> CourseKinds:
    return cast("CourseKinds", current_app.extensions["course_kinds"])


def _files() -> Files:
    return cast("Files", current_app.extensions["files"])


def _check(files: Mapping[str, bytes]) -> Checked:
    return publication.check(files, _kinds(), today=clock.now().date())


# --- Out ---------------------------------------------------------------------------------------------------------------------------------


@bp.post("/teaching/<slug>/folder/download")
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True)
def download(subject: TaughtCourse) -> Response:
    """Send the draft as an archive, and write down that it left."""
    session = current_session()
    course = catalogue.get_course(session, subject.id)
    target = cast("IO[bytes]", SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - the answer closes it
    write_folder(target, draft_queries.draft_files(session, _files(), course.id), course.slug, course.draft_revision)
    target.seek(0)
    name = f"{course.slug}-{course.draft_revision}.zip"
    writing = begin_writing()
    folders.note_export(writing, current_actor(), catalogue.get_course(writing, subject.id), now=clock.now())
    return send_made(target, ARCHIVE, name)


# --- In: the file ------------------------------------------------------------------------------------------------------------------------


@bp.route("/teaching/<slug>/folder", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True, body_limit=LARGEST + 100_000)
def upload(subject: TaughtCourse) -> Answer:
    """Offer the draft as an archive; take one and keep it aside: the next page shows what would change."""
    course = catalogue.get_course(current_session(), subject.id)
    form = FolderForm()
    sent = _sent(form, course) if request.method == "POST" else None
    if sent is None:
        page = render_template("courses/folder.html", course=place_of(course), form=form, largest=LARGEST, kept=SENT_IN_LIFE.days * 24)
        return (page, 422) if request.method == "POST" else page
    row = folders.receive(begin_writing(), current_actor(), subject.id, *sent, now=clock.now())
    return see_page("courses_folders.confirm", slug=subject.slug, upload=row.uuid)


@bp.route("/teaching/new-course/folder", methods=["GET", "POST"])
@requires(CourseAction.IMPORT, catalogue.get_workshop, reads_first=True, body_limit=LARGEST + 100_000)
def upload_new(_subject: Workshop) -> Answer:
    """Take the folder of a new course and keep it aside."""
    form = FolderForm()
    sent = _sent(form, None) if request.method == "POST" else None
    if sent is None:
        page = render_template("courses/new_folder.html", form=form, largest=LARGEST, kept=SENT_IN_LIFE.days * 24)
        return (page, 422) if request.method == "POST" else page
    row = folders.receive(begin_writing(), current_actor(), None, *sent, now=clock.now())
    return see_page("courses_folders.confirm_new", upload=row.uuid)


def _sent(form: FolderForm, course: Course | None) -> tuple[str, bytes] | None:
    """Return the name and content of the archive that was sent; None with a fault beside the field."""
    sent = form.upload()
    if sent is None:
        return None
    try:
        archive = _brought(clean_text(sent[0]), sent[1], is_new=course is None).archive
    except DomainError as refused:
        form.refuse(form.file, _(refused.text, **refused.facts))
        return None
    key = _key(archive)
    if course is not None and key not in ("", course.slug):
        form.refuse(form.file, _("This folder is of the course “%(key)s”, not of this one.", key=key))
    elif course is None and key and catalogue.find_course(current_session(), key) is not None:
        form.refuse(form.file, _("There is a course with the address “%(key)s” already. Bring the folder in on its page.", key=key))
    return None if form.errors else (clean_text(sent[0]), sent[1])


def _key(archive: FolderArchive) -> str:
    """Return the course that a folder names, '' where it cannot be read so far."""
    checked = _check(archive.files)
    return checked.folder.key if checked.folder is not None else ""


# --- In: what it changes, and yes or no --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Brought:
    """What an archive holds as a course folder; `remarks` tell what was not understood of lessons of another tool."""

    archive: FolderArchive
    remarks: tuple[Remark, ...] = ()


def _brought(name: str, content: bytes, *, is_new: bool) -> Brought:
    """Read an archive; what is to become a course and is no course folder is taken for Markdown lessons of another tool."""
    archive = read_folder_archive(content)
    if not is_new or COURSE in archive.files:
        return Brought(archive)
    wanted = Wanted(name=name.rpartition(".")[0] or name, author=current_actor().name)
    del archive  # it is read once more there, and is large
    let_go()
    converted = confined(convert_archive, content, wanted)
    return Brought(FolderArchive(converted.files), converted.remarks)


@dataclass(frozen=True, slots=True)
class Look:
    """An archive that waits, held against the draft: without a plan where the folder itself has errors."""

    pending: PendingFolder
    course: Course | None
    findings: tuple[Finding, ...]
    remarks: tuple[Remark, ...] = ()
    plan: ImportPlan | None = None
    after: CourseFolder | None = None
    contents: Mapping[str, bytes] | None = None

    @property
    def seen(self) -> str:
        """Return what tells this state of the draft and of the archive from another."""
        revision = self.plan.revision if self.plan is not None else 0
        return f"{revision}-{sha256(self.pending.content).hexdigest()[:16]}"


def _look(upload: UUID, choices: Choices | None) -> Look:
    """Read a waiting archive and hold it against the draft; with a choice for each conflict, read what comes of it too."""
    pending = folder_queries.get_pending(current_session(), upload)
    course = None if pending.course_id is None else catalogue.get_course(current_session(), pending.course_id)
    brought = _brought(pending.name, pending.content, is_new=course is None)
    archive, remarks, session = brought.archive, brought.remarks, current_session()
    checked = _check(archive.files)
    if checked.folder is None:
        return Look(pending, course, checked.findings, remarks)
    base = archive.revision if course is not None and archive.course == course.slug else None
    try:
        plan = importing.plan_import(session, _files(), course, archive.files, base=base)
    except NotFound:  # the mark names a revision of another house
        plan = importing.plan_import(session, _files(), course, archive.files)
    if choices is None:
        choices = {} if not plan.conflicts else None
    if choices is None or any(len(choices.get(file.path, ())) != file.questions for file in plan.conflicts):
        return Look(pending, course, checked.findings, remarks, plan)
    contents = plan.merged(choices)
    checked = _check(contents)
    return Look(pending, course, checked.findings, remarks, plan, checked.folder, contents)


@bp.route("/teaching/<slug>/folder/<uuid:upload>", methods=["GET", "POST"])
@requires(CourseAction.EDIT, folder_queries.get_taught_folder, reads_first=True)
def confirm(subject: TaughtFolder) -> Answer:
    """Show what a folder changes in the draft; confirmed, bring it in."""
    return _confirm(subject.upload)


@bp.route("/teaching/new-course/folder/<uuid:upload>", methods=["GET", "POST"])
@requires(CourseAction.IMPORT, folder_queries.get_workshop_folder, reads_first=True)
def confirm_new(subject: WorkshopFolder) -> Answer:
    """Show the course that a folder becomes; confirmed, make it."""
    return _confirm(subject.upload)


def _confirm(upload: UUID) -> Answer:
    if request.method != "POST":
        return _page(_look(upload, None))
    look = _look(upload, _choices())
    if request.form.get("seen") != look.seen:
        return _page(_look(upload, None), refused=_("The draft changed meanwhile: this is what would change now.")), 409
    if look.after is None or look.contents is None or look.plan is None:
        undecided = look.plan is not None and bool(look.plan.conflicts) and look.contents is None
        said = _("Choose for each conflict whose text counts.") if undecided else _("Nothing was brought in: the errors below come first.")
        return _page(look, refused=said), 422
    media = {file.path: file.media_type for file in look.after.media}
    kept = drafts.keep_contents(_files(), look.contents, media)
    writing = begin_writing()
    pending = folder_queries.get_pending(writing, upload)
    try:
        course = folders.bring_in(writing, current_actor(), pending, look.plan, look.after, kept, now=clock.now())
    except Conflict as refused:
        return _page(_look(upload, None), refused=_(refused.text, **refused.facts)), 409
    flash(_("The folder is the draft now. Learners see it once you publish."), "ok")
    return see_page("courses_outline.outline", slug=course.slug)


def _choices() -> Choices:
    """Return what was chosen: files come as `path` in the order of the page, the choices of the second as `choice-1-0`, `choice-1-1`…"""
    return {path: _chosen(number) for number, path in enumerate(request.form.getlist("path"))}


def _chosen(number: int) -> list[Choice]:
    """Return the choices of one file up to the first that was not made."""
    found: list[Choice] = []
    while (value := request.form.get(f"choice-{number}-{len(found)}")) in tuple(Choice):
        found.append(Choice(value))
    return found


@bp.post("/teaching/<slug>/folder/<uuid:upload>/discard")
@requires(CourseAction.EDIT, folder_queries.get_taught_folder)
def discard(subject: TaughtFolder) -> Response:
    """Forget a folder that waits for a course."""
    folders.discard(current_session(), current_actor(), folder_queries.get_pending(current_session(), subject.upload), now=clock.now())
    flash(_("The file is forgotten."), "ok")
    return see_page("courses_folders.upload", slug=subject.slug)


@bp.post("/teaching/new-course/folder/<uuid:upload>/discard")
@requires(CourseAction.IMPORT, folder_queries.get_workshop_folder)
def discard_new(subject: WorkshopFolder) -> Response:
    """Forget a folder that was to become a course."""
    folders.discard(current_session(), current_actor(), folder_queries.get_pending(current_session(), subject.upload), now=clock.now())
    flash(_("The file is forgotten."), "ok")
    return see_page("courses_folders.upload_new")


# --- What the page says ------------------------------------------------------------------------------------------------------------------


def _page(look: Look, *, refused: str = "") -> str:
    plan = look.plan
    severities = [finding.severity.value for finding in look.findings]
    return render_template(
        "courses/folder_changes.html",
        course=place_of(look.course) if look.course is not None else None,
        upload=look.pending.uuid,
        name=look.pending.name,
        expires_at=look.pending.expires_at,
        seen=look.seen,
        refused=refused,
        groups=_groups(plan),
        conflicts=[_conflict(file) for file in plan.conflicts] if plan is not None else [],
        findings=[_finding(finding) for finding in look.findings if finding.severity.value != "info"],
        errors=severities.count("error"),
        remarks=[{"place": f"{remark.file}:{remark.line}", "message": remark.message} for remark in look.remarks],
        can_come=plan is not None and bool(plan.files) and (look.after is not None or look.contents is None),
        chosen={path: [choice.value for choice in value] for path, value in _choices().items()},
    )


GROUPS = (Fate.ADDED, Fate.CHANGED, Fate.REMOVED, Fate.MERGED, Fate.KEPT)


def _groups(plan: ImportPlan | None) -> list[tuple[str, list[dict[str, object]]]]:
    if plan is None:
        return []
    return [(fate.value, [_line(file) for file in plan.files if file.fate is fate]) for fate in GROUPS if _has(plan, fate)]


def _has(plan: ImportPlan, fate: Fate) -> bool:
    return any(file.fate is fate for file in plan.files)


def _line(file: FilePlan) -> dict[str, object]:
    changed = lines_changed(file.draft, file.folder) if file.fate in (Fate.CHANGED, Fate.MERGED) else None
    return {"path": file.path, "gained": changed[0] if changed else None, "lost": changed[1] if changed else None}


def _conflict(file: FilePlan) -> dict[str, object]:
    if file.merge is None:
        return {"path": file.path, "whole": True, "draft": file.draft is not None, "folder": file.folder is not None, "regions": []}
    regions = [{"draft": "".join(region.mine), "folder": "".join(region.theirs)} for region in file.merge.conflicts]
    return {"path": file.path, "whole": False, "draft": True, "folder": True, "regions": regions}


def _finding(finding: Finding) -> dict[str, str]:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    return {"code": finding.code, "severity": finding.severity.value, "place": place, "message": finding.message, "advice": finding.fix}
