"""Pages of a course as a whole: begin, archive and delete it; add, move, hide and remove its modules and activities."""

from collections.abc import Mapping

from flask import Blueprint, Response, flash, request
from wtforms import HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf, ValidationError

from courses import authoring, catalogue, drafts, log
from courses.access import AuthoringContext, CourseAction, CourseArchived, CourseContext, PartContext
from courses.audit_verbs import CourseVerb
from courses.authoring import DraftOutline
from courses.content import changes
from courses.content.changes import DraftChange
from courses.content.model import Finding, SourceState
from courses.content.tree import TreeActivity, TreeModule
from courses.content.writing import LONGEST_NAME, NewCourse, is_key, proposed_key
from courses.editor import LONGEST_TITLE, FormFindings, course_header, course_kinds
from courses.models import Course
from kernel import clock
from kernel.errors import N_, Conflict, Invalid, NotFound, require_found
from kernel.i18n import _, choose, lazy_, site_day
from kernel.web.forms import Form, LineField, line
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, page, requires, see_page


class ArchiveForm(Form):
    """Why a course is put away, or brought back."""

    wish = HiddenField()
    reason = line(lazy_("Reason"), most=500, required=lazy_("Give the reason. It is recorded in the audit log."))


class KeyedForm(Form):
    """A form with the key of a course or of a part of one."""

    def validate_key(self, field: LineField) -> None:
        """Refuse what cannot be a key."""
        if field.data and not is_key(field.data):
            raise ValidationError(_("Use only lower-case letters (no accents), digits and hyphens."))


class NewCourseForm(KeyedForm):
    """The first settings of a new course."""

    title = line(lazy_("Title of the course"), most=LONGEST_TITLE, required=lazy_("Write a title."))
    key = line(
        lazy_("Address"),
        most=LONGEST_NAME,
        description=lazy_(
            "Lower-case letters (no accents), digits and hyphens. It cannot be changed later. Leave empty to make it from the title."
        ),
    )
    language = RadioField(
        lazy_("Main language of the course"),
        choices=[SelectChoice(value="es", label="Español"), SelectChoice(value="en", label="English")],
        default="es",
        validators=[AnyOf(["es", "en"], message=lazy_("Choose one of the two."))],
    )
    module = line(lazy_("Title of its first module"), most=LONGEST_TITLE, required=lazy_("Write a title."))
    lesson = line(lazy_("Title of its first lesson"), most=LONGEST_TITLE, required=lazy_("Write a title."))

    def command(self, author: str) -> NewCourse:
        """Return the new course, with its first module and lesson."""
        title = self.title.data or ""
        key = self.key.data or proposed_key(title)
        return NewCourse(key, title, (self.language.data,), author=author, module=self.module.data or "", lesson=self.lesson.data or "")


class NewModuleForm(Form):
    """A module that begins, with its first lesson."""

    title = line(lazy_("Title of the module"), most=LONGEST_TITLE, required=lazy_("Write a title."))
    lesson = line(lazy_("Title of its first lesson"), most=LONGEST_TITLE, required=lazy_("Write a title."))


class NewActivityForm(Form):
    """An activity that begins in a module."""

    kind = RadioField(lazy_("What is it?"), default="page")
    title = line(lazy_("Title"), most=LONGEST_TITLE, required=lazy_("Write a title."))
    module = SelectField(lazy_("In the module"))


outline_bp = Blueprint("courses_outline", __name__)

EDITORS = {"page": "courses_lessons.lesson", "quiz": "quizzes_slots.slots"}
"""Pages on which a new activity is written, by its kind; the others are written in their settings."""


@outline_bp.route("/teaching/new-course", methods=["GET", "POST"])
@requires(CourseAction.CREATE, catalogue.get_workshop)
def new_course(_subject: AuthoringContext) -> Answer:
    """Begin a course, with its first module and lesson."""
    form = NewCourseForm()
    if request.method != "POST":
        form.module.data, form.lesson.data = _("Module 1"), _("Introduction")
    elif form.validate_on_submit():
        with form.refusals(form.key, authoring.CourseKeyTaken):
            course = authoring.create_course(current_session(), current_actor(), form.command(current_actor().name), now=clock.now())
            flash(_("The course has been created. No one can see it until you publish it."), "ok")
            return see_page("courses_outline.outline", slug=course.slug)
    return page("courses/new_course.html", form=form)


# --- The outline -------------------------------------------------------------------------------------------------------------------------


@outline_bp.route("/teaching/<slug>/outline", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True)
def outline(subject: CourseContext) -> Answer:
    """Show a course's modules and activities in order; move, hide and show them."""
    course = catalogue.get_course(current_session(), subject.id)
    draft_outline = authoring.load_draft_outline(current_session(), course, course_kinds())
    if request.method != "POST":
        return _outline(subject, course, draft_outline)
    try:
        change, checked = _requested_change(draft_outline)
    except Invalid as refused:
        return _outline(subject, course, draft_outline, refused=_(refused.text, **refused.facts)), 422
    return _carried_out(subject, course, draft_outline, change, checked=checked)


def _requested_change(draft_outline: DraftOutline) -> tuple[DraftChange, bool]:
    """Return the requested change, and whether it could break something.

    The act, a key and where: `up leccion-1`, `place leccion-1 modulo-2 3`; `move leccion-1` with the field `module`.
    """
    act, _blank, rest = request.form.get("do", "").partition(" ")
    key, _blank, where = rest.partition(" ")
    module, located = draft_outline.tree.find_module(key), draft_outline.tree.find_activity(key)
    part = find_part(draft_outline, key)
    if act in ("hide", "show"):
        state = SourceState.DRAFT if act == "hide" else SourceState.READY
        return changes.set_state(draft_outline.texts, part.path, state), True
    if module is not None:
        return changes.move_module(
            draft_outline.tree, draft_outline.paths, key, _new_place(draft_outline.tree.modules, key, act, where)
        ), False
    assert located is not None
    return _activity_moved(draft_outline, located, act, where)


def find_part(draft_outline: DraftOutline, key: str) -> TreeModule | TreeActivity:
    """Return the module or activity with a key; raise NotFound."""
    located = draft_outline.tree.find_activity(key)
    part = draft_outline.tree.find_module(key) or (located[1] if located is not None else None)
    if part is None:
        raise NotFound
    return part


def _activity_moved(
    draft_outline: DraftOutline, located: tuple[TreeModule, TreeActivity], act: str, where: str
) -> tuple[DraftChange, bool]:
    target, _blank, number = (request.form.get("module", ""), "", "") if act == "move" else where.partition(" ")
    module = require_found(draft_outline.tree.find_module(target) if target else located[0])
    position = _new_place(module.activities, located[1].key, "place" if act == "move" else act, number)
    moving = next(kind.moving for kind in course_kinds().kinds if kind.name == located[1].kind)
    texts = _texts_beside(draft_outline, *located) if module is not located[0] else draft_outline.texts
    return changes.move_activity(
        draft_outline.tree, texts, draft_outline.paths, located[1].key, module, position, moving
    ), module is not located[0]


def _texts_beside(draft_outline: DraftOutline, module: TreeModule, activity: TreeActivity) -> Mapping[str, str]:
    """Return the texts of the outline; where an activity shows media also the banks of its module, which may show the same."""
    if not changes.shown_by(activity, draft_outline.texts):
        return draft_outline.texts
    return {**draft_outline.texts, **authoring.texts_of_parts(current_session(), draft_outline, course_kinds(), module.folder)}


def _new_place(neighbours: tuple[TreeModule, ...] | tuple[TreeActivity, ...], key: str, act: str, where: str) -> int:
    """Return the place, from 0, that something is to take among its neighbours without itself."""
    keys = [neighbour.key for neighbour in neighbours]
    now = keys.index(key) if key in keys else len(keys)
    if act == "place":
        return min(int(where), len(neighbours)) if where.isascii() and where.isdigit() and len(where) < 4 else len(neighbours)
    if act not in ("up", "down"):
        raise NotFound
    return max(now - 1, 0) if act == "up" else now + 1


def _carried_out(
    subject: CourseContext, course: Course, draft_outline: DraftOutline, change: DraftChange, *, checked: bool, message: str = ""
) -> Answer:
    """Carry out a change where it breaks nothing, and offer to undo it."""
    if checked:
        findings = authoring.blocking_findings(draft_outline, change, course_kinds(), today=site_day(clock.now()))
        if findings:
            return _outline(subject, course, draft_outline, findings=findings), 422
    try:
        undone = save(subject, draft_outline, change)
    except CourseArchived as refused:
        return _outline(subject, catalogue.get_course(current_session(), subject.id), draft_outline, refused=_(refused.text)), 409
    if message:
        flash(message, "ok")
    return see_page("courses_outline.outline", slug=subject.slug, undo=undone or None)


def save(subject: CourseContext, draft_outline: DraftOutline, change: DraftChange) -> int | None:
    """Write a change in a transaction of its own; return the revision that it made, None where nothing changed."""
    writing = begin_writing()
    course = catalogue.lock_course(writing, subject.id)
    changed = authoring.save_change(writing, current_actor(), course, change, base_revision=draft_outline.revision, now=clock.now())
    return course.draft_revision if changed else None


def _outline(
    subject: CourseContext, course: Course, draft_outline: DraftOutline, *, findings: tuple[Finding, ...] = (), refused: str = ""
) -> Response:
    undo = request.args.get("undo", "")
    return page(
        "courses/outline.html",
        course=course_header(course),
        modules=[_module(module, draft_outline) for module in draft_outline.tree.modules],
        told=[FormFindings(course_kinds()).message(finding) for finding in findings],
        refused=refused,
        may_archive=allows(CourseAction.ARCHIVE, subject),
        undo=draft_outline.revision - 1 if undo == str(draft_outline.revision) and draft_outline.revision > 1 else None,
    )


def _module(module: TreeModule, draft_outline: DraftOutline) -> dict[str, object]:
    known = {kind.name: kind for kind in course_kinds().kinds}
    return {
        "key": module.key,
        "title": choose(dict(module.title)) or module.key,
        "hidden": module.state is SourceState.DRAFT,
        "numbered": module.numbered,
        "activities": [
            {
                "key": activity.key,
                "title": choose(dict(activity.title)) or activity.key,
                "hidden": activity.state is SourceState.DRAFT,
                "required": activity.required,
                "kind": activity.kind,
                "label": known[activity.kind].label,
                "icon": known[activity.kind].icon,
                "lacks": [
                    language
                    for language in draft_outline.tree.languages
                    if activity.kind == "page" and language not in activity.language_paths()
                ],
            }
            for activity in module.activities
        ],
    }


# --- Add and remove ----------------------------------------------------------------------------------------------------------------------


@outline_bp.route("/teaching/<slug>/new-module", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True)
def new_module(subject: CourseContext) -> Answer:
    """Begin a module with its first lesson, and go on where that is written."""
    course = catalogue.get_course(current_session(), subject.id)
    form = NewModuleForm()
    if request.method != "POST":
        form.lesson.data = _("Introduction")
        return page("courses/new_module.html", course=course_header(course), form=form)
    if form.validate_on_submit():
        draft_outline = authoring.load_draft_outline(current_session(), course, course_kinds())
        try:
            key, change = changes.add_module(draft_outline.tree, form.title.data or "", form.lesson.data or "")
            save(subject, draft_outline, change)
        except (Invalid, CourseArchived) as refused:
            form.form_errors.append(_(refused.text, **refused.facts))
            return page("courses/new_module.html", course=course_header(course), form=form), refused.status
        else:
            message = _(
                "The module “%(title)s” is in the draft. Write its lesson “%(lesson)s”: the course is not published while it is blank.",
                title=form.title.data,
                lesson=form.lesson.data,
            )
            flash(message, "ok")
            return see_page("courses_lessons.lesson", slug=subject.slug, key=key)
    return page("courses/new_module.html", course=course_header(course), form=form)


@outline_bp.route("/teaching/<slug>/new-activity", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True)
def new_activity(subject: CourseContext) -> Answer:
    """Begin an activity in a module, and go on where it is written."""
    course = catalogue.get_course(current_session(), subject.id)
    draft_outline = authoring.load_draft_outline(current_session(), course, course_kinds())
    offered = [kind for kind in course_kinds().kinds if kind.begin is not None]
    form = NewActivityForm(module=request.args.get("module", ""), kind=request.args.get("kind", "page"))
    form.kind.choices = [(kind.name, kind.label) for kind in offered]
    form.module.choices = [(module.key, choose(dict(module.title)) or module.key) for module in draft_outline.tree.modules]
    if request.method != "POST":
        form.title.render_kw = {"autofocus": "kind" in request.args}
        return page("courses/new_activity.html", course=course_header(course), form=form)
    module = draft_outline.tree.find_module(form.module.data or "")
    if not form.validate_on_submit() or module is None:
        return page("courses/new_activity.html", course=course_header(course), form=form), 422
    kind = next(kind for kind in offered if kind.name == form.kind.data)
    try:
        key, change = changes.add_activity(draft_outline.tree, draft_outline.paths, module, kind, form.title.data or "")
        save(subject, draft_outline, change)
    except (Invalid, CourseArchived) as refused:
        form.form_errors.append(_(refused.text, **refused.facts))
        return page("courses/new_activity.html", course=course_header(course), form=form), refused.status
    flash(_("“%(title)s” was added to the draft.", title=form.title.data), "ok")
    return see_page(EDITORS.get(kind.name, "courses_settings.part"), slug=subject.slug, key=key)


@outline_bp.route("/teaching/<slug>/parts/<key>/removal", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True)
def removal(subject: PartContext) -> Answer:
    """Ask whether a module or an activity is to go, and take it out of the draft."""
    course = catalogue.get_course(current_session(), subject.id)
    draft_outline = authoring.load_draft_outline(current_session(), course, course_kinds())
    part = find_part(draft_outline, subject.key)
    if request.method == "POST":
        change = changes.remove_module(part, draft_outline.paths) if isinstance(part, TreeModule) else changes.remove_activity(part)
        return _carried_out(
            subject, course, draft_outline, change, checked=True, message=_("Removed from the draft. What was published stays.")
        )
    return page(
        "courses/removal.html",
        course=course_header(course),
        key=subject.key,
        title=choose(dict(part.title)) or subject.key,
        inside=[choose(dict(activity.title)) or activity.key for activity in part.activities] if isinstance(part, TreeModule) else [],
    )


@outline_bp.route("/teaching/<slug>/deletion", methods=["GET", "POST"])
@requires(CourseAction.DELETE, catalogue.get_taught_course)
def deletion(subject: CourseContext) -> Answer:
    """Ask whether a course that was never published is to go, and delete it."""
    session, refused = current_session(), ""
    if request.method == "POST":
        try:
            authoring.delete_course(session, current_actor(), catalogue.lock_course(session, subject.id), now=clock.now())
        except Conflict as conflict:
            refused = _(conflict.text)
        else:
            return see_page("lms.teaching", flash=_("The course has been deleted."))
    course = catalogue.get_course(session, subject.id)
    draft_outline = authoring.load_draft_outline(session, course, course_kinds())
    html = page(
        "courses/deletion.html",
        course=course_header(course),
        activities=sum(1 for _activity in draft_outline.tree.activities()),
        refused=refused,
    )
    return (html, 409) if refused else html


@outline_bp.post("/teaching/<slug>/undo")
@requires(CourseAction.EDIT, catalogue.get_taught_course)
def undo(subject: CourseContext) -> Answer:
    """Bring the draft back to what it was before the last change, if nothing came after it."""
    session, revision = current_session(), request.form.get("revision", "")
    course = catalogue.lock_course(session, subject.id)
    if revision != str(course.draft_revision - 1):
        raise Conflict(N_("Someone else has changed this course. Review it again before you continue."))
    drafts.restore_draft(session, current_actor(), course, int(revision), now=clock.now())
    located = authoring.load_draft_outline(session, course, course_kinds()).tree.find_activity(request.form.get("key", ""))
    editor = EDITORS.get(located[1].kind) if located is not None else None
    key = located[1].key if located is not None and editor is not None else None
    return see_page(editor or "courses_outline.outline", slug=subject.slug, key=key, flash=_("The change has been undone."))


archiving_bp = Blueprint("courses_archiving", __name__)


@archiving_bp.route("/teaching/<slug>/archive", methods=["GET", "POST"])
@requires(CourseAction.ARCHIVE, catalogue.get_taught_course)
def archive(subject: CourseContext) -> Answer:
    """Ask whether a course is to be put away, or brought back, and why."""
    session, form = current_session(), ArchiveForm()
    course = catalogue.get_course(session, subject.id)
    if form.validate_on_submit():
        course, reason = catalogue.lock_course(session, subject.id), form.reason.data or ""
        puts_away = form.wish.data != "back"
        with form.refusals(None, Conflict):
            change = authoring.archive if puts_away else authoring.unarchive
            changed = change(session, current_actor(), course, reason, now=clock.now())
            if changed:
                flash(
                    _("The course is archived. You can restore it here at any time.") if puts_away else _("The course has been restored."),
                    "ok",
                )
            return see_page("courses_archiving.archive", slug=subject.slug)
    put_away = log.find_last_entry(session, course.id, CourseVerb.ARCHIVED) if course.archived_at is not None else None
    return page("courses/archive.html", course=course_header(course), archived_at=course.archived_at, put_away=put_away, form=form)
