"""Pages of a course's folder as one ZIP: take the draft out, and bring a folder in after its changes were confirmed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from flask import Blueprint, Response, flash, request
from wtforms import Field, ValidationError

from accounts.rules import PENDING_UPLOAD_LIFETIME
from accounts.uploads import KEPT, get_pending_upload
from courses import catalogue, drafts, folders
from courses import publishing as publication
from courses.access import AuthoringContext, CourseAction, CourseContext, FolderUploadContext, NewCourseUpload
from courses.content.applying import with_course_key
from courses.content.archives import LARGEST, FolderArchive, read_folder_archive, write_folder
from courses.content.folder_formats import FOLDER_FORMATS, ConversionOptions, ConvertedFolder, FolderFormat, group_remarks, in_source
from courses.content.layout import COURSE
from courses.content.merging import ConflictResolution, FileMergeState, FilePlan, lines_changed
from courses.content.model import CourseFolder, Finding
from courses.content.writing import LONGEST_NAME, is_key
from courses.editor import course_header, course_kinds
from courses.folders import Choices, ImportPlan, Provenance
from courses.models import Course, PendingFolder
from courses.publishing import CheckedCourse
from courses.views.outline import KeyedForm
from kernel import clock
from kernel.errors import N_, Conflict, DomainError, Invalid, NotFound
from kernel.i18n import _, lazy_, site_day
from kernel.sandbox import run_sandboxed
from kernel.web.file_responses import send_generated
from kernel.web.forms import clean_text, line
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, reading_file, requires, see_page
from kernel.web.uploads import UploadForm


class FolderForm(UploadForm):
    """An archive with a course's folder."""

    def validate_file(self, _field: Field) -> None:
        """Refuse where nothing was sent."""
        if not self.content:
            raise ValidationError(_("Choose a file that is not empty."))


class NewFolderForm(KeyedForm, FolderForm):
    """An archive that becomes a new course."""

    key = line(
        lazy_("Address"),
        most=LONGEST_NAME,
        description=lazy_("Lower-case letters (no accents), digits and hyphens. Leave empty to use the one in the folder."),
    )


bp = Blueprint("courses_folders", __name__)

IN_MEMORY = 5_000_000
ARCHIVE = "application/zip"
_TAKEN = N_(
    "There is already a course with the address “%(key)s”. Import the folder on that course's page, or "
    "enter another address and choose the file again."
)
MOST_ATTRIBUTES = 5
"""Of those that mean nothing here, named with their numbers."""
MOST_EDITS = 20
"""Changes of the draft that one page names."""


def _formats() -> tuple[FolderFormat, ...]:
    return FOLDER_FORMATS.of(current_session())


def _check(files: Mapping[str, bytes]) -> CheckedCourse:
    return publication.check(files, course_kinds(), today=site_day(clock.now()))


# --- Out ---------------------------------------------------------------------------------------------------------------------------------


@bp.post("/teaching/<slug>/folder/download")
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True)
def download(subject: CourseContext) -> Response:
    """Send the draft as an archive, and write down that it left; with `origins` its questions say where they come from."""
    origins = bool(request.form.get("origins"))
    session = begin_writing() if origins else current_session()
    course = catalogue.get_course(session, subject.id)
    files: Mapping[str, bytes] = drafts.draft_files(session, file_store(), course.id)
    if origins:
        files = course_kinds().write_origins(session, course.id, files)
    target = cast("IO[bytes]", SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - the answer closes it
    write_folder(target, files, course.slug, course.draft_revision)
    target.seek(0)
    name = f"{course.slug}-{course.draft_revision}.zip"
    writing = session if origins else begin_writing()
    course = catalogue.get_course(writing, subject.id)
    folders.record_folder_export(writing, current_actor(), course, origins=origins, now=clock.now())
    return send_generated(target, ARCHIVE, name)


# --- In: the file ------------------------------------------------------------------------------------------------------------------------


@bp.route("/teaching/<slug>/folder", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True, body_limit=LARGEST + 100_000)
def upload(subject: CourseContext) -> Answer:
    """Offer the draft as an archive; take one and keep it aside: the next page shows what would change."""
    course = catalogue.get_course(current_session(), subject.id)
    form = FolderForm()
    if form.validate_on_submit() and _names_course(form, course):
        row = _store(form, course.id)
        return see_page("courses_folders.confirm", slug=subject.slug, upload=row.uuid)
    waiting = folders.list_waiting(current_session(), current_actor(), course.id)
    return page("courses/folder.html", course=course_header(course), form=form, waiting=waiting, **_limits())


@bp.route("/teaching/new-course/folder", methods=["GET", "POST"])
@requires(CourseAction.IMPORT, catalogue.get_workshop, reads_first=True, body_limit=LARGEST + 100_000)
def upload_new(_subject: AuthoringContext) -> Answer:
    """Take the folder of a new course and keep it aside."""
    form = NewFolderForm()
    if form.validate_on_submit() and _names_free_address(form):
        row = _store(form, None)
        return see_page("courses_folders.confirm_new", upload=row.uuid, key=form.key.data or None)
    waiting = folders.list_waiting(current_session(), current_actor(), None)
    hints = [_(folder_format.hint) for folder_format in _formats()]
    return page("courses/new_folder.html", form=form, hints=hints, waiting=waiting, **_limits())


def _store(form: FolderForm, course_id: int | None) -> PendingFolder:
    return folders.store_uploaded_folder(begin_writing(), current_actor(), course_id, form.file_name, form.content, now=clock.now())


def _limits() -> dict[str, int]:
    """Return the limits that a page states of sent files: bytes, how many are kept, for how many hours."""
    return {"largest": LARGEST, "most": KEPT, "kept": PENDING_UPLOAD_LIFETIME.days * 24}


def _names_course(form: FolderForm, course: Course) -> bool:
    """Return whether the archive can be read and is of the course, as far as it says; else with a fault beside the field."""
    try:
        key = _key(_read_archive(form.file_name, form.content)[0])
    except DomainError as refused:
        form.refuse(form.file, _(refused.text, **refused.facts))
        return False
    if key not in ("", course.slug):
        form.refuse(form.file, _("This folder belongs to the course “%(key)s”, not to this one.", key=key))
    return not form.errors


def _names_free_address(form: NewFolderForm) -> bool:
    """Return whether the archive can be read and become a course; a taken address that its name alone gave the next page reports."""
    try:
        archive, converted = _read_archive(form.file_name, form.content, address=form.key.data or "")
    except DomainError as refused:
        form.refuse(form.file, _(refused.text, **refused.facts))
        return False
    key = _key(archive)
    if key and catalogue.find_course(current_session(), key) is not None and (form.key.data or converted is None):
        form.refuse(form.key, _(_TAKEN, key=key))
        form.key.data = _free_key(key)
    return not form.errors


def _free_key(key: str) -> str:
    """Return a key that no course has, made of one that may be taken."""
    session = current_session()
    tried = (key, *(f"{key[: LONGEST_NAME - 3]}-{number}" for number in range(2, 100)))
    return next((candidate for candidate in tried if catalogue.find_course(session, candidate) is None), "")


def _key(archive: FolderArchive) -> str:
    """Return the course that a folder names, '' where it cannot be read so far."""
    checked = _check(archive.files)
    return checked.folder.key if checked.folder is not None else ""


# --- In: what it changes, and yes or no --------------------------------------------------------------------------------------------------


def _read_archive(name: str, content: bytes, *, address: str | None = None) -> tuple[FolderArchive, ConvertedFolder | None]:
    """Read an archive as a course folder. With an `address` it is to become a course, '' for the one that it names itself.

    If it is not a course folder, the formats of other packages are tried then, and what they made of it comes second.
    """
    archive = read_folder_archive(content)
    if address is None:
        return archive, None
    if COURSE in archive.files:
        return replace(archive, files=with_course_key(archive.files, address)) if address else archive, None
    options = ConversionOptions(key=address, name=name.rpartition(".")[0] or name, author=current_actor().name)
    del archive  # it is read once more there, and is large
    converted = _convert(content, options)
    return FolderArchive(converted.files), converted


def _convert(content: bytes, options: ConversionOptions) -> ConvertedFolder:
    """Return the course that the first format able to read an archive makes of it; raise Invalid if none can."""
    refused = Invalid(N_("The folder has no course.yaml."))
    for folder_format in _formats():
        try:
            with reading_file():
                return run_sandboxed(folder_format.convert, content, options)
        except Invalid as error:
            refused = error
    raise refused


@dataclass(frozen=True, slots=True)
class ArchivePreview:
    """An archive that waits, held against the draft: without a plan where the folder itself has errors."""

    pending: PendingFolder
    course: Course | None
    findings: tuple[Finding, ...]
    converted: ConvertedFolder | None = None
    plan: ImportPlan | None = None
    after: CourseFolder | None = None
    contents: Mapping[str, bytes] | None = None

    @property
    def digest(self) -> str:
        """Return a value that identifies this state of the draft and of the archive."""
        revision = self.plan.revision if self.plan is not None else 0
        return f"{revision}-{sha256(self.pending.content).hexdigest()[:16]}"


def _preview_archive(pending: PendingFolder, choices: Choices | None) -> ArchivePreview:
    """Read a waiting archive and hold it against the draft; with a choice for each conflict, read what comes of it too."""
    course = None if pending.course_id is None else catalogue.get_course(current_session(), pending.course_id)
    archive, converted = _read_archive(pending.name, pending.content, address=_address() if course is None else None)
    session = current_session()
    checked = _check(archive.files)
    findings = checked.findings if converted is None else in_source(checked.findings, converted.origins)
    if checked.folder is None:
        return ArchivePreview(pending, course, findings, converted)
    made_from = Provenance(_named_revision(archive, course), archive.mark, current_actor().person_id)
    try:
        plan = folders.plan_import(session, file_store(), course, archive.files, made_from=made_from)
    except NotFound:  # its comment names a revision of another house
        plan = folders.plan_import(session, file_store(), course, archive.files)
    if choices is None:
        choices = {} if not plan.conflicts else None
    if choices is None or any(len(choices.get(file.path, ())) != file.questions for file in plan.conflicts):
        return ArchivePreview(pending, course, findings, converted, plan)
    contents = plan.merged(choices)
    if converted is None:
        checked = _check(contents)
        findings = checked.findings
    return ArchivePreview(pending, course, findings, converted=converted, plan=plan, after=checked.folder, contents=contents)


def _address() -> str:
    """Return the requested address of a new course, '' where no valid one was sent."""
    sent = clean_text(request.values.get("key", ""))
    return sent if is_key(sent) and len(sent) <= LONGEST_NAME else ""


def _named_revision(archive: FolderArchive, course: Course | None) -> int | None:
    """Return the revision that an archive without a mark names in its comment."""
    return archive.revision if archive.mark is None and course is not None and archive.course == course.slug else None


@bp.route("/teaching/<slug>/folder/<uuid:upload>", methods=["GET", "POST"])
@requires(CourseAction.EDIT, folders.get_taught_folder, reads_first=True)
def confirm(subject: FolderUploadContext) -> Answer:
    """Show what a folder changes in the draft; confirmed, bring it in."""
    return _confirm(subject.pending)


@bp.route("/teaching/new-course/folder/<uuid:upload>", methods=["GET", "POST"])
@requires(CourseAction.IMPORT, folders.get_workshop_folder, reads_first=True)
def confirm_new(subject: NewCourseUpload) -> Answer:
    """Show the course that a folder becomes; confirmed, make it."""
    return _confirm(subject.pending)


def _confirm(pending: PendingFolder) -> Answer:
    if request.method != "POST":
        return _page(_preview_archive(pending, None))
    if request.form.get("key") and not _address():
        return _page(_preview_archive(pending, None), refused=_("Use only lower-case letters (no accents), digits and hyphens.")), 422
    look = _preview_archive(pending, _choices())
    if request.form.get("seen") != look.digest:
        return _page(_preview_archive(pending, None), refused=_("The draft changed in the meantime. This is what would change now.")), 409
    if look.after is None or look.contents is None or look.plan is None:
        undecided = look.plan is not None and bool(look.plan.conflicts) and look.contents is None
        message = (
            _("For each conflict, choose which version to keep.")
            if undecided
            else _("Nothing was imported. Correct the errors below first.")
        )
        return _page(look, refused=message), 422
    media = {file.path: file.media_type for file in look.after.media}
    contents = drafts.keep_contents(file_store(), look.contents, media)
    writing = begin_writing()
    waiting = get_pending_upload(writing, PendingFolder, current_actor().person_id, pending.uuid)
    try:
        course = folders.apply_uploaded_folder(writing, current_actor(), waiting, look.plan, look.after, contents, now=clock.now())
    except Conflict as refused:
        return _page(_preview_archive(pending, None), refused=_(refused.text, **refused.facts)), 409
    flash(_("The folder is now the draft. Learners will see it when you publish."), "ok")
    return see_page("courses_outline.outline", slug=course.slug)


def _choices() -> Choices:
    """Return the choices: files come as `path` in the order of the page, the choices of the second as `choice-1-0`, `choice-1-1`…"""
    return {path: _chosen(number) for number, path in enumerate(request.form.getlist("path"))}


def _chosen(number: int) -> list[ConflictResolution]:
    """Return the choices of one file up to the first that was not made."""
    choices: list[ConflictResolution] = []
    while (value := request.form.get(f"choice-{number}-{len(choices)}")) in tuple(ConflictResolution):
        choices.append(ConflictResolution(value))
    return choices


@bp.post("/teaching/<slug>/folder/<uuid:upload>/discard")
@requires(CourseAction.EDIT, folders.get_taught_folder)
def discard(subject: FolderUploadContext) -> Response:
    """Discard a folder uploaded for a course."""
    folders.discard(current_session(), current_actor(), subject.pending, now=clock.now())
    return see_page("courses_folders.upload", slug=subject.slug, flash=_("The file has been discarded."))


@bp.post("/teaching/new-course/folder/<uuid:upload>/discard")
@requires(CourseAction.IMPORT, folders.get_workshop_folder)
def discard_new(subject: NewCourseUpload) -> Response:
    """Discard a folder that was to become a course."""
    folders.discard(current_session(), current_actor(), subject.pending, now=clock.now())
    return see_page("courses_folders.upload_new", flash=_("The file has been discarded."))


# --- What the page says ------------------------------------------------------------------------------------------------------------------


def _page(look: ArchivePreview, *, refused: str = "") -> Response:
    plan = look.plan
    severities = [finding.severity.value for finding in look.findings]
    converted = look.converted or ConvertedFolder({}, ())
    key = look.after.key if look.course is None and look.after is not None else ""
    is_taken = bool(key) and catalogue.find_course(current_session(), key) is not None
    attributes = list(converted.attributes.items())
    return page(
        "courses/folder_changes.html",
        course=course_header(look.course) if look.course is not None else None,
        upload=look.pending.uuid,
        name=look.pending.name,
        expires_at=look.pending.expires_at,
        seen=look.digest,
        refused=refused,
        key=_free_key(key) if is_taken else key,
        taken=key if is_taken else "",
        groups=_groups(plan),
        edits=plan.edits[:MOST_EDITS] if plan is not None else (),
        is_guess=plan is not None and plan.is_guess,
        conflicts=[_conflict(file) for file in plan.conflicts] if plan is not None else [],
        faults=_by_code(look.findings, "error"),
        warnings=_by_code(look.findings, "warning"),
        warned=severities.count("warning"),
        errors=severities.count("error"),
        remarks=group_remarks(converted.remarks),
        attributes=sum(converted.attributes.values()),
        frequent=attributes[:MOST_ATTRIBUTES],
        can_come=plan is not None and bool(plan.files) and (look.after is not None or look.contents is None),
        chosen={path: [choice.value for choice in value] for path, value in _choices().items()},
    )


GROUPS = (FileMergeState.ADDED, FileMergeState.CHANGED, FileMergeState.REMOVED, FileMergeState.MERGED, FileMergeState.KEPT)


def _groups(plan: ImportPlan | None) -> list[tuple[str, list[dict[str, object]]]]:
    if plan is None:
        return []
    return [(fate.value, lines) for fate in GROUPS if (lines := [_line(file) for file in plan.files if file.fate is fate])]


def _line(file: FilePlan) -> dict[str, object]:
    changed = lines_changed(file.draft, file.folder) if file.fate in (FileMergeState.CHANGED, FileMergeState.MERGED) else None
    return {"path": file.path, "gained": changed[0] if changed else None, "lost": changed[1] if changed else None}


def _conflict(file: FilePlan) -> dict[str, object]:
    if file.merge is None:
        return {"path": file.path, "whole": True, "draft": file.draft is not None, "folder": file.folder is not None, "regions": []}
    regions = [{"draft": "".join(region.mine), "folder": "".join(region.theirs)} for region in file.merge.conflicts]
    return {"path": file.path, "whole": False, "draft": True, "folder": True, "regions": regions}


def _by_code(findings: Iterable[Finding], severity: str) -> list[tuple[str, list[dict[str, str]]]]:
    """Return the findings of a severity by their code, the most frequent first."""
    by_code: dict[str, list[dict[str, str]]] = {}
    for finding in findings:
        if finding.severity.value == severity:
            by_code.setdefault(finding.code, []).append(_finding(finding))
    return sorted(by_code.items(), key=lambda group: -len(group[1]))


def _finding(finding: Finding) -> dict[str, str]:
    position = f"{finding.file}:{finding.line}" if finding.line else finding.file
    return {"code": finding.code, "severity": finding.severity.value, "place": position, "message": finding.message, "advice": finding.fix}
